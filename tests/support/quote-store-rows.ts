import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { registerListings } from '../../core/adapters/postgres/listings/listing-store.ts';
import type { JobKind } from '../../core/contracts/words/job-kinds.ts';
import type { Bar } from '../../core/market/bar.ts';
import type { BarSeries } from '../../core/market/bar-series.ts';
import type { KnownListing } from '../../core/market/instrument.ts';
import type { ListedQuote } from '../../core/market/listed-quote.ts';
import type { BatchHeader, IngestStore } from '../../core/ports/ingest-store.ts';
import type { Decision } from '../../core/prices/decision.ts';
import { noon } from './price-rows.ts';

/** A time of the tests, in seconds after a day's noon. */
export const at = (seconds: number): number => noon + seconds * 1000;

/** A share of Nasdaq, registered for a source. */
export async function registered(pool: Pool, source: string, symbol: string): Promise<KnownListing> {
  const listing = { mic: 'XNAS', currency: 'USD', minorFactor: 1, zone: 'America/New_York' };
  const known = await registerListings(pool, source, [
    { symbol, canonical: symbol, name: symbol, assetClass: 'equity', listing },
  ]);
  const found = known.get(symbol)?.at(-1)?.listing;
  if (!found) throw new Error(`${symbol} was not registered.`);
  return found;
}

/** Daily bars with these closes, the first on 2026-11-02, fetched at noon of the 20th. */
export function barSeries(
  listing: KnownListing,
  closes: readonly (string | number)[],
  differs: Partial<BarSeries> = {},
): BarSeries {
  const bars = closes.map((close, index): Bar => {
    const startsAt = Date.UTC(2026, 10, 2 + index, 14, 30);
    const price = String(close);
    return {
      interval: '1d',
      startsAt,
      date: new Date(startsAt).toISOString().slice(0, 10),
      open: price,
      high: price,
      low: price,
      close: price,
      volume: '10',
      currency: 'USD',
      minorFactor: 1,
    };
  });
  const fetchedAt = differs.fetchedAt ?? at(0);
  return {
    listing,
    symbol: 'TEST',
    basis: 'splits',
    basisAt: fetchedAt,
    bars,
    actions: [],
    fetchedAt,
    path: 'x',
    ...differs,
  };
}

export function header(sourceId: string, differs: Partial<BatchHeader> = {}): BatchHeader {
  const runId = differs.runId ?? randomUUID();
  return {
    blobKey: `raw/${sourceId}/${runId}`,
    parserVersion: 'test-1',
    runId,
    part: 0,
    attempt: 1,
    sourceId,
    kind: 'quotes',
    ...differs,
  };
}

/** Stores rows as they are, as one batch of a new blob. */
export async function stored(
  store: IngestStore,
  source: string,
  rows: {
    quotes?: readonly ListedQuote[];
    bars?: readonly BarSeries[];
    judged?: Decision['judged'];
    unknown?: Decision['unknown'];
  },
  batch: BatchHeader = header(source, { kind: rows.bars ? 'bars' : ('quotes' satisfies JobKind) }),
) {
  const decision: Decision = {
    quotes: rows.quotes ?? [],
    bars: rows.bars ?? [],
    judged: rows.judged ?? [],
    unknown: rows.unknown ?? [],
    rejected: [],
    statistics: [],
    verdict: { status: 'succeeded', reason: null, detail: null, message: null },
  };
  const listings = [...decision.quotes, ...decision.bars].map((row) => row.listing.id);
  return store.store(batch, listings, async () => decision);
}

/** One text column of a query, by row. */
export async function column(pool: Pool, text: string, values: readonly unknown[] = []): Promise<(string | null)[]> {
  const { rows } = await pool.query({ text, values: [...values], rowMode: 'array' });
  return z
    .array(z.tuple([z.union([z.string(), z.number(), z.boolean()]).nullable()]))
    .parse(rows)
    .map(([value]) => (value === null ? null : String(value)));
}

/** The price of a listing that a reader gets for what was known at a time. */
export async function priceKnownAt(
  pool: Pool,
  listing: KnownListing,
  asOf: number,
  knownAt: Date,
): Promise<string | null> {
  const found = await column(
    pool,
    `SELECT price FROM (
       SELECT price, ingested_at, 'infinity'::timestamptz AS known_to FROM quote WHERE listing_id = $1 AND as_of = $2
       UNION ALL SELECT price, ingested_at, known_to FROM quote_revision WHERE listing_id = $1 AND as_of = $2
     ) versions WHERE ingested_at <= $3 AND $3 < known_to`,
    [listing.id, new Date(asOf), knownAt],
  );
  return found[0] ?? null;
}

/** The database's own time, which is what revisions are dated by. */
export async function databaseTime(pool: Pool): Promise<Date> {
  // A Date has whole milliseconds: without the pause it could lie before what has just been stored.
  await pool.query('SELECT pg_sleep(0.002)');
  const { rows } = await pool.query('SELECT clock_timestamp() AS now');
  return z.object({ now: z.date() }).parse(rows[0]).now;
}
