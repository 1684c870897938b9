/** Why a run failed. A closed list: a failure that none of these explains is `unexplained`, never a new word. */
export const runReasons = [
  'rate_limited',
  'quota_exhausted',
  'blocked',
  'auth_expired',
  'schema_drift',
  'not_found',
  'no_data',
  'stale',
  'timeout',
  'down',
  'bad_request',
  'unexplained',
] as const;
export type RunReason = (typeof runReasons)[number];

/** Reasons that pass by themselves: a chunk of a backfill that failed for one of these is asked for again. */
export const passingReasons: readonly RunReason[] = ['rate_limited', 'quota_exhausted', 'timeout', 'down'];

/**
 * Reasons for which the failed tasks of a run whose job is not due again soon are tried again. What the other reasons tell
 * of does not pass by itself: a session that is refused is healed by a recovery, a page that was rebuilt by a person.
 */
export const retriedReasons: readonly RunReason[] = [...passingReasons, 'unexplained'];
