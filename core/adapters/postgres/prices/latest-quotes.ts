/** The latest quote of each listing and source: what stands there before rows are stored. */
import * as z from 'zod';
import type { ListedQuote } from '../../../market/listed-quote.ts';
import type { LatestPrior, PriorQuote } from '../../../prices/evidence.ts';
import { futureToleranceMs } from '../../../prices/thresholds.ts';
import { numbers } from '../database/array-literal.ts';
import { intervalOf, msOf } from '../database/instant.ts';
import type { Connection } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';
import { isWrong } from './wrong-quotes.ts';

/** The latest stored quote of a listing. Instants are milliseconds since the epoch. */
export interface LatestQuote extends LatestPrior {
  /** Its time is the exchange's. */
  readonly timed: boolean;
  readonly fetchedAt: number;
  /** A later fetch said the same. */
  readonly confirmed: boolean;
}

const priorsRow = z.object({
  ids: z.string().nullable(),
  prices: z.string().nullable(),
  times: z.string().nullable(),
  fetches: z.string().nullable(),
  untimed: z.string().nullable(),
  provisional: z.string().nullable(),
  confirmed: z.string().nullable(),
});

/**
 * The latest stored quote of each listing from a source. Locks the rows until the transaction ends, in order of
 * listing: two answers on the same listings are stored one after the other, and each sees what the other confirmed.
 */
export async function lockLatest(
  db: Connection,
  sourceId: string,
  listingIds: readonly number[],
): Promise<Map<number, LatestQuote>> {
  const sorted = Int32Array.from(listingIds).sort();
  // A few texts instead of thousands of rows: reading rows costs more than finding them.
  const { rows } = await db.query({
    name: 'lock-latest',
    text: `
      WITH locked AS MATERIALIZED (
        SELECT listing_id, price, as_of, as_of_basis, fetched_at, confirmed_at, provisional FROM latest_quote
        WHERE listing_id = ANY ($1::int[]) AND source = $2
        ORDER BY listing_id FOR NO KEY UPDATE
      )
      SELECT string_agg(listing_id::text, ',') AS ids, string_agg(price::text, ',') AS prices,
             string_agg((date_part('epoch', as_of) * 1000)::int8::text, ',') AS times,
             string_agg((date_part('epoch', fetched_at) * 1000)::int8::text, ',') AS fetches,
             string_agg(listing_id::text, ',') FILTER (WHERE as_of_basis <> 'exchange') AS untimed,
             string_agg(listing_id::text, ',') FILTER (WHERE provisional) AS provisional,
             string_agg(listing_id::text, ',') FILTER (WHERE confirmed_at > fetched_at) AS confirmed
      FROM locked`,
    values: [`{${sorted.join()}}`, sourceId],
  });
  const { ids, prices, times, fetches, untimed, provisional, confirmed } = priorsRow.parse(rows[0]);
  const found = new Map<number, LatestQuote>();
  if (!ids || !prices || !times || !fetches) return found;
  const priceOf = prices.split(',');
  const timeOf = times.split(',');
  const fetchOf = fetches.split(',');
  const untimedIds = new Set(untimed?.split(','));
  const provisionalIds = new Set(provisional?.split(','));
  const confirmedIds = new Set(confirmed?.split(','));
  for (const [index, id] of ids.split(',').entries())
    found.set(Number(id), {
      price: Number(priceOf[index]),
      asOf: Number(timeOf[index]),
      fetchedAt: Number(fetchOf[index]),
      timed: !untimedIds.has(id),
      provisional: provisionalIds.has(id),
      confirmed: confirmedIds.has(id),
    });
  return found;
}

const priorRow = z.object({ listing_id: z.int(), price: z.string(), as_of: z.number() });

/**
 * The newest quote of each listing that had been fetched from the source by an instant (milliseconds since the epoch), by
 * listing id. A row that was replaced since counts as it was then.
 */
export async function priorsAt(
  db: Connection,
  sourceId: string,
  fetches: ReadonlyMap<number, number>,
): Promise<Map<number, PriorQuote>> {
  // No market time is later than its fetch by more than clocks differ, so nothing newer need be looked at.
  const then = `source = $3 AND listing_id = f.listing_id AND fetched_at <= f.at AND as_of <= f.at + ${intervalOf(futureToleranceMs)}`;
  const newest = (table: string) =>
    `(SELECT price, as_of FROM ${table} q WHERE ${then} AND NOT ${isWrong('q')} ORDER BY as_of DESC, fetched_at DESC LIMIT 1)`;
  const found = await db.query({
    name: 'priors-at',
    text: `SELECT f.listing_id, p.price, ${msOf('p.as_of')} AS as_of
           FROM (SELECT listing_id, to_timestamp(at / 1000.0::float8) AS at FROM unnest($1::int[], $2::int8[]) AS t (listing_id, at)) f
           CROSS JOIN LATERAL (
             SELECT price, as_of FROM (${newest('quote')} UNION ALL ${newest('quote_revision')}) candidate
             ORDER BY as_of DESC LIMIT 1) p`,
    values: [numbers([...fetches.keys()]), numbers([...fetches.values()]), sourceId],
  });
  return new Map(
    rowsOf(priorRow, found).map(({ listing_id, price, as_of }) => [listing_id, { price: Number(price), asOf: as_of }]),
  );
}

/**
 * Writes on the rows that the latest ones move on from when they were said last, where that was after they were stored. Of
 * the others there is nothing to remember, so a source that is read once per market time costs no write.
 */
export async function confirmLeft(
  db: Connection,
  sourceId: string,
  rows: readonly ListedQuote[],
  latest: ReadonlyMap<number, LatestQuote>,
): Promise<void> {
  const left = new Set<number>();
  for (const { listing, quote } of rows) {
    const prior = latest.get(listing.id);
    if (prior?.confirmed && quote.asOf !== prior.asOf) left.add(listing.id);
  }
  if (left.size === 0) return;
  await db.query({
    name: 'confirm-left',
    text: `UPDATE quote q SET confirmed_at = l.confirmed_at FROM latest_quote l
           WHERE l.listing_id = ANY ($1::int[]) AND l.source = $2
             AND q.listing_id = l.listing_id AND q.source = l.source AND q.as_of = l.as_of
             AND l.confirmed_at > coalesce(q.confirmed_at, q.fetched_at)`,
    values: [numbers([...left]), sourceId],
  });
}

/** Notes of latest rows that nothing had agreed with that one of these does. */
export async function settle(
  db: Connection,
  sourceId: string,
  rows: readonly ListedQuote[],
  latest: ReadonlyMap<number, LatestQuote>,
): Promise<void> {
  const settled = new Map<number, number>();
  for (const { listing, provisional } of rows) {
    const prior = latest.get(listing.id);
    if (prior?.provisional && provisional !== true) settled.set(listing.id, prior.asOf);
  }
  if (settled.size === 0) return;
  await db.query({
    name: 'settle-quotes',
    text: `UPDATE quote q SET settled_at = statement_timestamp()
           FROM unnest($1::int[], $2::int8[]) AS w (listing_id, as_of)
           WHERE q.listing_id = w.listing_id AND q.source = $3 AND q.as_of = to_timestamp(w.as_of / 1000.0::float8)
             AND q.settled_at = 'infinity'`,
    values: [numbers([...settled.keys()]), numbers([...settled.values()]), sourceId],
  });
}
