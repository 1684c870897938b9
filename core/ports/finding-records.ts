import type {
  FindingEvidence,
  FindingProposal,
  FindingSeverity,
  FindingStatus,
  FindingSubject,
  PriceRule,
} from '../contracts/words/price-findings.ts';
import type { BarInterval } from '../market/bar.ts';

/** A finding as it is stored. */
export interface StoredFinding {
  readonly id: string;
  readonly rule: PriceRule;
  readonly severity: FindingSeverity;
  readonly status: FindingStatus;
  readonly symbol: string | null;
  readonly source: string;
  readonly kind: FindingSubject;
  readonly interval: BarInterval | null;
  readonly date: string | null;
  readonly at: Date | null;
  /** What the row said: the close of a bar, the amount or ratio of an action. */
  readonly said: string | null;
  readonly evidence: FindingEvidence;
  readonly proposal: FindingProposal | null;
  readonly openedAt: Date;
  readonly closedAt: Date | null;
  readonly by: string | null;
}

/**
 * Reads of findings that the caller may see, and what people decide on them. A finding that rests on what other sources
 * said is only for who sees every source.
 */
export interface FindingRecords {
  /** Throws `LicenceError` for one that must not be seen. */
  one(id: string): Promise<StoredFinding | null>;
  /** A page, the newest first. */
  list(of: {
    symbol: string | null;
    sourceId: string | null;
    rule: PriceRule | null;
    severity: FindingSeverity | null;
    status: FindingStatus;
    before: string | null;
    limit: number;
  }): Promise<StoredFinding[]>;
  /**
   * Those on the bars of a series that begin in [from, to], and on all actions of its listing, that hold; with `knownAt` those
   * that held then.
   */
  ofSeries(
    listingId: number,
    source: string,
    intervals: readonly string[],
    bars: { readonly from: Date; readonly to: Date | null },
    knownAt: string | null,
  ): Promise<StoredFinding[]>;
  /** Accepts or dismisses findings that are open, and gives the ids of those that were. */
  decide(ids: readonly string[], status: 'accepted' | 'dismissed', by: string | null): Promise<string[]>;
}
