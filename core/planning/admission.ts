/**
 * Whether a worker may begin an attempt at a task, and how the task waits when it may not. An adapter reads the facts under
 * its locks and writes what is decided here. All times are milliseconds since the epoch, by the database's clock.
 *
 *   1. `refuseTask`: the task itself is done, taken or stopped
 *   2. `decideAttempt`: its source's one worker, its breaker and its quota
 *   3. `placeInLine`: a task that finds the minute used up waits behind the parts of its run that wait already
 */

import type { StateResponses } from '../contracts/state.ts';
import type { PermitPurpose } from '../contracts/words/permit-purposes.ts';
import type { Trigger } from '../contracts/words/triggers.ts';
import type { SourceDefinition } from '../sources/definition.ts';
import { decidePermits, type LedgerFacts, minuteSeconds, type PermitTimes } from './permits.ts';
import { plannedShare } from './quota.ts';
import { type OpenBreaker, passBreaker } from './trials.ts';
import { clockToleranceMs } from './wrong-clock.ts';

/**
 * How long a worker has a task to itself. Longer than the function's timeout: a lease that ran out means a worker that
 * is gone.
 */
export const leaseSeconds = 150;

/** When a task looks again whether the scrapers are running. */
const stoppedRetrySeconds = 60;

/** When a task looks again whether its source's one worker is free. */
const oneWorkerRetrySeconds = 10;

/** A queue hides a message for 15 minutes at most. */
const longestWaitSeconds = 840;

/** A task as it stands when a worker wants to begin it. */
export interface TaskFacts {
  readonly runId: string;
  /** The number of its last attempt; 0 before the first. */
  readonly attempt: number;
  /** Its outcome is known, or its answer waits for ingest. */
  readonly settled: boolean;
  readonly leaseUntil: number | null;
  readonly trigger: Trigger;
  readonly backfill: boolean;
  /** No person has stopped the scrapers. */
  readonly scrapersRunning: boolean;
}

/** What is known of a source when one of its tasks is to begin. */
export interface AttemptFacts {
  readonly now: number;
  readonly task: TaskFacts;
  /** Requests that the task will make. */
  readonly requests: number;
  readonly source: Pick<SourceDefinition, 'quota' | 'oneWorker'> | undefined;
  /** Another task of the source has a living lease. Matters where the source takes one worker at a time. */
  readonly sourceBusy: boolean;
  /** `null` while it is closed. */
  readonly breaker: OpenBreaker | null;
  readonly ledger: LedgerFacts;
  /** The source's session must be made first: a permit taken before the login could be over after it. */
  readonly loginDue: boolean;
}

type Refused = Extract<StateResponses['beginAttempt'], { go: false }>;

export interface AttemptRefusal extends Omit<Refused, 'go'> {
  readonly begins: false;
  /** The status in which the task waits for `retryAfterSeconds`; `null` leaves it as it is. */
  readonly waitsAs: 'queued' | 'planned' | null;
}

export type AttemptDecision = (
  | AttemptRefusal
  | {
      readonly begins: true;
      readonly attempt: number;
      /** Begun while the breaker is not closed. */
      readonly trial: boolean;
      /** The day's quota is used up: the attempt is recorded, and ends with that. */
      readonly dayUsedUp: boolean;
      readonly purpose: PermitPurpose;
      /** The permit for its first request; `null` where the session must be made first. */
      readonly permit: PermitTimes | null;
      /** Requests that it takes permits for later. */
      readonly promised: number;
    }
) & {
  /** The run becomes the trial of a breaker that is not closed, until then. */
  readonly trialUntil?: number | undefined;
};

/**
 * The last instant until which a lease that lives can run: one beyond was taken while the clock was ahead, and would keep
 * its task until that time comes.
 */
export function latestLease(now: number): number {
  return now + leaseSeconds * 1000 + clockToleranceMs;
}

function isLeased(until: number, now: number): boolean {
  return now < until && until <= latestLease(now);
}

/** Why a task cannot begin whatever its source's state is, or `null`. */
export function refuseTask(task: TaskFacts, now: number): AttemptRefusal | null {
  if (task.settled) return refusal('finished', task.attempt);
  if (task.leaseUntil !== null && isLeased(task.leaseUntil, now))
    return refusal('leased', task.attempt, Math.ceil((task.leaseUntil - now) / 1000));
  if (!task.scrapersRunning) return refusal('stopped', task.attempt, stoppedRetrySeconds, 'queued');
  return null;
}

/**
 * Whether a task begins that nothing of its own prevents (`refuseTask`). It begins when there is room for all of its
 * requests and takes the permit for the first one; it is promised the others and takes them when it makes them. A chunk of
 * a backfill that cannot begin goes back to the planner: a queue hides a message for 15 minutes at most, a day's quota
 * takes longer.
 */
export function decideAttempt(facts: AttemptFacts): AttemptDecision {
  const { now, task, source, requests } = facts;
  if (source?.oneWorker && facts.sourceBusy) return refusal('leased', task.attempt, oneWorkerRetrySeconds, 'queued');
  const breaker = passBreaker(facts.breaker, task, now);
  if (!breaker.pass)
    return task.backfill
      ? refusal('postponed', task.attempt, breaker.retryAfterSeconds, 'planned')
      : refusal('held', task.attempt, breaker.retryAfterSeconds, 'queued');
  const { trial, trialUntil } = breaker;
  const purpose = task.trigger === 'canary' ? 'canary' : task.backfill ? 'backfill' : 'task';
  const permits = source
    ? decidePermits(facts.ledger, source.quota, { purpose, count: requests })
    : ({ granted: false, why: 'day_quota', retryAfterSeconds: 0 } as const);
  if (!permits.granted && task.backfill)
    return { ...refusal('postponed', task.attempt, permits.retryAfterSeconds, 'planned'), trialUntil };
  const begun = { begins: true, attempt: task.attempt + 1, trial, trialUntil, purpose } as const;
  if (permits.granted) {
    // A promise is kept with the first permit, so there is none before the login.
    const first = facts.loginDue ? undefined : permits.permits[0];
    return { ...begun, dayUsedUp: false, permit: first ?? null, promised: first ? requests - 1 : 0 };
  }
  if (permits.why === 'day_quota') return { ...begun, dayUsedUp: true, permit: null, promised: 0 };
  const why = permits.why === 'held' ? 'held' : 'quota_minute';
  return { ...refusal(why, task.attempt, permits.retryAfterSeconds, 'queued'), trialUntil };
}

/**
 * In how many seconds a task that found the minute used up is delivered again: behind the `ahead` parts of its run that
 * wait already, so many a minute as there is quota for. Without that, hundreds of parts would all come back in the same
 * second, minute after minute.
 *
 * @param first seconds until the minute has room again
 */
export function placeInLine(first: number, ahead: number, requests: number, quota: SourceDefinition['quota']): number {
  const minutes = Math.floor((ahead * requests) / (quota.perMinute * plannedShare));
  return Math.min(first + minutes * minuteSeconds, longestWaitSeconds);
}

function refusal(
  why: Refused['why'],
  attempt: number,
  retryAfterSeconds = 0,
  waitsAs: AttemptRefusal['waitsAs'] = null,
): AttemptRefusal {
  return { begins: false, why, attempt, retryAfterSeconds, waitsAs };
}
