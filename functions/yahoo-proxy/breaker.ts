import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  DelegateBackoff,
  ExponentialBackoff,
  handleWhenResult,
  retry,
} from 'cockatiel';
import type { Failure } from '../../core/contracts/failure.ts';
import type { RunReason } from '../../core/contracts/words/run-reasons.ts';
import type { Clock } from '../../core/ports/clock.ts';

/** The result of one call to Yahoo, as far as the breaker needs to know. */
export interface Outcome {
  readonly failure: Failure | null;
  /** Whether Yahoo was called at all: a missing permit says nothing about Yahoo. */
  readonly called: boolean;
  /** The seconds of Yahoo's `Retry-After`, or 0. */
  readonly retryAfterSeconds: number;
}

export interface BreakerSettings {
  /** Failures in a row that open it. */
  readonly threshold: number;
  /** How long it is open the first time; twice as long each time that the trial fails, up to `maxOpenMs`. */
  readonly openMs: number;
  readonly maxOpenMs: number;
  /** From 0 to 1, added to the time as a share of a fifth: containers must not all try at once. */
  readonly random: () => number;
}

export const usualBreaker: BreakerSettings = { threshold: 5, openMs: 10_000, maxOpenMs: 300_000, random: Math.random };

export type BreakerState = 'closed' | 'open' | 'half_open';

/** Why Yahoo is not called, and until when (milliseconds since the epoch). */
export interface Pause {
  readonly until: number;
  readonly reason: RunReason | 'stopped';
}

export interface Breaker {
  readonly state: BreakerState;
  /** Why no call may be made now, or `null`. */
  pause(now: number): Pause | null;
  /** The same, if this container's own breaker is open: the other containers should adopt it. */
  opened(now: number): Pause | null;
  /** Adopts a pause of another container. */
  hear(pause: Pause | null): void;
  /** Makes the call unless there is a pause; retries once after a broken connection. */
  run<T extends Outcome>(call: () => Promise<T>): Promise<T | Pause>;
}

const sick: ReadonlySet<RunReason> = new Set(['rate_limited', 'blocked', 'auth_expired', 'timeout', 'down']);

/**
 * Whether a failure says that Yahoo does not work, or not for us. A client's bad request does not; nor does an answer in
 * another form, which may be that of one symbol. A truncated one does.
 */
function saysSick({ reason, detail }: Failure): boolean {
  return sick.has(reason) || detail.code === 'invalid_json';
}
const longestPauseMs = 15 * 60_000;

/**
 * Keeps calls from an upstream that fails: opens after a row of failures, lets one call through after a while that
 * doubles, closes when that succeeds. A `Retry-After` is obeyed from the first failure on.
 *
 * Each container has its own; its pauses reach the others through the shared cache and `hear`.
 */
export function createBreaker(settings: BreakerSettings, now: Clock): Breaker {
  let shared: Pause | null = null;
  let openUntil = 0;
  let lastReason: RunReason = 'down';
  const breaker = circuitBreaker(
    handleWhenResult(
      (result) => isOutcome(result) && result.called && result.failure !== null && saysSick(result.failure),
    ),
    {
      breaker: new ConsecutiveBreaker(settings.threshold),
      halfOpenAfter: new DelegateBackoff<{ attempt: number }>(({ attempt }) => {
        const base = Math.min(settings.maxOpenMs, settings.openMs * 2 ** Math.max(0, attempt - 1));
        const delay = Math.round(base * (1 + settings.random() / 5));
        openUntil = now() + delay;
        return delay;
      }),
    },
  );
  // A broken connection is often an idle one that expired: retry once on a new one.
  const again = retry(
    handleWhenResult(
      (result) =>
        isOutcome(result) && result.called && result.failure?.reason === 'down' && result.retryAfterSeconds === 0,
    ),
    { maxAttempts: 1, backoff: new ExponentialBackoff({ initialDelay: 150, maxDelay: 1_000 }) },
  );
  const opened = (at: number): Pause | null =>
    breaker.state === CircuitState.Open && openUntil > at ? { until: openUntil, reason: lastReason } : null;
  const pause = (at: number): Pause | null => (shared !== null && shared.until > at ? shared : opened(at));
  return {
    get state() {
      if (breaker.state === CircuitState.Open) return openUntil > now() ? 'open' : 'half_open';
      return breaker.state === CircuitState.HalfOpen ? 'half_open' : 'closed';
    },
    pause,
    opened,
    hear(heard) {
      shared = heard;
    },
    async run(call) {
      const current = pause(now());
      if (current) return current;
      try {
        const outcome = await again.execute(() => breaker.execute(call));
        if (outcome.failure) {
          if (outcome.called) lastReason = outcome.failure.reason;
          // Our own ledger's no says when to come back, and is nobody else's business.
          if (outcome.called && outcome.retryAfterSeconds > 0) {
            const wait = Math.min(longestPauseMs, outcome.retryAfterSeconds * 1000);
            shared = { until: now() + wait, reason: outcome.failure.reason };
          }
        } else if (outcome.called) shared = null;
        return outcome;
      } catch (error) {
        // It opened between the check and the call, or another call is the trial.
        if (error instanceof BrokenCircuitError) return pause(now()) ?? { until: now() + 1_000, reason: lastReason };
        throw error;
      }
    },
  };
}

function isOutcome(result: unknown): result is Outcome {
  return typeof result === 'object' && result !== null && 'failure' in result && 'retryAfterSeconds' in result;
}
