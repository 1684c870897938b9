import type { KnownListing } from './instrument.ts';
import type { Quote } from './quote.ts';

/** A quote with its listing, before it is stored. */
export interface ListedQuote {
  readonly listing: KnownListing;
  readonly symbol: string;
  readonly quote: Quote;
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number;
  /** The path in the blob. */
  readonly path: string;
  /** Nothing has agreed with its price yet: it is the first of its source, or the first after a step. */
  readonly provisional?: boolean;
}
