/**
 * What caused a run: the planner's clock, a person, the first cycle after a start, a backfill, the proof of a recovery
 * (`canary`), another source's replacement (`fallback`), or failed tasks of a run whose job is not due again soon
 * (`retry`).
 */
export const triggers = ['schedule', 'manual', 'first_cycle', 'backfill', 'canary', 'fallback', 'retry'] as const;
export type Trigger = (typeof triggers)[number];
