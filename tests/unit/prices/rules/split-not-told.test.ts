/** Steps at the ratio of a split that nobody names, and what looks like one. */
import { describe, expect, it } from 'vitest';
import type { SeriesInput } from '../../../../core/prices/rules/series.ts';
import { closeOf, dividend, found, market, split } from '../../../support/calm-market.ts';
import { walk, withRows } from '../../../support/price-walks.ts';

type Change = Partial<SeriesInput['bars'][number]>;

/** Each day as busy as the others, but for what is changed on one. */
function quiet(input: SeriesInput, on: number | null = null, change: Change = {}): SeriesInput {
  return {
    ...input,
    adjusted: undefined,
    bars: input.bars.map((bar, at) => ({ ...bar, volume: '100000', ...(at === on ? change : {}) })),
  };
}

const stepped = (ratio: number, at = 35) => withRows(market, (index) => (index < at ? ratio : 1));
const fallen = (ratio: number, at?: number) => quiet(stepped(ratio, at));
const wide: Change = { high: String(closeOf(35) * 1.3), low: String(closeOf(35) * 0.8) };
/** The days from one on a month later. */
function halted(input: SeriesInput, from: number): SeriesInput {
  const later = (at: number) => at + 30 * 86_400_000;
  return {
    ...input,
    bars: input.bars.map((bar, at) =>
      at < from
        ? bar
        : {
            ...bar,
            startsAt: later(bar.startsAt),
            date: new Date(later(Date.parse(`${bar.date}T00:00:00Z`))).toISOString().slice(0, 10),
          },
    ),
  };
}

describe('a step at the ratio of a split that is not told', () => {
  it.each([1.5, 2, 2.5, 3, 4, 5, 8, 10])('is noted where prices fall to 1/%d on a quiet day', (ratio) => {
    expect(found(fallen(ratio))).toEqual(['35 splits info split_not_told']);
  });

  it.each([2, 2.5])('is noted where prices rise to %d times on a quiet day', (ratio) => {
    expect(found(fallen(1 / ratio))).toEqual(['35 splits info split_not_told']);
  });

  it.each<[string, SeriesInput]>([
    ['near the last rows', fallen(2, 56)],
    ['of a fund, which has one price a day', { ...fallen(2), assetClass: 'fund' }],
    ['where no trades are counted', { ...fallen(3), bars: fallen(3).bars.map((bar) => ({ ...bar, volume: null })) }],
    ['where a small payment is made that day', { ...fallen(2), actions: [dividend(35, '0.5')] }],
    ['far from a split of another ratio', { ...fallen(3), actions: [split(5, '1.05')] }],
  ])('is noted %s', (_, input) => {
    expect(found(input).filter((each) => each.endsWith('split_not_told'))).toHaveLength(1);
  });

  it.each<[string, SeriesInput]>([
    ['as much was paid', { ...fallen(2), actions: [dividend(35, String(closeOf(35)))] }],
    ['far more was traded', quiet(stepped(2), 35, { volume: '900000' })],
    ['its day ranges far', quiet(stepped(2), 35, wide)],
    ['the price traded its way there', quiet(stepped(2), 35, { open: String(closeOf(34) * 2) })],
    ['the price does so anyway', quiet(withRows(walk({ seed: 5, rows: 60, move: 0.09 }), (at) => (at < 35 ? 2 : 1)))],
    ['it comes back', quiet(withRows(market, (at) => (at < 35 || at > 44 ? 2 : 1)))],
    ['it is at no ratio of a split', fallen(2.25)],
    ['trade was halted before it', halted(fallen(2), 35)],
    ['it is on the last day, which is not over', fallen(2, 59)],
    ['it is a coin', { ...fallen(2), assetClass: 'crypto' }],
    ['the split is told on another day of those weeks', { ...fallen(2), actions: [split(38, '2')] }],
  ])('is not noted where %s', (_, input) => {
    expect(found(input).filter((each) => each.endsWith('split_not_told'))).toEqual([]);
  });
});
