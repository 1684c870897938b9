/** Good series that look odd, by kind: no finding should be on them, and none of their rows refused. */
import type { SeriesInput } from '../../../core/prices/rules/series.ts';
import { adjustedBy, withRows } from '../price-walks.ts';
import { randomOf } from '../random.ts';
import { gains } from './faulty-payments.ts';
import {
  along,
  type Kind,
  market,
  news,
  payer,
  paying,
  paymentAt,
  rowOf,
  scaledRows,
  splitAt,
  text,
  withBars,
} from './series.ts';

/** Closes without an open, high or low of their own, and no volume, as of a fund. */
const priced = (input: SeriesInput): SeriesInput =>
  withBars(input, ({ close }) => ({ open: close, high: close, low: close, volume: '0' }));

/** A share whose days move by a tenth or a third. */
const penny = (seed: number, of = {}) => market(seed, { start: 0.4, move: 0.09, ...of });

/** Prices in whole ticks. */
const ticks = (input: SeriesInput, tick: number): SeriesInput => {
  const of = (price: string | null) =>
    price === null ? null : text(Math.max(tick, Math.round(Number(price) / tick) * tick));
  const made = withBars(input, (bar) => ({
    open: of(bar.open),
    high: of(bar.high),
    low: of(bar.low),
    close: of(bar.close) ?? bar.close,
  }));
  return { ...made, adjusted: adjustedBy(made) };
};

/** Days without trade keep the close before. */
function thin(input: SeriesInput, seed: number, share: number): SeriesInput {
  const random = randomOf(seed + 99);
  let last: string | null = null;
  const made = withBars(input, (bar) => {
    if (last !== null && random() < share) return { open: last, high: last, low: last, close: last, volume: '0' };
    last = bar.close;
    return {};
  });
  return { ...made, adjusted: adjustedBy(made) };
}

function paidOut(seed: number, share: number, type: 'dividend' | 'capital_gain' = 'dividend', of = {}): SeriesInput {
  const plain = market(seed, { rows: 400, ...of });
  const row = rowOf(seed, plain);
  const input = scaledRows(plain, 0, row, 1 / (1 - share));
  return paying(input, [paymentAt(input, row, share, type)]);
}

function dropped(input: SeriesInput, from: number, rows: number): SeriesInput {
  return { ...input, bars: input.bars.filter((_, at) => at < from || at >= from + rows) };
}

export const goodSeries: readonly Kind<SeriesInput>[] = [
  ['a quiet share that pays each quarter', (seed) => payer(seed, { move: 0.006 })],
  ['a wild share that pays each quarter', (seed) => payer(seed, { move: 0.025 })],
  ['a payer in pence', (seed) => payer(seed, { minorFactor: 100, start: 8 })],
  [
    'a payer of tiny amounts in pence',
    (seed) => payer(seed, { minorFactor: 100, start: 2, payout: 0.0012, payments: 2 }),
  ],
  ['a monthly payer of nearly a hundredth', (seed) => payer(seed, { payments: 12, payout: 0.008 })],
  ['a yearly payer of a twentieth', (seed) => payer(seed, { payments: 1, payout: 0.05, rows: 1300 })],
  [
    'a payer whose amounts differ threefold',
    (seed) => {
      const input = payer(seed, { payments: 12, payout: 0.001 });
      const random = randomOf(seed + 5);
      const paid = input.actions.map((action) => {
        const row = input.bars.findIndex((bar) => bar.date === action.exDate);
        return paymentAt(input, row, 0.001 + 0.004 * random());
      });
      return paying(input, paid);
    },
  ],
  [
    'small payments of a fiftieth that end',
    (seed) => {
      const input = payer(seed, { payout: 0.02 });
      return paying(input, input.actions.slice(0, 5));
    },
  ],
  [
    'a payment that is cut to a tenth',
    (seed) => {
      const input = payer(seed, { payout: 0.015 });
      return paying(
        input,
        input.actions.map((action, at) =>
          at > input.actions.length / 2 ? { ...action, value: text(Number(action.value) / 10) } : action,
        ),
      );
    },
  ],
  ['a special payment of 30 %', (seed) => paidOut(seed, 0.3)],
  ['a special payment of 2 % by one who never paid', (seed) => paidOut(seed, 0.02)],
  [
    'a special payment beside the regular one',
    (seed) => {
      const input = payer(seed);
      const place = Math.floor(input.actions.length / 2);
      const row = input.bars.findIndex((bar) => bar.date === input.actions[place]?.exDate) + 6;
      const fallen = scaledRows(input, 0, row, 1 / 0.94);
      return paying(fallen, [...input.actions, paymentAt(fallen, row, 0.06)]);
    },
  ],
  [
    'a gain paid beside a dividend, and both fallen by',
    (seed) => {
      const plain = market(seed, { rows: 400, assetClass: 'fund', move: 0.007 });
      const row = rowOf(seed, plain);
      const input = scaledRows(plain, 0, row, 1 / 0.92);
      const both = [paymentAt(input, row, 0.02), paymentAt(input, row, 0.06, 'capital_gain')];
      const sum = [paymentAt(input, row, 0.08)];
      return { ...paying(input, both), adjusted: adjustedBy({ bars: input.bars, actions: sum }) };
    },
  ],
  ['a gain within the dividend of its day, taken off once', (seed) => gains(seed, 'the dividend').told],
  ['a crash by half', (seed) => news(market(seed), rowOf(seed, market(seed)), 0.5)],
  [
    'a crash by three quarters, days from a split of 4',
    (seed) => {
      const plain = market(seed, { rows: 400 });
      const row = rowOf(seed, plain);
      return splitAt(news(plain, row, 0.25), row - 6, 4);
    },
  ],
  ['a rise to three times', (seed) => news(market(seed), rowOf(seed, market(seed)), 3)],
  [
    'a takeover at 60 % more, and still days after it',
    (seed) => {
      const plain = market(seed);
      const row = rowOf(seed, plain);
      const bid = Number(plain.bars[row - 1]?.close) * 1.6;
      const random = randomOf(seed);
      const made = withBars(plain, ({ volume }, at) => {
        if (at < row) return {};
        const prices = Array.from({ length: 4 }, () => bid * (1 + 0.002 * (random() - 0.5))).sort((a, b) => a - b);
        const [low, open, close, high] = prices.map(text);
        return {
          open: open ?? null,
          high: high ?? null,
          low: low ?? null,
          close: close ?? '1',
          volume: String(Math.round(Number(volume) * (at === row ? 12 : 1.5))),
        };
      });
      return { ...made, adjusted: adjustedBy(made) };
    },
  ],
  [
    'a squeeze that is over in two weeks',
    (seed) =>
      along(market(seed), rowOf(seed, market(seed)), [1.3, 1.9, 2.6, 3.8, 4, 3.1, 2.4, 1.9, 1.5, 1.2, 1], 20, 1.05),
  ],
  [
    'a spin-off of a quarter that no list names',
    (seed) => {
      const plain = market(seed);
      return scaledRows(plain, 0, rowOf(seed, plain), 1 / 0.75);
    },
  ],
  ['a penny share', (seed) => penny(seed)],
  ['a penny share of few ticks', (seed) => ticks(penny(seed, { start: 0.006, move: 0.06 }), 0.001)],
  ['a share that hardly trades', (seed) => thin(market(seed, { move: 0.02 }), seed, 0.6)],
  ['a share without trade on some days', (seed) => thin(market(seed), seed, 0.12)],
  [
    'the first days of a share',
    (seed) => along(market(seed, { rows: 40 }), 0, [0.4, 0.62, 0.75, 1.1, 0.9, 1], 6, 1.08),
  ],
  [
    'a halt of a month, and 40 % less after it',
    (seed) => {
      const plain = market(seed);
      const row = rowOf(seed, plain);
      return dropped(news(plain, row, 0.6), row - 20, 20);
    },
  ],
  [
    'a halt of two weeks at the last close, and a third more after it',
    (seed) => {
      const plain = market(seed);
      const row = rowOf(seed, plain);
      const close = plain.bars[row - 11]?.close ?? '1';
      const halted = withBars(news(plain, row, 1.35), (_, at) =>
        at >= row - 10 && at < row ? { open: close, high: close, low: close, close, volume: '0' } : {},
      );
      return {
        ...halted,
        bars: halted.bars.filter((_, at) => at < row - 6 || at >= row),
        adjusted: adjustedBy(halted),
      };
    },
  ],
  ['a split of 4 that the prices have', (seed) => splitAt(market(seed), rowOf(seed, market(seed)), 4)],
  [
    'a split of 20 three days ago, before which all is stored in old shares',
    (seed) => {
      const plain = payer(seed);
      return paying(plain, splitAt(plain, plain.bars.length - 2, 20).actions);
    },
  ],
  [
    'a reverse split of 500 in a collapsing share',
    (seed) => {
      const plain = market(seed, { move: 0.06, start: 900 });
      const row = rowOf(seed, plain);
      return splitAt(news(plain, row, 0.7), row, 1 / 500);
    },
  ],
  ['a share dividend of a twentieth', (seed) => splitAt(payer(seed), 300, 1.05)],
  ['a fund priced once a day', (seed) => priced(payer(seed, { assetClass: 'fund', payments: 2 }))],
  ['a leveraged fund', (seed) => market(seed, { assetClass: 'etf', move: 0.05 })],
  ['a coin', (seed) => market(seed, { assetClass: 'crypto', move: 0.05 })],
  [
    'a coin at ten times within a week',
    (seed) =>
      along(market(seed, { assetClass: 'crypto', move: 0.06, start: 0.4 }), 120, [1.6, 2.4, 4, 6.5, 10], 4, 1.1),
  ],
  [
    'a coin that collapses by 99 %',
    (seed) => along(market(seed, { assetClass: 'crypto', move: 0.05 }), 150, [0.6, 0.3, 0.02, 0.01], 15),
  ],
  [
    'a coin that falls a thousandfold overnight',
    (seed) => {
      const plain = market(seed, { assetClass: 'crypto', move: 0.05 });
      return scaledRows(plain, 150, plain.bars.length, 0.001);
    },
  ],
  [
    'a coin of which a thousand become one',
    (seed) => {
      const plain = market(seed, { assetClass: 'crypto', move: 0.05 });
      return scaledRows(plain, 150, plain.bars.length, 1000);
    },
  ],
  [
    'a currency that loses three zeros',
    (seed) => {
      const plain = market(seed, { assetClass: 'fx', move: 0.003, start: 2700 });
      return scaledRows(plain, rowOf(seed, plain), plain.bars.length, 0.001);
    },
  ],
  [
    'a currency that is devalued to an eighth overnight',
    (seed) => {
      const plain = market(seed, { assetClass: 'fx', move: 0.003, start: 55 });
      return scaledRows(plain, rowOf(seed, plain), plain.bars.length, 7);
    },
  ],
  ['a share at four times on its second day', (seed) => news(market(seed, { rows: 60 }), 1, 3.9)],
  [
    'a block of 1,000 times what a thin share trades',
    (seed) => {
      const plain = market(seed);
      const row = rowOf(seed, plain);
      const random = randomOf(seed + 41);
      return withBars(plain, (_, at) => ({
        volume: String(Math.round((100 + 100 * random()) * (at === row ? 2000 : 1))),
      }));
    },
  ],
  ['a pair near its reciprocal', (seed) => market(seed, { assetClass: 'fx', move: 0.005, start: 1.01 })],
  [
    'a currency that is devalued by half',
    (seed) => {
      const plain = market(seed, { assetClass: 'fx', move: 0.003, start: 17 });
      return scaledRows(plain, rowOf(seed, plain), plain.bars.length, 2.1);
    },
  ],
  [
    'a currency that loses a hundredth a day',
    (seed) => withRows(market(seed, { assetClass: 'fx', move: 0.006, start: 90 }), (at) => 1.011 ** at),
  ],
  [
    'a volatility index',
    (seed) => {
      const plain = market(seed, { assetClass: 'index', move: 0.05, start: 15 });
      return along(plain, rowOf(seed, plain), [1.3, 2.1, 1.9, 1.6, 1.3, 1.1, 1], 1);
    },
  ],
  [
    'a future that goes below zero for a day',
    (seed) =>
      withBars({ ...market(seed, { move: 0.03, assetClass: 'future', start: 20 }), adjusted: undefined }, (_, at) => {
        if (at === 130) return { open: '17.7', high: '17.8', low: '-40.3', close: '-37.6' };
        return at === 131 ? { open: '-14', high: '13.8', low: '-16.7', close: '10' } : {};
      }),
  ],
  [
    'a rate near zero',
    (seed) =>
      withBars(market(seed, { assetClass: 'index', start: 0.05 }), (bar, at) => {
        const close = text(Number(bar.close) * (1 + 0.8 * Math.sin(at)));
        return { open: close, high: close, low: close, close };
      }),
  ],
  ['weeks of a payer', (seed) => payer(seed, { interval: '1wk', rows: 260 })],
  [
    'a price that is fixed by a bank',
    (seed) => {
      const plain = market(seed, { assetClass: 'fx', move: 0.0003, start: 3.75 });
      return scaledRows(plain, 150, plain.bars.length, 1.2);
    },
  ],
  [
    'a volume that grows by a hundred with an index',
    (seed) => {
      const plain = market(seed);
      const row = rowOf(seed, plain);
      return withBars(plain, ({ volume }, at) => ({
        volume: String(Math.round(Number(volume) * (at < row ? 1 : Math.min(60, 3 * (at - row + 1))))),
      }));
    },
  ],
];
