/** Faults of vendors by kind, and true events that look like them, each in a dozen markets. */
import { describe, expect, it } from 'vitest';
import type { Bar } from '../../../../core/market/bar.ts';
import { judgeSeries } from '../../../../core/prices/rules/judge-series.ts';
import type { RuleAction, SeriesInput } from '../../../../core/prices/rules/series.ts';
import { type WalkOptions, walk, withActions, withRows } from '../../../support/price-walks.ts';
import { randomOf } from '../../../support/random.ts';

type Kind = [name: string, make: (seed: number) => SeriesInput];

const seeds = Array.from({ length: 12 }, (_, index) => index + 1);
const slow = { timeout: 120_000 };

const market = (seed: number, of: Partial<WalkOptions> = {}) =>
  withActions(walk({ seed, rows: 160, move: 0.012, ...of }), [], []);
const payer = (seed: number, of: Partial<WalkOptions> = {}) =>
  walk({ seed, rows: 600, payments: 4, payout: 0.012, move: 0.011, ...of });
/** Where something happens. */
const rowOf = (seed: number) => 30 + Math.floor(randomOf(seed + 7)() * 100);
const text = (price: number) => String(Number(price.toFixed(6)));

function withBars(input: SeriesInput, change: (bar: Bar, at: number) => Partial<Bar>): SeriesInput {
  const { adjusted: _, ...rest } = input;
  return { ...rest, bars: input.bars.map((bar, at) => ({ ...bar, ...change(bar, at) })) };
}

function splitAt(input: SeriesInput, row: number, ratio: number): SeriesInput {
  const exDate = input.bars[row]?.date ?? '';
  return { ...input, actions: [...input.actions, { type: 'split', exDate, value: String(ratio), currency: null }] };
}

/** A payer with one of its payments told otherwise, while its vendor takes off the right one. */
function withPayment(seed: number, change: (action: RuleAction) => RuleAction, of: Partial<WalkOptions> = {}) {
  const right = payer(seed, of);
  return withActions(
    right,
    right.actions.map((action, index) => (index === 5 ? change(action) : action)),
    right.actions,
  );
}

/** A path of closes beside those of a market from a row on, each day from the last factor to the next. */
function along(input: SeriesInput, from: number, path: readonly number[], volume: number, room = 1): SeriesInput {
  return withBars(input, (bar, at) => {
    const to = path[at - from];
    if (to === undefined) return {};
    const before = path[at - from - 1] ?? 1;
    const [open, close] = [Number(bar.open) * before, Number(bar.close) * to];
    return {
      open: text(open),
      close: text(close),
      high: text(Math.max(open, close) * room),
      low: text(Math.min(open, close) / room),
      volume: text(Number(bar.volume) * volume),
    };
  });
}

const pence = { minorFactor: 100 };
const faults: Kind[] = [
  ['pounds for some days', (seed) => withRows(market(seed, pence), (at) => (inBlock(seed, at, 4) ? 0.01 : 1))],
  [
    'pence and pounds by turns',
    (seed) => withRows(market(seed, pence), (at) => (inBlock(seed, at, 8) && at % 2 === 0 ? 100 : 1)),
  ],
  [
    'a low in the other unit',
    (seed) => withRows(market(seed, pence), (at) => (at === rowOf(seed) ? 0.01 : 1), ['low']),
  ],
  ['a split that the rows before lack', (seed) => splitAt(before(seed, 4), rowOf(seed), 4)],
  [
    'a split that the last day before lacks',
    (seed) =>
      splitAt(
        withRows(market(seed), (at) => (at === rowOf(seed) - 1 ? 4 : 1)),
        rowOf(seed),
        4,
      ),
  ],
  [
    'a split a day late',
    (seed) =>
      splitAt(
        withRows(market(seed), (at) => (at <= rowOf(seed) ? 4 : 1)),
        rowOf(seed),
        4,
      ),
  ],
  ['a split turned round', (seed) => splitAt(before(seed, 0.2), rowOf(seed), 5)],
  ['a reverse split that the rows before lack', (seed) => splitAt(before(seed, 1 / 25), rowOf(seed), 1 / 25)],
  ['a reverse split applied twice', (seed) => splitAt(before(seed, 25), rowOf(seed), 1 / 25)],
  ['a payment of a hundred times', (seed) => withPayment(seed, (paid) => scaled(paid, 100))],
  ['a payment of a hundredth', (seed) => withPayment(seed, (paid) => scaled(paid, 0.01))],
  ['a payment in another currency', (seed) => withPayment(seed, (paid) => ({ ...paid, currency: 'EUR' }))],
  [
    'payments that are taken off the close',
    (seed) => {
      const right = payer(seed, { payout: 0.03 });
      return { ...right, bars: right.bars.map((bar) => ({ ...bar, ...adjustedPrices(bar, right) })) };
    },
  ],
  [
    'a payment that is missing, and taken off all the same',
    (seed) => {
      const right = payer(seed);
      return withActions(
        right,
        right.actions.filter((_, index) => index !== 4),
        right.actions,
      );
    },
  ],
  [
    'a payment under a second date',
    (seed) => {
      const right = payer(seed);
      const paid = right.actions[4];
      const at = right.bars.findIndex((bar) => bar.date === paid?.exDate);
      const again = paid ? [{ ...paid, exDate: right.bars[at + 3]?.date ?? '' }] : [];
      return withActions(
        right,
        [...right.actions, ...again].sort((a, b) => (a.exDate < b.exDate ? -1 : 1)),
        right.actions,
      );
    },
  ],
  ['bars copied with their volume', (seed) => copiedBars(seed, null)],
  ['bars copied without a trade', (seed) => copiedBars(seed, '0')],
  ['a day at ten times', (seed) => withRows(market(seed), (at) => (at === rowOf(seed) ? 10 : 1))],
  ['a day at 1.7 times', (seed) => withRows(market(seed), (at) => (at === rowOf(seed) ? 1.7 : 1))],
  ['a last row at ten times', (seed) => withRows(market(seed), (at) => (at === 159 ? 10 : 1))],
  [
    'a last row in another unit than the price beside it',
    (seed) => {
      const last = market(seed).bars.at(-1);
      const beside = last && { market: { price: Number(last.close), at: last.startsAt } };
      return { ...withRows(market(seed), (at) => (at === 159 ? 100 : 1)), evidence: beside ?? {} };
    },
  ],
  ['a high of a hundred times', (seed) => withRows(market(seed), (at) => (at === rowOf(seed) ? 100 : 1), ['high'])],
  ['a low of next to nothing', (seed) => withRows(market(seed), (at) => (at === rowOf(seed) ? 0.001 : 1), ['low'])],
  [
    'an adjusted close that leaves the close without a payment',
    (seed) => {
      const right = payer(seed);
      const at = right.bars[310]?.startsAt ?? 0;
      const adjusted = [...(right.adjusted ?? [])].map(([key, value]): [number, number] => [
        key,
        key < at ? value * 0.93 : value,
      ]);
      return { ...right, adjusted: new Map(adjusted) };
    },
  ],
];

const good: Kind[] = [
  ['a crash of 60 %', (seed) => withRows(market(seed), (at) => (at >= rowOf(seed) ? 0.4 : 1))],
  [
    'a squeeze of 300 % that is over in two weeks',
    (seed) => along(market(seed), rowOf(seed), [1.3, 1.9, 2.6, 3.8, 4, 3.1, 2.4, 1.9, 1.5, 1.2], 20, 1.05),
  ],
  ['a spin-off that no list names', (seed) => withRows(market(seed), (at) => (at < rowOf(seed) ? 1.25 : 1))],
  [
    'a special payment of 30 %',
    (seed) => {
      const input = withRows(market(seed), (at) => (at < rowOf(seed) ? 1 / 0.7 : 1));
      const value = text(Number(input.bars[rowOf(seed) - 1]?.close) * 0.3);
      const exDate = input.bars[rowOf(seed)]?.date ?? '';
      const paid: RuleAction[] = [{ type: 'dividend', exDate, value, currency: 'USD' }];
      return withActions(input, paid, paid);
    },
  ],
  [
    'a share that hardly trades',
    (seed) => {
      const random = randomOf(seed + 99);
      let last: string | null = null;
      return withBars(market(seed, { move: 0.02 }), (bar) => {
        if (last !== null && random() < 0.6) return { open: last, high: last, low: last, close: last, volume: '0' };
        last = bar.close;
        return {};
      });
    },
  ],
  ['the first days of a share', (seed) => along(market(seed, { rows: 40 }), 0, [0.5, 0.8, 0.9, 1.15, 0.95], 5)],
  [
    'a currency that is devalued by half',
    (seed) =>
      withRows(market(seed, { move: 0.003, assetClass: 'fx', start: 1.2 }), (at) => (at >= rowOf(seed) ? 2.2 : 1)),
  ],
  [
    'a future below zero for a day',
    (seed) =>
      withBars(market(seed, { move: 0.03, assetClass: 'future', start: 20 }), (_, at) => {
        if (at === rowOf(seed)) return { open: '17.7', high: '17.8', low: '-40.3', close: '-37.6' };
        return at === rowOf(seed) + 1 ? { open: '-14', high: '13.8', low: '-16.7', close: '10' } : {};
      }),
  ],
  [
    'a coin at ten times within days',
    (seed) => {
      const path = Array.from({ length: 160 }, (_, day) => 1.6 ** Math.min(5, day + 1));
      return along(market(seed, { move: 0.06, assetClass: 'crypto', start: 0.4 }), rowOf(seed), path, 1);
    },
  ],
  ['a reverse split of 25 that the prices have', (seed) => splitAt(market(seed), rowOf(seed), 1 / 25)],
  [
    'a reverse split on whose day the price falls by 40 %',
    (seed) =>
      splitAt(
        withRows(market(seed, { move: 0.04 }), (at) => (at < rowOf(seed) ? 1 / 0.6 : 1)),
        rowOf(seed),
        1 / 25,
      ),
  ],
  [
    'a halt of a month, and 40 % less after it',
    (seed) => {
      const input = withRows(market(seed), (at) => (at > rowOf(seed) ? 0.6 : 1));
      return { ...input, bars: input.bars.filter((_, at) => at < rowOf(seed) - 20 || at > rowOf(seed)) };
    },
  ],
  [
    'rates near zero',
    (seed) =>
      withBars(market(seed, { assetClass: 'index', start: 0.05 }), (bar, at) => {
        const close = text(Number(bar.close) * (1 + 0.8 * Math.sin(at)));
        return { open: close, high: close, low: close, close };
      }),
  ],
  [
    'a share of a few ticks',
    (seed) =>
      withBars(market(seed, { move: 0.05, start: 0.003 }), ({ open, high, low, close }) => {
        const tick = (price: string | null) => text(Math.max(0.0001, Math.round(Number(price) * 1e4) / 1e4));
        return { open: tick(open), high: tick(high), low: tick(low), close: tick(close) };
      }),
  ],
  [
    'a fall by half in three days that is made good in a week',
    (seed) =>
      along(market(seed, { move: 0.02 }), rowOf(seed), [0.8, 0.6, 0.5, 0.55, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95], 6),
  ],
];

describe('faults of vendors', slow, () => {
  it.each(faults)('are found: %s', (_, make) => {
    const silent = seeds.filter((seed) => judgeSeries(make(seed)).length === 0);
    expect(silent).toEqual([]);
  });
});

describe('true events', slow, () => {
  it.each(good)('are no fault: %s', (_, make) => {
    const alarms = seeds.flatMap((seed) => judgeSeries(make(seed)).filter(({ severity }) => severity !== 'info'));
    expect(alarms).toEqual([]);
  });
});

function inBlock(seed: number, at: number, rows: number): boolean {
  return at >= rowOf(seed) && at < rowOf(seed) + rows;
}

function before(seed: number, factor: number): SeriesInput {
  return withRows(market(seed), (at) => (at < rowOf(seed) ? factor : 1));
}

function scaled(action: RuleAction, factor: number): RuleAction {
  return { ...action, value: text(Number(action.value) * factor) };
}

function adjustedPrices({ startsAt, open, high, low, close }: Bar, { adjusted }: SeriesInput): Partial<Bar> {
  const factor = (adjusted?.get(startsAt) ?? Number(close)) / Number(close);
  const of = (price: string | null) => (price === null ? null : text(Number(price) * factor));
  return { open: of(open), high: of(high), low: of(low), close: text(Number(close) * factor) };
}

/** Four days with the bar of the day before, or six at its close without a trade. */
function copiedBars(seed: number, volume: string | null): SeriesInput {
  const from = rowOf(seed);
  const told = market(seed).bars[from];
  return withBars(market(seed), (_, at) => {
    if (!told || at <= from || at > from + (volume === null ? 4 : 6)) return {};
    const { open, high, low, close } = told;
    if (volume !== null) return { open: close, high: close, low: close, close, volume };
    return { open, high, low, close, volume: told.volume };
  });
}
