import type { BarBasis, CorporateAction } from './bar.ts';
import type { DecimalText } from './decimal.ts';

/** A bar as stored. Days are `yyyy-mm-dd` in the venue's zone. */
export interface StoredBar {
  readonly startsAt: Date;
  /** The trading day; of an intraday bar, the day it began on. */
  readonly day: string;
  /** The trading day; `null` for intraday bars. */
  readonly date: string | null;
  readonly open: DecimalText | null;
  readonly high: DecimalText | null;
  readonly low: DecimalText | null;
  readonly close: DecimalText;
  readonly volume: DecimalText | null;
  readonly currency: string;
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
