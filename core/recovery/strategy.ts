import type { RunReason } from '../contracts/words/run-reasons.ts';

/** What can be recovered: a source that is asked over HTTP or read in a browser, or the Yahoo proxy. */
export const recoveryKinds = ['api', 'browser', 'proxy'] as const;
export type RecoveryKind = (typeof recoveryKinds)[number];

/** What the proxy is called among sources. */
export const proxyId = 'yahoo-proxy';

/**
 * What a recovery can do, and what each step changes:
 *
 * - `keep_page`: note where the picture and the HTML of the page lie that failed last
 * - `lower_budget`: the source is asked half as often, until its quota begins anew
 * - `renew_session`: the kept session, or the key as it was read, is dropped; whoever renews it now loses the right to
 * - `fresh_profile`: the canary starts in a new browser context, without cookies or anything kept
 * - `other_selectors`: pages are read by the other set of selectors, until a recovery changes them again
 * - `half_open_breaker`: the next run is a trial, whatever time the breaker still had
 * - `flush_cache`: the proxy's shared answers are dropped, and leases on them lose their right
 * - `lift_pause`: the proxy may call its upstream again
 * - `canary`: one symbol is asked for all the way into the database
 * - `heartbeat`: the proxy's own next call is waited for
 * - `fallback`: what the failing job asks for is asked of the first healthy source of the source's fallbacks
 */
export const recoverySteps = [
  'keep_page',
  'lower_budget',
  'renew_session',
  'fresh_profile',
  'other_selectors',
  'half_open_breaker',
  'flush_cache',
  'lift_pause',
  'canary',
  'heartbeat',
  'fallback',
] as const;
export type RecoveryStepName = (typeof recoverySteps)[number];

/** What is done about a reason: the steps before the proof, in order. */
export interface Strategy {
  /** A name for people, kept with the recovery. */
  readonly name: string;
  readonly steps: readonly RecoveryStepName[];
}

/** The proof of an ordinary source, and what is left when it fails. */
const proof = ['canary', 'fallback'] as const;

const strategy = (name: string, ...steps: RecoveryStepName[]): Strategy => ({ name, steps });

const api: Readonly<Record<RunReason, Strategy>> = {
  rate_limited: strategy('ask less', 'lower_budget', 'half_open_breaker', ...proof),
  quota_exhausted: strategy('ask less', 'lower_budget', 'half_open_breaker', ...proof),
  blocked: strategy('new session, ask less', 'renew_session', 'lower_budget', 'half_open_breaker', ...proof),
  auth_expired: strategy('new session', 'renew_session', 'half_open_breaker', ...proof),
  // A page of consent or a login in place of data has another form too.
  schema_drift: strategy('new session', 'renew_session', 'half_open_breaker', ...proof),
  not_found: strategy('try again', 'half_open_breaker', ...proof),
  no_data: strategy('new session', 'renew_session', 'half_open_breaker', ...proof),
  stale: strategy('try again', 'half_open_breaker', ...proof),
  timeout: strategy('try again', 'half_open_breaker', ...proof),
  down: strategy('try again', 'half_open_breaker', ...proof),
  bad_request: strategy('new session', 'renew_session', 'half_open_breaker', ...proof),
  unexplained: strategy('new session', 'renew_session', 'half_open_breaker', ...proof),
};

const anew = ['keep_page', 'fresh_profile', 'renew_session'] as const;

const browser: Readonly<Record<RunReason, Strategy>> = {
  rate_limited: strategy('ask less', 'lower_budget', 'half_open_breaker', ...proof),
  quota_exhausted: strategy('ask less', 'lower_budget', 'half_open_breaker', ...proof),
  blocked: strategy('new profile, ask less', ...anew, 'lower_budget', 'half_open_breaker', ...proof),
  auth_expired: strategy('new profile and login', ...anew, 'half_open_breaker', ...proof),
  schema_drift: strategy('new profile, other selectors', ...anew, 'other_selectors', 'half_open_breaker', ...proof),
  not_found: strategy('new profile and login', ...anew, 'half_open_breaker', ...proof),
  no_data: strategy('new profile, other selectors', ...anew, 'other_selectors', 'half_open_breaker', ...proof),
  stale: strategy('new profile and login', ...anew, 'half_open_breaker', ...proof),
  timeout: strategy('new profile and login', ...anew, 'half_open_breaker', ...proof),
  down: strategy('new profile and login', ...anew, 'half_open_breaker', ...proof),
  bad_request: strategy('new profile and login', ...anew, 'half_open_breaker', ...proof),
  unexplained: strategy('new profile and login', ...anew, 'half_open_breaker', ...proof),
};

// Kept answers are all that clients have while Yahoo wants to be left alone: they stay, and so does the pause.
const leave = strategy('ask less', 'lower_budget', 'heartbeat');
const flush = strategy('flush', 'flush_cache', 'lift_pause', 'heartbeat');
const flushAnew = strategy('flush, new session', 'renew_session', 'flush_cache', 'lift_pause', 'heartbeat');

const proxy: Readonly<Record<RunReason, Strategy>> = {
  rate_limited: leave,
  quota_exhausted: leave,
  blocked: flushAnew,
  auth_expired: flushAnew,
  schema_drift: flushAnew,
  not_found: flush,
  no_data: flush,
  stale: flush,
  timeout: flush,
  down: flush,
  bad_request: flushAnew,
  unexplained: flushAnew,
};

/** What is done about each reason, by kind. Every reason of the closed list is there: the compiler sees to it. */
export const strategies: Readonly<Record<RecoveryKind, Readonly<Record<RunReason, Strategy>>>> = {
  api,
  browser,
  proxy,
};

/** The strategy for a source of a kind that fails for a reason; without a reason, all of the mild ones. */
export function strategyFor(kind: RecoveryKind, reason: RunReason | null): Strategy {
  return strategies[kind][reason ?? 'unexplained'];
}

/** Reasons that say that there was too much asking. More asking is no cure. */
export const limitReasons: ReadonlySet<RunReason> = new Set(['rate_limited', 'quota_exhausted']);

/** What the budget of a source becomes: half of what it is, and no less than an eighth. */
export function loweredBudget(factor: number | null): number {
  return Math.max(0.125, (factor ?? 1) / 2);
}

/**
 * Until when the lowered budget holds, in milliseconds since the epoch: a day's quota begins anew at midnight UTC, a
 * minute's has done so many times over after a quarter of an hour. `heldUntil` is the source's own wish.
 */
export function budgetUntil(reason: RunReason | null, now: number, heldUntil: number | null): number {
  const dayMs = 86_400_000;
  if (reason === 'quota_exhausted') return (Math.floor(now / dayMs) + 1) * dayMs;
  return Math.max(now, heldUntil ?? 0) + 15 * 60_000;
}
