import * as z from 'zod';
import type { DecimalText } from '../../../market/decimal.ts';
import type { SparkWanted } from '../../../ports/quote-reader.ts';
import { numbers, texts } from '../database/array-literal.ts';
import type { Pool } from '../database/pool.ts';
import { decimalText, rowsOf } from '../database/rows.ts';
import { isWrong } from './wrong-quotes.ts';

const partRow = z.object({ line: z.int(), part: z.int(), price: decimalText });

/**
 * The last price of each part of a time, for several listings: one look at the index for each part, however many prices
 * are stored in it. A price that a finding calls wrong is passed over.
 */
export async function sparklines(
  pool: Pool,
  wanted: readonly SparkWanted[],
  parts: number,
): Promise<(DecimalText | null)[][]> {
  const result = await pool.query({
    name: 'sparklines',
    text: `SELECT w.line::int, p.part, q.price
           FROM unnest($1::int[], $2::text[], $3::timestamptz[], $4::timestamptz[]) WITH ORDINALITY w (id, source, starts, ends, line)
           CROSS JOIN generate_series(0, $5::int - 1) p (part)
           CROSS JOIN LATERAL (
             SELECT t.price FROM quote t
             WHERE t.listing_id = w.id AND t.source = w.source AND t.as_of >= w.starts + (w.ends - w.starts) * p.part / $5::int
               AND t.as_of < w.starts + (w.ends - w.starts) * (p.part + 1) / $5::int AND NOT ${isWrong('t')}
             ORDER BY t.as_of DESC LIMIT 1) q`,
    values: [
      numbers(wanted.map(({ listingId }) => listingId)),
      texts(wanted.map(({ source }) => source)),
      wanted.map(({ from }) => from),
      wanted.map(({ to }) => to),
      parts,
    ],
  });
  const lines = wanted.map(() => Array<DecimalText | null>(parts).fill(null));
  for (const { line, part, price } of rowsOf(partRow, result)) {
    const prices = lines[line - 1];
    if (prices) prices[part] = price;
  }
  return lines;
}
