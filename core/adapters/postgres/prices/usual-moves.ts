import * as z from 'zod';
import { usualMoveCloses, usualMoveOf } from '../../../prices/usual-move.ts';
import { numbers } from '../database/array-literal.ts';
import type { Connection, Pool } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';

/** Older bars do not say what a listing moves today. */
const recentBars = "interval '150 days'";

/** The closes of the newest daily bars of a source up to a time, oldest first, as one text: `closesText` reads it. */
export const closesUpTo = (listing: string, source: string, at: string) => `
  (SELECT string_agg(close::text, ',' ORDER BY starts_at)
   FROM (SELECT close, starts_at FROM bar WHERE listing_id = ${listing} AND source = ${source} AND interval = '1d'
           AND withdrawn_at IS NULL AND starts_at <= ${at} AND starts_at > ${at} - ${recentBars}
         ORDER BY starts_at DESC LIMIT ${usualMoveCloses}) newest)`;

export const closesText = z
  .string()
  .nullable()
  .transform((text) => (text === null ? [] : text.split(',').map(Number)));

const closesRow = z.object({ listingId: z.int(), closes: closesText });

/**
 * What some listings usually move in a day, by the daily bars of the sources that have a price of them; of `sources` only
 * for a caller who may not see all.
 */
export async function usualMoves(
  db: Connection | Pool,
  listingIds: readonly number[],
  sources: readonly string[] | null,
): Promise<ReadonlyMap<number, number | null>> {
  if (listingIds.length === 0) return new Map();
  const found = await db.query({
    name: 'usual-moves',
    text: `SELECT q.listing_id AS "listingId", ${closesUpTo('q.listing_id', 'q.source', 'q.as_of')} AS closes
           FROM latest_quote q
           WHERE q.listing_id = ANY ($1::int[]) AND ($2::text[] IS NULL OR q.source = ANY ($2)) ORDER BY q.listing_id, q.source`,
    values: [numbers(listingIds), sources],
  });
  const byListing = Map.groupBy(rowsOf(closesRow, found), (row) => row.listingId);
  return new Map([...byListing].map(([id, rows]) => [id, usualMoveOf(rows.map(({ closes }) => closes))]));
}
