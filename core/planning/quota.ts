import type { PermitPurpose } from '../contracts/words/permit-purposes.ts';
import type { SourceDefinition } from '../sources/definition.ts';

/** The share of a day's and a minute's quota that is planned: the rest is for logins, canaries, retries, first cycles and people. */
export const plannedShare = 0.75;

/** The share of a quota that is open to a purpose. The rest of each minute and day is kept for live runs. */
const shares: Readonly<Record<PermitPurpose, number>> = { task: 1, login: 1, canary: 1, backfill: 0.5, proxy: 0.75 };

/** How many requests a minute and a day may be in use for one more of a purpose to be allowed. */
export function allowanceFor(
  quota: SourceDefinition['quota'],
  purpose: PermitPurpose,
): { perMinute: number; perDay: number } {
  const share = (whole: number) => Math.max(1, Math.floor(whole * shares[purpose]));
  return { perMinute: share(quota.perMinute), perDay: share(quota.perDay) };
}
