import * as z from 'zod';
import type { ListingNames } from '../../../ports/archive-store.ts';
import { numbers } from '../database/array-literal.ts';
import type { Connection, Pool } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';
import { canonicalOf } from '../listings/canonical-symbols.ts';

const nameRow = z.object({ listingId: z.int(), symbol: z.string().nullable(), mic: z.string().nullable() });

/** The symbols of the listings of some rows, by which people know them today. */
export async function namesOf(
  db: Connection | Pool,
  listings: readonly { readonly listingId: number }[],
): Promise<ListingNames> {
  const ids = [...new Set(listings.map((each) => each.listingId))];
  const result = await db.query(
    `SELECT i.id AS "listingId", ${canonicalOf('i.id')} AS symbol, l.mic FROM unnest($1::int[]) AS i (id) LEFT JOIN listing l ON l.id = i.id`,
    [numbers(ids)],
  );
  return new Map(rowsOf(nameRow, result).map(({ listingId, ...name }) => [listingId, name]));
}
