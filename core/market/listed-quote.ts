import type { KnownListing } from './instrument.ts';
import type { Quote } from './quote.ts';

/** A quote whose listing is known, on its way to the database. */
export interface ListedQuote {
  readonly listing: KnownListing;
  readonly symbol: string;
  readonly quote: Quote;
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number;
  /** Where in the blob. */
  readonly path: string;
}
