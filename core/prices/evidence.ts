import type { BarInterval, CorporateAction } from '../market/bar.ts';
import type { StoredRow } from './rules/series.ts';

/** What the database holds of a listing from the same source, when its next row is judged. */
export interface PriorQuote {
  readonly price: number;
  readonly asOf: number;
}

/** The latest stored quote of a listing. */
export interface LatestPrior extends PriorQuote {
  /** When it was fetched, in milliseconds since the epoch; `undefined` says that it was before any row it is compared with. */
  readonly fetchedAt?: number;
  /** Nothing has agreed with it yet. */
  readonly provisional?: boolean;
}

/** A stored quote of the same source. */
export interface RecentQuote extends PriorQuote {
  readonly fetchedAt: number;
  /** A finding that holds says so. */
  readonly wrong: boolean;
}

/** What is known around a quote. */
export interface QuoteSurroundings {
  /** Of the same source up to its market time, the newest first. */
  readonly recent: readonly RecentQuote[];
  /** That the same source names. `ratio` is new shares per old one. */
  readonly splits: readonly { readonly exDate: string; readonly ratio: number }[];
  /** The newest daily bar of the same source that no finding calls wrong. */
  readonly lastBar: { readonly close: number; readonly at: number } | null;
  /** The exchange-timed latest prices of other sources. */
  readonly others: readonly (PriorQuote & { readonly provisional: boolean })[];
  /** What the listing usually moves in a day, as a fraction; `null` where its bars do not say. */
  readonly usualMove: number | null;
}

/** The time of a series of bars: first and last start, in milliseconds since the epoch. */
export interface SeriesSpan {
  readonly listingId: number;
  readonly interval: BarInterval;
  readonly from: number;
  readonly to: number;
  readonly fetchedAt: number;
}

/** What is stored of the bars of a listing from the same source. */
export interface StoredSeries {
  /** In the time of the series, without those that are withdrawn. */
  readonly rows: readonly StoredRow[];
  /** All of the listing, without those that are withdrawn. */
  readonly actions: readonly CorporateAction[];
  /** Answers that were fetched after this one and read before it. */
  readonly later?: readonly LaterAnswer[];
}

/** The range that an answer spoke for, in milliseconds since the epoch. */
export interface LaterAnswer {
  readonly interval: BarInterval;
  readonly from: number;
  readonly to: number;
  readonly fetchedAt: number;
}

/** What a row is judged by besides itself. */
export interface Evidence {
  /** By listing id: the latest stored quote of the same source. */
  readonly priors: ReadonlyMap<number, LatestPrior>;
  /**
   * By listing id: the newest quote of the same source that was fetched no later than an instant (milliseconds since the
   * epoch). Looked up for answers that come late.
   */
  priorsAt?(fetches: ReadonlyMap<number, number>): Promise<ReadonlyMap<number, PriorQuote>>;
  /** By `listing id interval`: what is stored of these series. Looked up for bars. */
  storedSeries?(spans: readonly SeriesSpan[]): Promise<ReadonlyMap<string, StoredSeries>>;
  /** What is known around each of some quotes, in their order. Looked up for first rows and suspects only. */
  around?(
    rows: readonly { readonly listingId: number; readonly asOf: number }[],
  ): Promise<readonly QuoteSurroundings[]>;
  /**
   * To be awaited between pieces of work that take the processor for long: the database ends a transaction that is silent
   * for some seconds, since its container may be gone.
   */
  rest?(): Promise<void>;
}
