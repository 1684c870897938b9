import type { Bar, BarBasis, CorporateAction } from './bar.ts';
import type { KnownListing } from './instrument.ts';

/** The bars of one listing from one answer. */
export interface BarSeries {
  readonly listing: KnownListing;
  readonly symbol: string;
  readonly basis: BarBasis;
  readonly basisAt: number;
  readonly bars: readonly Bar[];
  readonly actions: readonly CorporateAction[];
  readonly fetchedAt: number;
  readonly path: string;
}
