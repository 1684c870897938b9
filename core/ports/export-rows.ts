import type { ExportPart } from '../contracts/http/exports.ts';
import type { BarPrices } from '../market/bar.ts';
import type { DecimalText } from '../market/decimal.ts';
import type { Provenance } from '../market/provenance.ts';
import type { ArchivedQuote, Microseconds } from '../prices/history/archived-quote.ts';
import type { ListingNames } from './archive-store.ts';
import type { SeriesSpan } from './history-archive.ts';

/** A version of a stored bar: what it said, and when it was known. */
export interface ExportedBar extends BarPrices, Provenance {
  readonly listingId: number;
  readonly source: string;
  readonly startsAt: Microseconds;
  readonly minorFactor: number;
  readonly basis: string;
  readonly basisAt: Microseconds;
  readonly stale: boolean;
  readonly fetchedAt: Microseconds;
  readonly ingestedAt: Microseconds;
  readonly knownTo: Microseconds | null;
  /** Since when its source does not give it any more. */
  readonly withdrawnAt: Microseconds | null;
}

/** A version of a split or payment. */
export interface ExportedAction {
  readonly listingId: number;
  readonly source: string;
  readonly type: string;
  readonly exDate: string;
  readonly ratio: DecimalText | null;
  readonly amount: DecimalText | null;
  readonly currency: string | null;
  /** When it was fetched, and from when to when it was known. */
  readonly fetchedAt: Microseconds;
  readonly ingestedAt: Microseconds;
  readonly knownTo: Microseconds | null;
  readonly withdrawnAt: Microseconds | null;
  readonly batchId: string;
}

/** What a price of a day is multiplied with. */
export interface ExportedFactor {
  readonly listingId: number;
  readonly source: string;
  readonly date: string;
  /** From the shares of the day to today's; `null` where what is stored does not say. */
  readonly split: DecimalText | null;
  /** Takes payments off that came later; `null` where what is stored does not say. */
  readonly dividend: DecimalText | null;
}

export interface ExportedListing {
  readonly id: number;
  readonly exchange: string;
  readonly zone: string;
}

/** What is exported, of the sources whose rows may be in it. */
export interface ExportRows {
  listings(ids: readonly number[]): Promise<ExportedListing[]>;
  /** What the listings of some rows are called. */
  namesOf(rows: readonly { readonly listingId: number }[]): Promise<ListingNames>;
  /** Months in [from, to] that have quotes. */
  quoteMonths(from: string, to: string): Promise<string[]>;
  /** Of each exchange and interval, the months from the first to the last bar of some listings. */
  barMonths(
    ids: readonly number[],
  ): Promise<{ readonly exchange: string; readonly interval: string; readonly first: string; readonly last: string }[]>;
  /** The sources that have a price of each listing, in order. */
  sourcesOf(ids: readonly number[]): Promise<{ readonly listingId: number; readonly source: string }[]>;
  /** Every version of the quotes of a series, from the archive and the database as one, in the order of the archive. */
  quotes(span: SeriesSpan): Promise<ArchivedQuote[]>;
  /** Every version of the bars that begin in [from, to), in order of listing, source, start and time of knowledge. */
  bars(ids: readonly number[], interval: string, from: Microseconds, to: Microseconds): Promise<ExportedBar[]>;
  /** Every version of all splits and payments. */
  actions(ids: readonly number[]): Promise<ExportedAction[]>;
  /** Of each source and each day in [from, to] that has a daily bar. */
  factors(listing: ExportedListing, from: string, to: string): Promise<ExportedFactor[]>;
}

/** Files of an export. */
export interface ExportFormat {
  quotes(rows: readonly ArchivedQuote[], names: ListingNames, part: ExportPart): Uint8Array;
  bars(rows: readonly ExportedBar[], names: ListingNames, part: ExportPart): Uint8Array;
  actions(rows: readonly ExportedAction[], names: ListingNames, part: ExportPart): Uint8Array;
  factors(rows: readonly ExportedFactor[], names: ListingNames, part: ExportPart): Uint8Array;
}
