import type { DecimalText } from '../market/decimal.ts';
import type { AssetClass, NamedListing } from '../market/instrument.ts';
import type { StoredQuote } from '../market/stored-quote.ts';
import type { Confidence, ConsolidationRule } from '../prices/consolidate.ts';
import type { QuoteOrder } from '../prices/quote-order.ts';
import type { HistoryReader } from './history-reader.ts';

/** Which source's price is served for a listing, and why. All `null` before the first price. */
export interface ServedBy {
  readonly chosen: string | null;
  readonly rule: ConsolidationRule | null;
  readonly spread: DecimalText | null;
  readonly confidence: Confidence | null;
  /** The source whose previous close, bid and ask stand beside a price that has none. */
  readonly complement: string | null;
}

/** A listing with its price. */
export type PricedListing = NamedListing & ServedBy & StoredQuote;

/** A listing that has no price, or none from the source asked for. */
export type UnpricedListing = NamedListing & ServedBy & { readonly source: null };

/** Since when a change counts: since a mark of `changeMark`, of which nothing is missed, or since an instant. */
export type ChangedSince = { readonly mark: string } | { readonly at: string };

/** Which quotes a list has. */
export interface QuotesWanted {
  readonly date: string;
  readonly source: string | null;
  readonly assetClass: AssetClass | null;
  readonly mic: string | null;
  /** A part of the symbol or the name; case does not matter. */
  readonly text: string | null;
  /** Only what is on the watch list. */
  readonly watched: boolean;
  /** Symbols that are left out. */
  readonly except: readonly string[];
  readonly changedSince: ChangedSince | null;
}

/**
 * A page of a list in an order; those that are equal in it, by symbol. `after` is the last row before; or `offset` how many rows
 * there are before it, as they stand now.
 */
export interface QuotePage extends QuotesWanted {
  readonly order: QuoteOrder;
  readonly down: boolean;
  readonly after: { readonly value: string | null; readonly symbol: string } | null;
  readonly limit: number;
  readonly offset: number;
}

/** What decides how old a price may be, and so whether it is stale. */
export type PriceKind = Pick<NamedListing, 'mic' | 'zone' | 'assetClass'> &
  Pick<StoredQuote, 'source' | 'asOfBasis' | 'delaySeconds'>;

/** From when prices of a kind must be at the least: confirmed then, and, where that is known, of then. */
export interface OldestPrices {
  readonly confirmedAt: Date;
  readonly asOf: Date | null;
}

/** The prices of a kind in a session, summed up. */
export type PriceGroup = PriceKind &
  Pick<StoredQuote, 'session'> & { readonly instruments: number; readonly stale: number; readonly newestAsOf: Date };

/** How many listings of a class have a price, and how many of these are on the watch list. */
export interface ClassCount {
  readonly assetClass: AssetClass;
  readonly instruments: number;
  readonly watched: number;
}

/** A time of a listing, of which the prices of a source are wanted. Instants are ISO 8601 texts. */
export interface SparkWanted {
  readonly listingId: number;
  readonly source: string;
  readonly from: string;
  readonly to: string;
}

/** Reads of quotes that the caller may see; all others are as if they were not there. Dates are `yyyy-mm-dd`, instants ISO 8601 text. */
export interface QuoteReader extends HistoryReader {
  /** The latest price of each symbol that exists on `date`: the consolidated one, or that of `source`. */
  latest(symbols: readonly string[], date: string, source: string | null): Promise<(PricedListing | UnpricedListing)[]>;
  /** A page of those that have a price. */
  page(of: QuotePage): Promise<PricedListing[]>;
  /** All latest prices of a date, summed up. They are counted where they are stored: there may be a hundred thousand. */
  groups(date: string, oldest: (kind: PriceKind) => OldestPrices): Promise<PriceGroup[]>;
  /** The listings with a price on a date by class, the largest first. */
  classes(date: string): Promise<ClassCount[]>;
  /** Of each time the last price in each of so many equal parts; throws `LicenceError` for a source that must not be seen. */
  sparklines(wanted: readonly SparkWanted[], parts: number): Promise<(DecimalText | null)[][]>;
  /** How many there are; `null` where that would take reading all of them. */
  count(of: QuotesWanted): Promise<number | null>;
  /**
   * Where the stored prices stand now. What is read afterwards has all that is stored at the mark, and what is stored later has
   * changed since it, also by transactions that were under way: nothing is missed, some things may come twice.
   */
  changeMark(): Promise<string>;
  /** What every source says now of one listing. */
  candidates(listingId: number): Promise<StoredQuote[]>;
  /** What the symbols mean on a date, and which source is served for each. */
  listings(symbols: readonly string[], date: string): Promise<(NamedListing & ServedBy)[]>;
  /**
   * What was decided on listings, as it held at an instant; none for decisions of before they were kept, nor for a caller
   * who sees some sources only.
   */
  decidedAt(listingIds: readonly number[], knownAt: string): Promise<(ServedBy & { readonly listingId: number })[]>;
  /**
   * Of some listings, those that have a price, but none that the caller may see; with `source`, of that one. For a caller
   * who sees all, none.
   */
  hidden(listingIds: readonly number[], source: string | null): Promise<ReadonlySet<number>>;
  /** Symbols with the same first letter, to guess what a mistyped one meant. */
  symbolsLike(symbol: string, date: string): Promise<string[]>;
}
