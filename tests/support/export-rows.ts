import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { memoryMessageQueue } from '../../core/adapters/memory/message-queue.ts';
import { parquetExports } from '../../core/adapters/parquet/export-format.ts';
import { exportRows } from '../../core/adapters/parquet/export-rows.ts';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { exportStore, exportWorkStore } from '../../core/adapters/postgres/history/export-store.ts';
import { everySource } from '../../core/auth/visible-sources.ts';
import type { HistoryFiles } from '../../core/ports/history-archive.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { usualExportLimits, writeExport } from '../../functions/write-exports/write-export.ts';
import { keepFindings, keepVersions, randomHistory } from './history-rows.ts';
import type { Random } from './random.ts';

/** Months of random quotes with corrections, from July on, of four listings and three sources. */
export async function keepExportable(pool: Pool, random: Random, rows = 600): Promise<void> {
  await pool.query(
    `INSERT INTO instrument (id, asset_class, name) OVERRIDING SYSTEM VALUE SELECT i, 'equity', 'Company ' || i FROM generate_series(1, 4) i`,
  );
  await pool.query(
    `INSERT INTO listing (id, instrument_id, mic, currency, zone) OVERRIDING SYSTEM VALUE
     SELECT i, i, CASE WHEN i = 3 THEN 'XLON' ELSE 'XNAS' END, 'USD', 'America/New_York' FROM generate_series(1, 4) i`,
  );
  await pool.query(
    `INSERT INTO symbol_alias (namespace, symbol, listing_id) SELECT 'canonical', 'SYM' || i, i FROM generate_series(1, 4) i`,
  );
  const from = new Date(Date.UTC(2026, 6, 1));
  const { versions, findings } = randomHistory(random, { from, days: 110, listings: 4, rows });
  await keepVersions(pool, versions);
  await keepFindings(pool, findings);
  await keepBars(pool);
}

/** Daily bars of two listings, corrected ones among them, with a split and two payments, one of which was corrected. */
async function keepBars(pool: Pool): Promise<void> {
  await pool.query(
    `INSERT INTO bar (listing_id, source, interval, starts_at, date, open, high, low, close, volume, currency, basis, basis_at,
                      fetched_at, ingested_at, batch_id)
     SELECT l, 'yahoo', i.name, d + time '14:30', CASE WHEN i.name = '1d' THEN d::date END, 100, 101.5, 99.25, 100 + extract(day FROM d) / 100,
            1000 + extract(doy FROM d), 'USD', 'splits', '2026-11-01', '2026-11-01', '2026-11-01 00:00:01.000123', 1
     FROM generate_series(1, 3) l, (VALUES ('1d'), ('1h')) i (name),
          generate_series(timestamptz '2026-07-01', '2026-10-30', '1 day') d WHERE extract(isodow FROM d) < 6`,
  );
  await pool.query(
    `INSERT INTO bar_series (listing_id, source, interval) SELECT DISTINCT listing_id, source, interval FROM bar ON CONFLICT DO NOTHING`,
  );
  await pool.query(
    `INSERT INTO bar_revision (listing_id, source, interval, starts_at, date, open, high, low, close, volume, currency, minor_factor, basis,
                               basis_at, stale, fetched_at, ingested_at, batch_id, known_to)
     SELECT listing_id, source, interval, starts_at, date, open, high, low, close - 1, volume, currency, minor_factor, basis, basis_at,
            stale, fetched_at - interval '9 days', ingested_at - interval '9 days', batch_id, ingested_at
     FROM bar WHERE date = '2026-08-05'`,
  );
  await pool.query(
    `INSERT INTO corporate_action (listing_id, type, ex_date, source, ratio, amount, currency, known_at, ingested_at, batch_id)
     VALUES (1, 'split', '2026-08-10', 'yahoo', 4, NULL, NULL, '2026-08-10', '2026-08-10', 1),
            (1, 'dividend', '2026-09-10', 'yahoo', NULL, 0.5, 'USD', '2026-09-10', '2026-09-10', 1),
            (2, 'dividend', '2026-09-10', 'yahoo', NULL, 1.25, 'USD', '2026-09-10', '2026-09-10', 1)`,
  );
  await pool.query(`UPDATE corporate_action SET amount = 1.5 WHERE listing_id = 2`);
}

/** Rows and sums of the quotes of a listing and source. */
export interface SeriesSums {
  readonly key: string;
  readonly rows: number;
  readonly price: string;
  readonly volume: string;
}

const sumsSchema = z.array(z.object({ key: z.string(), rows: z.int(), price: z.string(), volume: z.string() }));

/** The sums of all versions of quotes in the database, by listing and source. */
export async function storedSums(pool: Pool, where = 'true'): Promise<readonly SeriesSums[]> {
  const { rows } = await pool.query(
    `SELECT listing_id || ' ' || source AS key, count(*)::int AS rows, sum(price)::text AS price, coalesce(sum(volume), 0)::text AS volume
     FROM (SELECT listing_id, source, as_of, price, volume FROM quote
           UNION ALL SELECT listing_id, source, as_of, price, volume FROM quote_revision) q
     WHERE ${where} GROUP BY 1 ORDER BY 1`,
  );
  return sumsSchema.parse(rows);
}

/** Writes an export of all there is. Gives its id. */
export async function writtenExport(pool: Pool, files: HistoryFiles, now: number): Promise<string> {
  const id = randomUUID();
  await exportStore(pool)(everySource).create({
    ...{ id, use: 'internal', symbols: null, exchange: null, intervals: ['tick', '1d', '1h'] },
    ...{ from: '2026-07-01', to: '2026-11-01', leftOut: [], createdAt: new Date(now), keyId: null },
    listings: [1, 2, 3, 4],
  });
  const queue = memoryMessageQueue();
  await writeExport(
    { exportId: id },
    {
      store: exportWorkStore(pool),
      rows: exportRows(pool, files, () => now),
      ...{ files, format: parquetExports, queue, catalogue, now: () => now },
      log: (error) => {
        throw error;
      },
    },
    { ...usualExportLimits, ms: 600_000 },
  );
  return id;
}
