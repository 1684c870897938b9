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

/** How often a chunk of a backfill is tried before it has failed. */
export const chunkAttempts = 5;

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

/** How a source is. `paused` is a person's wish, not a failure; `unknown` is a source that has not run yet. */
export const healthStatuses = ['healthy', 'degraded', 'failed', 'limited', 'unknown', 'paused'] as const;
export type HealthStatus = (typeof healthStatuses)[number];

/** What the source allows to be done with its data. */
export const licenceClasses = ['display', 'internal', 'redistribute', 'unknown'] as const;
export type LicenceClass = (typeof licenceClasses)[number];

/** What an API key may do. Each scope contains the one before it. */
export const scopes = ['read', 'operate', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** What a source's job collects. */
export const jobKinds = ['quotes', 'bars', 'constituents'] as const;
export type JobKind = (typeof jobKinds)[number];

/**
 * What made a run: the planner's clock, a person, the first cycle after a start, a backfill, a recovery that proves its
 * source (`canary`), or one that asks another source in its place (`fallback`), or the failed tasks of a run whose job is
 * not due again soon (`retry`).
 */
export const triggers = ['schedule', 'manual', 'first_cycle', 'backfill', 'canary', 'fallback', 'retry'] as const;
export type Trigger = (typeof triggers)[number];

/** By which selectors a page is read: a source that is read in a browser may know a second way to its table. */
export const pageSelectors = ['main', 'alternative'] as const;
export type PageSelectors = (typeof pageSelectors)[number];

/** The parts that can be switched off by a flag that each handler reads first. */
export const serviceIds = ['scheduler', 'scrapers', 'ingest', 'proxy', 'recovery'] as const;
export type ServiceId = (typeof serviceIds)[number];
