import { afterAll, beforeAll, expect, it } from 'vitest';
import { maintainDatabase } from '../../core/adapters/postgres/database/housekeeping.ts';
import { migrate } from '../../core/adapters/postgres/database/migrate.ts';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { usualRetention } from '../../core/planning/retention.ts';
import { migrationsDirectory, startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
let pool: Pool;
const now = new Date('2026-11-22T03:00:00Z');

beforeAll(async () => {
  database = await startTestDatabase(now);
  pool = database.pool(4);
});
afterAll(() => database.stop());

const months = async () =>
  (
    await pool.query<{ name: string }>(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'quote'::regclass ORDER BY 1`,
    )
  ).rows.map((row) => row.name);

it('migrating again applies nothing, and so do four at once', async () => {
  expect(await migrate(pool, migrationsDirectory, now)).toEqual([]);
  await Promise.allSettled(Array.from({ length: 4 }, () => migrate(pool, migrationsDirectory, now)));
  const { rows } = await pool.query(
    'SELECT name, count(*)::int AS times FROM migration GROUP BY name HAVING count(*) > 1',
  );
  expect(rows).toEqual([]);
});

it('there are months three ahead, across the turn of the year', async () => {
  // Far from the months that a database is made with, which are those of today.
  const made = async () => (await months()).filter((name) => /^quote_204/.test(name));
  expect((await maintainDatabase(pool, new Date('2041-11-22T03:00:00Z'))).partitionsMade).toBe(4);
  expect(await made()).toEqual(['quote_2041_11', 'quote_2041_12', 'quote_2042_01', 'quote_2042_02']);
  expect((await maintainDatabase(pool, new Date('2041-12-31T23:59:59Z'))).partitionsMade).toBe(1);
  expect(await made()).toContain('quote_2042_03');
});

it('quotes of a month without a partition are kept, moved into one, and still replaced and revised', async () => {
  const put = (price: string, batch: number) =>
    pool.query(
      `INSERT INTO quote (listing_id, source, as_of, price, currency, as_of_basis, fetched_at, batch_id)
       VALUES (1, 'yahoo', '2024-02-29T21:00:00Z', $1, 'USD', 'exchange', now(), $2)
       ON CONFLICT (listing_id, source, as_of) DO UPDATE SET price = excluded.price, ingested_at = excluded.ingested_at, batch_id = excluded.batch_id`,
      [price, batch],
    );
  await put('10', 1);
  expect(await maintainDatabase(pool, now)).toMatchObject({ partitionsMade: 1, rowsInDefault: 0 });
  await put('11', 2);
  const { rows } = await pool.query(`SELECT tableoid::regclass::text AS place, price FROM quote`);
  expect(rows).toEqual([{ place: 'quote_2024_02', price: '11' }]);
  expect((await pool.query('SELECT price, batch_id FROM quote_revision')).rows).toEqual([
    { price: '10', batch_id: '1' },
  ]);
});

it('keeps the hours of health, and incidents that are over, for 400 days, and open incidents for ever', async () => {
  const days = (count: number) => new Date(now.getTime() - count * 86_400_000);
  await pool.query(
    `INSERT INTO health_sample (source_id, hour, status) VALUES ('yahoo', $1, 'healthy'), ('yahoo', $2, 'healthy')`,
    [days(399), days(401)],
  );
  await pool.query(
    `INSERT INTO system_health_sample (hour, status, worst, samples, score_sum) VALUES ($1, 'healthy', 'healthy', 0, 0), ($2, 'healthy', 'healthy', 0, 0)`,
    [days(399), days(401)],
  );
  await pool.query(
    `INSERT INTO incident (source_id, reason, opened_at, last_seen_at, resolved_at) VALUES
       ('yahoo', 'down', $1, $1, $1), ('yahoo', 'timeout', $2, $2, $2), ('yahoo', 'blocked', $2, $2, NULL)`,
    [days(399), days(401)],
  );
  await maintainDatabase(pool, now);
  const { rows } = await pool.query<{ hour: Date }>('SELECT hour FROM health_sample');
  expect(rows.map((row) => row.hour)).toEqual([days(399)]);
  const system = await pool.query<{ hour: Date }>('SELECT hour FROM system_health_sample');
  expect(system.rows.map((row) => row.hour)).toEqual([days(399)]);
  const kept = await pool.query<{ reason: string }>('SELECT reason FROM incident ORDER BY reason');
  expect(kept.rows.map((row) => row.reason)).toEqual(['blocked', 'down']);
});

it('keeps reports and recoveries that are over for 400 days, and one that is under way', async () => {
  const days = (count: number) => new Date(now.getTime() - count * 86_400_000);
  await pool.query(
    `INSERT INTO diagnosis (id, created_at, facts, markdown) VALUES
       (gen_random_uuid(), $1, '{}', 'newer'), (gen_random_uuid(), $2, '{}', 'older')`,
    [days(399), days(401)],
  );
  await pool.query(
    `INSERT INTO recovery (id, source_id, trigger, status, requested_at, finished_at) VALUES
       (gen_random_uuid(), 'newer', 'manual', 'verified', $1, $1), (gen_random_uuid(), 'older', 'manual', 'failed', $2, $2),
       (gen_random_uuid(), 'open', 'manual', 'running', $2, NULL)`,
    [days(399), days(401)],
  );
  await maintainDatabase(pool, now);
  expect((await pool.query('SELECT markdown FROM diagnosis')).rows).toEqual([{ markdown: 'newer' }]);
  const kept = await pool.query<{ source_id: string }>('SELECT source_id FROM recovery ORDER BY source_id');
  expect(kept.rows.map((row) => row.source_id)).toEqual(['newer', 'open']);
});

it('expired rows are deleted, others are kept', async () => {
  await pool.query(
    `INSERT INTO permit (source_id, purpose, not_before, expires_at, reserved_at)
     VALUES ('yahoo', 'task', now(), now(), '2026-11-01'), ('yahoo', 'task', now(), now(), '2026-11-22')`,
  );
  expect((await maintainDatabase(pool, now)).removed).toBe(1);
  expect((await pool.query('SELECT count(*)::int AS left FROM permit')).rows).toEqual([{ left: 1 }]);
});

it('joins the ranges that answers of more than 30 days ago spoke for, and leaves newer ones', async () => {
  const days = (count: number) => new Date(now.getTime() - count * 86_400_000);
  const put = (from: number, to: number, fetched: number) =>
    pool.query(`INSERT INTO answered_range VALUES (1, 'yahoo', '1d', $1, $2, $3)`, [
      days(from),
      days(to),
      days(fetched),
    ]);
  await put(400, 60, 60);
  await put(390, 50, 50);
  await put(380, 40, 40);
  await put(370, 10, 10);
  const ranges = async () =>
    (await pool.query('SELECT from_at, to_at, fetched_at FROM answered_range ORDER BY fetched_at')).rows;
  const joined = [
    { from_at: days(400), to_at: days(40), fetched_at: days(40) },
    { from_at: days(370), to_at: days(10), fetched_at: days(10) },
  ];
  await maintainDatabase(pool, now);
  expect(await ranges()).toEqual(joined);
  await maintainDatabase(pool, now);
  expect(await ranges()).toEqual(joined);
});

it('keeps the index of what Yahoo answered the proxy for as long as the setting says', async () => {
  const ago = (days: number) => new Date(now.getTime() - days * 86_400_000);
  await pool.query(
    `INSERT INTO proxy_answer (key, from_at, to_at, status, blob, keep_seconds)
     VALUES ('old', $1, $2, 200, 'b', 60), ('long', $1, $3, 200, 'b', 60)`,
    [ago(95), ago(91), ago(89)],
  );
  await maintainDatabase(pool, now);
  expect((await maintainDatabase(pool, now, { ...usualRetention, proxyAnswers: 90 })).removed).toBe(1);
  expect((await pool.query('SELECT key FROM proxy_answer')).rows).toEqual([{ key: 'long' }]);
});
