import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { memoryMessageQueue } from '../../core/adapters/memory/message-queue.ts';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { postgresComparisonStore } from '../../core/adapters/postgres/prices/blob-comparison.ts';
import { findingRecords } from '../../core/adapters/postgres/prices/finding-records.ts';
import { postgresRecoveryStore } from '../../core/adapters/postgres/recovery/recovery-store.ts';
import { postgresOutcomeStore } from '../../core/adapters/postgres/sources/outcome-store.ts';
import { postgresPlanStore } from '../../core/adapters/postgres/work/plan-store.ts';
import { everySource } from '../../core/auth/visible-sources.ts';
import { firstList } from '../../core/planning/watch-list.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { compareBlobs } from '../../functions/monitor/compare-blobs.ts';
import { findLostBlobs } from '../../functions/monitor/find-lost-blobs.ts';
import { startRecoveries } from '../../functions/monitor/start-recoveries.ts';
import { watchSources } from '../../functions/monitor/watch-sources.ts';
import { planRuns } from '../../functions/schedule/plan-runs.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
let pool: Pool;
const plans: z.infer<typeof explained>[] = [];

const node = z.looseObject({
  'Node Type': z.string(),
  'Relation Name': z.string().optional(),
  'Actual Rows': z.number().optional(),
  'Rows Removed by Filter': z.number().optional(),
  get Plans() {
    return z.array(node).optional();
  },
});
const explained = z.looseObject({ 'Query Text': z.string(), Plan: node });

/** Weeks of work: a run each minute, each with a task, an attempt and two permits. */
const minutes = 100_000;
const big = ['run', 'task', 'task_attempt', 'permit', 'batch', 'incident', 'recovery', 'finding'];

beforeAll(async () => {
  database = await startTestDatabase();
  const fill = database.pool(1);
  const at = `date_trunc('minute', now()) - make_interval(mins => n)`;
  await fill.query(
    `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at)
     SELECT md5(n::text)::uuid, CASE n % 10 WHEN 0 THEN 'coingecko' ELSE 'yahoo' END, CASE WHEN n % 360 = 1 THEN 'daily-bars' ELSE 'quotes' END,
            'quotes', CASE WHEN n % 50 = 7 THEN 'manual' ELSE 'schedule' END, n::text, ${at}
     FROM generate_series(1, ${minutes}) n`,
  );
  await fill.query(
    `INSERT INTO task (run_id, part, source_id, symbols, due_at, planned_at, status, reason, finished_at, judged)
     SELECT r.id, 0, r.source_id, '{AAPL,MSFT}', r.due_at, r.due_at, CASE WHEN random() < 0.1 THEN 'failed' ELSE 'succeeded' END, NULL, r.due_at, true
     FROM run r`,
  );
  await fill.query(
    `INSERT INTO task_attempt (run_id, part, attempt, worker, finished_at, ok) SELECT run_id, 0, 1, 'w', due_at, true FROM task`,
  );
  await fill.query(
    `INSERT INTO batch (blob_key, parser_version, run_id, part, attempt, source_id, kind)
     SELECT 'raw/yahoo/2026-01-01/' || overlay(overlay(id::text PLACING '4' FROM 15) PLACING '8' FROM 20) || '/0-1.json.gz', 'v', id, 0, 1, source_id, 'quotes' FROM run`,
  );
  await fill.query(
    `INSERT INTO permit (source_id, purpose, not_before, expires_at, reserved_at, used_at)
     SELECT source_id, 'task', due_at, due_at, due_at, due_at FROM run, generate_series(1, 2) WHERE due_at > now() - interval '3 days'`,
  );
  await fill.query(
    `INSERT INTO incident (source_id, reason, opened_at, last_seen_at, resolved_at)
     SELECT 'yahoo', 'down', ${at}, ${at}, ${at} FROM generate_series(1, 5000) n`,
  );
  await fill.query(
    `INSERT INTO recovery (id, source_id, trigger, status, requested_at, finished_at, held, canary_run_id)
     SELECT gen_random_uuid(), 'yahoo', 'automatic', 'verified', ${at}, ${at}, true, md5(n::text)::uuid FROM generate_series(1, 5000) n`,
  );
  await fill.query(
    `INSERT INTO finding (listing_id, source, row_key, rule, severity, kind, interval, date, at, said, evidence, status, closed_at, batch_id)
     SELECT n % 500, 'yahoo', n::text, 'shape', 'doubt', 'bar', '1d', date '2020-01-01' + n / 500, date '2020-01-01' + n / 500, 1,
            '{"code":"outside_range","fields":["high"]}', CASE n % 3 WHEN 0 THEN 'gone' ELSE 'open' END,
            CASE n % 3 WHEN 0 THEN now() END, 1
     FROM generate_series(1, 50000) n`,
  );
  await fill.query('VACUUM ANALYZE');
  pool = database.pool(1);
  pool.on('connect', (connection) => {
    connection.on('notice', ({ message }) => {
      const [, json] = /plan:\n([\s\S]*)$/.exec(message ?? '') ?? [];
      if (json !== undefined) plans.push(explained.parse(JSON.parse(json)));
    });
    void connection.query(
      `LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_format = 'json';
       SET auto_explain.log_analyze = true; SET auto_explain.log_level = 'notice'; SET auto_explain.log_timing = false`,
    );
  });
}, 120_000);
afterAll(() => database.stop());

/** Rows that a plan has looked at in big tables without an index, by table. */
function scanned(plan: z.infer<typeof node>): string[] {
  const below = (plan.Plans ?? []).flatMap(scanned);
  const table = plan['Relation Name'];
  return plan['Node Type'] === 'Seq Scan' && table !== undefined && big.includes(table) ? [...below, table] : below;
}

/** The most rows that one step of a plan has read and thrown away. */
function wasted(plan: z.infer<typeof node>): number {
  return Math.max(plan['Rows Removed by Filter'] ?? 0, ...(plan.Plans ?? []).map(wasted));
}

async function statementsOf(work: () => Promise<unknown>) {
  await work();
  plans.length = 0;
  // Often enough for prepared statements to get their general plan.
  for (let turn = 0; turn < 7; turn += 1) await work();
  expect(plans.length).toBeGreaterThan(7);
  return plans;
}

describe('with a hundred thousand tasks', () => {
  const planning = () => ({
    store: postgresPlanStore(pool),
    queue: memoryMessageQueue(),
    sources: catalogue,
    watched: async () => firstList(catalogue, null),
  });

  it.each([
    [
      'the planner',
      async () => {
        await planRuns({ time: new Date().toISOString() }, planning());
        // So that it has something to try again.
        await pool.query(
          `UPDATE task SET status = 'failed', reason = 'down', finished_at = now() - interval '1 hour' WHERE finished_at IS NULL`,
        );
      },
    ],
    [
      'the monitor',
      async () => {
        const store = postgresOutcomeStore(pool);
        await watchSources({ store, sources: catalogue }, new Date());
        await findLostBlobs(new Date(), { store, blobs: { has: async () => true }, queue: memoryMessageQueue() });
      },
    ],
    [
      'the comparison of blobs and batches',
      async () => {
        const { rows } = await pool.query<{ key: string }>(
          `SELECT blob_key AS key FROM batch ORDER BY blob_key LIMIT 1000`,
        );
        await pool.query('DELETE FROM blob_comparison');
        const of = {
          store: postgresComparisonStore(pool),
          blobs: { get: () => Promise.reject(new Error('All are read.')) },
          index: { keys: async () => rows.map(({ key }) => key) },
          queue: memoryMessageQueue(),
          sources: catalogue,
          withinMs: 50,
        };
        expect(await compareBlobs(new Date(), of)).toEqual({ sent: [], unreadable: [], errors: [] });
      },
    ],
    [
      'the start of recoveries',
      () =>
        startRecoveries(new Date(), {
          recoveries: postgresRecoveryStore(pool),
          queue: memoryMessageQueue(),
          sources: catalogue,
        }),
    ],
  ])('%s reads no large table as a whole, each minute', async (who, work) => {
    const all = await statementsOf(work);
    if (who.includes('blobs'))
      expect(all.filter((plan) => plan['Query Text'].includes('FROM batch b'))).not.toEqual([]);
    const found = all.flatMap((plan) =>
      scanned(plan.Plan).length > 0 || wasted(plan.Plan) > 1_000
        ? [`${scanned(plan.Plan).join()} ${wasted(plan.Plan)}: ${plan['Query Text'].slice(0, 1500)}`]
        : [],
    );
    expect([...new Set(found)]).toEqual([]);
    const { rows } = await pool.query(`SELECT count(*)::int AS retries FROM run WHERE trigger = 'retry'`);
    expect(rows[0]?.retries).toBeGreaterThan(0);
  });

  it('findings of a series are read by an index, now and as of an instant', async () => {
    const records = findingRecords(pool)(everySource);
    const bars = { from: new Date('2020-01-05T00:00:00Z'), to: null };
    const yesterday = new Date(Date.now() - 86_400_000).toISOString();
    const all = await statementsOf(async () => {
      for (const knownAt of [null, yesterday]) await records.ofSeries(7, 'yahoo', ['1d'], bars, knownAt);
    });
    expect(all.flatMap(({ Plan }) => scanned(Plan))).toEqual([]);
    expect(Math.max(...all.map(({ Plan }) => wasted(Plan)))).toBeLessThan(200);
  });
});
