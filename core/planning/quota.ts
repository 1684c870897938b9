import type { SourceDefinition } from '../sources/definition.ts';

/** Of a day's quota and a minute's: the rest is for logins, canaries, retries, first cycles and people. */
export const plannedShare = 0.75;

/** What may be taken of a quota beside live runs: the rest of each minute and day is theirs, whatever others want. */
const shares: ReadonlyMap<string, number> = new Map(Object.entries<number>({ backfill: 0.5, proxy: 0.75 }));

/** What of a source's quota may be in use for a purpose to be given another permit. */
export function allowanceFor(quota: SourceDefinition['quota'], purpose: string): { perMinute: number; perDay: number } {
  const part = shares.get(purpose);
  if (part === undefined) return quota;
  const share = (whole: number) => Math.max(1, Math.floor(whole * part));
  return { perMinute: share(quota.perMinute), perDay: share(quota.perDay) };
}
