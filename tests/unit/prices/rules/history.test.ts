import { describe, expect, it } from 'vitest';
import type { SeriesInput } from '../../../../core/prices/rules/series.ts';
import { closeOf, dateOf, dividend, found, knowing, market, span, split } from '../../../support/calm-market.ts';
import { withRows } from '../../../support/price-walks.ts';

describe('history', () => {
  const stored = (factorOf: (at: number) => number, basisDay = '2024-01-01') => ({
    stored: market.bars.map((bar, at) => ({
      startsAt: bar.startsAt,
      close: closeOf(at) * factorOf(at),
      basisDay,
      settled: at < 58,
    })),
  });
  it.each<[string, SeriesInput, string[]]>([
    [
      'a price that has moved',
      knowing(
        market,
        stored((at) => (at === 20 ? 1.05 : 1)),
      ),
      ['20 history doubt history_moved'],
    ],
    [
      'a history that has moved',
      knowing(
        market,
        stored((at) => (at < 40 ? 1.7 : 1)),
      ),
      span(0, 40, 'history doubt history_moved'),
    ],
    [
      'a dividend of another amount',
      { ...market, actions: [dividend(0, '0.2')], evidence: { storedActions: [dividend(0, '0.4')] } },
      [`${dateOf(0)} history doubt action_changed`],
    ],
  ])('finds %s', (_, input, expected) => {
    expect(found(input)).toEqual(expected);
  });

  it.each<[string, SeriesInput]>([
    [
      'the same prices',
      knowing(
        market,
        stored(() => 1),
      ),
    ],
    [
      'a correction of a thousandth',
      knowing(
        market,
        stored((at) => (at === 20 ? 1.001 : 1)),
      ),
    ],
    [
      'a bar that had not settled',
      knowing(
        market,
        stored((at) => (at > 57 ? 1.2 : 1)),
      ),
    ],
    [
      'prices of before a split',
      knowing(
        { ...market, actions: [split('2023-06-01', '4')] },
        stored(() => 4, '2023-04-01'),
      ),
    ],
    [
      'a dividend of before a split',
      { ...market, actions: [dividend(0, '0.1'), split(50, '4')], evidence: { storedActions: [dividend(0, '0.4')] } },
    ],
  ])('finds nothing in %s', (_, input) => {
    expect(found(input)).toEqual([]);
  });
});

describe('sources', () => {
  const closes = (factorOf: (at: number) => number) =>
    new Map(market.bars.map((bar, at) => [bar.date ?? '', closeOf(at) * factorOf(at)]));
  it.each<[string, SeriesInput, string[]]>([
    [
      'a close that two others contradict',
      knowing(
        withRows(market, (at) => (at === 20 ? 1.2 : 1)),
        { otherCloses: [closes(() => 1), closes(() => 1.001)] },
      ),
      ['20 sources wrong unlike_sources'],
    ],
    [
      'a close that one other contradicts',
      knowing(
        withRows(market, (at) => (at === 20 ? 1.2 : 1)),
        { otherCloses: [closes(() => 1)] },
      ),
      ['20 sources doubt unlike_sources'],
    ],
  ])('finds %s', (_, input, expected) => {
    expect(found(input)).toEqual(expected);
  });

  it.each<[string, SeriesInput]>([
    ['closes that agree', knowing(market, { otherCloses: [closes((at) => 1 + (at % 3) / 500)] })],
    ['another class of share', knowing(market, { otherCloses: [closes(() => 1.3)] })],
    ['a single day in common', knowing(market, { otherCloses: [new Map([[dateOf(3), 70]])] })],
  ])('finds nothing in %s', (_, input) => {
    expect(found(input)).toEqual([]);
  });
});
