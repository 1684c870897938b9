import type { Failure } from '../contracts/failure.ts';
import type { Permit, StateRequest } from '../contracts/state.ts';
import type { PermitPurpose } from '../contracts/words/permit-purposes.ts';
import { type PermitRefusal, permitSeconds } from '../planning/permits.ts';
import type { Clock } from '../ports/clock.ts';
import type { State } from '../ports/state.ts';

export interface PermitWorld {
  readonly sourceId: string;
  readonly state: State;
  readonly now: Clock;
  readonly wait: (ms: number) => Promise<void>;
  readonly purpose: PermitPurpose;
  /** The attempt that the permits are for. */
  readonly task?: Extract<StateRequest, { op: 'takePermits' }>['task'];
  /** How many more the attempt was promised when it began. */
  readonly promised?: number;
}

/** Others may be quicker each time; after so many turns they may have it. */
const mostTurns = 50;
/** A wait that ends early is taken up again so often: one that is shortened, in tests, or a clock that stands. */
const mostWaits = 100;

/** A permit by this process's own clock, in milliseconds since the epoch. */
interface HeldPermit {
  readonly from: number;
  readonly until: number;
}

/** The permits of one worker for one source: those that it holds, and more of them when they are over. */
export interface PermitHolder {
  /**
   * Readies the one next upstream request: uses a permit in hand that is still good, or takes up to `count` new ones, and
   * waits until it may begin. Gives `null` when it may, or why not. Waits no longer than until `deadline`.
   */
  next(count: number, deadline: number): Promise<Failure | null>;
}

/**
 * Holds permits for a worker, at first those that came with its attempt.
 *
 * @example
 * const permits = permitHolder({ sourceId, state, now, wait, purpose: 'login' });
 * const refused = await permits.next(1, now() + 30_000);
 * if (refused) return refused; // no request may be made
 */
export function permitHolder(world: PermitWorld, first: readonly Permit[] = []): PermitHolder {
  const { sourceId, state, now, wait, purpose, task } = world;
  let held = first.map((permit) => heldPermit(permit, now()));
  let { promised = 0 } = world;
  let lastGivenAt: number | null = null;

  /**
   * Of `wanted` permits, those that the requests can use while they are good, if each takes as long as the last one: each
   * permit that ends unused is one less for all. No more than are still promised, where any are: those are always given.
   */
  function atOnce(wanted: number): number {
    const requestMs = lastGivenAt === null ? 0 : now() - lastGivenAt;
    const usable = requestMs > 0 ? Math.ceil((permitSeconds * 1000) / requestMs) : wanted;
    return Math.min(wanted, usable, promised > 0 ? promised : wanted);
  }

  async function take(count: number, deadline: number): Promise<Failure | null> {
    for (let turn = 0; turn < mostTurns; turn++) {
      const taken = await state.call({ op: 'takePermits', sourceId, count, purpose, ...(task && { task }) });
      if (taken.why === null) {
        held = taken.permits.map((permit) => heldPermit(permit, now()));
        promised = Math.max(0, promised - count);
        return null;
      }
      if (taken.why === 'held' || taken.why === 'day_quota')
        return ledgerFailure(taken.why, taken.retryAfterSeconds, now());
      const ms = Math.max(10, taken.retryAfterSeconds * 1000);
      if (now() + ms > deadline) return minuteUsedUp;
      await wait(ms);
    }
    return minuteUsedUp;
  }

  return {
    async next(wanted, deadline) {
      const count = atOnce(wanted);
      for (let turn = 0; turn < mostTurns; turn++) {
        const permit = held.shift();
        if (!permit) {
          // One that is taken now could not be used: it would count against the minute for nothing.
          if (now() > deadline) return minuteUsedUp;
          const refused = await take(count, deadline);
          if (refused) return refused;
          continue;
        }
        // One that is good now is used, though the ledger's answer came after the deadline: only waits end there.
        if (permit.from > Math.max(deadline, now())) return minuteUsedUp;
        for (let waits = 0; now() < permit.from && waits < mostWaits; waits++) await wait(permit.from - now());
        if (now() < permit.until) {
          lastGivenAt = now();
          return null;
        }
      }
      return minuteUsedUp;
    },
  };
}

/**
 * A permit that has just come, by this process's own clock: its times are said by the database's. The moment that the answer
 * took on its way is within what the ledger allows for (`minuteSeconds`).
 */
function heldPermit({ takenAt, notBefore, expiresAt }: Permit, at: number): HeldPermit {
  const taken = Date.parse(takenAt);
  return { from: at + Date.parse(notBefore) - taken, until: at + Date.parse(expiresAt) - taken };
}

/** What a refusal of the ledger is to who wanted a permit. `at` in milliseconds since the epoch. */
export function ledgerFailure(why: PermitRefusal, seconds: number, at: number): Failure {
  if (why === 'held') return pauseWanted(seconds, at);
  return why === 'day_quota' ? dayUsedUp : minuteUsedUp;
}

/** What a scrape ends as when its source's day has no request left. */
export const dayUsedUp: Failure = {
  reason: 'quota_exhausted',
  detail: { code: 'day_quota' },
  message: "The day's quota of this source is used up; it resets at midnight UTC.",
};

const minuteUsedUp: Failure = {
  reason: 'quota_exhausted',
  detail: { code: 'minute_quota' },
  message: "The minute's quota of this source is used up.",
};

/** `2026-11-20T21:00:00Z` */
function untilText(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}

function pauseWanted(seconds: number, at: number): Failure {
  return {
    reason: 'rate_limited',
    detail: { code: 'held', seconds: Math.max(0, seconds) },
    message: `The source asked for a pause until ${untilText(at + Math.max(1, seconds) * 1000)}.`,
  };
}
