import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { maintainDatabase } from '../../core/adapters/postgres/database/housekeeping.ts';
import { lifetimes } from '../../core/adapters/postgres/database/lifetimes.ts';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { nightlyRetention, removeExpired } from '../../core/adapters/postgres/database/retention.ts';
import { usualRetention } from '../../core/planning/retention.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

const now = new Date('2026-11-22T03:00:00Z');
const ago = (days: number) => new Date(now.getTime() - days * 86_400_000);

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await startTestDatabase(now);
  pool = database.pool(4);
});
afterAll(() => database.stop());

const rows = z.array(z.object({ value: z.string() }));
const values = async (sql: string, ...given: unknown[]) =>
  rows.parse((await pool.query(sql, given)).rows).map(({ value }) => value);
const count = async (table: string) => Number((await values(`SELECT count(*)::text AS value FROM ${table}`))[0]);

interface Made {
  readonly id: string;
  readonly batch: string;
}

/** A run of one task with one attempt, a batch and its statistics; all of it so many days ago. */
async function makeRun(
  days: number,
  of: { written?: number; accepted?: number; kind?: string; isOpen?: boolean; endedDays?: number } = {},
): Promise<Made> {
  const [id, at] = [randomUUID(), ago(days)];
  const kind = of.kind ?? 'quotes';
  await pool.query(
    `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at) VALUES ($1::uuid, 'yahoo', $2, $2, 'schedule', $1::text, $3)`,
    [id, kind, at],
  );
  await pool.query(
    `INSERT INTO task (run_id, part, source_id, symbols, status, due_at, finished_at)
     VALUES ($1, 0, 'yahoo', '{AAPL}', $3, $2, $4)`,
    [id, at, of.isOpen ? 'running' : 'succeeded', of.isOpen ? null : ago(of.endedDays ?? days)],
  );
  await pool.query(`INSERT INTO task_attempt (run_id, part, attempt, worker, finished_at) VALUES ($1, 0, 1, 'w', $2)`, [
    id,
    at,
  ]);
  const [batch = ''] = await values(
    `INSERT INTO batch (blob_key, parser_version, run_id, part, attempt, source_id, kind, accepted, written, ingested_at, first_reading)
     VALUES ($1, '1', $2, 0, 1, 'yahoo', $3, $4, $5, $6, true) RETURNING id::text AS value`,
    `raw/${id}`,
    id,
    kind,
    of.accepted ?? 1,
    of.written ?? 0,
    at,
  );
  await pool.query(
    `INSERT INTO batch_statistics (batch_id, currency, count, rejected, up, down, unchanged) VALUES ($1, 'USD', 1, 0, 0, 0, 1)`,
    [batch],
  );
  return { id, batch };
}

async function hold(of: Made, days: number, settled: Date | null, discarded = false): Promise<string> {
  const [id = ''] = await values(
    `INSERT INTO quarantine (at, source_id, reason, detail, path, run_id, part, blob_key, batch_id, resolved_at, discarded_at)
     VALUES ($1, 'yahoo', 'schema', 'd', 'p', $2, 0, $3, $4, $5, $6) RETURNING id::text AS value`,
    ago(days),
    of.id,
    `raw/${of.id}`,
    of.batch,
    settled,
    discarded ? settled : null,
  );
  return id;
}

const runsLeft = () => values('SELECT id::text AS value FROM run');
const batchesLeft = () => values('SELECT id::text AS value FROM batch');

describe('the list of lifetimes', () => {
  it('has every table of the database, and no other', async () => {
    const tables = await values(
      `SELECT relname AS value FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = 'public' AND relkind IN ('r', 'p') AND relname !~ '^quote_\\d{4}_\\d{2}$'`,
    );
    expect(Object.keys(lifetimes).toSorted()).toEqual(tables.toSorted());
  });

  it('is that of docs/operations.md', () => {
    const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const section = page.split('## How long rows stay')[1]?.split('\n## ')[0] ?? '';
    const named = [...section.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`(\w+)`/g)].flatMap(([, table]) => table ?? []),
    );
    expect(named.toSorted()).toEqual(Object.keys(lifetimes).toSorted());
  });

  it('looks for a batch in all tables that name one', async () => {
    // Rows of the others count as written, or come with rows that do: see `storedNothing`.
    const counted = ['quote', 'quote_revision', 'bar', 'bar_revision', 'constituent', 'constituent_revision'];
    const looked = ['latest_quote', 'corporate_action', 'corporate_action_revision', 'constituent_snapshot', 'finding'];
    const named = await values(
      `SELECT table_name AS value FROM information_schema.columns
       WHERE table_schema = 'public' AND column_name = 'batch_id' AND table_name !~ '^quote_(\\d{4}_\\d{2}|default)$'`,
    );
    expect(named.toSorted()).toEqual([...counted, ...looked, 'quarantine', 'batch_statistics', 'task'].toSorted());
  });
});

describe('rows that are over', () => {
  beforeEach(() =>
    pool.query(`TRUNCATE run, task, task_attempt, batch, batch_statistics, quarantine, finding, replay, watch, repair_wanted,
                import, import_part, recovery, source_health, incident, blob_to_read_again, backfill, latest_quote,
                corporate_action, constituent_snapshot, constituent CASCADE`),
  );

  it('runs go after their days with all that is theirs; the batch of what is stored stays', async () => {
    const [young, nothing, stored] = [await makeRun(89), await makeRun(91), await makeRun(91, { written: 2 })];
    const { removedOf, allRemoved } = await maintainDatabase(pool, now);
    expect(removedOf).toMatchObject({ run: 2, task: 2, batch: 1 });
    expect(allRemoved).toBe(true);
    expect(await runsLeft()).toEqual([young.id]);
    expect((await batchesLeft()).toSorted()).toEqual([young.batch, stored.batch].toSorted());
    expect(await batchesLeft()).not.toContain(nothing.batch);
    for (const table of ['task', 'task_attempt', 'batch_statistics']) expect(await count(table), table).toBe(1);
    expect((await maintainDatabase(pool, now)).removedOf).toEqual({});
  });

  it('the setting says after how many days', async () => {
    const kept = await makeRun(99);
    await makeRun(101);
    await maintainDatabase(pool, now, { ...usualRetention, runs: 100 });
    expect(await runsLeft()).toEqual([kept.id]);
  });

  const keeps: readonly [string, (run: Made) => Promise<unknown>][] = [
    [
      'the watch list',
      ({ id }) =>
        pool.query(
          `INSERT INTO watch (symbol, source_id, source_symbol, added_at, run_id) VALUES ('A', 'yahoo', 'A', $2, $1)`,
          [id, now],
        ),
    ],
    [
      'a wish for a repair',
      ({ id }) =>
        pool.query(
          `INSERT INTO repair_wanted (listing_id, source, interval, why, from_date, to_date, wanted_at, not_before, run_id)
           VALUES (1, 'yahoo', '1d', 'hole', '2026-01-01', '2026-01-02', $2, $2, $1)`,
          [id, now],
        ),
    ],
    [
      'an import',
      ({ id }) =>
        pool.query(
          `INSERT INTO import (id, slot, kind, licence, source_id, created_at, expires_at)
           VALUES ($1::uuid, $1::text, 'bars', 'internal', 'yahoo', $2, $2)`,
          [id, ago(100)],
        ),
    ],
    [
      'a recovery under way',
      ({ id }) =>
        pool.query(
          `INSERT INTO recovery (id, source_id, trigger, status, requested_at, canary_run_id)
           VALUES (gen_random_uuid(), 'yahoo', 'manual', 'running', $2, $1)`,
          [id, now],
        ),
    ],
    [
      'the last failure of a source',
      ({ id }) =>
        pool.query(
          `INSERT INTO source_health (source_id, status, failure_run_id, updated_at) VALUES ('yahoo', 'failed', $1, $2)`,
          [id, now],
        ),
    ],
    [
      'an open incident',
      ({ id }) =>
        pool.query(
          `INSERT INTO incident (source_id, reason, opened_at, last_seen_at, evidence) VALUES ('yahoo', 'down', $2, $2, $1)`,
          [JSON.stringify([{ runId: id, part: 0 }]), now],
        ),
    ],
    ['a row that waits in quarantine', (run) => hold(run, 91, null)],
    [
      'a blob that is to be read again',
      ({ id }) => pool.query('INSERT INTO blob_to_read_again (blob_key) VALUES ($1)', [`raw/${id}`]),
    ],
    [
      'a list of members that waits for a person',
      ({ batch }) =>
        pool.query(
          `INSERT INTO finding (listing_id, source, row_key, rule, severity, kind, evidence, batch_id)
           VALUES (1, 'slickcharts', 'k', 'members', 'wrong', 'constituent', '{}', $1)`,
          [batch],
        ),
    ],
    [
      'a reading of not long ago',
      ({ id }) =>
        pool.query(
          `INSERT INTO batch (blob_key, parser_version, run_id, part, attempt, source_id, kind, ingested_at)
           VALUES ('again', '2', $1, 0, 1, 'yahoo', 'quotes', $2)`,
          [id, ago(3)],
        ),
    ],
    [
      'a part that has not ended',
      ({ id }) => pool.query(`UPDATE task SET status = 'running', finished_at = NULL WHERE run_id = $1`, [id]),
    ],
    [
      'a part that ended not long ago',
      ({ id }) => pool.query('UPDATE task SET finished_at = $2 WHERE run_id = $1', [id, ago(3)]),
    ],
  ];
  it.each(keeps)('a run stays whole for %s', async (_why, name) => {
    const [needed, other] = [await makeRun(91), await makeRun(92)];
    await name(needed);
    await maintainDatabase(pool, now);
    expect(await runsLeft()).toEqual([needed.id]);
    expect(await batchesLeft()).toContain(needed.batch);
    expect(await batchesLeft()).not.toContain(other.batch);
    for (const table of ['task', 'task_attempt', 'batch_statistics']) expect(await count(table), table).toBe(1);
  });

  const named: readonly [string, string, (batch: string) => Promise<unknown>][] = [
    [
      'a finding',
      'quotes',
      (batch) =>
        pool.query(
          `INSERT INTO finding (listing_id, source, row_key, rule, severity, kind, evidence, batch_id, status)
           VALUES (1, 'yahoo', 'k', 'jump', 'wrong', 'bar', '{}', $1, 'dismissed')`,
          [batch],
        ),
    ],
    [
      'a corporate action',
      'bars',
      (batch) =>
        pool.query(
          `INSERT INTO corporate_action (listing_id, type, ex_date, source, amount, known_at, batch_id)
           VALUES (1, 'dividend', '2026-01-02', 'yahoo', 1, $2, $1)`,
          [batch, ago(91)],
        ),
    ],
    [
      'the newest quote',
      'quotes',
      (batch) =>
        pool.query(
          `INSERT INTO latest_quote (listing_id, source, as_of, price, currency, minor_factor, as_of_basis, fetched_at, batch_id, confirmed_at)
           VALUES (1, 'yahoo', $2, 1, 'USD', 1, 'exchange', $2, $1, $2)`,
          [batch, ago(91)],
        ),
    ],
    [
      'a settled row that is young',
      'quotes',
      async (batch) => {
        const [id = ''] = await values('SELECT run_id::text AS value FROM batch WHERE id = $1', batch);
        await hold({ id, batch }, 91, ago(80));
      },
    ],
  ];
  it.each(named)('a batch stays for %s, and its run goes', async (_what, kind, name) => {
    const of = await makeRun(91, { kind, accepted: 0 });
    await name(of.batch);
    await maintainDatabase(pool, now);
    expect(await runsLeft()).toEqual([]);
    expect(await batchesLeft()).toEqual([of.batch]);
    expect(await count('batch_statistics')).toBe(0);
  });

  it('a batch of bars that accepted some stays: a bar of which a later fetch was there is not counted as written', async () => {
    const of = await makeRun(91, { kind: 'bars', accepted: 1 });
    await maintainDatabase(pool, now);
    expect(await batchesLeft()).toEqual([of.batch]);
  });

  it('rows of the quarantine go after theirs when they were settled, with the batch that nothing else needs', async () => {
    const [old, waits] = [await makeRun(500), await makeRun(500)];
    const settled = await hold(old, 500, ago(401));
    const young = await hold(await makeRun(500), 500, ago(399));
    const beside = await hold(waits, 500, ago(401), true);
    const open = await hold(waits, 500, null);
    // Its run is gone before the row is over.
    await maintainDatabase(pool, ago(10));
    expect(await batchesLeft()).toContain(old.batch);
    await maintainDatabase(pool, now);
    const left = await values('SELECT id::text AS value FROM quarantine ORDER BY id');
    expect(left).toEqual([young, beside, open]);
    expect(left).not.toContain(settled);
    expect(await batchesLeft()).not.toContain(old.batch);
    // What a person discarded would come back with the rows of the same blob that wait.
    await pool.query('UPDATE quarantine SET resolved_at = $2 WHERE id = $1', [open, ago(402)]);
    await maintainDatabase(pool, now);
    expect(await values('SELECT id::text AS value FROM quarantine')).toEqual([young]);
  });

  it('a replay goes when nothing that it brought is left, and a backfill with its run', async () => {
    const [brought, nothing] = [randomUUID(), randomUUID()];
    for (const id of [brought, nothing])
      await pool.query('INSERT INTO replay (id, requested_at, blobs) VALUES ($1, $2, 1)', [id, ago(91)]);
    const of = await makeRun(95, { written: 1 });
    await pool.query('UPDATE batch SET replay = $2 WHERE id = $1', [of.batch, brought]);
    await pool.query(
      `INSERT INTO backfill (run_id, source_id, interval, symbols, from_date, to_date, chunks, created_at)
       VALUES ($1, 'yahoo', '1d', '{A}', '2026-01-01', '2026-01-02', 1, $2)`,
      [of.id, ago(95)],
    );
    await maintainDatabase(pool, now);
    expect(await values('SELECT id::text AS value FROM replay')).toEqual([brought]);
    expect(await count('backfill')).toBe(0);
  });

  it('the list of the files of an export goes with it', async () => {
    const made = async (days: number) => {
      const id = randomUUID();
      await pool.query(
        `INSERT INTO export (id, created_at, use, intervals, from_date, to_date, left_out, listings, status)
         VALUES ($1, $2, 'internal', '{1d}', '2026-01-01', '2026-01-02', '{}', '{1}', 'succeeded')`,
        [id, ago(days)],
      );
      await pool.query(`INSERT INTO export_file (export_id, n, file) VALUES ($1, 1, '{}'), ($1, 2, '{}')`, [id]);
      return id;
    };
    await made(91);
    const young = await made(89);
    await maintainDatabase(pool, now);
    expect(await values('SELECT export_id::text AS value FROM export_file')).toEqual([young, young]);
  });

  it('goes on behind runs that stay, a few at a time, and says when it had no more time', async () => {
    for (const days of [100, 101, 102, 103]) await makeRun(days);
    const kept = [await makeRun(110), await makeRun(110), await makeRun(110)];
    for (const each of kept) await hold(each, 100, null);
    const none = await removeExpired(pool, now, usualRetention, { ...nightlyRetention, ms: 0 });
    expect(none).toEqual({ removed: {}, done: false });
    const all = await removeExpired(pool, now, usualRetention, { rows: 1, runs: 2, ms: 60_000 });
    expect(all).toMatchObject({ removed: { run: 4, task: 4, batch: 4 }, done: true });
    expect((await runsLeft()).toSorted()).toEqual(kept.map(({ id }) => id).toSorted());
  });

  it('of a night that is killed each run is whole or gone, and the next one deletes the rest', async () => {
    const blocker = await pool.connect();
    try {
      const made: Made[] = [];
      for (const days of [96, 95, 94, 93, 92]) made.push(await makeRun(days));
      const third = made[2]?.id;
      await blocker.query('BEGIN');
      await blocker.query('SELECT FROM run WHERE id = $1 FOR UPDATE', [third]);
      const night = removeExpired(pool, now, usualRetention, { rows: 1, runs: 1, ms: 60_000 });
      const ended = night.then(
        () => 'finished',
        () => 'killed',
      );
      const waiting = `SELECT pid::text AS value FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%page AS MATERIALIZED%'`;
      await vi.waitUntil(async () => (await values(waiting)).length > 0, { timeout: 30_000, interval: 50 });
      await pool.query(`SELECT pg_terminate_backend(w.value::int) FROM (${waiting}) w`);
      expect(await ended).toBe('killed');
      await blocker.query('ROLLBACK');
      const left = made.slice(2).map(({ id }) => id);
      expect((await runsLeft()).toSorted()).toEqual(left.toSorted());
      for (const table of ['task', 'task_attempt', 'batch', 'batch_statistics'])
        expect(await count(table), table).toBe(3);
      expect((await maintainDatabase(pool, now)).removedOf).toMatchObject({ run: 3, task: 3, batch: 3 });
    } finally {
      blocker.release();
    }
  });
});
