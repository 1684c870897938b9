import type { RunReason } from './run-reasons.ts';

/** Why a row is in quarantine instead of in the tables that are served. */
export const quarantineReasons = [
  'schema',
  'unit_suspect',
  'implausible_jump',
  'future_time',
  'non_positive',
  'unknown_listing',
  'source_mismatch',
  'duplicate_conflict',
] as const;
export type QuarantineReason = (typeof quarantineReasons)[number];

/** In a few words, for people. */
export const rowReasonWords: Readonly<Record<QuarantineReason, string>> = {
  schema: 'unreadable',
  unit_suspect: 'wrong unit',
  implausible_jump: 'price jump',
  future_time: 'time in the future',
  non_positive: 'no positive price',
  unknown_listing: 'not requested',
  source_mismatch: 'other currency',
  duplicate_conflict: 'contradictory',
};

/** Why an answer fails whose rows are not served, the most frequent reason first: where most cannot be read, its format has changed. */
export function reasonOfRows(reasons: readonly QuarantineReason[]): RunReason {
  return reasons[0] === 'schema' ? 'schema_drift' : 'implausible';
}
