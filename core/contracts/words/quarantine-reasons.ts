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
