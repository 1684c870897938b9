import type { JobKind } from '../../core/contracts/words/job-kinds.ts';
import type { KnownListing } from '../../core/market/instrument.ts';

/** When good answers were fetched, in milliseconds since the epoch. */
export const fetchedAt = Date.UTC(2026, 10, 20, 15);

/**
 * A good answer of an API source, with the one price of it that tests change. Each source has its own in
 * `tests/unit/sources/<id>/good-answers.ts`, as `goodAnswers`.
 */
export interface GoodAnswer {
  readonly kind: JobKind;
  /**
   * The body with this price, or with any other JSON value in its place. The price is in major units: a source that writes
   * cents multiplies what is a number.
   */
  readonly body: (price: unknown) => unknown;
  /** The right one. */
  readonly price: number;
  /** The source writes numbers as text. */
  readonly asText?: boolean;
  readonly url: string;
  /** In the source's namespace. */
  readonly symbol: string;
  readonly listing: KnownListing;
  /** How many records it has. */
  readonly rows: number;
}

/** Where shares of good answers are listed. */
export const listedShare: KnownListing = {
  id: 1,
  assetClass: 'equity',
  mic: 'XNAS',
  currency: 'USD',
  minorFactor: 1,
  zone: 'America/New_York',
};
