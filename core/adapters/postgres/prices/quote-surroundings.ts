import * as z from 'zod';
import type { QuoteSurroundings } from '../../../prices/evidence.ts';
import { latestBarMs, priorValidMs } from '../../../prices/thresholds.ts';
import { usualMoveOf } from '../../../prices/usual-move.ts';
import { numbers } from '../database/array-literal.ts';
import { intervalOf, msOf } from '../database/instant.ts';
import type { Connection } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';
import { closesText, closesUpTo } from './usual-moves.ts';
import { isWrong } from './wrong-quotes.ts';

/** How many stored rows before a quote are looked at. */
const recentRows = 6;

const number = z.coerce.number();
const surroundingsRow = z.object({
  recent: z.array(z.object({ price: number, asOf: number, fetchedAt: number, wrong: z.boolean() })),
  splits: z.array(z.object({ exDate: z.string(), ratio: number })),
  lastBar: z.object({ close: number, at: number }).nullable(),
  others: z.array(z.object({ price: number, asOf: number, provisional: z.boolean() })),
  usualMove: closesText.transform((closes) => usualMoveOf([closes])),
});

/** What is known around each of some quotes of a source, in their order. */
export async function quoteSurroundings(
  db: Connection,
  sourceId: string,
  rows: readonly { readonly listingId: number; readonly asOf: number }[],
): Promise<QuoteSurroundings[]> {
  const at = 'to_timestamp(w.as_of / 1000.0::float8)';
  const found = await db.query({
    name: 'quote-surroundings',
    // Prices as texts: a decimal of JSON loses none, but a number of JavaScript may be too large for one.
    text: `
      SELECT
        coalesce((SELECT jsonb_agg(jsonb_build_object('price', r.price::text, 'asOf', ${msOf('r.as_of')}, 'fetchedAt', ${msOf('r.fetched_at')},
                                                      'wrong', ${isWrong('r')}) ORDER BY r.as_of DESC)
                  FROM (SELECT listing_id, source, price, as_of, fetched_at FROM quote
                        WHERE listing_id = w.listing_id AND source = $1 AND as_of <= ${at}
                          AND as_of >= ${at} - ${intervalOf(priorValidMs)}
                        ORDER BY as_of DESC LIMIT ${recentRows}) r), '[]') AS recent,
        coalesce((SELECT jsonb_agg(jsonb_build_object('exDate', a.ex_date::text, 'ratio', a.ratio::text))
                  FROM corporate_action a WHERE a.listing_id = w.listing_id AND a.source = $1 AND a.type = 'split' AND a.withdrawn_at IS NULL
                    AND a.ratio > 0), '[]') AS splits,
        (SELECT jsonb_build_object('close', b.close::text, 'at', ${msOf('b.starts_at')}) FROM bar b
         WHERE b.listing_id = w.listing_id AND b.source = $1 AND b.interval = '1d' AND NOT b.stale AND b.withdrawn_at IS NULL
           AND b.starts_at BETWEEN ${at} - ${intervalOf(latestBarMs)} AND ${at}
           AND NOT EXISTS (SELECT FROM finding f WHERE f.listing_id = b.listing_id AND f.source = b.source AND f.kind = 'bar'
                           AND f.interval = '1d' AND f.at = b.starts_at AND f.severity = 'wrong'
                           AND f.status IN ('open', 'accepted'))
         ORDER BY b.starts_at DESC LIMIT 1) AS "lastBar",
        coalesce((SELECT jsonb_agg(jsonb_build_object('price', o.price::text, 'asOf', ${msOf('o.as_of')}, 'provisional', o.provisional))
                  FROM latest_quote o WHERE o.listing_id = w.listing_id AND o.source <> $1
                    AND o.as_of_basis = 'exchange'), '[]') AS others,
        ${closesUpTo('w.listing_id', '$1', at)} AS "usualMove"
      FROM unnest($2::int[], $3::float8[]) WITH ORDINALITY AS w (listing_id, as_of, place) ORDER BY w.place`,
    values: [sourceId, numbers(rows.map((row) => row.listingId)), numbers(rows.map((row) => row.asOf))],
  });
  return rowsOf(surroundingsRow, found);
}
