import { describe, expect, it } from 'vitest';
import type { SeriesInput } from '../../../../core/prices/rules/series.ts';
import { closeOf, dateOf, found, knowing, market, span, still, timeOf } from '../../../support/calm-market.ts';
import { withRows } from '../../../support/price-walks.ts';

describe('edges', () => {
  const last = { quote: { price: closeOf(59), at: timeOf(59) } };
  const off = 'edges wrong price_off';
  it.each<[string, SeriesInput, string[]]>([
    ['a bar between others', withRows(market, (at) => (at === 20 ? 1.8 : 1)), [`20 ${off}`]],
    ['three bars between others', withRows(market, (at) => (at >= 20 && at < 23 ? 3 : 1)), span(20, 23, off)],
    [
      'the newest bar, against a stored quote',
      knowing(
        withRows(market, (at) => (at === 59 ? 10 : 1)),
        last,
      ),
      [`59 ${off}`],
    ],
    [
      'two newest bars, against a stored quote',
      knowing(
        withRows(market, (at) => (at >= 58 ? 10 : 1)),
        last,
      ),
      span(58, 60, off),
    ],
    ['the newest bar, against nothing', withRows(market, (at) => (at === 59 ? 10 : 1)), ['59 edges doubt price_off']],
    [
      'the first bar, against the close before it',
      knowing(
        withRows(market, (at) => (at === 0 ? 3 : 1)),
        { closeBefore: 50 },
      ),
      [`0 ${off}`],
    ],
    ['twelve bars at ten times', withRows(market, (at) => (at >= 20 && at < 32 ? 10 : 1)), span(20, 32, off)],
    [
      'a bar between others that was traded far more, in doubt',
      traded(
        withRows(market, (at) => (at === 20 ? 1.8 : 1)),
        20,
        50,
      ),
      ['20 edges doubt price_off'],
    ],
    [
      'a whole series, against a stored quote',
      knowing(
        withRows(market, () => 3),
        last,
      ),
      ['59 edges doubt price_off'],
    ],
  ])('finds %s', (_, input, expected) => {
    expect(found(input)).toEqual(expected);
  });

  it.each<[string, SeriesInput]>([
    ['twelve bars at twice the price', withRows(market, (at) => (at >= 20 && at < 32 ? 2 : 1))],
    ['a rate that crosses zero', rate()],
    ['a crash that stays', withRows(market, (at) => (at >= 30 ? 0.43 : 1))],
    [
      'a crash on the newest day that the quote knows, too',
      knowing(
        withRows(market, (at) => (at === 59 ? 0.2 : 1)),
        { quote: { price: closeOf(59) * 0.2, at: timeOf(59) } },
      ),
    ],
    ['a wild day that trades its way there and back', wildDay()],
    ['pennies that move by a tick', pennies()],
    [
      'a quote of last month',
      knowing(
        withRows(market, (at) => (at > 40 ? 2.8 : 1)),
        { quote: { price: closeOf(30), at: timeOf(30) } },
      ),
    ],
  ])('finds nothing in %s', (_, input) => {
    expect(found(input)).toEqual([]);
  });
});

describe('shape of a bar', () => {
  const closedOn = (date: string) => ({ tradedOn: (day: string) => day !== date });
  it.each<[string, SeriesInput, string[]]>([
    [
      'a high below the close',
      withRows(market, (at) => (at === 20 ? 0.9 : 1), ['high']),
      ['20 shape doubt outside_range'],
    ],
    [
      'a low above the open',
      withRows(market, (at) => (at === 20 ? 1.1 : 1), ['low']),
      ['20 shape doubt outside_range'],
    ],
    [
      'a high of five times the close',
      withRows(market, (at) => (at === 20 ? 5 : 1), ['high']),
      ['20 shape doubt far_from_close'],
    ],
    [
      'a low of a tenth of the close',
      withRows(market, (at) => (at === 20 ? 0.1 : 1), ['low']),
      ['20 shape doubt far_from_close'],
    ],
    [
      'a filled day on which the venue was closed',
      knowing(still(market, 20, 21), closedOn(dateOf(20))),
      ['20 shape wrong closed_day'],
    ],
    ['a price that stands still', still(market, 20, 27), span(20, 27, 'shape doubt frozen')],
    ['bars that are the one before again', copied(market, 20, 23), span(21, 23, 'shape doubt frozen')],
    ['one copy of a bar with many trades', copied(market, 20, 22, '81234'), ['21 shape doubt frozen']],
    [
      'the bar of before on a day on which the venue was closed',
      knowing(copied(market, 20, 22), closedOn(dateOf(21))),
      ['21 shape wrong closed_day'],
    ],
  ])('finds %s', (_, input, expected) => {
    expect(found(input)).toEqual(expected);
  });

  it.each<[string, SeriesInput]>([
    ['trades on a day that the calendar has as closed', knowing(market, closedOn(dateOf(20)))],
    ['a low of a crash that comes back within the day', withRows(market, (at) => (at === 20 ? 0.55 : 1), ['low'])],
    ['two quiet days', still(market, 20, 22)],
    ['two days alike with a round volume', copied(market, 20, 22, '20000')],
    ['two days alike with few trades', copied(market, 20, 22, '311')],
    ['a listing that seldom trades', still(market, 5, 60)],
    ['prices that are rounded one by one', withRows(market, (at) => (at === 20 ? 0.9995 : 1), ['high'])],
  ])('finds nothing in %s', (_, input) => {
    expect(found(input)).toEqual([]);
  });
});

/** The bar of a row again until another row. */
function copied(input: SeriesInput, from: number, to: number, volume = '1234'): SeriesInput {
  const { adjusted: _, ...rest } = input;
  const told = input.bars[from];
  if (!told) return input;
  const { open, high, low, close } = told;
  const bars = input.bars.map((bar, at) => (at >= from && at < to ? { ...bar, open, high, low, close, volume } : bar));
  return { ...rest, bars };
}

function traded(input: SeriesInput, index: number, factor: number): SeriesInput {
  const bars = input.bars.map((bar, at) =>
    at === index ? { ...bar, volume: String(Number(bar.volume) * factor) } : bar,
  );
  return { ...input, bars };
}

/** A bill yield of March 2020: it falls to nothing, below it and above it again. */
function rate(): SeriesInput {
  const yields = [1.2, 1.1, 0.3, 0.25, 0.02, 0.003, -0.013, -0.05, 0.003, 0.3, 0.003, 0.29, -0.003, 0.3, 0.31, 0.3];
  const bars = market.bars.slice(0, yields.length).map((bar, at) => {
    const text = String(yields[at]);
    return { ...bar, open: text, high: text, low: text, close: text, volume: null };
  });
  return { ...market, assetClass: 'index', bars, adjusted: undefined };
}

function wildDay(): SeriesInput {
  const input = withRows(market, (at) => (at === 20 ? 2.5 : 1), ['high', 'close']);
  const top = input.bars[20]?.close ?? '';
  return {
    ...input,
    adjusted: undefined,
    bars: input.bars.map((bar, at) => (at === 21 ? { ...bar, open: top, high: top } : bar)),
  };
}

function pennies(): SeriesInput {
  const prices = ['0.01', '0.01', '0.02', '0.01', '0.01', '0.01', '0.02', '0.02', '0.01'];
  const bars = market.bars.map((bar, at) => {
    const close = prices[at % prices.length] ?? '0.01';
    return { ...bar, open: close, high: close, low: close, close };
  });
  return { ...market, bars, adjusted: undefined };
}
