import type { Permit, StateRequest } from '../core/contracts/state.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { State } from '../core/ports/state.ts';
import type { UpstreamAnswer } from '../core/ports/upstream.ts';
import type { Failure } from '../core/sources/parser.ts';

export interface PermitAsking {
  readonly sourceId: string;
  readonly state: State;
  readonly now: Clock;
  readonly wait: (ms: number) => Promise<void>;
  /** Waiting for a permit goes on no longer than this, milliseconds since the epoch. */
  readonly deadline: number;
  readonly purpose: Extract<StateRequest, { op: 'reservePermits' }>['purpose'];
}

/** How long a 429 without `Retry-After` keeps a source from being asked. */
const usualHoldSeconds = 60;

/** Others may be quicker each time; after so many turns they may have it. */
const mostTurns = 50;

/**
 * Uses a reserved permit, or one reserved now in place of one that is missing or ran out; waits for its turn where the
 * source wants a gap. Gives why it could not, or `null`: the one next call may be made.
 */
export async function takePermit(permit: Permit | undefined, asking: PermitAsking): Promise<Failure | null> {
  const { state, now, wait, deadline, sourceId, purpose } = asking;
  const patient = async (seconds: number) => {
    const ms = Math.max(10, seconds * 1000);
    if (now() + ms > deadline) return false;
    await wait(ms);
    return true;
  };
  let held = permit;
  for (let turn = 0; turn < mostTurns; turn++) {
    if (held) {
      const used = await state.ask({ op: 'usePermit', permitId: held.id });
      if (used.ok) return null;
      if (used.why === 'held') return leftAlone(used.retryAfterSeconds);
      if (used.why === 'not_yet' && (await patient(used.retryAfterSeconds))) continue;
      held = undefined;
    }
    const reserved = await state.ask({ op: 'reservePermits', sourceId, count: 1, purpose });
    [held] = reserved.permits;
    if (held) continue;
    if (reserved.why === 'held') return leftAlone(reserved.retryAfterSeconds);
    if (reserved.why === 'day_quota' || !(await patient(reserved.retryAfterSeconds)))
      return {
        reason: 'quota_exhausted',
        message:
          reserved.why === 'day_quota'
            ? "The day's quota of this source is used up; it begins anew at midnight UTC."
            : minuteUsedUp.message,
      };
  }
  return minuteUsedUp;
}

const minuteUsedUp: Failure = {
  reason: 'quota_exhausted',
  message: "The minute's quota of this source is used up.",
};

function leftAlone(seconds: number): Failure {
  return {
    reason: 'rate_limited',
    message: `The source asked to be left alone for another ${Math.max(1, Math.ceil(seconds))} s.`,
  };
}

/** Seconds of an answer's `Retry-After`, as a number or a date, at most a day; `null` without one that can be read. */
export function retryAfterOf(answer: Pick<UpstreamAnswer, 'response'>, now: number): number | null {
  const text = answer.response?.headers['retry-after'];
  if (text === undefined) return null;
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.min(86_400, Math.ceil(seconds))) : null;
}

/**
 * For how long the source is not to be asked after an answer, in seconds, or `null`: what its `Retry-After` says, a
 * minute after any other word of too many requests, and until midnight UTC when it says that the day is used up.
 */
export function holdAfter(
  answer: Pick<UpstreamAnswer, 'response'>,
  failure: Failure | null,
  now: number,
): number | null {
  const asked = retryAfterOf(answer, now);
  const { status } = answer.response ?? { status: 0 };
  if (status === 429 || failure?.reason === 'rate_limited') return asked ?? usualHoldSeconds;
  if (status === 503) return asked;
  if (failure?.reason === 'quota_exhausted') return asked ?? Math.ceil((86_400_000 - (now % 86_400_000)) / 1000);
  return null;
}
