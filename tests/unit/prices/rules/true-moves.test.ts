/** True moves that look like faults, beside the faults that they look like. */
import { describe, expect, it } from 'vitest';
import { judgeSeries } from '../../../../core/prices/rules/judge-series.ts';
import type { RuleAction, SeriesInput } from '../../../../core/prices/rules/series.ts';
import { walk, withActions, withRows } from '../../../support/price-walks.ts';
import { randomOf } from '../../../support/random.ts';

const seeds = Array.from({ length: 60 }, (_, index) => index + 1);
const slow = { timeout: 60_000 };

/** Shares of the series of a kind with any finding, and with one that keeps rows from being served. */
function shares(make: (seed: number) => SeriesInput): { found: number; doubted: number; wrong: number } {
  const judged = seeds.map((seed) => judgeSeries(make(seed)));
  const share = (is: (each: (typeof judged)[number]) => boolean) => judged.filter(is).length / judged.length;
  return {
    found: share((findings) => findings.length > 0),
    doubted: share((findings) => findings.some(({ severity }) => severity !== 'info')),
    wrong: share((findings) => findings.some(({ severity }) => severity === 'wrong')),
  };
}

const market = (seed: number, move = 0.012) => withActions(walk({ seed, rows: 160, move }), [], []);
const rowOf = (seed: number) => 30 + Math.floor(randomOf(seed + 7)() * 100);
const times = (seed: number, rows: number, factor: number, move?: number) =>
  withRows(market(seed, move), (at) => (at >= rowOf(seed) && at < rowOf(seed) + rows ? factor : 1));

function withBars(input: SeriesInput, change: (bar: SeriesInput['bars'][number], at: number) => object): SeriesInput {
  return { ...input, bars: input.bars.map((bar, at) => ({ ...bar, ...change(bar, at) })) };
}

/** Prices that are `ratio` times as high before a row, near a split of that ratio. */
function stepNearSplit(seed: number, ratio: number, daysAfter: number): SeriesInput {
  const input = withRows(market(seed), (at) => (at < rowOf(seed) ? ratio : 1));
  const exDate = input.bars[rowOf(seed) - daysAfter]?.date ?? '';
  return { ...input, actions: [{ type: 'split', exDate, value: String(ratio), currency: null }] };
}

describe('a price that doubles for some days', slow, () => {
  it.each([2, 3, 4])('is not held to be wrong where no trades are counted: %d days', (days) => {
    expect(shares((seed) => withBars(times(seed, days, 2), () => ({ volume: null }))).wrong).toBe(0);
  });

  it('is not held to be wrong where its days are wild', () => {
    const wild = (seed: number) =>
      withBars(times(seed, 4, 2), (bar, at) => {
        const inside = at - rowOf(seed);
        if (inside < 0 || inside > 3) return {};
        const close = Number(bar.close) * (inside % 2 === 0 ? 1 : 1.2);
        return { close: String(close), high: String(close * 1.1), low: String(Number(bar.low) * 0.95) };
      });
    expect(shares(wild).wrong).toBe(0);
  });

  it('is wrong where trades are counted and its days are as calm as the others', () => {
    expect(shares((seed) => times(seed, 3, 2)).found).toBe(1);
    expect(shares((seed) => times(seed, 3, 2)).wrong).toBeGreaterThan(0.85);
  });
});

describe('a fall of the size of a split', slow, () => {
  const ratios = [2, 3, 4, 5, 10];
  it.each(ratios)('is a fall where no split is named, and noted where its day is quiet: 1/%d', (ratio) => {
    const fall = (seed: number) => withRows(market(seed), (at) => (at < rowOf(seed) ? ratio : 1));
    const { found, doubted } = shares(fall);
    expect(doubted).toBe(0);
    expect(found).toBeGreaterThan(0.6);
    const traded = (seed: number) =>
      withBars(fall(seed), (_, at) => ({ volume: at === rowOf(seed) ? '2000000' : '100000' }));
    expect(shares(traded).found).toBe(0);
  });

  it.each(ratios)('is a fall days after a split where its trades or its range show it: 1/%d', (ratio) => {
    const traded = (seed: number) =>
      withBars(stepNearSplit(seed, ratio, 6), ({ volume }, at) => ({
        volume: String(100_000 + (Number(volume) % 50_000) + (at === rowOf(seed) ? 1_000_000 : 0)),
      }));
    const wide = (seed: number) =>
      withBars(stepNearSplit(seed, ratio, 6), ({ high, low }, at) =>
        at === rowOf(seed) ? { high: String(Number(high) * 1.15), low: String(Number(low) * 0.85) } : {},
      );
    expect(shares(traded).found).toBe(0);
    expect(shares(wide).wrong).toBe(0);
  });

  it.each(ratios)(
    'is a fall where closes from before the split say that those before it are adjusted: 1/%d',
    (ratio) => {
      const known = (seed: number): SeriesInput => {
        const input = stepNearSplit(seed, ratio, 6);
        const before = input.bars.slice(0, rowOf(seed) - 10);
        const stored = before.map(({ startsAt, close, date }) => ({
          startsAt,
          close: Number(close) * ratio,
          basisDay: date ?? '',
          settled: true,
        }));
        // The closes next to the step were read before the split, too.
        const near = input.bars.slice(rowOf(seed) - 10, rowOf(seed) - 6).map(({ startsAt, close, date }) => ({
          startsAt,
          close: Number(close) * ratio,
          basisDay: date ?? '',
          settled: false,
        }));
        return { ...input, evidence: { stored: [...stored, ...near] } };
      };
      expect(shares(known).found).toBe(0);
    },
  );

  it.each(ratios)('is a split that was applied to the wrong days where nothing else shows: %d:1', (ratio) => {
    expect(shares((seed) => stepNearSplit(seed, ratio, -6)).wrong).toBeGreaterThan(0.8);
    expect(shares((seed) => stepNearSplit(seed, ratio, 0)).wrong).toBeGreaterThan(0.95);
  });
});

describe('a split that was applied to some days only', slow, () => {
  it.each([5, 6, 7, 8])('is found without anything stored: %d days at half the price', (days) => {
    expect(shares((seed) => times(seed, days, 0.5)).found).toBeGreaterThan(0.93);
  });

  it('is found in most markets in twelve days at twice the price', () => {
    expect(shares((seed) => times(seed, 12, 2)).found).toBeGreaterThan(0.6);
  });
});

describe('days at a factor that is small for a mistake', slow, () => {
  const calm = (seed: number, rows: number, factor: number, [entered, left] = [1, 1]) =>
    withBars(times(seed, rows, factor, 0.008), ({ volume }, at) => {
      const busy = at === rowOf(seed) ? entered : at === rowOf(seed) + rows ? left : 1;
      return { volume: String(busy * (100_000 + (Number(volume) % 50_000))) };
    });

  it.each([
    [1, 1.27, 0.8],
    [8, 0.79, 0.8],
    [30, 1.27, 0.6],
  ])('are in doubt where they are as quiet as those around them: %d days at %d times', (rows, factor, least) => {
    const { found, wrong } = shares((seed) => calm(seed, rows, factor));
    expect(found).toBeGreaterThan(least);
    expect(wrong).toBe(0);
  });

  it.each([
    ['an offer', [8, 1]],
    ['its failure', [1, 8]],
  ] as const)('are a market where its trades show %s', (_, busy) => {
    expect(shares((seed) => calm(seed, 30, 1.27, [...busy])).found).toBe(0);
  });

  it('are a market where they come back by another factor', () => {
    const back = (seed: number) => {
      const at = rowOf(seed) + 20;
      return withRows(calm(seed, 20, 1.27), (row) => (row >= at ? 1.12 : 1));
    };
    expect(shares(back).found).toBe(0);
  });
});

describe('a payment that the vendor takes off its adjusted close, too', slow, () => {
  const payer = (seed: number) => walk({ seed, rows: 600, payments: 4, payout: 0.012, move: 0.011 });
  const told = (input: SeriesInput, actions: readonly RuleAction[]) => withActions(input, actions, actions);

  it('is found at ten times the steady payments around it', () => {
    const slipped = (seed: number) => {
      const input = payer(seed);
      const place = Math.floor(input.actions.length / 2);
      const tenfold = (action: RuleAction) => ({ ...action, value: String(Number(action.value) * 10) });
      return told(
        input,
        input.actions.map((action, at) => (at === place ? tenfold(action) : action)),
      );
    };
    expect(shares(slipped).found).toBeGreaterThan(0.75);
  });

  it('is found out of its payer’s turn', () => {
    const once = (seed: number) => {
      const input = payer(seed);
      const place = Math.floor(input.actions.length / 2);
      const [before, after] = [input.actions[place - 1], input.actions[place]];
      const rowAt = (action: RuleAction | undefined) => input.bars.findIndex((bar) => bar.date === action?.exDate);
      const date = input.bars[(rowAt(before) + rowAt(after)) >> 1]?.date;
      if (!before || !date) return input;
      return told(input, [
        ...input.actions.slice(0, place),
        { ...before, exDate: date },
        ...input.actions.slice(place),
      ]);
    };
    expect(shares(once).found).toBeGreaterThan(0.85);
  });

  it.each([
    [0.1, 0.9],
    [0.2, 0.95],
  ])('is found where the price does not fall by it: %d of the price', (share, least) => {
    const phantom = (seed: number) => {
      const input = market(seed);
      const [before, on] = [input.bars[rowOf(seed) - 1], input.bars[rowOf(seed)]];
      const value = (Number(before?.close) * share).toFixed(4);
      return told(input, [{ type: 'dividend', exDate: on?.date ?? '', value, currency: 'USD' }]);
    };
    expect(shares(phantom).found).toBeGreaterThan(least);
  });

  it.each([0.02, 0.05, 0.1, 0.2])('stands where the price falls by it: %d of the price', (share) => {
    const special = (seed: number) => {
      const input = withRows(market(seed), (at) => (at < rowOf(seed) ? 1 / (1 - share) : 1));
      const [before, on] = [input.bars[rowOf(seed) - 1], input.bars[rowOf(seed)]];
      const value = (Number(before?.close) * share).toFixed(4);
      return told(input, [{ type: 'dividend', exDate: on?.date ?? '', value, currency: 'USD' }]);
    };
    expect(shares(special).found).toBe(0);
  });
});
