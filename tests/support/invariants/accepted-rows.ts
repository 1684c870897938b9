import type { ListedQuote } from '../../../core/market/listed-quote.ts';
import type { BatchReading } from './batch-readings.ts';
import { plain, type StoredBar, type StoredQuote } from './stored-rows.ts';

/** The version of an accepted quote, bar or member, with the batch that brought it. */
export type Accepted<Row> = Row & { readonly batchId: string };

export type QuoteRow = Omit<StoredQuote, 'ingestedAt'>;
export type BarRow = Omit<StoredBar, 'ingestedAt' | 'withdrawn'>;

/** The quotes of a batch that are served, as they are stored. */
export function acceptedQuotes({ batch, quotes }: BatchReading): Accepted<QuoteRow>[] {
  return asStored(batch, quotes);
}

/** The quotes of a batch that are not served, as they are stored. */
export function wrongQuotes({ batch, wrong }: BatchReading): Accepted<QuoteRow>[] {
  return asStored(batch, wrong);
}

function asStored(batch: BatchReading['batch'], quotes: readonly ListedQuote[]): Accepted<QuoteRow>[] {
  return quotes.map(({ listing, quote, fetchedAt }: ListedQuote) => ({
    ...quote,
    listingId: listing.id,
    source: batch.sourceId,
    price: plain(quote.price),
    previousClose: plain(quote.previousClose),
    bid: plain(quote.bid),
    ask: plain(quote.ask),
    volume: plain(quote.volume),
    fetchedAt,
    batchId: batch.id,
  }));
}

/** The bars of a batch, as they are stored. */
export function acceptedBars({ batch, bars }: BatchReading): Accepted<BarRow>[] {
  return bars.flatMap(({ listing, basis, fetchedAt, bars: rows }) =>
    rows.map(({ line: _, ...bar }) => ({
      ...bar,
      listingId: listing.id,
      source: batch.sourceId,
      open: plain(bar.open),
      high: plain(bar.high),
      low: plain(bar.low),
      close: plain(bar.close),
      volume: plain(bar.volume),
      basis,
      fetchedAt,
      batchId: batch.id,
    })),
  );
}

/** The rows of a listing and source that may be the latest: the exchange's time beats that of a fetch; then the newest. */
export function newestOf(rows: readonly Accepted<QuoteRow>[]): Accepted<QuoteRow>[] {
  const timed = rows.filter((row) => row.asOfBasis === 'exchange');
  const eligible = timed.length > 0 ? timed : rows;
  const newest = Math.max(...eligible.map((row) => row.asOf));
  return eligible.filter((row) => row.asOf === newest);
}

/** Rows by `listing source`. */
export function ofListingAndSource<Row extends { listingId: number; source: string }>(rows: readonly Row[]) {
  return Map.groupBy(rows, (row) => `${row.listingId} ${row.source}`);
}
