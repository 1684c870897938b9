import type { RunReason } from '../contracts/words/run-reasons.ts';

/** A breaker as it is stored. Past `until` an open one lets one run through, and a half-open one another. */
export interface Breaker {
  readonly state: 'closed' | 'open' | 'half_open';
  readonly until: number | null;
  readonly reason: RunReason | null;
  /** How often it has opened in a row. */
  readonly opened: number;
  /** Failures in a row while closed. */
  readonly failures: number;
}

/** Failures in a row that open it. */
export const opensAfter = 3;
/** How long it stays open the first time; each further time in a row twice as long, and never longer than `mostMs`. */
export const firstMs = 60_000;
export const mostMs = 30 * 60_000;

/**
 * How long a planned trial has to give an outcome before another one may begin: a worker's lease (150 s) and the way
 * through the queues.
 */
export const trialMs = 4 * 60_000;

/** The source has answered and has no such data: that is not a fault of the source. */
const answers: ReadonlySet<RunReason> = new Set(['not_found', 'no_data', 'bad_request']);
/** The source itself asks for a pause (`held_until`), which does not say whether it works. */
const limits: ReadonlySet<RunReason> = new Set(['rate_limited', 'quota_exhausted']);

export const closedBreaker: Breaker = { state: 'closed', until: null, reason: null, opened: 0, failures: 0 };

/** The end of a task, as the breaker takes it. */
export interface BreakerInput {
  readonly ok: boolean;
  readonly reason: RunReason | null;
  /** Begun while the breaker was not closed. */
  readonly trial: boolean;
  /** 0: no worker ever took it, so the source got no request. */
  readonly attempt: number;
}

/**
 * The breaker after the end of a task.
 *
 * Closed, it counts failures in a row and opens at the third. Open or half-open, only trials count: a success closes
 * it, a failure of a half-open one opens it for twice as long; the other parts of the same trial then change nothing,
 * nor does what was under way when it opened. An answer that has nothing (`not_found`, `no_data`, `bad_request`) is as
 * good as a success here; a limit changes nothing.
 *
 * `now` is in milliseconds since the epoch, `random` from 0 up to 1.
 */
export function nextBreaker(breaker: Breaker, end: BreakerInput, now: number, random: () => number): Breaker {
  if (end.attempt === 0 && !end.ok) return breaker;
  if (!end.ok && end.reason !== null && limits.has(end.reason)) return breaker;
  const failed = !end.ok && !(end.reason !== null && answers.has(end.reason));
  if (breaker.state === 'closed') {
    if (!failed) return breaker.failures === 0 && breaker.opened === 0 ? breaker : closedBreaker;
    const failures = breaker.failures + 1;
    return failures < opensAfter ? { ...breaker, failures } : opened(breaker, end.reason, now, random);
  }
  if (!end.trial) return breaker;
  if (!failed) return closedBreaker;
  return breaker.state === 'half_open' ? opened(breaker, end.reason, now, random) : breaker;
}

function opened(breaker: Breaker, reason: RunReason | null, now: number, random: () => number): Breaker {
  return {
    state: 'open',
    until: now + openFor(breaker.opened, random),
    reason: reason ?? 'unexplained',
    opened: breaker.opened + 1,
    failures: 0,
  };
}

/**
 * How long a breaker stays open that has opened `times` times in a row before, in milliseconds: between three quarters
 * and all of the doubled time, so that sources that failed together are not tried again together.
 */
export function openFor(times: number, random: () => number): number {
  const whole = Math.min(mostMs, firstMs * 2 ** Math.min(times, 20));
  return Math.round(whole * (0.75 + 0.25 * random()));
}

/** The state for people: an open breaker whose time is over lets a trial through, so it is half-open. */
export function shownBreaker(breaker: Pick<Breaker, 'state' | 'until'>, now: number): Breaker['state'] {
  return breaker.state === 'open' && (breaker.until ?? 0) <= now ? 'half_open' : breaker.state;
}
