import type { BarBasis, BarPrices, CorporateAction } from './bar.ts';

/** A bar as stored. Days are `yyyy-mm-dd` in the venue's zone. */
export interface StoredBar extends BarPrices {
  readonly startsAt: Date;
  /** The trading day; of an intraday bar, the day it began on. */
  readonly day: string;
  readonly basis: BarBasis;
  /** As of when its prices are adjusted: in milliseconds since the epoch, and the day. */
  readonly basisAt: number;
  readonly basisDay: string;
  /** Fetched before a split that changes it took effect. */
  readonly stale: boolean;
  readonly fetchedAt: Date;
}

/** A split or dividend as a source has given it, and since when it is known, in milliseconds since the epoch. */
export interface StoredAction extends CorporateAction {
  readonly source: string;
  readonly knownAt: number;
  /** The day of `knownAt` in the venue's zone. */
  readonly knownDay: string;
}
