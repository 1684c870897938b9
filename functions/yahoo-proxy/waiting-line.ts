/*
 * The line for permits to call Yahoo, of this process. Turns go round: one for each asker who waits, so that one with a
 * thousand questions does not keep the others waiting. Who cannot have room within its patience is told at once when there
 * will be.
 */
import type { Failure } from '../../core/contracts/failure.ts';
import type { StateResponses } from '../../core/contracts/state.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { State } from '../../core/ports/state.ts';
import { ledgerFailure } from '../../core/scraping/take-permit.ts';

/** On whose behalf Yahoo is called. */
export interface Asker {
  /** The key's id; turns go round between these. */
  readonly id: string;
  /** How long it may stand in the line, in milliseconds. */
  readonly patienceMs: number;
}

/** Who refreshes what was served stale: takes what is free, and keeps nobody waiting. */
export const background: Asker = { id: '', patienceMs: 0 };

/** How long a client stands in the line: yfinance gives up after ten seconds. */
export const clientPatienceMs = 8_000;

/** Leave for one call, good until then; or why there is none, and from when on the ledger has room. */
export type Turn = { readonly until: number } | { readonly failure: Failure; readonly retryAfterSeconds: number };

export interface WaitingLine {
  /** Waits for the asker's turn until `deadline`. */
  turn(asker: string, deadline: number): Promise<Turn>;
}

interface Waiter {
  readonly deadline: number;
  settle(turn: Turn): void;
  fail(error: unknown): void;
}

/** A wait is taken up again at the latest after this: what the ledger said may not hold, and the clock may be set. */
const longestNapMs = 1_000;
/** So many naps in vain are enough, where the clock stands. */
const mostNaps = 100;

export function waitingLine(world: {
  readonly sourceId: string;
  readonly state: State;
  readonly now: Clock;
  readonly wait: (ms: number) => Promise<void>;
}): WaitingLine {
  const { sourceId, state, now, wait } = world;
  /** In the order of their turns: who has had one goes to the end. */
  const waiting = new Map<string, Waiter[]>();
  let isServing = false;

  function next(): readonly [string, Waiter] | null {
    for (const [asker, waiters] of waiting) {
      const first = waiters[0];
      if (first) return [asker, first];
      waiting.delete(asker);
    }
    return null;
  }

  /** Takes a waiter out of the line, its asker to the end of it. */
  function leave(asker: string, waiter: Waiter): void {
    const rest = (waiting.get(asker) ?? []).filter((each) => each !== waiter);
    waiting.delete(asker);
    if (rest.length > 0) waiting.set(asker, rest);
  }

  /** Tells all whose patience ends before there is room. The others keep their places. */
  function refuse(refused: Turn, roomAt: number): void {
    for (const [asker, waiters] of [...waiting]) {
      for (const waiter of waiters) if (waiter.deadline < roomAt) waiter.settle(refused);
      const rest = waiters.filter((waiter) => waiter.deadline >= roomAt);
      if (rest.length === 0) waiting.delete(asker);
      else waiting.set(asker, rest);
    }
  }

  /** Gives out turns until nobody waits. One at a time: what one is refused, the next would be, too. */
  async function serve(): Promise<void> {
    if (isServing) return;
    isServing = true;
    try {
      let naps = 0;
      for (let turn = next(); turn !== null; turn = next()) {
        const [asker, waiter] = turn;
        const taken = await state.call({ op: 'takePermits', sourceId, count: 1, purpose: 'proxy' });
        const [permit] = taken.permits;
        if (permit) {
          naps = 0;
          leave(asker, waiter);
          begin(permit, waiter);
          continue;
        }
        const { why, retryAfterSeconds: seconds } = taken;
        const roomAt = now() + seconds * 1000;
        const failure = ledgerFailure(why ?? 'minute_quota', seconds, now());
        const refused = { failure, retryAfterSeconds: Math.max(1, Math.ceil(seconds)) };
        refuse(refused, naps < mostNaps ? roomAt : Number.POSITIVE_INFINITY);
        if (next() === null) break;
        naps++;
        await wait(Math.min(longestNapMs, Math.max(10, roomAt - now())));
      }
    } catch (error) {
      // The state cannot be reached: nobody gets a turn.
      for (const waiters of waiting.values()) for (const { fail } of waiters) fail(error);
      waiting.clear();
    } finally {
      isServing = false;
    }
  }

  /** The permit's times are the database's: counted from when it was taken. A source may want a gap before it begins. */
  function begin({ takenAt, notBefore, expiresAt }: StateResponses['takePermits']['permits'][number], waiter: Waiter) {
    const taken = Date.parse(takenAt);
    const until = now() + Date.parse(expiresAt) - taken;
    const gap = Date.parse(notBefore) - taken;
    if (gap <= 0) waiter.settle({ until });
    else
      wait(gap).then(
        () => waiter.settle({ until }),
        (error: unknown) => waiter.fail(error),
      );
  }

  return {
    turn: (asker, deadline) =>
      new Promise((settle, fail) => {
        waiting.set(asker, [...(waiting.get(asker) ?? []), { deadline, settle, fail }]);
        void serve();
      }),
  };
}
