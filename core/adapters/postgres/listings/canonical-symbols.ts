import * as z from 'zod';
import { numbers } from '../database/array-literal.ts';
import type { Connection } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';

/** As long as `ingest` remembers what symbols mean: a manual change takes effect afterwards. */
const rememberedMs = 10 * 60_000;

const mostRemembered = 100_000;

const namedRow = z.object({ listingId: z.int(), symbol: z.string() });

/** SQL: the canonical symbol of a listing, the last one of one that has none any more. */
export const canonicalOf = (listingId: string): string =>
  `(SELECT c.symbol FROM symbol_alias c WHERE c.listing_id = ${listingId} AND c.namespace = 'canonical' ORDER BY c.valid_to DESC LIMIT 1)`;

export type SymbolsOf = (
  db: Connection,
  epoch: string | undefined,
  listingIds: readonly number[],
) => Promise<ReadonlyMap<number, string>>;

/** Finds canonical symbols of listings, and remembers those of the database of an epoch. */
export function canonicalSymbols(): SymbolsOf {
  const known = new Map<number, string>();
  let of: string | undefined;
  let since = 0;
  return async (db, epoch, listingIds) => {
    const now = performance.now();
    if (epoch === undefined || epoch !== of || now - since > rememberedMs || known.size > mostRemembered) {
      known.clear();
      of = epoch;
      since = now;
    }
    const missing = listingIds.filter((id) => !known.has(id));
    if (missing.length === 0) return known;
    const found = await db.query({
      name: 'canonical-symbols',
      text: `SELECT id AS "listingId", ${canonicalOf('id')} AS symbol FROM unnest($1::int[]) AS id
             WHERE EXISTS (SELECT FROM symbol_alias a WHERE a.listing_id = id AND a.namespace = 'canonical')`,
      values: [numbers(missing)],
    });
    for (const { listingId, symbol } of rowsOf(namedRow, found)) known.set(listingId, symbol);
    return known;
  };
}
