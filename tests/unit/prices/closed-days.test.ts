import { describe, expect, it } from 'vitest';
import { type Bar, type BarInterval, intervalMs } from '../../../core/market/bar.ts';
import type { BarSeries } from '../../../core/market/bar-series.ts';
import type { KnownListing } from '../../../core/market/instrument.ts';
import { dateInZone, startOfDate } from '../../../core/market/zoned-date.ts';
import { judgeBars } from '../../../core/prices/judge-bars.ts';
import { listingOf } from '../../support/price-rows.ts';

const newYork = listingOf();
const currency: KnownListing = { ...newYork, mic: 'QFXS', zone: 'Europe/London', assetClass: 'fx' };
const future: KnownListing = { ...newYork, mic: 'XCME', zone: 'America/New_York', assetClass: 'future' };
const coin: KnownListing = { ...newYork, mic: 'QCRY', zone: 'UTC', assetClass: 'crypto' };
/** Trades from Sunday to Thursday, and no calendar is known. */
const qatar: KnownListing = { ...newYork, mic: 'DSMD', zone: 'Asia/Qatar' };

/** A bar with trades before, and bars at its close without a trade from an instant on. */
function filled(listing: KnownListing, interval: BarInterval, starts: readonly number[]): BarSeries {
  const bar = (startsAt: number, volume: string): Bar => ({
    ...{ interval, startsAt, open: '100', high: '100', low: '100', close: '100', volume },
    date: interval === '1d' ? dateInZone(startsAt, listing.zone) : null,
    ...{ currency: 'USD', minorFactor: 1 },
  });
  const first = (starts[0] ?? 0) - Math.max(intervalMs(interval), 86_400_000);
  const bars = [bar(first, '500'), ...starts.map((at) => bar(at, '0'))];
  const fetchedAt = (starts.at(-1) ?? 0) + 3 * 86_400_000;
  const rest = { basis: 'splits' as const, basisAt: fetchedAt, actions: [], fetchedAt, path: 'x' };
  return { listing, symbol: 'X', bars, ...rest };
}
const closed = (series: BarSeries) =>
  judgeBars(series, undefined).judged?.findings.filter(({ evidence }) => evidence.code === 'closed_day').length;
const from = (start: string, interval: BarInterval, count: number) =>
  Array.from({ length: count }, (_, index) => Date.parse(`${start}Z`) + index * intervalMs(interval));

describe('a filled bar on a closed day', () => {
  it.each(['1m', '5m', '15m', '1h'] as const)('is a finding in bars of %s', (interval) => {
    // Thanksgiving.
    expect(closed(filled(newYork, interval, from('2026-11-26T14:30:00', interval, 3)))).toBe(3);
  });

  it.each([
    ['the opening', Date.parse('2026-11-26T14:30:00Z')],
    ['midnight', startOfDate('2026-11-26', 'America/New_York') ?? 0],
  ])('is one in days, from a source that lets them begin with %s', (_, at) => {
    expect(closed(filled(newYork, '1d', [at]))).toBe(1);
  });

  it('is one between the sessions of a week of currencies, and of futures', () => {
    // Friday evening, after seventeen o'clock in New York and before, and Saturday.
    expect(closed(filled(currency, '1h', from('2026-11-20T23:00:00', '1h', 2)))).toBe(2);
    expect(closed(filled(currency, '1h', from('2026-11-20T19:00:00', '1h', 2)))).toBe(0);
    expect(closed(filled(future, '1h', from('2026-11-21T12:00:00', '1h', 2)))).toBe(2);
  });

  it('is none on a Sunday evening, when currencies and futures open', () => {
    expect(closed(filled(currency, '1m', from('2026-11-22T22:30:00', '1m', 20)))).toBe(0);
    expect(closed(filled(future, '1m', from('2026-11-22T23:30:00', '1m', 20)))).toBe(0);
  });

  it('is none round the clock, nor at venues of which no calendar is known', () => {
    expect(closed(filled(coin, '1h', from('2026-11-21T10:00:00', '1h', 3)))).toBe(0);
    expect(closed(filled(qatar, '1d', from('2026-11-22T07:00:00', '1d', 1)))).toBe(0);
  });
});

describe('days that are off by one', () => {
  /** Bars with trades on weekdays, of which those of before a day stand under the day before. */
  function displaced(until: string): BarSeries {
    const dayMs = 86_400_000;
    const days = Array.from({ length: 280 }, (_, index) => Date.parse('2026-02-02') + index * dayMs)
      .filter((at) => ![0, 6].includes(new Date(at).getUTCDay()))
      .map((at) => (at < Date.parse(until) ? at - dayMs : at));
    const bars = days.map((at, index): Bar => {
      const close = String(100 + (index % 7) / 10);
      const date = new Date(at).toISOString().slice(0, 10);
      const startsAt = startOfDate(date, newYork.zone) ?? at;
      const prices = { open: close, high: '101', low: '99.5', close, volume: String(10_007 + index) };
      return { interval: '1d', startsAt, date, ...prices, currency: 'USD', minorFactor: 1 };
    });
    const fetchedAt = (bars.at(-1)?.startsAt ?? 0) + 3 * dayMs;
    const rest = { basis: 'splits' as const, basisAt: fetchedAt, actions: [], fetchedAt, path: 'x' };
    return { listing: newYork, symbol: 'X', bars, ...rest };
  }

  it('are findings in all of a series, and in the summer of one whose winter is right', () => {
    expect(closed(displaced('2027-01-01'))).toBe(40);
    expect(closed(displaced('2026-09-01'))).toBe(31);
    expect(closed(displaced('2026-02-01'))).toBe(0);
  });
});
