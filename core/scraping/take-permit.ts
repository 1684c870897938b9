import type { Failure } from '../contracts/failure.ts';
import type { Permit, StateRequest } from '../contracts/state.ts';
import type { Clock } from '../ports/clock.ts';
import type { State } from '../ports/state.ts';

export interface PermitAsking {
  readonly sourceId: string;
  readonly state: State;
  readonly now: Clock;
  readonly wait: (ms: number) => Promise<void>;
  /** Waiting for a permit goes on no longer than this, milliseconds since the epoch. */
  readonly deadline: number;
  readonly purpose: Extract<StateRequest, { op: 'reservePermits' }>['purpose'];
}

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
      return reserved.why === 'day_quota' ? dayUsedUp : minuteUsedUp;
  }
  return minuteUsedUp;
}

/** What a scrape ends as when its source's day has no request left. */
export const dayUsedUp: Failure = {
  reason: 'quota_exhausted',
  detail: { code: 'day_quota' },
  message: "The day's quota of this source is used up; it begins anew at midnight UTC.",
};

const minuteUsedUp: Failure = {
  reason: 'quota_exhausted',
  detail: { code: 'minute_quota' },
  message: "The minute's quota of this source is used up.",
};

function leftAlone(seconds: number): Failure {
  return {
    reason: 'rate_limited',
    detail: { code: 'held', seconds: Math.max(0, seconds) },
    message: `The source asked to be left alone for another ${Math.max(1, Math.ceil(seconds))} s.`,
  };
}
