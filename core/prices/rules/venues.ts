import type { Finding } from './finding.ts';

/** What a source calls the exchange of a listing, and since which day; `known` is the one that other sources have named. */
export interface SaidVenue {
  readonly known: string;
  readonly said: string;
  readonly from: string;
}

/** The finding on a listing for which two sources name different exchanges. */
export function venueFinding({ known, said, from }: SaidVenue): Finding {
  return {
    rule: 'venues',
    severity: 'doubt',
    // Another exchange is another finding: a decision is on one.
    subject: { kind: 'listing', interval: null, date: null, at: null, said },
    evidence: { code: 'another_venue', known, said, from },
    proposal: null,
  };
}
