import * as z from 'zod';
import { barIntervals, corporateActionTypes } from '../../../market/bar.ts';
import type { SeriesSpan, StoredSeries } from '../../../prices/evidence.ts';
import { settledAfterDays } from '../../../prices/thresholds.ts';
import { numbers, texts } from '../database/array-literal.ts';
import { msOf } from '../database/instant.ts';
import type { Connection } from '../database/pool.ts';
import { decimalText, rowsOf } from '../database/rows.ts';
import { isAhead } from './fetch-order.ts';
import { paymentsOf } from './payments.ts';

const barsRow = z.object({
  listingId: z.int(),
  interval: z.enum(barIntervals).catch('1d'),
  times: z.string(),
  closes: z.string(),
  days: z.string(),
  settled: z.string(),
});

const rangeRow = z.object({
  listingId: z.int(),
  interval: z.enum(barIntervals).catch('1d'),
  from: z.number(),
  to: z.number(),
  fetchedAt: z.number(),
});

const actionRow = z.object({
  listingId: z.int(),
  type: z.enum(corporateActionTypes),
  exDate: z.string(),
  ratio: decimalText.nullable(),
  amount: decimalText.nullable(),
  currency: z.string().nullable(),
});

/** A fetch lies so long after the start of a bar that its price has settled. */
const hasSettled = `b.fetched_at > b.starts_at + interval '1 day' * CASE s.interval
  WHEN '1mo' THEN ${settledAfterDays['1mo']} WHEN '1wk' THEN ${settledAfterDays['1wk']} ELSE ${settledAfterDays['1d']} END`;

/**
 * What is stored of some series in the time of theirs, what answers of later fetches have spoken for, and all corporate
 * actions. A few texts in place of thousands of rows, as `lockLatest` reads. Answers on a listing take turns from here on.
 */
export async function storedSeries(
  db: Connection,
  sourceId: string,
  spans: readonly SeriesSpan[],
): Promise<Map<string, StoredSeries>> {
  const listings = numbers(spans.map((span) => span.listingId));
  await db.query({
    name: 'stored-series-turn',
    text: `SELECT pg_advisory_xact_lock(hashtext('bars ' || $1), id) FROM unnest($2::int[]) AS ids (id) ORDER BY id`,
    values: [sourceId, listings],
  });
  const bars = await db.query({
    name: 'stored-series',
    text: `
      SELECT s.listing_id AS "listingId", s.interval, string_agg((date_part('epoch', b.starts_at) * 1000)::int8::text, ',') AS times,
             string_agg(b.close::text, ',') AS closes, string_agg(b.basis_at::date::text, ',') AS days,
             string_agg(CASE WHEN ${hasSettled} THEN '1' ELSE '0' END, '') AS settled
      FROM unnest($2::int[], $3::text[], $4::float8[], $5::float8[]) AS s (listing_id, interval, from_at, to_at)
      JOIN bar b ON b.listing_id = s.listing_id AND b.source = $1 AND b.interval = s.interval AND b.withdrawn_at IS NULL
        AND b.starts_at BETWEEN to_timestamp(s.from_at / 1000.0::float8) AND to_timestamp(s.to_at / 1000.0::float8)
      GROUP BY s.listing_id, s.interval`,
    values: [
      sourceId,
      listings,
      texts(spans.map((span) => span.interval)),
      numbers(spans.map((span) => span.from)),
      numbers(spans.map((span) => span.to)),
    ],
  });
  const actions = await db.query({
    name: 'stored-series-actions',
    text: `
      SELECT listing_id AS "listingId", type, ex_date::text AS "exDate", ratio, paid AS amount, paid_in AS currency
      FROM ${paymentsOf('corporate_action')}
      WHERE listing_id = ANY ($1::int[]) AND source = $2 AND type = ANY ($3::text[]) AND withdrawn_at IS NULL`,
    values: [listings, sourceId, texts(corporateActionTypes)],
  });
  const ranges = await db.query({
    name: 'stored-series-later',
    text: `
      SELECT r.listing_id AS "listingId", r.interval, ${msOf('r.from_at')} AS "from", ${msOf('r.to_at')} AS "to",
             ${msOf('r.fetched_at')} AS "fetchedAt"
      FROM unnest($2::int[], $3::text[], $4::float8[]) AS s (listing_id, interval, fetched_at)
      JOIN answered_range r ON r.listing_id = s.listing_id AND r.source = $1 AND r.interval = ANY (ARRAY[s.interval, '1d'])
        AND r.fetched_at > to_timestamp(s.fetched_at / 1000.0::float8)
        AND NOT ${isAhead('r.fetched_at')}`,
    values: [
      sourceId,
      listings,
      texts(spans.map((span) => span.interval)),
      numbers(spans.map((span) => span.fetchedAt)),
    ],
  });
  const barsOf = new Map(rowsOf(barsRow, bars).map((row) => [`${row.listingId} ${row.interval}`, row]));
  const actionsOf = Map.groupBy(rowsOf(actionRow, actions), (row) => row.listingId);
  const laterOf = Map.groupBy(rowsOf(rangeRow, ranges), (row) => row.listingId);
  return new Map(
    spans.map(({ listingId, interval, fetchedAt }): [string, StoredSeries] => {
      const found = barsOf.get(`${listingId} ${interval}`);
      const [close, day] = [found?.closes.split(','), found?.days.split(',')];
      return [
        `${listingId} ${interval}`,
        {
          rows: (found?.times.split(',') ?? []).map((time, index) => ({
            startsAt: Number(time),
            close: Number(close?.[index]),
            said: close?.[index] ?? '',
            basisDay: day?.[index] ?? '',
            settled: found?.settled[index] === '1',
          })),
          actions: actionsOf.get(listingId) ?? [],
          later: (laterOf.get(listingId) ?? []).filter((each) => each.fetchedAt > fetchedAt),
        },
      ];
    }),
  );
}
