import { beforeEach, describe, expect, it } from 'vitest';
import { postgresOutcomeStore } from '../../core/adapters/postgres/sources/outcome-store.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import type { ScrapeOutcome } from '../../core/contracts/messages.ts';
import { overdueAfterMs } from '../../core/health/judge.ts';
import { firstList } from '../../core/planning/watch-list.ts';
import { coingecko } from '../../core/sources/coingecko/source.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { judgeSources, recordOutcome, watchSources } from '../../functions/monitor/watch-sources.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld();
const runId = '7b2f6c8e-1111-5111-8111-111111111111';
const now = new Date();
const later = (ms: number) => new Date(now.getTime() + ms);

beforeEach(async () => {
  await world.pool.query(
    `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at) VALUES ($1, 'yahoo', 'quotes', 'quotes', 'schedule', 'a', $2)`,
    [runId, now],
  );
  await world.pool.query(
    `INSERT INTO task (run_id, part, source_id, symbols, due_at) VALUES ($1, 0, 'yahoo', '{AAPL}', $2)`,
    [runId, now],
  );
});

const task = async () => (await world.pool.query('SELECT status, reason, finished_at, lease_until FROM task')).rows[0];
const health = async () => (await world.pool.query('SELECT * FROM source_health')).rows[0];
const begin = () =>
  postgresState(world.pool).call({ op: 'beginAttempt', runId, part: 0, worker: 'worker-1', requests: 1 });
const outcome = (more: Partial<ScrapeOutcome>): ScrapeOutcome => ({
  stage: 'scrape',
  runId,
  part: 0,
  attempt: 1,
  sourceId: 'yahoo',
  ok: false,
  reason: 'down',
  detail: { code: 'http_status', status: 500 },
  message: 'The source answered 500.',
  blobKey: null,
  requests: 1,
  latencyMs: 12,
  retryAfterSeconds: null,
  finishedAt: now.toISOString(),
  ...more,
});
const watching = () => ({ store: postgresOutcomeStore(world.pool), sources: [yahoo] });
const record = async (more: Partial<ScrapeOutcome>) => {
  const sourceId = await recordOutcome(outcome(more), watching());
  if (sourceId !== null) await judgeSources(new Set([sourceId]), watching(), now);
};
const watch = (at: Date) => watchSources(watching(), at);

describe('outcomes', () => {
  it('a failure ends the task and shows on the source with its run', async () => {
    await begin();
    await record({});
    expect(await task()).toMatchObject({ status: 'failed', reason: 'down', lease_until: null });
    expect(await health()).toMatchObject({
      failure_reason: 'down',
      failure_run_id: runId,
      failure_message: 'The source answered 500.',
    });
  });

  it('a success waits for ingest to say that rows were accepted', async () => {
    await begin();
    await record({ ok: true, reason: null, message: null });
    expect(await task()).toMatchObject({ status: 'fetched', finished_at: null });
  });

  it('told twice, an outcome changes nothing', async () => {
    await begin();
    await record({});
    const before = await task();
    await record({ reason: 'timeout' });
    expect(await task()).toEqual(before);
  });

  it('the outcome of an attempt that was taken over is kept on the attempt and does not end the task', async () => {
    await begin();
    await world.pool.query(`UPDATE task SET lease_until = now() - interval '1 second'`);
    await begin();
    await record({ attempt: 1 });
    expect(await task()).toMatchObject({ status: 'running', finished_at: null });
    const { rows } = await world.pool.query('SELECT attempt, ok FROM task_attempt ORDER BY attempt');
    expect(rows).toEqual([
      { attempt: 1, ok: false },
      { attempt: 2, ok: null },
    ]);
  });

  it('a late failure does not undo what ingest has ended', async () => {
    await begin();
    await world.pool.query(`UPDATE task SET status = 'succeeded', finished_at = now()`);
    await record({});
    expect(await task()).toMatchObject({ status: 'succeeded', reason: null });
  });
});

describe('silence', () => {
  it('is no failure while there is still time', async () => {
    expect(await watch(later(overdueAfterMs - 60_000))).toMatchObject({ overdue: [] });
    expect(await task()).toMatchObject({ status: 'planned' });
  });

  it('ends a task as a timeout when the time is over, and the source is not healthy', async () => {
    expect(await watch(later(overdueAfterMs + 60_000))).toMatchObject({ overdue: ['yahoo'] });
    expect(await task()).toMatchObject({ status: 'failed', reason: 'timeout' });
    expect(await health()).toMatchObject({ status: 'failed', reason: 'timeout' });
  });

  it('leaves a task alone that a worker holds right now', async () => {
    await begin();
    expect(await watch(later(overdueAfterMs + 60_000))).toMatchObject({ overdue: [] });
  });
});

it('keeps one sample of health an hour, the last', async () => {
  await watch(now);
  await begin();
  await record({});
  const parts = 'success, freshness, accepted, latency, quota';
  const { rows } = await world.pool.query(`SELECT status, ${parts} FROM health_sample`);
  expect(rows).toHaveLength(1);
  expect(rows[0]?.status).not.toBe('unknown');
  expect(rows[0]?.success).not.toBeNull();
  const kept = await world.pool.query(`SELECT status, ${parts} FROM source_health WHERE source_id = 'yahoo'`);
  expect(kept.rows).toEqual(rows);
});

describe('each minute', () => {
  it('a source that cannot be judged keeps no other from it, and is told', async () => {
    const store = postgresOutcomeStore(world.pool);
    const broken: typeof store = {
      ...store,
      judge: (source, ...rest) =>
        source.id === 'yahoo' ? Promise.reject(new Error('a fault of ours')) : store.judge(source, ...rest),
    };
    const { statuses, errors } = await watchSources({ store: broken, sources: [yahoo, coingecko] }, now);
    expect([...statuses.keys()]).toEqual(['coingecko']);
    expect(errors).toEqual([new Error('a fault of ours')]);
  });

  it('incidents of sources that have left the catalogue are over, and reported once', async () => {
    await world.pool.query(
      `INSERT INTO incident (source_id, reason, opened_at, last_seen_at) VALUES
         ('gone', 'down', $1, $1), ('yahoo', 'down', $1, $1), ('yahoo-proxy', 'down', $1, $1)`,
      [later(-60_000)],
    );
    await watch(now);
    await watch(later(60_000));
    const { rows } = await world.pool.query(
      `SELECT source_id, resolved_at FROM incident WHERE resolved_at IS NOT NULL OR source_id <> 'yahoo' ORDER BY 1`,
    );
    expect(rows).toEqual([
      { source_id: 'gone', resolved_at: now },
      { source_id: 'yahoo-proxy', resolved_at: null },
    ]);
    const told = await world.pool.query(`SELECT key, data FROM outbox WHERE type = 'incident.resolved'`);
    expect(told.rows).toEqual([
      { key: 'gone', data: expect.objectContaining({ sourceId: 'gone', reason: 'down', at: now.toISOString() }) },
    ]);
  });

  it('a run that the user’s symbols do not make due is not missed', async () => {
    const twoHoursAgo = new Date(Date.parse('2026-11-24T16:00:00Z') - 2 * 3600_000);
    const status = async (symbols: string[]) => {
      await world.pool.query('TRUNCATE task_attempt, task, run, planner_state, source_health');
      await world.pool.query(
        `INSERT INTO planner_state (source_id, job, planned_to) VALUES ('coingecko', 'quotes', $1)`,
        [twoHoursAgo],
      );
      const planned = { watched: async () => firstList([coingecko], symbols), alwaysOpen: false };
      await watchSources(
        { store: postgresOutcomeStore(world.pool), sources: [coingecko], planned },
        new Date('2026-11-24T16:00:00Z'),
      );
      return (await health()).message;
    };
    // It has coins only.
    expect(await status(['AAPL'])).toBe('It has not run yet.');
    expect(await status(['BTC-USD'])).toContain('The scheduler has planned none of its due runs');
  });
});
