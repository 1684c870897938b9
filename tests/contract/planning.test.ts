import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { memoryMessageQueue } from '../../core/adapters/memory/message-queue.ts';
import { postgresPlanStore } from '../../core/adapters/postgres/plan-store.ts';
import type { Pool } from '../../core/adapters/postgres/pool.ts';
import { scrapeMessageSchema } from '../../core/contracts/messages.ts';
import { parserOf } from '../../core/sources/parsers.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { planRuns } from '../../functions/schedule/plan-runs.ts';
import { startTestDatabase, type TestDatabase } from '../postgres.ts';

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await startTestDatabase();
  pool = database.pool(6);
});
afterAll(() => database.stop());
beforeEach(() => pool.query('TRUNCATE run, task, task_attempt, planner_state, service_state, source_state'));

const tick = (time: string) => ({ time: `2026-11-22T${time}Z` });
function planner(symbols: string[] | null = null) {
  const queue = memoryMessageQueue();
  const planning = { store: postgresPlanStore(pool), queue, sources: [yahoo], parserOf, symbols };
  return { queue, planning, plan: (time: string) => planRuns(tick(time), planning) };
}
const sentTo = (queue: { take(name: string): unknown[] }) =>
  queue.take('scrape-yahoo').map((message) => scrapeMessageSchema.parse(message));
const runs = async () =>
  (await pool.query<{ job: string; slot: string }>('SELECT job, slot FROM run ORDER BY job, slot')).rows.map(
    (row) => `${row.job} ${row.slot.slice(11, 16)}`,
  );

describe('planning', () => {
  it('plans each due run once, whether ticks come doubled, late or not at all', async () => {
    const { plan } = planner();
    await plan('10:00:05');
    await plan('10:00:05');
    await plan('10:03:10');
    await plan('10:02:00');
    expect(await runs()).toEqual(['daily-bars 06:00', 'quotes 10:00', 'quotes 10:01', 'quotes 10:02', 'quotes 10:03']);
  });

  it('plans each due run once when two planners tick at once', async () => {
    await planner().plan('10:00:00');
    await Promise.all(Array.from({ length: 6 }, () => planner().plan('10:01:00')));
    expect(await runs()).toEqual(['daily-bars 06:00', 'quotes 10:00', 'quotes 10:01']);
    const { rows } = await pool.query(
      `SELECT count(*)::int AS tasks FROM task t JOIN run r ON r.id = t.run_id WHERE r.job = 'quotes'`,
    );
    expect(rows).toEqual([{ tasks: 2 }]);
  });

  it('splits a universe into tasks and sends keys of what to ask', async () => {
    const symbols = Array.from({ length: 25 }, (_, index) => `SYM${index}`);
    const { plan, queue } = planner(symbols);
    await plan('12:00:00');
    const sent = sentTo(queue);
    expect(sent.filter((task) => task.job === 'daily-bars').map((task) => task.symbols.length)).toEqual([10, 10, 5]);
    expect(sent.filter((task) => task.job === 'quotes').map((task) => task.symbols)).toEqual([symbols]);
  });

  it('sends with the next tick what a planner that died had planned and not sent', async () => {
    const { planning, queue, plan } = planner();
    const broken = { ...planning, queue: { send: () => Promise.reject(new Error('SQS is down')) } };
    await expect(planRuns(tick('10:00:00'), broken)).rejects.toThrow('SQS is down');
    await plan('10:00:30');
    expect(
      sentTo(queue)
        .map((task) => task.job)
        .sort(),
    ).toEqual(['daily-bars', 'daily-bars', 'daily-bars', 'quotes']);
    expect((await plan('10:00:40')).sent).toBe(0);
  });

  it('plans nothing for a paused source, and does not make up for it afterwards', async () => {
    const { plan } = planner();
    await plan('10:00:00');
    await pool.query(`INSERT INTO source_state (source_id, paused) VALUES ('yahoo', true)`);
    await plan('10:05:00');
    await pool.query(`UPDATE source_state SET paused = false`);
    await plan('10:06:00');
    expect(await runs()).toEqual(['daily-bars 06:00', 'quotes 10:00', 'quotes 10:06']);
  });

  it('plans nothing while the scheduler is stopped', async () => {
    await pool.query(`INSERT INTO service_state (service_id, running) VALUES ('scheduler', false)`);
    await planner().plan('10:00:00');
    expect(await runs()).toEqual([]);
  });

  it('runs a job now on request, once for one request id, and leaves the schedule as it is', async () => {
    const { planning, plan } = planner();
    const ask = () =>
      planRuns(
        { ...tick('10:00:30'), run: { sourceId: 'yahoo', job: 'quotes', trigger: 'manual', requestId: 'click-1' } },
        planning,
      );
    const first = await ask();
    expect(await ask()).toMatchObject({ runs: first.runs, sent: 0 });
    expect((await plan('10:00:40')).runs).toHaveLength(2);
  });

  it('does not run again at the next tick what the first cycle ran', async () => {
    const { planning, plan } = planner();
    await planRuns({ ...tick('10:00:30'), run: { trigger: 'first_cycle', requestId: 'start-1' } }, planning);
    expect((await plan('10:00:50')).runs).toEqual([]);
    expect((await plan('10:01:00')).runs).toHaveLength(1);
  });
});
