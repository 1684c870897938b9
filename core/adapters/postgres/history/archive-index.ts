import * as z from 'zod';
import type { ArchiveIndex } from '../../../ports/history-archive.ts';
import { instantOf } from '../../../prices/history/archived-quote.ts';
import type { Pool } from '../database/pool.ts';
import { decimalText, rowsOf } from '../database/rows.ts';
import { archivedColumns, archivedRow, archiveOrder, microsOf, versionsWhere } from './archived-rows.ts';

const monthRow = z.object({ month: z.string(), version: z.int(), manifest: z.string() });
const sourceRow = z.object({ listingId: z.int(), source: z.string() });
export const findingRow = z.object({
  id: z.string(),
  listingId: z.int(),
  source: z.string(),
  at: z.int(),
  said: decimalText,
  isWrong: z.boolean(),
  status: z.string(),
  openedAt: z.int(),
  closedAt: z.int().nullable(),
  proposed: decimalText.nullable(),
  byPreviousClose: z.boolean(),
});

/** A `FindingOnQuote` of `f`. */
export const findingColumns = `f.id::text AS id, f.listing_id AS "listingId", f.source, ${microsOf('f.at')} AS at, f.said::text AS said,
  f.severity = 'wrong' AS "isWrong", f.status, ${microsOf('f.opened_at')} AS "openedAt", ${microsOf('f.closed_at')} AS "closedAt",
  CASE WHEN f.proposal->>'field' = 'price' THEN (f.proposal->>'to')::numeric::text END AS proposed,
  coalesce(f.evidence->>'witness' = 'previous_close', false) AS "byPreviousClose"`;

/** What Postgres knows of the archive. */
export function archiveIndex(pool: Pool): ArchiveIndex {
  const spanOf = (span: { listingId: number; source: string; from: number; to: number }) => [
    span.listingId,
    span.source,
    instantOf(span.from),
    instantOf(span.to),
  ];
  return {
    async months(from, to) {
      const result = await pool.query({
        name: 'archived-months',
        text: `SELECT to_char(month, 'YYYY-MM') AS month, version, manifest FROM quote_archive
               WHERE manifest IS NOT NULL AND month < $2::timestamptz AND month + interval '1 month' > $1::timestamptz ORDER BY month`,
        values: [from, to],
      });
      return rowsOf(monthRow, result);
    },

    async lateRows(span) {
      const result = await pool.query({
        name: 'late-quotes',
        text: `SELECT ${archivedColumns}
               FROM ${versionsWhere('p.listing_id = $1 AND p.source = $2 AND p.as_of >= $3 AND p.as_of < $4')}
               LEFT JOIN batch b ON b.id = q.batch_id ORDER BY ${archiveOrder}`,
        values: spanOf(span),
      });
      return rowsOf(archivedRow, result);
    },

    async findings(span) {
      const result = await pool.query({
        name: 'findings-on-quotes',
        text: `SELECT ${findingColumns} FROM finding f
               WHERE f.kind = 'quote' AND f.listing_id = $1 AND f.source = $2 AND f.at >= $3 AND f.at < $4 AND f.said IS NOT NULL
               ORDER BY f.id`,
        values: spanOf(span),
      });
      return rowsOf(findingRow, result);
    },

    async sourcesOf(listingIds) {
      const result = await pool.query({
        name: 'sources-of-listings',
        text: `SELECT listing_id AS "listingId", source FROM latest_quote WHERE listing_id = ANY ($1::int[]) ORDER BY 1, source COLLATE "C"`,
        values: [listingIds],
      });
      return rowsOf(sourceRow, result);
    },
  };
}
