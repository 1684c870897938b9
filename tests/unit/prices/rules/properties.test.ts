import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barIntervals } from '../../../../core/market/bar.ts';
import { judgeSeries } from '../../../../core/prices/rules/judge-series.ts';
import { repair } from '../../../../core/prices/rules/repair.ts';
import type { SeriesInput } from '../../../../core/prices/rules/series.ts';
import { type WalkOptions, walk, withActions, withRows } from '../../../support/price-walks.ts';
import { randomOf } from '../../../support/random.ts';

/** Markets of all kinds, from quiet funds to pennies, with payers of all habits. */
function market(seed: number, more: Partial<WalkOptions> = {}): SeriesInput {
  const random = randomOf(seed);
  const pick = <T>(...from: readonly [T, ...T[]]): T => from[Math.floor(random() * from.length)] ?? from[0];
  const ratio = pick(2, 5, 0.1, 1.1, 1.5, 20);
  return walk({
    seed,
    rows: 30 + Math.floor(500 * random()),
    interval: pick('1d', '1d', '1d', '1wk'),
    minorFactor: pick(1, 1, 100),
    assetClass: pick('equity', 'equity', 'etf', 'crypto'),
    start: pick(0.5, 5, 50, 500) * (1 + random()),
    payments: pick(0, 1, 2, 4, 12),
    payout: 0.002 + 0.02 * random(),
    ...(random() < 0.4 ? { split: { place: random(), ratio } } : {}),
    ...more,
  });
}

/** A market whose days are calm enough for every planted fault to stand out. */
const calm = (seed: number) => market(seed, { interval: '1d', rows: 160, assetClass: 'equity', move: 0.012 });

const planted = 150;
const seeds = Array.from({ length: planted }, (_, seed) => seed + 1);
const rowOf = (input: SeriesInput, seed: number) => 20 + Math.floor(randomOf(seed + 99)() * (input.bars.length - 40));

/** Hundreds of series on a machine that does other things, too. */
const slow = { timeout: 60_000 };

describe('markets without a fault', slow, () => {
  it('have less than one finding in 10,000 bars', () => {
    let bars = 0;
    let found = 0;
    for (let seed = 1; seed <= 180; seed++) {
      const input = market(seed);
      bars += input.bars.length;
      found += judgeSeries(input).length;
    }
    expect(bars).toBeGreaterThan(40_000);
    expect((found / bars) * 10_000).toBeLessThan(1);
  });
});

describe('a planted fault', slow, () => {
  const ofRow: readonly (readonly [string, (input: SeriesInput, row: number) => SeriesInput])[] = [
    ...[100, 0.01, 1000, 10, 0.1, 2].map(
      (factor) =>
        [
          `one bar at ${factor} times`,
          (input: SeriesInput, row: number) => withRows(input, (at) => (at === row ? factor : 1)),
        ] as const,
    ),
    ['a close at 100 times', (input, row) => withRows(input, (at) => (at === row ? 100 : 1), ['close'])],
    ['a low in another unit', (input, row) => withRows(input, (at) => (at === row ? 0.01 : 1), ['low'])],
    ['a block in another unit', (input, row) => withRows(input, (at) => (at >= row && at < row + 15 ? 100 : 1))],
    [
      'closes before a split of 5:1 that lack it',
      (input, row) => {
        const date = input.bars[row + 1]?.date ?? '';
        const split = { type: 'split', exDate: date, value: '5', currency: null } as const;
        return withRows({ ...input, actions: [...input.actions, split] }, (at) => (at <= row ? 5 : 1));
      },
    ],
  ];

  it.each(ofRow)('is found on its row in over 99 of 100 series: %s', (_, plant) => {
    const hits = seeds.filter((seed) => {
      const input = calm(seed);
      const row = rowOf(input, seed);
      const at = input.bars[row]?.startsAt;
      return judgeSeries(plant(input, row)).some((finding) => finding.subject.at === at);
    });
    expect(hits.length / planted).toBeGreaterThan(0.99);
  });

  it.each([
    ['100 times too high', 100],
    ['a hundredth', 0.01],
  ])('is found on its dividend in over 99 of 100 series in pence: %s', (_, factor) => {
    const hits = seeds.filter((seed) => {
      const input = walk({ seed, rows: 400, minorFactor: 100, payments: 4, payout: 0.015, move: 0.012 });
      const place = Math.floor(input.actions.length / 2);
      const wrong = input.actions.map((action, index) =>
        index === place
          ? { ...action, value: String(Number((Number(action.value) * factor).toPrecision(10))) }
          : action,
      );
      const date = input.actions[place]?.exDate;
      const found = judgeSeries(withActions(input, wrong, input.actions));
      return found.some(({ rule, subject }) => rule === 'dividends' && subject.date === date);
    });
    expect(hits.length / planted).toBeGreaterThan(0.99);
  });
});

describe('the rules', slow, () => {
  const price = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.constantFrom('0', '-37.63', '1e308', '0.0000001', '100', '1'),
  );
  const day = fc.integer({ min: 0, max: 400 }).map((days) => new Date(days * 86_400_000).toISOString().slice(0, 10));
  const anything = fc.record({
    interval: fc.constantFrom(...barIntervals),
    bars: fc.array(
      fc.record({
        date: day,
        open: fc.option(price),
        high: fc.option(price),
        low: fc.option(price),
        close: price,
        volume: fc.option(price),
      }),
      { maxLength: 30 },
    ),
    actions: fc.array(
      fc.record({
        type: fc.constantFrom('split' as const, 'dividend' as const, 'capital_gain' as const),
        exDate: day,
        value: fc.oneof(
          fc.double({ noNaN: true, min: 1e-9, max: 1e9 }).map((value) => value.toFixed(12)),
          price,
        ),
        currency: fc.constantFrom('USD', 'GBP', null),
      }),
      { maxLength: 6 },
    ),
    adjusted: fc.array(fc.double(), { maxLength: 30 }),
    quote: fc.option(fc.record({ price: fc.double(), at: fc.integer({ min: 0, max: 400 * 86_400_000 }) })),
    basis: fc.constantFrom('raw' as const, 'splits' as const, 'splits_and_dividends' as const),
    minorFactor: fc.constantFrom(1, 100, 1000),
  });

  it('never throw, nor does a repair by what they find', () => {
    fc.assert(
      fc.property(anything, ({ interval, bars, actions, adjusted, quote, basis, minorFactor }) => {
        const rows = bars.map((bar) => ({
          ...bar,
          interval,
          startsAt: Date.parse(bar.date),
          date: interval.endsWith('m') || interval === '1h' ? null : bar.date,
          currency: 'USD',
          minorFactor: 1,
        }));
        const found = judgeSeries({
          assetClass: 'equity',
          currency: 'USD',
          minorFactor,
          zone: 'UTC',
          basis,
          bars: rows,
          actions,
          adjusted: new Map(rows.map((row, index) => [row.startsAt, adjusted[index] ?? Number.NaN])),
          evidence: {
            quote: quote ?? undefined,
            market: quote ?? undefined,
            closeBefore: quote?.price,
            others: quote ? [quote, quote] : [],
            otherCloses: [new Map(rows.map((row) => [row.date ?? '', 10]))],
            stored: rows.map(({ startsAt }) => ({ startsAt, close: 10, basisDay: '1970-05-01', settled: true })),
            storedActions: actions.slice(1),
            tradedOn: (date) => (date.endsWith('7') ? false : null),
          },
        });
        repair(rows, actions, found);
      }),
      { numRuns: 300 },
    );
  });

  it('find the same in any order of the rows, and when asked twice', () => {
    for (const seed of seeds.slice(0, 30)) {
      const input = withRows(market(seed), (at) => (at % 40 === 7 ? 100 : 1));
      const found = judgeSeries(input);
      expect(judgeSeries(input)).toEqual(found);
      const random = randomOf(seed);
      const bars = input.bars.map((bar) => ({ bar, place: random() })).sort((a, b) => a.place - b.place);
      expect(judgeSeries({ ...input, bars: bars.map(({ bar }) => bar) })).toEqual(found);
    }
  });

  it('find nothing in what they have repaired', () => {
    for (const seed of seeds.slice(0, 30)) {
      const input = withRows(calm(seed), (at) => (at % 90 === 47 ? 100 : 1));
      const found = judgeSeries(input);
      expect(found.length).toBeGreaterThan(0);
      const { bars, actions } = repair(input.bars, input.actions, found);
      expect(judgeSeries({ ...input, bars, actions, adjusted: undefined })).toEqual([]);
    }
  });
});
