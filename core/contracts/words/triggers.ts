/**
 * What made a run: the planner's clock, a person, the first cycle after a start, a backfill, a recovery that proves its
 * source (`canary`), or one that asks another source in its place (`fallback`), or the failed tasks of a run whose job is
 * not due again soon (`retry`).
 */
export const triggers = ['schedule', 'manual', 'first_cycle', 'backfill', 'canary', 'fallback', 'retry'] as const;
export type Trigger = (typeof triggers)[number];
