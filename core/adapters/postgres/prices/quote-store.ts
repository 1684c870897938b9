import * as z from 'zod';
import { chunked } from '../../../contracts/chunked.ts';
import type { ListedQuote } from '../../../market/listed-quote.ts';
import type { WrongQuote } from '../../../prices/decision.ts';
import { numbers } from '../database/array-literal.ts';
import type { Connection } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';
import { isFetchedLater, isOfTheFuture } from './fetch-order.ts';
import type { LatestQuote } from './latest-quotes.ts';
import { quoteColumnsOf, quoteInput } from './quote-input.ts';
import { isWrong } from './wrong-quotes.ts';

/** Rows in one statement: where a longer one gains no speed and holds more memory. */
const rowsPerStatement = 5_000;

/*
 * The rules of replacement, with `e` for what comes and `s` for what is stored:
 *
 * quote         the same key: replaced by a later fetch with other content, also later than the last confirmation. The
 *               statement trigger keeps the former row. The same content of a later fetch raises `confirmed_at`, unless
 *               the row is the latest: then it is raised there, and `confirmLeft` writes it here when the latest moves on.
 * latest_quote  an exchange's time beats the time of a fetch, always; else the newer market time wins; at the same
 *               market time a later fetch replaces other content, and only raises `confirmed_at` of the same.
 *
 * What is stored from the future, because the clock was ahead, gives way to anything.
 *
 * A replaced row's `ingested_at` is a microsecond later than the statement's time, and never before the row it
 * replaces. That keeps the times a row was known in order, and tells replaced rows from new ones.
 */
const sameContent = `
  (s.price, s.previous_close, s.bid, s.ask, s.volume, s.currency, s.minor_factor, s.session, s.delay_seconds,
   s.as_of_basis)
  IS NOT DISTINCT FROM
  (excluded.price, excluded.previous_close, excluded.bid, excluded.ask, excluded.volume, excluded.currency,
   excluded.minor_factor, excluded.session, excluded.delay_seconds, excluded.as_of_basis)`;

const columns = `listing_id, source, as_of, price, previous_close, bid, ask, volume, currency, minor_factor, session,
  delay_seconds, as_of_basis, fetched_at, ingested_at, batch_id`;

const content = `price = excluded.price, previous_close = excluded.previous_close, bid = excluded.bid, ask = excluded.ask,
  volume = excluded.volume, currency = excluded.currency, minor_factor = excluded.minor_factor,
  session = excluded.session, delay_seconds = excluded.delay_seconds, as_of_basis = excluded.as_of_basis`;

/** When something agreed with a row: not yet, where nothing does as it is stored; `settle` says when. */
const settledAt = `CASE WHEN provisional THEN 'infinity'::timestamptz END`;

/** Rows by `quoteColumnsOf`, from the third parameter on. */
const input = `
  input AS MATERIALIZED (
    SELECT listing_id, $1::text AS source, to_timestamp(as_of / 1000.0::float8) AS as_of, price, previous_close, bid, ask, volume, currency, minor_factor, session, delay_seconds, as_of_basis,
           to_timestamp(fetched_at / 1000.0::float8) AS fetched_at, statement_timestamp() AS ingested_at,
           $2::bigint AS batch_id, provisional
    FROM ${quoteInput(3)}
  )`;

/** Of several rows of a listing, the one that may become its latest. */
const newestInput = `
  (SELECT DISTINCT ON (listing_id) * FROM input ORDER BY listing_id, as_of_basis = 'exchange' DESC, as_of DESC) AS newest`;

/**
 * The latest rows come first, as `lockLatest` has them: two that first meet on a listing here would otherwise each hold
 * what the other waits for. `stored` looks at `latest` for no other reason.
 */
const storeText = `
  WITH ${input}, latest AS (
    INSERT INTO latest_quote AS s (${columns}, confirmed_at, provisional) SELECT ${columns}, fetched_at, provisional FROM ${newestInput}
    ON CONFLICT (listing_id, source) DO UPDATE SET ${content}, as_of = excluded.as_of,
      fetched_at = CASE WHEN s.as_of = excluded.as_of AND ${sameContent} THEN s.fetched_at ELSE excluded.fetched_at END,
      ingested_at = CASE WHEN s.as_of = excluded.as_of AND ${sameContent} THEN s.ingested_at ELSE excluded.ingested_at END,
      batch_id = CASE WHEN s.as_of = excluded.as_of AND ${sameContent} THEN s.batch_id ELSE excluded.batch_id END,
      confirmed_at = excluded.fetched_at, provisional = excluded.provisional
    WHERE CASE WHEN excluded.as_of_basis = s.as_of_basis
               THEN excluded.as_of > s.as_of OR ${isOfTheFuture('s.as_of')}
                 OR (excluded.as_of = s.as_of AND ${isFetchedLater('excluded.fetched_at', 's.confirmed_at')})
               ELSE excluded.as_of_basis = 'exchange' OR ${isOfTheFuture('s.as_of')} END
    RETURNING 1
  ), stored AS (
    INSERT INTO quote AS s (${columns}, settled_at) SELECT ${columns}, ${settledAt} FROM input WHERE (SELECT count(*) FROM latest) >= 0
    ON CONFLICT (listing_id, source, as_of) DO UPDATE SET ${content},
      settled_at = CASE WHEN ${sameContent} THEN s.settled_at ELSE excluded.settled_at END,
      fetched_at = CASE WHEN ${sameContent} THEN s.fetched_at ELSE excluded.fetched_at END,
      ingested_at = CASE WHEN ${sameContent} THEN s.ingested_at
                         ELSE greatest(excluded.ingested_at, s.ingested_at) + interval '1 microsecond' END,
      batch_id = CASE WHEN ${sameContent} THEN s.batch_id ELSE excluded.batch_id END,
      confirmed_at = CASE WHEN ${sameContent} THEN excluded.fetched_at END
    WHERE ${isFetchedLater('excluded.fetched_at', 'coalesce(s.confirmed_at, s.fetched_at)')}
      AND NOT EXISTS (SELECT FROM latest_quote l WHERE l.listing_id = s.listing_id AND l.source = s.source AND l.as_of = s.as_of
                      AND (${sameContent} OR NOT ${isFetchedLater('excluded.fetched_at', 'l.confirmed_at')}))
    RETURNING s.batch_id = $2::bigint AS written, s.ingested_at <> statement_timestamp() AS revised,
      s.listing_id || ' ' || (date_part('epoch', s.as_of) * 1000)::int8 AS key
  )
  SELECT count(*) FILTER (WHERE written)::int AS written, count(*) FILTER (WHERE written AND revised)::int AS revised,
         string_agg(key, ',') FILTER (WHERE written AND NOT revised) AS "newKeys",
         string_agg(key, ',') FILTER (WHERE written AND revised) AS "revisedKeys"
  FROM stored`;

/** For rows that are newer than the latest, which is locked: nothing to look for, so a third cheaper. */
const appendText = `
  WITH ${input}, stored AS (
    INSERT INTO quote (${columns}, settled_at) SELECT ${columns}, ${settledAt} FROM input
  )
  UPDATE latest_quote AS s SET (${columns}, confirmed_at, provisional) = ROW (${columns
    .split(',')
    .map((column) => `input.${column.trim()}`)
    .join(', ')}, input.fetched_at, input.provisional)
  FROM input WHERE s.listing_id = input.listing_id AND s.source = input.source`;

/** Rows that are not served: they never become the latest, and replace none that is right. */
const wrongText = `
  WITH ${input}, stored AS (
    INSERT INTO quote AS s (${columns}) SELECT ${columns} FROM input
    ON CONFLICT (listing_id, source, as_of) DO UPDATE SET ${content}, fetched_at = excluded.fetched_at,
      ingested_at = greatest(excluded.ingested_at, s.ingested_at) + interval '1 microsecond', batch_id = excluded.batch_id,
      confirmed_at = NULL
    WHERE ${isFetchedLater('excluded.fetched_at', 'coalesce(s.confirmed_at, s.fetched_at)')} AND NOT (${sameContent})
      AND ${isWrong('s')}
    RETURNING s.batch_id = $2::bigint AS written, s.ingested_at <> statement_timestamp() AS revised
  )
  SELECT count(*) FILTER (WHERE written)::int AS written, count(*) FILTER (WHERE written AND revised)::int AS revised
  FROM stored`;

const placedRow = z.object({ place: z.int() });

const countsRow = z.object({ written: z.int(), revised: z.int() });
const storedRow = countsRow.extend({ newKeys: z.string().nullable(), revisedKeys: z.string().nullable() });

/** Which quotes were new, and which had another content before. */
export interface StoredQuotes {
  readonly stored: readonly ListedQuote[];
  readonly revised: readonly ListedQuote[];
}

/**
 * Stores checked quotes of a source, by listing id, with their latest rows. Gives those that were new or replaced.
 *
 * `latest` is what `lockLatest` gave in this transaction. A row with the exchange's time that is newer than it is taken
 * to be new and appended. It is not if a row with the time of a fetch has its very millisecond: then Postgres refuses
 * it (`isDuplicateKey`), and the transaction is done again without `latest`, comparing every row.
 */
export async function storeQuotes(
  db: Connection,
  sourceId: string,
  batchId: string,
  rows: readonly ListedQuote[],
  latest: ReadonlyMap<number, LatestQuote>,
): Promise<StoredQuotes> {
  const { append, compare } = divide(rows, latest);
  const stored = [...append];
  const revised: ListedQuote[] = [];
  for (const part of chunked(append, rowsPerStatement))
    await db.query({
      name: 'append-quotes',
      text: appendText,
      values: [sourceId, batchId, ...quoteColumnsOf(part)],
    });
  for (const part of chunked(compare, rowsPerStatement)) {
    const answer = await db.query({
      name: 'store-quotes',
      text: storeText,
      values: [sourceId, batchId, ...quoteColumnsOf(part)],
    });
    const { written, newKeys, revisedKeys } = storedRow.parse(answer.rows[0]);
    if (written === part.length && revisedKeys === null) stored.push(...part);
    else {
      stored.push(...rowsWith(part, newKeys));
      revised.push(...rowsWith(part, revisedKeys));
    }
  }
  return { stored, revised };
}

/**
 * Stores quotes that are not served. Gives those that have no place besides, since a right row of their market time is
 * stored: they are for quarantine.
 */
export async function storeWrongQuotes(
  db: Connection,
  sourceId: string,
  batchId: string,
  wrong: readonly WrongQuote[],
): Promise<{ written: number; revised: number; unplaced: readonly WrongQuote[] }> {
  if (wrong.length === 0) return { written: 0, revised: 0, unplaced: [] };
  const rows = wrong.map((each) => each.row);
  const answer = await db.query({
    name: 'store-wrong-quotes',
    text: wrongText,
    values: [sourceId, batchId, ...quoteColumnsOf(rows)],
  });
  const placed = await db.query({
    name: 'placed-quotes',
    text: `SELECT w.place::int AS place FROM unnest($2::int[], $3::int8[], $4::numeric[]) WITH ORDINALITY AS w (listing_id, as_of, price, place)
           JOIN quote q ON q.listing_id = w.listing_id AND q.source = $1 AND q.as_of = to_timestamp(w.as_of / 1000.0::float8)
             AND q.price = w.price`,
    values: [
      sourceId,
      numbers(rows.map((row) => row.listing.id)),
      numbers(rows.map((row) => row.quote.asOf)),
      numbers(rows.map((row) => row.quote.price)),
    ],
  });
  const places = new Set(rowsOf(placedRow, placed).map(({ place }) => place));
  return {
    ...countsRow.parse(answer.rows[0]),
    unplaced: wrong.filter((_, index) => !places.has(index + 1)),
  };
}

/** The rows of some keys, as `storeText` gives them. */
function rowsWith(rows: readonly ListedQuote[], keys: string | null): ListedQuote[] {
  if (keys === null) return [];
  const wanted = new Set(keys.split(','));
  return rows.filter((row) => wanted.has(`${row.listing.id} ${row.quote.asOf}`));
}

/** Rows that are new for certain, one per listing, and rows that must be compared with what is stored. */
function divide(rows: readonly ListedQuote[], latest: ReadonlyMap<number, LatestQuote>) {
  const append: ListedQuote[] = [];
  const compare: ListedQuote[] = [];
  for (const [index, row] of rows.entries()) {
    const { id } = row.listing;
    const prior = latest.get(id);
    const alone = rows[index - 1]?.listing.id !== id && rows[index + 1]?.listing.id !== id;
    const newer = prior?.timed === true && row.quote.asOfBasis === 'exchange' && row.quote.asOf > prior.asOf;
    if (alone && newer) append.push(row);
    else compare.push(row);
  }
  return { append, compare };
}
