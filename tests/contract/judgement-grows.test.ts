import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { postgresOutcomeStore } from '../../core/adapters/postgres/sources/outcome-store.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { watchSources } from '../../functions/monitor/watch-sources.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

const listings = 2_000;
let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await startTestDatabase();
  pool = database.pool(1);
  // As in the first minute, in which nothing has counted the new rows.
  await pool.query(
    `DO $$ DECLARE t text; BEGIN
       FOR t IN SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
         EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = false)', t);
       END LOOP; END $$`,
  );
});
afterAll(() => database?.stop());

const judge = () => watchSources({ store: postgresOutcomeStore(pool), sources: catalogue }, new Date());
const countRow = z.object({ rows: z.number() });

async function rowsRead(): Promise<number> {
  await pool.query('SELECT pg_stat_force_next_flush()');
  const { rows } = await pool.query(
    `SELECT ((SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables)
           + (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes))::float8 AS rows`,
  );
  return countRow.parse(rows[0]).rows;
}

it('a source is judged by each of its prices once, also on a connection that has judged it since there were few', async () => {
  const fill = async (from: number, to: number) => {
    await pool.query(
      `WITH made AS (INSERT INTO instrument (id, asset_class, name) OVERRIDING SYSTEM VALUE SELECT n, 'equity', 'Company ' || n FROM generate_series($1::int, $2) n),
         listed AS (INSERT INTO listing (id, instrument_id, mic, currency, zone) OVERRIDING SYSTEM VALUE
                    SELECT n, n, 'XNAS', 'USD', 'America/New_York' FROM generate_series($1, $2) n),
         named AS (INSERT INTO symbol_alias (namespace, symbol, listing_id) SELECT 'yahoo', 'S' || n, n FROM generate_series($1, $2) n),
         ran AS (INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at)
                 SELECT md5(job || n)::uuid, 'yahoo', job, kind, 'schedule', n::text, now() - make_interval(mins => 100 - n)
                 FROM (VALUES ('quotes', 'quotes'), ('daily-bars', 'bars')) of (job, kind), generate_series(1, 30) n
                 ON CONFLICT DO NOTHING),
         worked AS (INSERT INTO task (run_id, part, source_id, symbols, due_at, planned_at, status, finished_at, judged)
                    SELECT md5(job || n)::uuid, $1 / 200, 'yahoo', ARRAY(SELECT 'S' || s FROM generate_series($1, $2) s), now(), now(), 'succeeded', now(), true
                    FROM unnest('{quotes,daily-bars}'::text[]) job, generate_series(1, 30) n)
       INSERT INTO latest_quote (listing_id, source, as_of, price, currency, minor_factor, as_of_basis, fetched_at, ingested_at, batch_id, confirmed_at)
       SELECT n, 'yahoo', now(), 1, 'USD', 1, 'exchange', now(), now(), 1, now() FROM generate_series($1, $2) n`,
      [from, to],
    );
  };
  await fill(1, 1);
  for (let turn = 0; turn < 8; turn += 1) await judge();
  for (let from = 200; from < listings; from += 200) await fill(from, from + 199);
  const before = await rowsRead();
  await judge();
  expect((await rowsRead()) - before).toBeLessThan(listings * 30);
});
