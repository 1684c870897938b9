import type { DecimalText } from './decimal.ts';

/** Lengths of a bar, as Yahoo writes them. */
export const barIntervals = ['1m', '5m', '15m', '1h', '1d', '1wk', '1mo'] as const;
export type BarInterval = (typeof barIntervals)[number];

const minuteMs = 60_000;
const lengths: Readonly<Record<BarInterval, number>> = {
  '1m': minuteMs,
  '5m': 5 * minuteMs,
  '15m': 15 * minuteMs,
  '1h': 60 * minuteMs,
  '1d': 1440 * minuteMs,
  '1wk': 7 * 1440 * minuteMs,
  '1mo': 31 * 1440 * minuteMs,
};

/** The length of a bar in milliseconds, the longest one of months. */
export function intervalMs(interval: BarInterval): number {
  return lengths[interval];
}

/** What a source has already done to the prices of its bars. */
export const barBases = ['raw', 'splits', 'splits_and_dividends'] as const;
export type BarBasis = (typeof barBases)[number];

/** Open, high, low, close and volume over one interval, in major currency units. */
export interface BarPrices {
  /** The trading day in the venue's zone, `yyyy-mm-dd`; `null` for intraday bars. */
  readonly date: string | null;
  readonly open: DecimalText | null;
  readonly high: DecimalText | null;
  readonly low: DecimalText | null;
  readonly close: DecimalText;
  readonly volume: DecimalText | null;
  readonly currency: string;
}

/** A bar as its source gave it. */
export interface Bar extends BarPrices {
  readonly interval: BarInterval;
  /** Start of the interval, milliseconds since the Unix epoch. */
  readonly startsAt: number;
  readonly minorFactor: number;
  /** The line of the file that it was imported from. */
  readonly line?: number;
}

/** What changes a listing's prices without a trade. */
export const corporateActionTypes = ['split', 'dividend', 'capital_gain'] as const;
export type CorporateActionType = (typeof corporateActionTypes)[number];

/**
 * A split (`ratio` 4 for 4:1), a cash dividend or a capital gain that a fund pays out (`amount` per share in `currency`,
 * major units).
 */
export interface CorporateAction {
  readonly type: CorporateActionType;
  /** `yyyy-mm-dd` in the venue's zone. */
  readonly exDate: string;
  readonly ratio: DecimalText | null;
  readonly amount: DecimalText | null;
  readonly currency: string | null;
}
