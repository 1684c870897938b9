import { describe, expect, it } from 'vitest';
import type { SeriesInput } from '../../../../core/prices/rules/series.ts';
import { closeOf, found, knowing, market, span, split, timeOf, withoutTrades } from '../../../support/calm-market.ts';
import { withRows } from '../../../support/price-walks.ts';

const unit = 'unit wrong other_unit';

describe('unit of a series', () => {
  it.each<[string, SeriesInput, string[]]>([
    ['one bar in pence', withRows(market, (at) => (at === 20 ? 100 : 1)), [`20 ${unit}`]],
    ['one bar in thousandths', withRows(market, (at) => (at === 20 ? 1000 : 1)), [`20 ${unit}`]],
    ['the newest bar', withRows(market, (at) => (at === 59 ? 100 : 1)), [`59 ${unit}`]],
    ['all bars before a day', withRows(market, (at) => (at < 30 ? 100 : 1)), span(0, 30, unit)],
    [
      'newest bars without trades',
      withoutTrades(
        withRows(market, (at) => (at >= 40 ? 0.01 : 1)),
        40,
      ),
      span(40, 60, unit),
    ],
    [
      'newest bars against the stored quote',
      knowing(
        withRows(market, (at) => (at >= 40 ? 0.01 : 1)),
        { quote: { price: closeOf(59), at: timeOf(59) } },
      ),
      span(40, 60, unit),
    ],
    [
      'a whole series against the price beside it',
      knowing(
        withRows(market, () => 100),
        { market: { price: closeOf(59), at: timeOf(59) } },
      ),
      span(0, 60, unit),
    ],
    [
      'a whole series against two other sources',
      knowing(
        withRows(market, () => 100),
        { others: [1, 1.01].map((factor) => ({ price: closeOf(59) * factor, at: timeOf(59) })) },
      ),
      span(0, 60, unit),
    ],
    [
      'a quote in another unit than all bars that are stored: only the newest bar is doubted',
      knowing(market, {
        quote: { price: closeOf(59) * 100, at: timeOf(59) },
        stored: market.bars.map((bar, at) => ({
          startsAt: bar.startsAt,
          close: closeOf(at),
          basisDay: '2024-01-01',
          settled: at < 55,
        })),
      }),
      ['59 edges doubt price_off'],
    ],
    [
      'prices as they were traded that step once, as at a split that the source does not tell: in doubt',
      { ...withRows(market, (at) => (at < 30 ? 100 : 1)), basis: 'raw' },
      span(0, 30, 'unit doubt other_unit'),
    ],
    [
      'prices as they were traded that step there and back',
      { ...withRows(market, (at) => (at >= 20 && at < 30 ? 100 : 1)), basis: 'raw' },
      span(20, 30, 'unit wrong other_unit'),
    ],
    ['a low of its own', withRows(market, (at) => (at === 20 ? 0.01 : 1), ['low']), ['20 unit doubt other_unit']],
  ])('finds %s', (_, input, expected) => {
    expect(found(input)).toEqual(expected);
  });

  it.each<[string, SeriesInput]>([
    [
      'a split of 100:1 that the prices have',
      knowing({ ...market, actions: [split(30, '100')] }, { quote: { price: closeOf(20) * 100, at: timeOf(20) } }),
    ],
    [
      'a quote of a year ago',
      knowing(market, { quote: { price: closeOf(59) * 100, at: timeOf(59) - 365 * 86_400_000 } }),
    ],
    ['a coin that lost 99 %', crash('crypto')],
    ['one other source alone', knowing(market, { others: [{ price: closeOf(59) * 100, at: timeOf(59) }] })],
  ])('finds nothing in %s', (_, input) => {
    expect(found(input)).toEqual([]);
  });

  it('says so where nothing tells which side is right', () => {
    const input = withoutTrades(
      withRows(market, (at) => (at >= 30 ? 100 : 1)),
      0,
    );
    expect(new Set(found(input).map((line) => line.replace(/^\d+ /, '')))).toEqual(
      new Set(['unit doubt unit_undecided']),
    );
  });
});

describe('a step of a thousand that stays', () => {
  const step = (assetClass: SeriesInput['assetClass'], until = 60): SeriesInput => ({
    ...withRows(market, (at) => (at >= 30 && at < until ? 0.001 : 1)),
    assetClass,
  });

  it.each(['crypto', 'fx', 'option'] as const)('is only noted, on its first row: %s', (assetClass) => {
    expect(found(step(assetClass))).toEqual(['30 unit info other_unit']);
  });

  it('is a market where its trades show it', () => {
    const input = step('crypto');
    const bars = input.bars.map((bar, at) => (at === 30 ? { ...bar, volume: '9000000' } : bar));
    expect(found({ ...input, bars })).toEqual([]);
  });

  it('is one of the unit where a quote contradicts it, where it comes back, and of a share', () => {
    const known = knowing(step('crypto'), { quote: { price: closeOf(59), at: timeOf(59) } });
    expect(found(known)).toEqual(span(30, 60, unit));
    expect(found(step('crypto', 50))).toEqual(span(30, 50, unit));
    expect(found(step('equity'))).toEqual(span(0, 30, unit));
  });
});

/** A coin whose price falls by 99 % within a day, and stays there. */
function crash(assetClass: 'crypto'): SeriesInput {
  const input = withRows(market, (at) => (at >= 30 ? 0.01 : 1));
  const before = market.bars[29]?.close ?? '';
  const bars = input.bars.map((bar, at) => (at === 30 ? { ...bar, open: before, high: before } : bar));
  return { ...input, assetClass, bars };
}
