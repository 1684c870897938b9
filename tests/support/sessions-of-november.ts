/** Days of trading of November 2026 in New York, for tests of bars that are stored as they come. */
import type { Bar, CorporateAction } from '../../core/market/bar.ts';
import type { BarSeries } from '../../core/market/bar-series.ts';
import type { KnownListing } from '../../core/market/instrument.ts';

/** From Monday the 2nd to Friday the 20th. */
export const sessions: readonly string[] = [2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20].map(
  (day) => `2026-11-${String(day).padStart(2, '0')}`,
);

/** When the session of a day opens, in milliseconds. */
export function opening(date: string): number {
  return Date.parse(`${date}T14:30:00Z`);
}

/** Daily bars with these closes by day, split-adjusted as of their fetch. */
export function seriesOf(
  listing: KnownListing,
  closes: ReadonlyMap<string, string>,
  { fetchedAt, actions = [] }: { readonly fetchedAt: number; readonly actions?: readonly CorporateAction[] },
): BarSeries {
  const bars = [...closes].map(
    ([date, close]): Bar => ({
      interval: '1d',
      startsAt: opening(date),
      date,
      open: close,
      high: close,
      low: close,
      close,
      volume: '1000',
      currency: listing.currency,
      minorFactor: listing.minorFactor,
    }),
  );
  return { listing, symbol: 'TEST', basis: 'splits', basisAt: fetchedAt, bars, actions, fetchedAt, path: 'x' };
}

export function splitOn(exDate: string, ratio: string): CorporateAction {
  return { type: 'split', exDate, ratio, amount: null, currency: null };
}

export function dividendOn(exDate: string, amount: string, currency = 'USD'): CorporateAction {
  return { type: 'dividend', exDate, ratio: null, amount, currency };
}
