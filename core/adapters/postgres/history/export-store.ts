import * as z from 'zod';
import type { VisibleTo } from '../../../auth/visible-sources.ts';
import {
  exportedFileSchema,
  exportFailures,
  exportIntervals,
  exportStatuses,
} from '../../../contracts/http/exports.ts';
import { keyUses } from '../../../contracts/words/licence.ts';
import type { ExportStore, ExportWorkStore } from '../../../ports/export-store.ts';
import { numbers } from '../database/array-literal.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';
import { firstRow, instant, onlyRow, rowsOf } from '../database/rows.ts';

const asked = `e.id, e.use, e.symbols, e.exchange, e.intervals, e.from_date::text AS "from", e.to_date::text AS "to",
  e.left_out AS "leftOut", e.created_at AS "createdAt"`;
const askedFields = {
  id: z.string(),
  use: z.enum(keyUses),
  symbols: z.array(z.string()).nullable(),
  exchange: z.string().nullable(),
  intervals: z.array(z.enum(exportIntervals)),
  from: z.string(),
  to: z.string(),
  leftOut: z.array(z.string()),
  createdAt: instant,
};

const progress = `${asked}, e.status, e.failure, cardinality(e.listings) AS listings, e.unit AS "partsDone",
  jsonb_array_length(e.units) AS parts, e.rows::float8 AS rows, e.bytes::float8 AS bytes,
  (SELECT count(*)::int FROM export_file f WHERE f.export_id = e.id) AS files,
  e.finished_at AS "finishedAt", e.expires_at AS "expiresAt"`;
const progressRow = z.object({
  ...askedFields,
  status: z.enum(exportStatuses).exclude(['expired']),
  failure: z.enum(exportFailures).nullable(),
  listings: z.int(),
  partsDone: z.int(),
  parts: z.int().nullable(),
  rows: z.int(),
  bytes: z.int(),
  files: z.int(),
  finishedAt: instant.nullable(),
  expiresAt: instant.nullable(),
});

const unitSchema = exportedFileSchema.pick({ table: true, exchange: true, interval: true, month: true });
const workRow = z.object({
  ...askedFields,
  unit: z.int(),
  listingAt: z.int(),
  units: z.array(unitSchema).nullable(),
  listings: z.array(z.int()),
  rows: z.int(),
  files: z.int(),
  tries: z.int(),
});
const fileRow = z.object({ n: z.int(), file: exportedFileSchema });
const idsRow = z.object({ ids: z.array(z.int()) });
const useRow = z.object({ use: z.enum(keyUses) });
const triesRow = z.object({ tries: z.int() });

/** Exports as the API has them, in Postgres. */
export function exportStore(pool: Pool): VisibleTo<ExportStore> {
  return (visible) => {
    const see = <Row extends { readonly use: (typeof keyUses)[number] }>(row: Row | null): Row | null => {
      if (row && !visible.narrowerUses.includes(row.use)) throw visible.refusal();
      return row;
    };
    return {
      async listings(exchange, limit) {
        const result = await pool.query(
          `SELECT coalesce(array_agg(id ORDER BY mic, id), '{}') AS ids
           FROM (SELECT id, mic FROM listing WHERE $1::text IS NULL OR mic = $1 ORDER BY mic, id LIMIT $2) l`,
          [exchange, limit],
        );
        return onlyRow(idsRow, result).ids;
      },

      async create({ id, use, symbols, exchange, intervals, from, to, leftOut, createdAt, keyId, listings }) {
        const { rowCount } = await pool.query(
          `INSERT INTO export (id, created_at, key_id, use, symbols, exchange, intervals, from_date, to_date, left_out, listings)
           SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, coalesce(array_agg(l.id ORDER BY l.mic, l.id), '{}')
           FROM listing l WHERE l.id = ANY ($11::int[])
           ON CONFLICT (id) DO NOTHING`,
          [id, createdAt, keyId, use, symbols, exchange, intervals, from, to, leftOut, numbers(listings)],
        );
        return rowCount === 1;
      },

      async takeBack(id) {
        await pool.query(
          `DELETE FROM export WHERE id = $1 AND use = ANY ($2) AND status = 'waiting' AND tries = 0 AND units IS NULL`,
          [id, visible.narrowerUses],
        );
      },

      async one(id) {
        return see(firstRow(progressRow, await pool.query(`SELECT ${progress} FROM export e WHERE e.id = $1`, [id])));
      },

      async list({ after, limit }) {
        const result = await pool.query(
          `SELECT ${progress} FROM export e
           WHERE ($1::timestamptz IS NULL OR e.created_at < $1 OR (e.created_at = $1 AND e.id > $2::uuid)) AND e.use = ANY ($4)
           ORDER BY e.created_at DESC, e.id LIMIT $3`,
          [after?.createdAt ?? null, after?.id ?? null, limit, visible.narrowerUses],
        );
        return rowsOf(progressRow, result);
      },

      async files(id, after, limit) {
        const result = await pool.query(
          `SELECT n, file FROM export_file WHERE export_id = $1 AND n > $2 ORDER BY n LIMIT $3`,
          [id, after, limit],
        );
        return rowsOf(fileRow, result);
      },

      cancel: (id, now) =>
        inTransaction(pool, async (db) => {
          const found = await db.query(`SELECT use FROM export WHERE id = $1 FOR UPDATE`, [id]);
          if (see(firstRow(useRow, found)) === null) return false;
          await db.query(
            `UPDATE export SET status = 'cancelled', finished_at = coalesce(finished_at, $2), expires_at = NULL
             WHERE id = $1 AND status <> 'failed'`,
            [id, now],
          );
          return true;
        }),
    };
  };
}

const isOpen = `status IN ('waiting', 'running')`;

/** Exports as their writer has them, in Postgres. */
export function exportWorkStore(pool: Pool): ExportWorkStore {
  return {
    async work(id) {
      const result = await pool.query(
        `SELECT ${asked}, e.unit, e.listing_at AS "listingAt", e.units, e.listings, e.rows::float8 AS rows, e.tries,
           (SELECT count(*)::int FROM export_file f WHERE f.export_id = e.id) AS files
         FROM export e WHERE e.id = $1 AND e.${isOpen}`,
        [id],
      );
      const row = firstRow(workRow, result);
      if (row === null) return null;
      const { unit, listingAt, ...work } = row;
      return { ...work, place: { unit, listingAt } };
    },

    async plan(id, units) {
      await pool.query(
        `UPDATE export SET units = $2::jsonb, status = 'running' WHERE id = $1 AND ${isOpen} AND units IS NULL`,
        [id, JSON.stringify(units)],
      );
    },

    advance: (work, to, files) =>
      inTransaction(pool, async (db) => {
        const sum = (of: 'rows' | 'bytes') => files.reduce((total, file) => total + file[of], 0);
        const { rowCount } = await db.query(
          `UPDATE export SET unit = $4, listing_at = $5, rows = rows + $6, bytes = bytes + $7, tries = 0
           WHERE id = $1 AND ${isOpen} AND unit = $2 AND listing_at = $3`,
          [work.id, work.place.unit, work.place.listingAt, to.unit, to.listingAt, sum('rows'), sum('bytes')],
        );
        if (rowCount !== 1) return false;
        await addFiles(db, work.id, work.files, files);
        return true;
      }),

    async allFiles(id) {
      const result = await pool.query('SELECT n, file FROM export_file WHERE export_id = $1 ORDER BY n', [id]);
      return rowsOf(fileRow, result).map(({ file }) => file);
    },

    async finish(id, manifestBytes, at, expiresAt) {
      await pool.query(
        `UPDATE export SET status = 'succeeded', bytes = bytes + $2, finished_at = $3, expires_at = $4
         WHERE id = $1 AND ${isOpen}`,
        [id, manifestBytes, at, expiresAt],
      );
    },

    async fail(id, failure, at) {
      await pool.query(
        `UPDATE export SET status = 'failed', failure = $2, finished_at = $3 WHERE id = $1 AND ${isOpen}`,
        [id, failure, at],
      );
    },

    async begin(id) {
      const result = await pool.query(
        `UPDATE export SET tries = tries + 1 WHERE id = $1 AND ${isOpen} RETURNING tries`,
        [id],
      );
      return firstRow(triesRow, result)?.tries ?? 0;
    },
  };
}

/** Ends exports that are open since before an instant: their messages are lost, or in the dead-letter queue. Gives how many. */
export async function endLeftExports(pool: Pool, before: Date, at: Date): Promise<number> {
  const { rowCount } = await pool.query(
    `UPDATE export SET status = 'failed', failure = 'interrupted', finished_at = $2 WHERE created_at < $1 AND ${isOpen}`,
    [before, at],
  );
  return rowCount ?? 0;
}

async function addFiles(db: Connection, id: string, before: number, files: readonly unknown[]): Promise<void> {
  await db.query(
    `INSERT INTO export_file (export_id, n, file)
     SELECT $1, $2 + f.n, f.file FROM jsonb_array_elements($3::jsonb) WITH ORDINALITY AS f (file, n)`,
    [id, before, JSON.stringify(files)],
  );
}
