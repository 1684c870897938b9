/** The events of a batch: what its transaction has stored, by block of listings. */
import type * as z from 'zod';
import { chunked } from '../contracts/chunked.ts';
import { mostListings, mostRows, type NewEvent, type ofQuotes } from '../contracts/events/event.ts';
import type { BatchOrigin } from '../contracts/events/words.ts';
import type { JobKind } from '../contracts/words/job-kinds.ts';
import type { BarInterval, CorporateActionType } from '../market/bar.ts';
import type { ListedQuote } from '../market/listed-quote.ts';
import { byBlock } from './block.ts';

/** Bars of a series that a batch has stored. */
export interface SeriesRows {
  readonly listingId: number;
  readonly interval: BarInterval;
  readonly bars: number;
  /** Days, the last one included. */
  readonly from: string;
  readonly to: string;
}

/** A split or payment that is new, or says something else now. */
export interface ChangedAction {
  readonly listingId: number;
  readonly action: CorporateActionType;
  readonly exDate: string;
  readonly ratio: string | null;
  readonly amount: string | null;
  readonly currency: string | null;
}

/** A bar, split or payment that is withdrawn. */
export interface WithdrawnRow {
  readonly listingId: number;
  readonly interval: BarInterval;
  readonly day: string;
  readonly isAction: boolean;
}

/** What a batch has stored. */
export interface StoredRows {
  readonly batchId: string;
  readonly sourceId: string;
  readonly runId: string;
  readonly part: number;
  readonly blobKey: string;
  readonly parserVersion: string;
  readonly kind: JobKind;
  readonly origin: BatchOrigin;
  readonly counts: {
    readonly accepted: number;
    readonly rejected: number;
    readonly written: number;
    readonly revised: number;
  };
  /** Whether rows were put in quarantine. */
  readonly held: boolean;
  readonly quotes: { readonly stored: readonly ListedQuote[]; readonly revised: readonly ListedQuote[] };
  readonly bars: { readonly stored: readonly SeriesRows[]; readonly revised: readonly SeriesRows[] };
  readonly actions: readonly ChangedAction[];
  readonly withdrawn: readonly WithdrawnRow[];
  /** What its answers are of: listings, and market times in milliseconds since the epoch. */
  readonly listingIds: readonly number[];
  readonly span: { readonly from: number; readonly to: number } | null;
}

/**
 * An event of new quotes before it is written. Most events of a day are such ones, so the outbox keeps them by column
 * (`quote-columns.ts`).
 */
export interface QuotesEvent {
  readonly type: 'quotes.stored';
  readonly data: z.output<typeof ofQuotes>;
  /** Of the batch. */
  readonly counts: StoredRows['counts'];
  readonly quotes: readonly ListedQuote[];
  /** The canonical symbols of their listings. */
  readonly symbols: readonly string[];
}

/**
 * The events of a batch. Of rows in bulk it is one, `batch.completed`, in place of those of new rows; what they change of
 * stored rows is told as always. Listings are called by `symbolOf`.
 */
export function eventsOfBatch(rows: StoredRows, symbolOf: (listingId: number) => string): (NewEvent | QuotesEvent)[] {
  const { batchId, sourceId, runId, part, blobKey, parserVersion, kind, origin, counts } = rows;
  const batch = { batchId, sourceId, runId, part, blobKey, parserVersion, origin };
  const named = <Row extends { readonly listingId: number }>(row: Row) => ({ ...row, symbol: symbolOf(row.listingId) });

  const stored = (quotes: readonly ListedQuote[]): QuotesEvent[] =>
    inBlocks(quotes, (row) => row.listing.id).map(([block, some]) => ({
      ...{ type: 'quotes.stored', data: { ...batch, block }, counts, quotes: some },
      symbols: some.map((row) => symbolOf(row.listing.id)),
    }));
  const revised = (quotes: readonly ListedQuote[]): NewEvent[] =>
    inBlocks(quotes, (row) => row.listing.id).map(([block, some]) => ({
      type: 'quotes.revised',
      data: { ...batch, block, rows: some.map((row) => quoteRow(row, symbolOf(row.listing.id))) },
    }));
  const barsOf = (type: 'bars.stored' | 'bars.revised', series: readonly SeriesRows[]): NewEvent[] =>
    inBlocks(series, (row) => row.listingId).map(([block, some]) => ({
      type,
      data: { ...batch, block, series: some.map(named) },
    }));

  return [
    ...(origin === 'live'
      ? [
          ...stored(rows.quotes.stored),
          ...barsOf('bars.stored', rows.bars.stored),
          ...(kind === 'constituents' && counts.accepted > 0
            ? [{ type: 'constituents.stored', data: { ...batch, ...counts } } as const]
            : []),
        ]
      : [completed(rows, batch, symbolOf)]),
    ...revised(rows.quotes.revised),
    ...barsOf('bars.revised', rows.bars.revised),
    ...(kind === 'constituents' && counts.revised > 0
      ? [{ type: 'constituents.revised', data: { ...batch, ...counts } } as const]
      : []),
    ...inBlocks(rows.actions, (row) => row.listingId).map(
      ([block, some]): NewEvent => ({ type: 'actions.changed', data: { ...batch, block, actions: some.map(named) } }),
    ),
    ...byBlock(rows.withdrawn, (row) => row.listingId).map(
      ([block, some]): NewEvent => ({
        type: 'bars.withdrawn',
        data: { ...batch, block, ...withdrawalOf(some, symbolOf) },
      }),
    ),
    ...(rows.held ? [{ type: 'quarantine.added', data: { ...batch, ...counts } } as const] : []),
  ];
}

function quoteRow({ listing, quote, fetchedAt, provisional }: ListedQuote, symbol: string) {
  const { price, previousClose, bid, ask, volume, currency, session, delaySeconds, asOfBasis } = quote;
  return {
    ...{ listingId: listing.id, symbol, asOf: new Date(quote.asOf).toISOString(), asOfBasis },
    ...{ fetchedAt: new Date(fetchedAt).toISOString(), price, previousClose, bid, ask, volume, currency, session },
    ...{ delaySeconds, provisional: provisional === true },
  };
}

/** Rows by block, not more than an event may have. */
function inBlocks<Row>(rows: readonly Row[], listingIdOf: (row: Row) => number): [number, Row[]][] {
  return byBlock(rows, listingIdOf).flatMap(([block, own]) =>
    chunked(own, mostRows).map((some): [number, Row[]] => [block, some]),
  );
}

type BatchData = Extract<NewEvent, { type: 'constituents.stored' }>['data'];

function completed(
  { kind, counts, listingIds, span }: StoredRows,
  batch: Omit<BatchData, keyof StoredRows['counts']>,
  symbolOf: (id: number) => string,
): NewEvent {
  return {
    type: 'batch.completed',
    data: {
      ...batch,
      kind,
      ...counts,
      listings: listingIds.slice(0, mostListings).map((listingId) => ({ listingId, symbol: symbolOf(listingId) })),
      listingCount: listingIds.length,
      from: span && new Date(span.from).toISOString(),
      to: span && new Date(span.to).toISOString(),
    },
  };
}

/** What a source does not tell any more, by listing and interval. */
function withdrawalOf(withdrawn: readonly WithdrawnRow[], symbolOf: (id: number) => string) {
  const series = Map.groupBy(withdrawn, ({ listingId, interval }) => `${listingId} ${interval}`);
  const listings = [...series.values()].flatMap((gone) => {
    const [first] = gone;
    const days = gone.map((each) => each.day).sort();
    const [from, to] = [days[0], days.at(-1)];
    if (!first || from === undefined || to === undefined) return [];
    const actions = gone.filter((each) => each.isAction).length;
    const { listingId, interval } = first;
    return [{ listingId, symbol: symbolOf(listingId), interval, bars: gone.length - actions, actions, from, to }];
  });
  const actions = withdrawn.filter((row) => row.isAction).length;
  return { bars: withdrawn.length - actions, actions, listings };
}
