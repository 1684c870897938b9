import type { RunReason } from '../contracts/words/run-reasons.ts';

/** What can be recovered: a source of an API, one that is read in a browser, or the Yahoo proxy. */
export const recoveryKinds = ['api', 'browser', 'proxy'] as const;
export type RecoveryKind = (typeof recoveryKinds)[number];

/** The proxy's id among the sources. */
export const proxyId = 'yahoo-proxy';

/** The source whose permits, session and pause the proxy uses. */
export const proxiedSource = 'yahoo';

/**
 * What a recovery can do, and what each step changes:
 *
 * - `keep_page`: note where the screenshot and the HTML of the newest failed page are stored
 * - `lower_budget`: half as many requests a minute, until the quota resets
 * - `renew_session`: drop the stored session or API key; a renewal that is under way can no longer store its own
 * - `fresh_profile`: start the canary in a new browser context, without cookies or anything else stored
 * - `other_selectors`: read pages by the other set of selectors, once a canary has failed to read them by the present one
 * - `half_open_breaker`: make the next run a trial, whatever time the breaker still had
 * - `flush_cache`: drop the proxy's shared answers and invalidate leases on them
 * - `lift_pause`: let the proxy call its upstream again
 * - `canary`: run one symbol all the way into the database
 * - `second_canary`: the same once more, where only other selectors were left to try
 * - `heartbeat`: wait for the proxy's own next call
 * - `fallback`: get the rows of the failing job from the first healthy source among its fallbacks
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
  'second_canary',
  'heartbeat',
  'fallback',
] as const;
export type RecoveryStepName = (typeof recoverySteps)[number];

/** Steps that change what is stored about a source or the proxy, and nothing else. */
export const repairSteps = [
  'keep_page',
  'lower_budget',
  'renew_session',
  'other_selectors',
  'half_open_breaker',
  'flush_cache',
  'lift_pause',
] as const satisfies readonly RecoveryStepName[];
export type RepairStep = (typeof repairSteps)[number];

export function isRepair(step: RecoveryStepName): step is RepairStep {
  return repairSteps.some((repair) => repair === step);
}

/** What is done about a reason: repairs first, the proof last. Other selectors alone come after a proof has failed. */
export interface Strategy {
  /** A name for people, kept with the recovery. */
  readonly name: string;
  readonly steps: readonly RecoveryStepName[];
}

/** The proof of an ordinary source, and what remains when it fails. */
const proof = ['canary', 'fallback'] as const;

const strategy = (name: string, ...steps: RecoveryStepName[]): Strategy => ({ name, steps });

const api: Readonly<Record<RunReason, Strategy>> = {
  rate_limited: strategy('ask less', 'lower_budget', 'half_open_breaker', ...proof),
  quota_exhausted: strategy('ask less', 'lower_budget', 'half_open_breaker', ...proof),
  blocked: strategy('new session, ask less', 'renew_session', 'lower_budget', 'half_open_breaker', ...proof),
  auth_expired: strategy('new session', 'renew_session', 'half_open_breaker', ...proof),
  // A consent page or a login form in place of the data drifts from the schema, too.
  schema_drift: strategy('new session', 'renew_session', 'half_open_breaker', ...proof),
  implausible: strategy('try again', 'half_open_breaker', ...proof),
  not_found: strategy('try again', 'half_open_breaker', ...proof),
  no_data: strategy('new session', 'renew_session', 'half_open_breaker', ...proof),
  stale: strategy('try again', 'half_open_breaker', ...proof),
  timeout: strategy('try again', 'half_open_breaker', ...proof),
  down: strategy('try again', 'half_open_breaker', ...proof),
  bad_request: strategy('new session', 'renew_session', 'half_open_breaker', ...proof),
  unexplained: strategy('new session', 'renew_session', 'half_open_breaker', ...proof),
};

const freshStart = ['keep_page', 'fresh_profile', 'renew_session'] as const;

/** A page that cannot be read: its other selectors are tried only when the present ones fail after a fresh start. */
const otherPage = strategy(
  'new profile, then other selectors',
  ...freshStart,
  'half_open_breaker',
  'canary',
  'other_selectors',
  'second_canary',
  'fallback',
);

/** Failures of a canary that another way to read the page may cure. */
export const unreadableReasons: ReadonlySet<RunReason> = new Set(['schema_drift', 'no_data']);

const browser: Readonly<Record<RunReason, Strategy>> = {
  rate_limited: strategy('ask less', 'lower_budget', 'half_open_breaker', ...proof),
  quota_exhausted: strategy('ask less', 'lower_budget', 'half_open_breaker', ...proof),
  blocked: strategy('new profile, ask less', ...freshStart, 'lower_budget', 'half_open_breaker', ...proof),
  auth_expired: strategy('new profile and login', ...freshStart, 'half_open_breaker', ...proof),
  schema_drift: otherPage,
  implausible: strategy('new profile and login', ...freshStart, 'half_open_breaker', ...proof),
  not_found: strategy('new profile and login', ...freshStart, 'half_open_breaker', ...proof),
  no_data: otherPage,
  stale: strategy('new profile and login', ...freshStart, 'half_open_breaker', ...proof),
  timeout: strategy('new profile and login', ...freshStart, 'half_open_breaker', ...proof),
  down: strategy('new profile and login', ...freshStart, 'half_open_breaker', ...proof),
  bad_request: strategy('new profile and login', ...freshStart, 'half_open_breaker', ...proof),
  unexplained: strategy('new profile and login', ...freshStart, 'half_open_breaker', ...proof),
};

// While Yahoo is paused, cached answers are all that clients have: they stay, and so does the pause.
const leave = strategy('ask less', 'lower_budget', 'heartbeat');
const flush = strategy('flush', 'flush_cache', 'lift_pause', 'heartbeat');
const flushAnew = strategy('flush, new session', 'renew_session', 'flush_cache', 'lift_pause', 'heartbeat');

const proxy: Readonly<Record<RunReason, Strategy>> = {
  rate_limited: leave,
  quota_exhausted: leave,
  blocked: flushAnew,
  auth_expired: flushAnew,
  schema_drift: flushAnew,
  implausible: flush,
  not_found: flush,
  no_data: flush,
  stale: flush,
  timeout: flush,
  down: flush,
  bad_request: flushAnew,
  unexplained: flushAnew,
};

/** What is done about each reason, by kind. The compiler checks that every reason of the closed list is there. */
export const strategies: Readonly<Record<RecoveryKind, Readonly<Record<RunReason, Strategy>>>> = {
  api,
  browser,
  proxy,
};

/** The strategy for a source of a kind that fails for a reason; without a reason, that of `unexplained`. */
export function strategyFor(kind: RecoveryKind, reason: RunReason | null): Strategy {
  return strategies[kind][reason ?? 'unexplained'];
}

/** Reasons that mean too many requests. More requests are no cure. */
export const limitReasons: ReadonlySet<RunReason> = new Set(['rate_limited', 'quota_exhausted']);

/** The lowered budget of a source, as a share of the minute's quota: half of what it was, at least an eighth. */
export function loweredBudget(factor: number | null): number {
  return Math.max(0.125, (factor ?? 1) / 2);
}

/**
 * Until when the lowered budget holds, in milliseconds since the epoch: until midnight UTC, when a day's quota resets, or
 * else for a quarter of an hour. `heldUntil` is the end of the pause that the source asked for.
 */
export function budgetUntil(reason: RunReason | null, now: number, heldUntil: number | null): number {
  const dayMs = 86_400_000;
  if (reason === 'quota_exhausted') return (Math.floor(now / dayMs) + 1) * dayMs;
  return Math.max(now, heldUntil ?? 0) + 15 * 60_000;
}
