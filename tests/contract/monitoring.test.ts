import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresOutcomeStore } from '../../core/adapters/postgres/outcome-store.ts';
import type { Pool } from '../../core/adapters/postgres/pool.ts';
import { postgresState } from '../../core/adapters/postgres/state.ts';
import type { ScrapeOutcome } from '../../core/contracts/messages.ts';
import { overdueAfterMs } from '../../core/health/judge-source.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { recordOutcome, watchSources } from '../../functions/monitor/watch-sources.ts';
import { startTestDatabase, type TestDatabase } from '../postgres.ts';

let database: TestDatabase;
let pool: Pool;
const runId = '7b2f6c8e-1111-5111-8111-111111111111';
const now = new Date();
const later = (ms: number) => new Date(now.getTime() + ms);

beforeAll(async () => {
  database = await startTestDatabase();
  pool = database.pool(4);
});
afterAll(() => database.stop());
beforeEach(async () => {
  await pool.query(
    'TRUNCATE run, task, task_attempt, source_health, health_sample, source_state, permit, incident, outbox, service_state',
  );
  await pool.query(
    `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at) VALUES ($1, 'yahoo', 'quotes', 'quotes', 'schedule', 'a', $2)`,
    [runId, now],
  );
  await pool.query(
    `INSERT INTO task (run_id, part, source_id, symbols, due_at) VALUES ($1, 0, 'yahoo', '{AAPL}', $2)`,
    [runId, now],
  );
});

const task = async () => (await pool.query('SELECT status, reason, finished_at, lease_until FROM task')).rows[0];
const health = async () => (await pool.query('SELECT * FROM source_health')).rows[0];
const begin = () => postgresState(pool).ask({ op: 'beginAttempt', runId, part: 0, worker: 'worker-1', requests: 1 });
const outcome = (more: Partial<ScrapeOutcome>): ScrapeOutcome => ({
  stage: 'scrape',
  runId,
  part: 0,
  attempt: 1,
  sourceId: 'yahoo',
  ok: false,
  reason: 'down',
  message: 'The source answered 500.',
  blobKey: null,
  requests: 1,
  latencyMs: 12,
  retryAfterSeconds: null,
  finishedAt: now.toISOString(),
  ...more,
});
const watching = () => ({ store: postgresOutcomeStore(pool), sources: [yahoo] });
const record = (more: Partial<ScrapeOutcome>) => recordOutcome(outcome(more), watching(), now);
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
    await pool.query(`UPDATE task SET lease_until = now() - interval '1 second'`);
    await begin();
    await record({ attempt: 1 });
    expect(await task()).toMatchObject({ status: 'running', finished_at: null });
    const { rows } = await pool.query('SELECT attempt, ok FROM task_attempt ORDER BY attempt');
    expect(rows).toEqual([
      { attempt: 1, ok: false },
      { attempt: 2, ok: null },
    ]);
  });

  it('a late failure does not undo what ingest has ended', async () => {
    await begin();
    await pool.query(`UPDATE task SET status = 'succeeded', finished_at = now()`);
    await record({});
    expect(await task()).toMatchObject({ status: 'succeeded', reason: null });
  });
});

describe('silence', () => {
  it('is no failure while there is still time', async () => {
    expect(await watch(later(overdueAfterMs - 60_000))).toEqual({ overdue: [] });
    expect(await task()).toMatchObject({ status: 'planned' });
  });

  it('ends a task as a timeout when the time is over, and the source is not healthy', async () => {
    expect(await watch(later(overdueAfterMs + 60_000))).toEqual({ overdue: ['yahoo'] });
    expect(await task()).toMatchObject({ status: 'failed', reason: 'timeout' });
    expect(await health()).toMatchObject({ status: 'failed', reason: 'timeout' });
  });

  it('leaves a task alone that a worker holds right now', async () => {
    await begin();
    expect(await watch(later(overdueAfterMs + 60_000))).toEqual({ overdue: [] });
  });
});

it('keeps one sample of health an hour, the last', async () => {
  await watch(now);
  await begin();
  await record({});
  const { rows } = await pool.query('SELECT status FROM health_sample');
  expect(rows).toHaveLength(1);
  expect(rows[0]?.status).not.toBe('unknown');
});
