import type { DecimalText } from '../market/decimal.ts';
import type { AssetClass, NamedListing } from '../market/instrument.ts';
import type { KnownQuote, StoredQuote } from '../market/stored-quote.ts';
import type { Confidence, ConsolidationRule } from '../prices/consolidate.ts';

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

/** Reads of quotes that the caller may see; all others are as if they were not there. Dates are `yyyy-mm-dd`, instants ISO 8601 text. */
export interface QuoteReader {
  /** The latest price of each symbol that exists on `date`: the consolidated one, or that of `source`. */
  latest(symbols: readonly string[], date: string, source: string | null): Promise<(PricedListing | UnpricedListing)[]>;
  /** A page of all that have a price, by symbol. */
  page(of: {
    after: string;
    date: string;
    source: string | null;
    assetClass: AssetClass | null;
    limit: number;
  }): Promise<PricedListing[]>;
  /** What every source says now of one listing. */
  candidates(listingId: number): Promise<StoredQuote[]>;
  /** What the symbols mean on a date, and which source is served for each. */
  listings(symbols: readonly string[], date: string): Promise<(NamedListing & ServedBy)[]>;
  /**
   * What every source's newest price was, as known at an instant: of each listing and source the latest `asOf`
   * among the rows that were current then.
   */
  knownAt(listingIds: readonly number[], knownAt: string): Promise<(StoredQuote & { readonly listingId: number })[]>;
  /**
   * What was decided on listings, as it held at an instant; none for decisions of before they were kept, nor for a caller
   * who sees some sources only.
   */
  decidedAt(listingIds: readonly number[], knownAt: string): Promise<(ServedBy & { readonly listingId: number })[]>;
  /**
   * Prices of one source in [from, to), one page from `after` on; throws `LicenceError` for one that must not be seen. With `revisions`, corrected ones are included; with
   * `knownAt`, each is as it was known then; with `raw`, those that a finding calls wrong are included; with `repaired`, what an
   * accepted finding proposes stands in place of a price.
   */
  history(of: {
    listingId: number;
    source: string;
    from: string;
    to: string;
    knownAt: string | null;
    revisions: boolean;
    raw: boolean;
    repaired: boolean;
    order: 'asc' | 'desc';
    after: { asOf: string; knownFrom: string } | null;
    limit: number;
  }): Promise<KnownQuote[]>;
  /**
   * Of some listings, those that have a price, but none that the caller may see; with `source`, of that one. For a caller
   * who sees all, none.
   */
  hidden(listingIds: readonly number[], source: string | null): Promise<ReadonlySet<number>>;
  /** Symbols with the same first letter, to guess what a mistyped one meant. */
  symbolsLike(symbol: string, date: string): Promise<string[]>;
}
