import * as z from 'zod';
import type { ArchiveStore } from '../../../ports/archive-store.ts';
import { inTransaction, type Pool } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';
import { findingColumns, findingRow } from './archive-index.ts';
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
import { namesOf } from './listing-names.ts';

const monthRow = z.object({ month: z.string(), version: z.int(), manifest: z.string() });
const lateRow = archivedRow.extend({ leaves: z.boolean() });

/** For transactions that are under way: a row that is older than this is there for good. */
const settledFor = `interval '1 hour'`;

/** What came to archived months later, in Postgres. */
export function lateRows(pool: Pool): Pick<ArchiveStore, 'lateMonths' | 'lateRowsIn' | 'namesOf'> {
  return {
    namesOf: (rows) => namesOf(pool, rows),

    async lateMonths() {
      const late = (table: string, since: string, leave: string) => `EXISTS (SELECT FROM ${table} p
        WHERE p.as_of >= a.month::timestamptz AND p.as_of < (a.month + interval '1 month')::timestamptz
          AND p.${since} < now() - ${settledFor} AND ${leave})`;
      const result = await pool.query(
        `SELECT to_char(a.month, 'YYYY-MM') AS month, a.version, a.manifest FROM quote_archive a
         WHERE a.manifest IS NOT NULL AND a.sweep_before IS NULL
           AND (${late('quote', 'ingested_at', leaves('p'))} OR ${late('quote_revision', 'known_to', leavesRevisions('p'))})
         ORDER BY a.month`,
      );
      return rowsOf(monthRow, result);
    },

    async lateRowsIn(month, after, upTo, limit) {
      return inTransaction(pool, async (db) => {
        // What rows are and what findings say of them, as of one moment.
        await db.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
        const place = `(p.listing_id, p.source COLLATE "C", p.as_of, p.ingested_at)`;
        const low = after === null ? '' : `AND ${place} > ($2::int, $3::text, $4::timestamptz, $5::timestamptz)`;
        const at = after === null ? 2 : 6;
        const high =
          upTo === null
            ? ''
            : `AND ${place} <= ($${at}::int, $${at + 1}::text, $${at + 2}::timestamptz, $${at + 3}::timestamptz)`;
        const values = [`${month}-01`, ...placeValues(after), ...placeValues(upTo)];
        const found = await db.query(
          `SELECT ${archivedColumns}, CASE WHEN q.known_to IS NULL THEN ${leaves('q')} AND q.ingested_at < now() - ${settledFor}
                    ELSE ${leavesRevisions('q')} AND q.known_to < now() - ${settledFor} END AS leaves
           FROM ${versionsWhere(`${inMonth} ${low} ${high}`)}
           LEFT JOIN batch b ON b.id = q.batch_id ORDER BY ${archiveOrder} LIMIT ${limit}`,
          values,
        );
        const late = rowsOf(lateRow, found);
        const findings = await db.query(
          `SELECT ${findingColumns} FROM finding f WHERE f.kind = 'quote' AND f.said IS NOT NULL AND f.listing_id = ANY ($2::int[])
             AND f.at >= $1::date::timestamptz AND f.at < ($1::date + interval '1 month')::timestamptz ORDER BY f.id`,
          [`${month}-01`, [...new Set(late.map((row) => row.listingId))]],
        );
        return {
          rows: late.map(({ leaves: _, ...row }) => row),
          findings: rowsOf(findingRow, findings),
          leave: late.some((row) => row.leaves),
        };
      });
    },
  };
}
