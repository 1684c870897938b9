import { describe, expect, it } from 'vitest';
import type { BarSeries } from '../../../core/market/bar-series.ts';
import { answeredRange } from '../../../core/prices/answered-range.ts';
import type { StoredSeries } from '../../../core/prices/evidence.ts';
import { market, timeOf } from '../../support/calm-market.ts';
import { listingOf } from '../../support/price-rows.ts';

const day = 86_400_000;
const stored: StoredSeries = {
  rows: market.bars.map(({ startsAt, close }) => ({
    startsAt,
    close: Number(close),
    basisDay: '2026-01-01',
    settled: true,
  })),
  actions: [],
};

/** An answer with the rows of 60 that are kept, fetched when the last one was over. */
function answer(keeps: (row: number) => boolean, differs: Partial<BarSeries> = {}): BarSeries {
  return {
    listing: listingOf(),
    symbol: 'TEST',
    basis: 'splits',
    basisAt: 0,
    bars: market.bars.filter((_, row) => keeps(row)),
    actions: [],
    fetchedAt: timeOf(59) + 2 * day,
    path: 'x',
    ...differs,
  };
}
const rangeOf = (series: BarSeries, known = stored) => answeredRange(series, series.bars, known);

describe('the range that an answer speaks for', () => {
  it('is from its first bar to its last, and what it leaves out there is withdrawn', () => {
    const hole = rangeOf(answer((row) => row >= 5 && row <= 50 && (row < 20 || row > 30)));
    expect(hole).toMatchObject({ from: timeOf(5), to: timeOf(50) });
    expect(hole?.bars).toEqual(Array.from({ length: 11 }, (_, index) => timeOf(20 + index)));
  });

  it('ends before a bar whose time is not over', () => {
    const live = rangeOf(answer((row) => row < 10 || row === 59, { fetchedAt: timeOf(59) + day / 4 }));
    expect(live).toMatchObject({ to: timeOf(9), bars: [] });
  });

  it('is none where most of what is known is left out, unless it is told under another time of its day', () => {
    expect(rangeOf(answer((row) => row % 3 === 0))).toBeNull();
    expect(rangeOf(answer((row) => row % 3 !== 0))?.bars).toHaveLength(19);
    const moved = answer(() => true);
    const later = moved.bars.map((bar) => ({ ...bar, startsAt: bar.startsAt + 60_000 }));
    expect(rangeOf({ ...moved, bars: later })?.bars).toHaveLength(59);
  });

  it('is none of an answer without bars', () => {
    expect(rangeOf(answer(() => false))).toBeNull();
  });
});
