import { expect, it } from 'vitest';
import type { StateRequest, StateResponses } from '../../../../core/contracts/state.ts';
import type { State } from '../../../../core/ports/state.ts';
import { type Turn, waitingLine } from '../../../../functions/yahoo-proxy/waiting-line.ts';

/** A ledger with so many permits now, and more when their time comes; its clock goes on while the line waits. */
function ledger(permits: number, later: readonly { at: number; permits: number }[] = []) {
  let now = 1_000_000;
  const start = now;
  let left = permits;
  let asked = 0;
  let coming = [...later];
  const state: State = {
    async call<Op extends StateRequest['op']>(request: Extract<StateRequest, { op: Op }>) {
      if (request.op !== 'takePermits') throw new Error(`The line does not ask for ${request.op}.`);
      asked++;
      for (const each of coming.filter(({ at }) => start + at <= now)) left += each.permits;
      coming = coming.filter(({ at }) => start + at > now);
      const iso = (at: number) => new Date(at).toISOString();
      const times = { takenAt: iso(now), notBefore: iso(now), expiresAt: iso(now + 5_000) };
      const id = '00000000-0000-4000-8000-000000000000';
      const next = coming[0] ? (start + coming[0].at - now) / 1000 : 60;
      const answer: StateResponses['takePermits'] =
        left > 0
          ? { permits: [{ id, ...times }], why: null, retryAfterSeconds: 0 }
          : { permits: [], why: 'minute_quota', retryAfterSeconds: next };
      if (left > 0) left--;
      return answer as StateResponses[Op];
    },
  };
  const line = waitingLine({
    sourceId: 'yahoo',
    state,
    now: () => now,
    wait: async (ms) => {
      now += ms;
      await Promise.resolve();
    },
  });
  const order: string[] = [];
  return {
    order,
    asked: () => asked,
    now: () => now - start,
    turn: (asker: string, name: string, patienceMs = 8_000): Promise<Turn> =>
      line.turn(asker, now + patienceMs).then((turn) => {
        order.push('until' in turn ? name : `${name} refused: ${turn.retryAfterSeconds}`);
        return turn;
      }),
  };
}

it('turns go round between askers, each in the order of its calls', async () => {
  const { turn, order } = ledger(9);
  await Promise.all([
    ...[1, 2, 3, 4, 5, 6].map((n) => turn('a', `a${n}`)),
    ...[1, 2].map((n) => turn('b', `b${n}`)),
    turn('c', 'c1'),
  ]);
  expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4', 'a5', 'a6']);
});

it('who can have room within its patience waits for it, all others hear at once when there will be', async () => {
  const { turn, order, now } = ledger(1, [{ at: 5_000, permits: 2 }]);
  await Promise.all([turn('a', 'a1'), turn('a', 'a2'), turn('b', 'b1', 3_000), turn('b', 'b2')]);
  expect(order).toEqual(['a1', 'b1 refused: 5', 'b2', 'a2']);
  expect(now()).toBe(5_000);
});

it('who is refused keeps nobody waiting, and has room at the time that it was told', async () => {
  const { turn, order, now } = ledger(1, [{ at: 42_000, permits: 1 }]);
  await Promise.all([turn('a', 'a1'), turn('a', 'a2'), turn('b', 'b1')]);
  expect(order.toSorted()).toEqual(['a1', 'a2 refused: 42', 'b1 refused: 42']);
  expect(now()).toBe(0);
});

it('asks the ledger once for all who are refused together', async () => {
  const { turn, asked } = ledger(0);
  await Promise.all(Array.from({ length: 500 }, (_, n) => turn(`key ${n % 7}`, `${n}`)));
  expect(asked()).toBe(1);
});

it('goes on after the state could not be reached', async () => {
  let away = true;
  const { line } = {
    line: waitingLine({
      sourceId: 'yahoo',
      now: () => 0,
      wait: async () => undefined,
      state: {
        async call() {
          if (away) throw new Error('away');
          return { permits: [], why: 'day_quota', retryAfterSeconds: 9 } as never;
        },
      },
    }),
  };
  await expect(Promise.all([line.turn('a', 0), line.turn('b', 0)])).rejects.toThrow('away');
  away = false;
  expect(await line.turn('a', 8_000)).toMatchObject({ failure: { reason: 'quota_exhausted' }, retryAfterSeconds: 9 });
});

it('ends where the clock stands', async () => {
  const line = waitingLine({
    sourceId: 'yahoo',
    now: () => 0,
    wait: async () => undefined,
    state: {
      async call() {
        return { permits: [], why: 'minute_quota', retryAfterSeconds: 1 } as never;
      },
    },
  });
  expect(await line.turn('a', 8_000)).toMatchObject({ retryAfterSeconds: 1 });
});
