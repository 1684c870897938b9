import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bar } from '../../../core/market/bar.ts';
import type { BarSeries } from '../../../core/market/bar-series.ts';
import type { AssetClass } from '../../../core/market/instrument.ts';
import { checkBars } from '../../../core/prices/check-bars.ts';
import { listingOf, noon } from '../../support/price-rows.ts';

const day = 86_400_000;

function bar(index: number, prices: Partial<Record<'open' | 'high' | 'low' | 'close' | 'volume', string>> = {}): Bar {
  const close = prices.close ?? '100';
  const startsAt = noon - (50 - index) * day;
  return {
    interval: '1d',
    startsAt,
    date: new Date(startsAt).toISOString().slice(0, 10),
    open: close,
    high: close,
    low: close,
    close,
    volume: '10',
    currency: 'USD',
    minorFactor: 1,
    ...prices,
  };
}

function seriesOf(bars: readonly Bar[], assetClass?: AssetClass): BarSeries {
  const fetchedAt = noon;
  return {
    listing: listingOf(1, assetClass),
    symbol: 'TEST',
    basis: 'splits',
    basisAt: fetchedAt,
    bars,
    actions: [],
    fetchedAt,
    path: 'exchanges[0] TEST',
  };
}

const check = (bars: readonly Bar[], assetClass?: AssetClass) => {
  const { accepted, rejected } = checkBars(seriesOf(bars, assetClass));
  return { bars: accepted.bars, reasons: rejected.map((each) => each.reason) };
};

describe('a bar by itself', () => {
  it.each([
    ['a close of nothing', { close: '0' }, 'non_positive'],
    ['a negative close', { close: '-3' }, 'non_positive'],
    ['a price beyond any number', { close: '9'.repeat(400) }, 'schema'],
    ['a negative volume', { volume: '-5' }, 'schema'],
  ])('with %s goes to quarantine', (_, prices, reason) => {
    expect(check([bar(0, prices)]).reasons).toEqual([reason]);
  });

  it('of the future goes to quarantine', () => {
    expect(check([bar(60)]).reasons).toEqual(['future_time']);
  });

  it.each([
    ['a high below the close', { open: '100', high: '99', low: '98' }],
    ['a low above the open', { open: '100', low: '101', high: '102', close: '101.5' }],
    ['prices of two units', { open: '58.5', high: '61.5', low: '0.6', close: '0.6' }],
  ])('with %s is stored: the rules mark it', (_, prices) => {
    expect(check([bar(0, prices)])).toMatchObject({ bars: [prices], reasons: [] });
  });

  it('may be below zero where prices may: oil was on 2020-04-20', () => {
    const oil = bar(0, { open: '17.73', high: '17.85', low: '-40.32', close: '-37.63' });
    expect(check([oil], 'future')).toMatchObject({ bars: [{ close: '-37.63', low: '-40.32' }], reasons: [] });
  });

  it('with an open, high or low of 0 has none: only the close was recorded', () => {
    expect(check([bar(0, { open: '0', high: '0.00', low: '0' })])).toMatchObject({
      bars: [{ open: null, high: null, low: null, close: '100' }],
      reasons: [],
    });
  });
});

describe('bars of the same time', () => {
  it('count once when they say the same, and not at all when they do not', () => {
    expect(check([bar(0), bar(0)]).bars).toHaveLength(1);
    expect(check([bar(0), bar(0, { close: '101' }), bar(1)])).toMatchObject({
      bars: [{ close: '100' }],
      reasons: ['duplicate_conflict', 'duplicate_conflict'],
    });
  });
});

describe('whatever comes', () => {
  it('no check throws, and no bar is lost', () => {
    const price = fc.oneof(fc.double(), fc.double({ min: 1, max: 200, noNaN: true })).map(String);
    const any = fc.tuple(
      fc.integer({ min: 0, max: 60 }),
      fc.record({ open: price, high: price, low: price, close: price }),
    );
    fc.assert(
      fc.property(fc.array(any, { maxLength: 20 }), (rows) => {
        const bars = rows.map(([index, prices]) => bar(index, prices));
        const { accepted, rejected } = checkBars(seriesOf(bars));
        expect(accepted.bars.length + rejected.length).toBeLessThanOrEqual(bars.length);
        expect(new Set(accepted.bars.map((each) => each.startsAt)).size).toBe(accepted.bars.length);
      }),
      { numRuns: 500 },
    );
  });
});
