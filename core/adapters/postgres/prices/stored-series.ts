import * as z from 'zod';
import { barIntervals, corporateActionTypes } from '../../../market/bar.ts';
import type { SeriesSpan, StoredSeries } from '../../../prices/evidence.ts';
import { numbers, texts } from '../database/array-literal.ts';
import type { Connection } from '../database/pool.ts';
import { decimalText, rowsOf } from '../database/rows.ts';

const barsRow = z.object({
  listingId: z.int(),
  interval: z.enum(barIntervals).catch('1d'),
  times: z.string(),
  closes: z.string(),
  days: z.string(),
});

const actionRow = z.object({
  listingId: z.int(),
  type: z.enum(corporateActionTypes),
  exDate: z.string(),
  ratio: decimalText.nullable(),
  amount: decimalText.nullable(),
  currency: z.string().nullable(),
});

/**
 * What is stored of some series in the time of theirs: the bars that had settled when they were fetched, and all
 * corporate actions. A few texts in place of thousands of rows, as `lockLatest` reads.
 */
export async function storedSeries(
  db: Connection,
  sourceId: string,
  spans: readonly SeriesSpan[],
): Promise<Map<string, StoredSeries>> {
  const bars = await db.query({
    name: 'stored-series',
    text: `
      SELECT s.listing_id AS "listingId", s.interval, string_agg((date_part('epoch', b.starts_at) * 1000)::int8::text, ',') AS times,
             string_agg(b.close::text, ',') AS closes, string_agg(b.basis_at::date::text, ',') AS days
      FROM unnest($2::int[], $3::text[], $4::float8[], $5::float8[]) AS s (listing_id, interval, from_at, to_at)
      JOIN bar b ON b.listing_id = s.listing_id AND b.source = $1 AND b.interval = s.interval
        AND b.starts_at BETWEEN to_timestamp(s.from_at / 1000.0::float8) AND to_timestamp(s.to_at / 1000.0::float8)
        AND b.fetched_at > b.starts_at + CASE s.interval WHEN '1mo' THEN interval '33 days' WHEN '1wk' THEN interval '9 days'
                                                         ELSE interval '2 days' END
      GROUP BY s.listing_id, s.interval`,
    values: [
      sourceId,
      numbers(spans.map((span) => span.listingId)),
      texts(spans.map((span) => span.interval)),
      numbers(spans.map((span) => span.from)),
      numbers(spans.map((span) => span.to)),
    ],
  });
  const actions = await db.query({
    name: 'stored-series-actions',
    text: `
      SELECT listing_id AS "listingId", type, ex_date::text AS "exDate", ratio, amount, currency FROM corporate_action
      WHERE listing_id = ANY ($1::int[]) AND source = $2 AND type = ANY ($3::text[])`,
    values: [numbers(spans.map((span) => span.listingId)), sourceId, texts(corporateActionTypes)],
  });
  const actionsOf = Map.groupBy(rowsOf(actionRow, actions), (row) => row.listingId);
  const found = new Map(
    rowsOf(barsRow, bars).map(({ listingId, interval, times, closes, days }): [string, StoredSeries] => {
      const close = closes.split(',');
      const day = days.split(',');
      return [
        `${listingId} ${interval}`,
        {
          rows: times.split(',').map((time, index) => ({
            startsAt: Number(time),
            close: Number(close[index]),
            basisDay: day[index] ?? '',
            settled: true,
          })),
          actions: actionsOf.get(listingId) ?? [],
        },
      ];
    }),
  );
  return found;
}
