/** What the ledger of completeness says: closed lists. docs/reasons.md has a line on each. */

/** Of each session exactly one. */
export const coverageStates = ['present', 'missing', 'no_session'] as const;
export type CoverageState = (typeof coverageStates)[number];

/** Why there is no bar of a session. */
export const missingReasons = [
  'not_collected',
  'not_yet_due',
  'source_failed',
  'held_back',
  'quota',
  'withdrawn',
  'not_traded',
  'unexplained',
] as const;
export type MissingReason = (typeof missingReasons)[number];

/** Why there is no session. */
export const noSessionReasons = ['closed', 'before_first', 'after_last', 'calendar_unknown'] as const;
export type NoSessionReason = (typeof noSessionReasons)[number];
