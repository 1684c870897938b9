/**
 * Why a run failed. A closed list: a failure that fits none of these is `unexplained`. `schema_drift`: the answer could not
 * be read. `implausible`: it was read, and what it says cannot be right, or not without a person: another unit, prices that
 * jump, a list that changed at once.
 */
export const runReasons = [
  'rate_limited',
  'quota_exhausted',
  'blocked',
  'auth_expired',
  'schema_drift',
  'implausible',
  'not_found',
  'no_data',
  'stale',
  'timeout',
  'down',
  'bad_request',
  'unexplained',
] as const;
export type RunReason = (typeof runReasons)[number];

/** Transient reasons: a chunk of a backfill that failed with one of these is retried. */
export const passingReasons: readonly RunReason[] = ['rate_limited', 'quota_exhausted', 'timeout', 'down'];

/**
 * Reasons for which the failed tasks of a run are retried when its job is not due again soon. The other reasons are not
 * transient: a refused session needs a recovery, a rebuilt page a person.
 */
export const retriedReasons: readonly RunReason[] = [...passingReasons, 'unexplained'];
