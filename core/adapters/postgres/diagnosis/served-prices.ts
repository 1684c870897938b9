import * as z from 'zod';
import type { ServedRow } from '../../../ports/facts-reader.ts';
import type { Pool } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';

/** So many symbols are looked at: a report names a few, and counts the others. */
const mostSymbols = 2_000;

const servedRow = z.object({
  sourceId: z.string(),
  symbol: z.string(),
  canonical: z.string().nullable(),
  mic: z.string(),
  confirmed: z.array(z.object({ source: z.string(), at: z.number() })),
});

/** What is served of symbols that sources fail on: by which listing, and when each source confirmed its price last. */
export async function servedPrices(
  pool: Pool,
  of: readonly { readonly sourceId: string; readonly symbol: string }[],
): Promise<ServedRow[]> {
  const asked = of.slice(0, mostSymbols);
  if (asked.length === 0) return [];
  const result = await pool.query(
    `SELECT a.source AS "sourceId", a.symbol, l.mic,
            (SELECT symbol FROM symbol_alias c
             WHERE c.listing_id = l.id AND c.namespace = 'canonical' AND c.valid_to = 'infinity' ORDER BY symbol LIMIT 1) AS canonical,
            coalesce((SELECT jsonb_agg(jsonb_build_object('source', q.source, 'at', floor(extract(epoch FROM q.confirmed_at) * 1000)))
                      FROM latest_quote q WHERE q.listing_id = l.id), '[]') AS confirmed
     FROM unnest($1::text[], $2::text[]) AS a (source, symbol)
     JOIN symbol_alias s ON s.namespace = a.source AND s.symbol = a.symbol AND s.valid_to = 'infinity'
     JOIN listing l ON l.id = s.listing_id`,
    [asked.map(({ sourceId }) => sourceId), asked.map(({ symbol }) => symbol)],
  );
  return rowsOf(servedRow, result).map(({ confirmed, canonical, ...row }) => ({
    ...row,
    canonical: canonical ?? row.symbol,
    confirmedAt: new Map(confirmed.map(({ source, at }) => [source, at])),
  }));
}
