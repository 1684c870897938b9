import type { DecimalText } from './decimal.ts';
import type { KnownListing } from './instrument.ts';

/** One member of an index, on a known listing. */
export interface IndexMember {
  readonly listing: KnownListing;
  readonly rank: number;
  /** A fraction. */
  readonly weight: DecimalText;
  /** `null` where the checks rejected the price. */
  readonly price: DecimalText | null;
  readonly previousClose: DecimalText | null;
}

/** The constituents of an index at a fetch. Of several fetches on a day of the index's zone, the last one is stored. */
export interface IndexSnapshot {
  readonly index: KnownListing;
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number;
  /** When it was so, where the page said another time than the fetch's. The day of this time is the snapshot's. */
  readonly asOf?: number | undefined;
  /** Each listing once. */
  readonly members: readonly IndexMember[];
}
