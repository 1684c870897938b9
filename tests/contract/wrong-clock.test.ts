import { describe, expect, it } from 'vitest';
import { memoryMessageQueue } from '../../core/adapters/memory/message-queue.ts';
import { postgresPlanStore } from '../../core/adapters/postgres/work/plan-store.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { healthSchema } from '../../core/contracts/http/health.ts';
import type { Tick } from '../../core/contracts/messages.ts';
import { firstList } from '../../core/planning/watch-list.ts';
import { TickAheadError } from '../../core/planning/wrong-clock.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { planRuns } from '../../functions/schedule/plan-runs.ts';
import { useClockedCloud } from '../support/clocked-cloud.ts';

const minute = 60_000;
const day = 24 * 60 * minute;
const start = Date.parse('2026-11-24T17:00:00Z');
const cloud = useClockedCloud('2026-11-24T17:00:00Z', { symbols: ['AAPL'] });

/** Ticks of the clock as it is, a minute apart. Gives how many runs of quotes each planned. */
async function tick(times: number): Promise<number[]> {
  const planned: number[] = [];
  for (let each = 0; each < times; each += 1) {
    const { runs } = await plan(cloud.now());
    const rows = await cloud.all(`SELECT FROM run WHERE id = ANY ($1::uuid[]) AND job = 'quotes'`, [runs]);
    planned.push(rows.length);
    cloud.pass(minute);
  }
  return planned;
}

const ahead: number[] = [];
async function plan(time: number, run?: Tick['run']) {
  await cloud.all('SELECT 1');
  const planning = {
    store: postgresPlanStore(cloud.world.pool),
    queue: memoryMessageQueue(),
    sources: [yahoo],
    watched: async () => firstList([yahoo], ['AAPL']),
    alwaysOpen: true,
    clockWasAhead: (ms: number) => void ahead.push(ms),
  };
  return planRuns({ time: new Date(time).toISOString(), run }, planning);
}

async function plannedTo() {
  const answer = await cloud.world.get('/health');
  return healthSchema.parse(answer.body).checks['scheduler:plannedTo']?.[0];
}

const take = (count: number) =>
  postgresState(cloud.world.pool).call({ op: 'takePermits', sourceId: 'yahoo', count, purpose: 'task' });

it('a request that waited in its queue for ten minutes is no clock that was ahead', async () => {
  ahead.length = 0;
  const asked = cloud.now();
  await tick(10);
  const heldUntil = new Date(cloud.now() + 20 * minute);
  await cloud.all(
    `INSERT INTO source_state (source_id, held_until) VALUES ('yahoo', $1)
     ON CONFLICT (source_id) DO UPDATE SET held_until = $1`,
    [heldUntil],
  );
  const before = await cloud.all('SELECT * FROM planner_state ORDER BY job');
  expect(before.length).toBeGreaterThan(0);
  const { runs } = await plan(asked, { job: 'quotes', trigger: 'manual', requestId: 'late' });
  expect(runs).toHaveLength(1);
  expect(ahead).toEqual([]);
  expect(await cloud.all('SELECT * FROM planner_state ORDER BY job')).toEqual(before);
  expect(await cloud.all(`SELECT held_until FROM source_state WHERE source_id = 'yahoo'`)).toEqual([
    { held_until: heldUntil },
  ]);
});

describe('a clock that is ahead, and then right', () => {
  it.each([
    ['three days', 3 * day],
    ['an hour', 60 * minute],
  ])('by %s stops the planner for no minute, and is reported [fault 27]', async (_much, by) => {
    ahead.length = 0;
    expect(await tick(2)).toEqual([1, 1]);
    cloud.pass(by);
    // The fault fires: the planner and the database believe the wrong time.
    expect((await tick(3)).every((runs) => runs > 0)).toBe(true);
    expect(await cloud.all(`SELECT FROM planner_state WHERE planned_to > $1`, [new Date(start + by)])).not.toEqual([]);

    cloud.set(start + 5 * minute);
    expect(await plannedTo()).toMatchObject({ status: 'warn', output: expect.stringContaining('ahead') });
    expect(await tick(6)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(ahead).toHaveLength(1);
    expect(Math.abs((ahead[0] ?? 0) - by)).toBeLessThan(5 * minute);
    expect(await plannedTo()).toMatchObject({ status: 'pass' });
    // Nothing lies in the future any more.
    expect(
      await cloud.all(
        `SELECT FROM run WHERE due_at > $1 UNION ALL SELECT FROM task WHERE due_at > $1 OR planned_at > $1`,
        [new Date(cloud.now() + minute)],
      ),
    ).toEqual([]);
  });

  it('leaves no permit, lease, hold or open breaker of the future behind [fault 27]', async () => {
    await tick(1);
    cloud.pass(3 * day);
    await tick(2);
    const permits = await take(yahoo.quota.perMinute);
    expect(permits.permits.length).toBeGreaterThan(0);
    while ((await take(1)).permits.length > 0);
    const state = postgresState(cloud.world.pool);
    const [task] = await cloud.all(`SELECT run_id, part FROM task ORDER BY due_at DESC LIMIT 1`);
    const begin = { op: 'beginAttempt', runId: String(task?.['run_id']), part: 0, worker: 'w', requests: 1 } as const;
    await cloud.all('DELETE FROM permit WHERE used_at = (SELECT max(used_at) FROM permit)');
    expect(await state.call({ op: 'acquireRenewal', sourceId: 'yahoo', ttlSeconds: 60 })).toMatchObject({ token: 1 });
    await cloud.all(
      `UPDATE task SET status = 'running', attempt = 1, lease_until = now() + interval '150 seconds'
                     WHERE run_id = $1`,
      [begin.runId],
    );

    cloud.set(start + minute);
    await cloud.all('SELECT 1');
    // Even before the planner has put it right.
    expect((await take(1)).permits).toHaveLength(1);
    expect(await state.call({ op: 'acquireRenewal', sourceId: 'yahoo', ttlSeconds: 60 })).toMatchObject({ token: 2 });
    expect(await state.call(begin)).toMatchObject({ go: true, attempt: 2 });

    await cloud.all(
      `INSERT INTO source_state (source_id, held_until, breaker, breaker_until) VALUES ('yahoo', $1, 'open', $1)
       ON CONFLICT (source_id) DO UPDATE SET held_until = $1, breaker = 'open', breaker_until = $1`,
      [new Date(start + 3 * day + 2 * minute)],
    );
    await tick(2);
    const [left] = await cloud.all(`SELECT held_until, breaker_until FROM source_state WHERE source_id = 'yahoo'`);
    for (const until of Object.values(left ?? {})) expect(Number(until)).toBeLessThanOrEqual(start + 6 * minute);
    expect(await cloud.all(`SELECT FROM permit WHERE used_at > $1`, [new Date(cloud.now() + minute)])).toEqual([]);
  });
});

describe('a tick', () => {
  it('that the database’s clock does not reach for minutes is refused and plans nothing [fault 27]', async () => {
    await tick(1);
    for (const time of [3 * day, 6 * minute]) await expect(plan(start + minute + time)).rejects.toThrow(TickAheadError);
    expect(await tick(2)).toEqual([1, 1]);
  });

  it('that is some seconds ahead, late or doubled is as good as any, and no sign of a wrong clock', async () => {
    ahead.length = 0;
    await plan(cloud.now() + 30_000);
    cloud.pass(4 * minute);
    await plan(cloud.now());
    for (const late of [0, minute, 3 * minute]) await plan(cloud.now() - late);
    expect(ahead).toEqual([]);
  });

  it('of a clock that is set back an hour waits for nothing and plans no run twice [fault 27]', async () => {
    expect(await tick(3)).toEqual([1, 1, 1]);
    cloud.pass(-60 * minute);
    const again = await tick(3);
    expect(again).toEqual([1, 1, 1]);
    const runs = await cloud.all(`SELECT slot, count(*)::int AS runs FROM run GROUP BY 1, job HAVING count(*) > 1`);
    expect(runs).toEqual([]);
  });
});

describe('an answer that was fetched in the future', () => {
  const price = () =>
    cloud.all(`SELECT price, as_of <= $1 AND fetched_at <= $1 AS past FROM quote ORDER BY as_of`, [
      new Date(cloud.now() + minute),
    ]);
  const read = async (answers: Awaited<ReturnType<typeof cloud.fetch>>) => {
    // Stages do not wait until the database's clock is set, as calls of the world do.
    await cloud.all('SELECT 1');
    await cloud.stores.queue.send('ingest', [answers.message]);
    await cloud.stages.ingest();
  };
  const fetchAt = async (price: number) => cloud.fetch([{ symbol: 'AAPL', price, asOf: start - 10_000 }]);

  it('counts as fetched now: what corrects it later is stored [fault 27]', async () => {
    cloud.pass(3 * day);
    const wrong = await fetchAt(100);
    cloud.set(start + minute);
    await read(wrong);
    expect(await price()).toEqual([{ price: '100', past: true }]);
    cloud.pass(2 * minute);
    await read(await fetchAt(101));
    expect(await price()).toEqual([{ price: '101', past: true }]);
  });

  it('and stored while the database’s clock was ahead, too, gives way as well [fault 27]', async () => {
    cloud.pass(3 * day);
    await read(await fetchAt(100));
    await cloud.world.uncheckedFromNow(
      'the clock of the database goes back: what was fetched last has the earlier time',
    );
    cloud.set(start + minute);
    expect(await price()).toEqual([{ price: '100', past: false }]);
    await read(await fetchAt(101));
    expect(await price()).toEqual([{ price: '101', past: true }]);
    expect(await cloud.all('SELECT price FROM latest_quote')).toEqual([{ price: '101' }]);
    await read(await cloud.fetch([{ symbol: 'AAPL', price: 102, asOf: start }]));
    expect(await cloud.all('SELECT price FROM latest_quote')).toEqual([{ price: '102' }]);
  });
});
