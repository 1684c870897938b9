import * as z from 'zod';
import { manifestFileSchema } from '../../../contracts/history-manifest.ts';
import type { ArchiveStore, ArchiveWork, SupersededFile } from '../../../ports/archive-store.ts';
import { type ArchivePlace, instantOf } from '../../../prices/history/archived-quote.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';
import { firstRow, onlyRow, rowsOf } from '../database/rows.ts';
import {
  archivedColumns,
  archivedRow,
  archiveOrder,
  inMonth,
  leaves,
  leavesRevisions,
  placeValues,
  versionsWhere,
} from './archived-rows.ts';
import { lateRows } from './late-quotes.ts';
import { namesOf } from './listing-names.ts';

/** Days for which the former rows of a month, and files that are superseded, are kept beside the archive. */
const keptDays = 7;

const workSchema = z.object({ version: z.int(), startedAt: z.string(), files: z.array(manifestFileSchema) });
const workRow = z.object({ work: workSchema });
const monthRow = z.object({ month: z.string() });
const listingRow = z.object({ listingId: z.int() });
const sumsRow = z.object({ count: z.int(), price: z.string(), volume: z.string() });
const doneRow = z.object({ done: z.boolean() });
const supersededRow = z.object({ month: z.string(), key: z.string() });

/** How months go to the archive, in Postgres. Sessions are in UTC: a month's date is its first instant. */
export function archiveStore(pool: Pool): ArchiveStore {
  return {
    ...lateRows(pool),

    async nextMonth(before) {
      // Partitions without rows are left as they are; there are as many as months.
      const partitions = await pool.query(
        `SELECT to_char(to_date(right(c.relname, 7), 'YYYY_MM'), 'YYYY-MM') AS month
         FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = 'quote'::regclass AND c.relname ~ '^quote_[0-9]{4}_[0-9]{2}$'
           AND to_date(right(c.relname, 7), 'YYYY_MM') < $1::date
           AND NOT EXISTS (SELECT FROM quote_archive a WHERE a.manifest IS NOT NULL AND a.month = to_date(right(c.relname, 7), 'YYYY_MM'))
         ORDER BY 1`,
        [`${before}-01`],
      );
      for (const { month } of rowsOf(monthRow, partitions)) {
        const some = await pool.query(`SELECT EXISTS (SELECT FROM quote p WHERE ${inMonth}) AS done`, [`${month}-01`]);
        if (onlyRow(doneRow, some).done) return month;
      }
      return null;
    },

    async begin(month) {
      const result = await pool.query(
        `INSERT INTO quote_archive AS a (month, work)
         VALUES ($1, jsonb_build_object('version', 1, 'startedAt', clock_timestamp(), 'files', '[]'::jsonb))
         ON CONFLICT (month) DO UPDATE SET work = coalesce(a.work, excluded.work) RETURNING work`,
        [`${month}-01`],
      );
      return { month, ...onlyRow(workRow, result).work };
    },

    async skipVersion(work) {
      const next = { ...work, version: work.version + 1 };
      await keepWork(pool, work, next);
      return next;
    },

    async rows(month, after, limit) {
      return inTransaction(pool, async (db) => {
        await db.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
        const last = await lastListing(db, month, after, limit);
        const behind =
          after === null ? '' : `AND (p.listing_id, p.source COLLATE "C", p.as_of, p.ingested_at) > ($3, $4, $5, $6)`;
        const values = [`${month}-01`, last, ...placeValues(after)];
        const from = `${versionsWhere(`${inMonth} AND p.listing_id <= $2 ${after === null ? '' : 'AND p.listing_id >= $3'} ${behind}`)}`;
        const found = await db.query(
          `SELECT ${archivedColumns} FROM (SELECT * FROM ${from} ORDER BY ${archiveOrder} LIMIT ${limit + 1}) q
           LEFT JOIN batch b ON b.id = q.batch_id ORDER BY ${archiveOrder}`,
          values,
        );
        const all = rowsOf(archivedRow, found);
        const rows = all.slice(0, limit);
        const sums = await db.query(
          `SELECT count(*)::int AS count, coalesce(sum(price), 0)::text AS price, coalesce(sum(volume), 0)::text AS volume
           FROM (SELECT * FROM ${from} ORDER BY ${archiveOrder} LIMIT ${limit}) q`,
          values,
        );
        const { count, ...sum } = onlyRow(sumsRow, sums);
        const names = await namesOf(db, rows);
        return { rows, count, sums: sum, names, more: all.length > limit };
      });
    },

    async note(work, file) {
      const next = { ...work, files: [...work.files, file] };
      await keepWork(pool, work, next);
      return next;
    },

    async putInPlace(work, manifest, rows) {
      const result = await pool.query(
        `SELECT archive_quote_month($1::date, $2, $3, $4, now() + interval '${keptDays} days') AS done`,
        [`${work.month}-01`, work.version, manifest, rows],
      );
      return onlyRow(doneRow, result).done;
    },

    async sweep() {
      const months = await pool.query(
        `SELECT to_char(month, 'YYYY-MM') AS month FROM quote_archive WHERE sweep_before IS NOT NULL ORDER BY 1`,
      );
      let swept = 0;
      for (const { month } of rowsOf(monthRow, months))
        swept += await inTransaction(pool, async (db) => {
          const gone = await db.query(
            `DELETE FROM quote_revision p USING quote_archive a
             WHERE a.month = $1::date AND ${inMonth} AND p.known_to < a.sweep_before
               AND NOT EXISTS (SELECT FROM finding f WHERE f.kind = 'quote' AND f.listing_id = p.listing_id
                               AND f.source = p.source AND f.at = p.as_of)`,
            [`${month}-01`],
          );
          await db.query('UPDATE quote_archive SET sweep_before = NULL WHERE month = $1::date', [`${month}-01`]);
          return gone.rowCount ?? 0;
        });
      return swept;
    },

    async dropFormer(at) {
      const due = await pool.query(
        `SELECT to_char(month, 'YYYY-MM') AS month FROM quote_archive WHERE former IS NOT NULL AND former_until <= $1 ORDER BY 1`,
        [at],
      );
      let dropped = 0;
      for (const { month } of rowsOf(monthRow, due)) {
        const result = await pool.query('SELECT drop_archived_quotes($1::date, $2) AS done', [`${month}-01`, at]);
        if (onlyRow(doneRow, result).done) dropped++;
      }
      return dropped;
    },

    async replace(former, manifest, key, { folded, superseded }) {
      return inTransaction(pool, async (db) => {
        const { rowCount } = await db.query(
          `UPDATE quote_archive SET version = $2, manifest = $3, rows = $4, archived_at = statement_timestamp(),
             superseded = superseded || coalesce((SELECT jsonb_agg(jsonb_build_object('key', key, 'since', statement_timestamp()))
                                                  FROM unnest($6::text[]) AS key), '[]')
           WHERE month = $1::date AND manifest = $5`,
          [`${former.month}-01`, manifest.version, key, manifest.rows, former.manifest, superseded],
        );
        if (rowCount !== 1) return false;
        await removeFolded(db, folded);
        return true;
      });
    },

    async superseded(at) {
      const result = await pool.query(
        `SELECT to_char(a.month, 'YYYY-MM') AS month, s->>'key' AS key FROM quote_archive a, jsonb_array_elements(a.superseded) s
         WHERE (s->>'since')::timestamptz < $1::timestamptz - interval '${keptDays} days' ORDER BY 1, 2`,
        [at],
      );
      return rowsOf(supersededRow, result);
    },

    async forget(files: readonly SupersededFile[]) {
      for (const { month, key } of files)
        await pool.query(
          `UPDATE quote_archive SET superseded = coalesce((SELECT jsonb_agg(s) FROM jsonb_array_elements(superseded) s
                                                           WHERE s->>'key' <> $2), '[]')
           WHERE month = $1::date`,
          [`${month}-01`, key],
        );
    },
  };
}

/** Writes what has come of some work, unless somebody else has written on. */
async function keepWork(pool: Pool, { month, version, files }: ArchiveWork, next: ArchiveWork): Promise<void> {
  const { rowCount } = await pool.query(
    `UPDATE quote_archive SET work = $2::jsonb
     WHERE month = $1::date AND (work->>'version')::integer = $3 AND jsonb_array_length(work->'files') = $4`,
    [
      `${month}-01`,
      JSON.stringify({ version: next.version, startedAt: next.startedAt, files: next.files }),
      version,
      files.length,
    ],
  );
  if (rowCount !== 1) throw new Error(`Somebody else writes version ${version} of the archive's ${month}.`);
}

/** The listing up to which there are more rows than a limit, from a place on: so many are sorted, and not the month. */
async function lastListing(db: Connection, month: string, after: ArchivePlace | null, limit: number): Promise<number> {
  // Rows of the listing that was begun may have been taken before.
  const result = await db.query(
    `SELECT p.listing_id AS "listingId" FROM quote p WHERE ${inMonth} AND p.listing_id > $2
     ORDER BY p.listing_id OFFSET $3 LIMIT 1`,
    [`${month}-01`, after?.listingId ?? 0, limit],
  );
  return firstRow(listingRow, result)?.listingId ?? mostListing;
}

/** No listing has a greater id. */
const mostListing = 2_147_483_647;

/** Rows in one statement. */
const removedAtOnce = 5_000;

/** Deletes rows that are in the archive now, but those that are needed beside it. */
async function removeFolded(db: Connection, folded: readonly ArchivePlace[]): Promise<void> {
  for (let from = 0; from < folded.length; from += removedAtOnce) {
    const some = folded.slice(from, from + removedAtOnce);
    const values = [
      some.map((row) => row.listingId),
      some.map((row) => row.source),
      some.map((row) => instantOf(row.asOf)),
      some.map((row) => instantOf(row.ingestedAt)),
    ];
    for (const table of ['quote', 'quote_revision'])
      await db.query(
        `DELETE FROM ${table} q USING unnest($1::int[], $2::text[], $3::timestamptz[], $4::timestamptz[]) AS w (listing_id, source, as_of, ingested_at)
         WHERE q.listing_id = w.listing_id AND q.source = w.source AND q.as_of = w.as_of AND q.ingested_at = w.ingested_at
           AND ${table === 'quote' ? leaves('q') : leavesRevisions('q')}`,
        values,
      );
  }
}
