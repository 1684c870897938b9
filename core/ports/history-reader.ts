import type { KnownQuote, StoredQuote } from '../market/stored-quote.ts';

/** Which prices of the past are wanted. Instants are ISO 8601 texts; `-infinity` and `infinity` are the ends of time. */
export interface HistoryWanted {
  readonly listingId: number;
  readonly source: string;
  readonly from: string;
  readonly to: string;
  readonly knownAt: string | null;
  readonly revisions: boolean;
  readonly raw: boolean;
  readonly repaired: boolean;
  readonly order: 'asc' | 'desc';
  readonly after: { asOf: string; knownFrom: string } | null;
  readonly limit: number;
}

/** Reads of prices of the past: from the database, from the archive, or from both as one. */
export interface HistoryReader {
  /**
   * What every source's newest price was, as known at an instant: of each listing and source the latest `asOf`
   * among the rows that were current then.
   */
  knownAt(listingIds: readonly number[], knownAt: string): Promise<(StoredQuote & { readonly listingId: number })[]>;
  /**
   * Prices of one source in [from, to), one page from `after` on; throws `LicenceError` for one that must not be seen. With `revisions`, corrected ones are included; with
   * `knownAt`, each is as it was known then; with `raw`, those that a finding calls wrong are included; with `repaired`, what an
   * accepted finding proposes stands in place of a price.
   */
  history(of: HistoryWanted): Promise<KnownQuote[]>;
}
