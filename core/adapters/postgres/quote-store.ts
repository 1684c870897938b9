import * as z from 'zod';
import type { PriorQuote, QuoteRow } from '../../ports/ingest-store.ts';
import { numbers, texts } from './array-literal.ts';
import type { Connection } from './pool.ts';

/** Rows in one statement: where a longer one gains no speed and holds more memory. */
const rowsPerStatement = 5_000;

const priorsRow = z.object({ ids: z.string().nullable(), prices: z.string().nullable(), times: z.string().nullable() });

/**
 * The latest stored quote of each listing from a source. Locks the rows until the transaction ends, in order of
 * listing: two answers on the same listings are stored one after the other, and each sees what the other confirmed.
 */
export async function lockLatest(
  db: Connection,
  sourceId: string,
  listingIds: readonly number[],
): Promise<Map<number, PriorQuote>> {
  const sorted = [...listingIds].sort((a, b) => a - b);
  // Three texts instead of thousands of rows: reading rows costs more than finding them.
  const { rows } = await db.query({
    name: 'lock-latest',
    text: `
      WITH locked AS MATERIALIZED (
        SELECT listing_id, price, as_of FROM latest_quote
        WHERE listing_id = ANY ($1::int[]) AND source = $2
        ORDER BY listing_id FOR NO KEY UPDATE
      )
      SELECT string_agg(listing_id::text, ',') AS ids, string_agg(price::text, ',') AS prices,
             string_agg((extract(epoch FROM as_of) * 1000)::int8::text, ',') AS times
      FROM locked`,
    values: [numbers(sorted), sourceId],
  });
  const { ids, prices, times } = priorsRow.parse(rows[0]);
  const found = new Map<number, PriorQuote>();
  if (!ids || !prices || !times) return found;
  const priceOf = prices.split(',');
  const timeOf = times.split(',');
  for (const [index, id] of ids.split(',').entries())
    found.set(Number(id), { price: Number(priceOf[index]), asOf: Number(timeOf[index]) });
  return found;
}

const otherRow = z.object({ listing_id: z.int(), price: z.string(), as_of: z.date() });

/** The exchange-timed latest prices that other sources have of some listings. */
export async function otherPrices(
  db: Connection,
  sourceId: string,
  listingIds: readonly number[],
): Promise<Map<number, PriorQuote[]>> {
  const { rows } = await db.query(
    `SELECT listing_id, price, as_of FROM latest_quote
     WHERE listing_id = ANY ($1::int[]) AND source <> $2 AND as_of_basis = 'exchange'`,
    [numbers(listingIds), sourceId],
  );
  const found = new Map<number, PriorQuote[]>();
  for (const row of rows.map((each) => otherRow.parse(each))) {
    const prior = { price: Number(row.price), asOf: row.as_of.getTime() };
    found.set(row.listing_id, [...(found.get(row.listing_id) ?? []), prior]);
  }
  return found;
}

/*
 * The rules of replacement, with `e` for what comes and `s` for what is stored:
 *
 * quote         the same key: replaced by a later fetch with other content, also later than the last confirmation. The
 *               statement trigger keeps the former row.
 * latest_quote  an exchange's time beats the time of a fetch, always; else the newer market time wins; at the same
 *               market time a later fetch replaces other content, and only raises `confirmed_at` of the same.
 *
 * A replaced row's `ingested_at` is a microsecond later than the statement's time, and never before the row it
 * replaces. That keeps the times a row was known in order, and tells replaced rows from new ones.
 */
const sameContent = (stored: string) => `
  (${stored}.price, ${stored}.previous_close, ${stored}.bid, ${stored}.ask, ${stored}.volume, ${stored}.currency,
   ${stored}.minor_factor, ${stored}.session, ${stored}.delay_seconds, ${stored}.as_of_basis)
  IS NOT DISTINCT FROM
  (excluded.price, excluded.previous_close, excluded.bid, excluded.ask, excluded.volume, excluded.currency,
   excluded.minor_factor, excluded.session, excluded.delay_seconds, excluded.as_of_basis)`;

const columns = `listing_id, source, as_of, price, previous_close, bid, ask, volume, currency, minor_factor, session,
  delay_seconds, as_of_basis, fetched_at, ingested_at, batch_id`;

const content = `price = excluded.price, previous_close = excluded.previous_close, bid = excluded.bid, ask = excluded.ask,
  volume = excluded.volume, currency = excluded.currency, minor_factor = excluded.minor_factor,
  session = excluded.session, delay_seconds = excluded.delay_seconds, as_of_basis = excluded.as_of_basis`;

const storeText = `
  WITH input AS MATERIALIZED (
    SELECT listing_id, $15::text AS source, to_timestamp(as_of / 1000.0::float8) AS as_of, price, previous_close, bid, ask,
           volume, currency, minor_factor, session, delay_seconds, as_of_basis,
           to_timestamp(fetched_at / 1000.0::float8) AS fetched_at, statement_timestamp() AS ingested_at,
           $16::bigint AS batch_id, newest
    FROM unnest($1::int[], $2::float8[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[],
                $8::text[], $9::int[], $10::text[], $11::int[], $12::text[], $13::float8[], $14::bool[])
      AS t (listing_id, as_of, price, previous_close, bid, ask, volume, currency, minor_factor, session, delay_seconds,
            as_of_basis, fetched_at, newest)
  ), stored AS (
    INSERT INTO quote AS s (${columns}) SELECT ${columns} FROM input
    ON CONFLICT (listing_id, source, as_of) DO UPDATE SET ${content}, fetched_at = excluded.fetched_at,
      ingested_at = greatest(excluded.ingested_at, s.ingested_at) + interval '1 microsecond', batch_id = excluded.batch_id
    WHERE excluded.fetched_at > s.fetched_at AND NOT (${sameContent('s')})
      AND NOT EXISTS (SELECT FROM latest_quote l WHERE l.listing_id = s.listing_id AND l.source = s.source
                      AND l.as_of = s.as_of AND l.confirmed_at > excluded.fetched_at)
    RETURNING s.ingested_at <> statement_timestamp() AS revised
  ), latest AS (
    INSERT INTO latest_quote AS s (${columns}, confirmed_at) SELECT ${columns}, fetched_at FROM input WHERE newest
    ON CONFLICT (listing_id, source) DO UPDATE SET ${content}, as_of = excluded.as_of,
      fetched_at = CASE WHEN s.as_of = excluded.as_of AND ${sameContent('s')} THEN s.fetched_at ELSE excluded.fetched_at END,
      ingested_at = CASE WHEN s.as_of = excluded.as_of AND ${sameContent('s')} THEN s.ingested_at ELSE excluded.ingested_at END,
      batch_id = CASE WHEN s.as_of = excluded.as_of AND ${sameContent('s')} THEN s.batch_id ELSE excluded.batch_id END,
      confirmed_at = excluded.fetched_at
    WHERE CASE WHEN excluded.as_of_basis = s.as_of_basis
               THEN excluded.as_of > s.as_of OR (excluded.as_of = s.as_of AND excluded.fetched_at > s.confirmed_at)
               ELSE excluded.as_of_basis = 'exchange' END
  )
  SELECT count(*)::int AS written, count(*) FILTER (WHERE revised)::int AS revised FROM stored`;

const storedRow = z.object({ written: z.int(), revised: z.int() });

/** Stores checked quotes of a source, by listing id, with their latest rows. Gives how many rows were new or replaced. */
export async function storeQuotes(
  db: Connection,
  sourceId: string,
  batchId: string,
  rows: readonly QuoteRow[],
): Promise<{ written: number; revised: number }> {
  const total = { written: 0, revised: 0 };
  for (let from = 0; from < rows.length; from += rowsPerStatement) {
    const part = rows.slice(from, from + rowsPerStatement);
    const answer = await db.query({
      name: 'store-quotes',
      text: storeText,
      values: [...columnsOf(part), sourceId, batchId],
    });
    const { written, revised } = storedRow.parse(answer.rows[0]);
    total.written += written;
    total.revised += revised;
  }
  return total;
}

function columnsOf(rows: readonly QuoteRow[]): string[] {
  const newest = newestOf(rows);
  return [
    numbers(rows.map((row) => row.listing.id)),
    numbers(rows.map((row) => row.quote.asOf)),
    numbers(rows.map((row) => row.quote.price)),
    numbers(rows.map((row) => row.quote.previousClose)),
    numbers(rows.map((row) => row.quote.bid)),
    numbers(rows.map((row) => row.quote.ask)),
    numbers(rows.map((row) => row.quote.volume)),
    texts(rows.map((row) => row.quote.currency)),
    numbers(rows.map((row) => row.quote.minorFactor)),
    texts(rows.map((row) => row.quote.session)),
    numbers(rows.map((row) => row.quote.delaySeconds)),
    texts(rows.map((row) => row.quote.asOfBasis)),
    numbers(rows.map((row) => row.fetchedAt)),
    texts(rows.map((row) => (newest.get(row.listing.id) === row ? 't' : 'f'))),
  ];
}

/** By listing, the row that may become its latest: the exchange-timed one, then the newest. */
function newestOf(rows: readonly QuoteRow[]): Map<number, QuoteRow> {
  const newest = new Map<number, QuoteRow>();
  for (const row of rows) {
    const best = newest.get(row.listing.id);
    if (!best || isNewer(row, best)) newest.set(row.listing.id, row);
  }
  return newest;
}

function isNewer(row: QuoteRow, than: QuoteRow): boolean {
  if (row.quote.asOfBasis !== than.quote.asOfBasis) return row.quote.asOfBasis === 'exchange';
  return row.quote.asOf > than.quote.asOf;
}
