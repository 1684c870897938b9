import type { SourceDefinition } from './definition.ts';

/** What backfills may take of a quota: half of each minute and day is left to live runs, whatever a backfill wants. */
const backfillShare = 0.5;

/** What of a source's quota may be in use for a purpose to be given another permit. */
export function allowanceFor(quota: SourceDefinition['quota'], purpose: string): { perMinute: number; perDay: number } {
  if (purpose !== 'backfill') return quota;
  const share = (whole: number) => Math.max(1, Math.floor(whole * backfillShare));
  return { perMinute: share(quota.perMinute), perDay: share(quota.perDay) };
}
