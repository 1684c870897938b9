/** Faults of vendors in prices and volumes, by kind. */

import { withRows } from '../price-walks.ts';
import { randomOf } from '../random.ts';
import { along, type Kind, market, payer, rowOf, scaledRows, splitAt, type Told, text, withBars } from './series.ts';

const pence = { minorFactor: 100 };
const told = (right: Told['right'], made: Told['told']): Told => ({ right, told: made });

/** Rows of a second market, at a level of its own. */
function otherInstrument(seed: number, level: number): Told {
  const right = market(seed);
  const other = market(seed + 500);
  const row = rowOf(seed, right);
  const scale = (Number(right.bars[row]?.close) * level) / Number(other.bars[row]?.close);
  const of = (price: string | null) => (price === null ? null : text(Number(price) * scale));
  const made = withBars(right, (_, at) => {
    const bar = other.bars[at];
    if (!bar || at < row || at >= row + 5) return {};
    return {
      open: of(bar.open),
      high: of(bar.high),
      low: of(bar.low),
      close: of(bar.close) ?? bar.close,
      volume: bar.volume,
    };
  });
  return told(right, made);
}

function withSplit(seed: number, ratio: number, factorOf: (at: number, ex: number) => number, rows = 420): Told {
  const plain = market(seed, { rows });
  const row = rowOf(seed, plain);
  const right = splitAt(plain, row, ratio);
  return told(
    right,
    withRows(right, (at) => factorOf(at, row)),
  );
}

function ofRow(seed: number, change: (bar: Told['right']['bars'][number]) => object): Told {
  const right = market(seed);
  const row = rowOf(seed, right);
  return told(
    right,
    withBars(right, (bar, at) => (at === row ? change(bar) : {})),
  );
}

function inBlock(seed: number, rows: number, factor: number, of = {}): Told {
  const right = market(seed, of);
  const row = rowOf(seed, right);
  return told(right, scaledRows(right, row, row + rows, factor));
}

function firstDay(seed: number, factor: number, of = {}): Told {
  const right = market(seed, of);
  return told(right, scaledRows(right, 0, 1, factor));
}

export const faultyPrices: readonly Kind<Told>[] = [
  ['rows of another instrument for a week', (seed) => otherInstrument(seed, 2.3)],
  ['rows of another instrument for a week, at half the price', (seed) => otherInstrument(seed, 0.45)],
  [
    'a split of 4 that a part of the rows lacks',
    (seed) => withSplit(seed, 4, (at, ex) => (at >= ex - 70 && at < ex - 40 ? 4 : 1)),
  ],
  [
    'a split of 2 that the last 60 days before it lack',
    (seed) => withSplit(seed, 2, (at, ex) => (at >= ex - 60 && at < ex ? 2 : 1)),
  ],
  ['a split of 3 that was applied twice', (seed) => withSplit(seed, 3, (at, ex) => (at < ex ? 1 / 3 : 1))],
  [
    'a split of 4 that was applied 120 sessions early',
    (seed) => withSplit(seed, 4, (at, ex) => (at < ex - 120 ? 4 : 1), 700),
  ],
  [
    'a split of 10 that was applied 120 sessions early',
    (seed) => withSplit(seed, 10, (at, ex) => (at < ex - 120 ? 10 : 1), 700),
  ],
  [
    'a reverse split of 20 that was applied 120 sessions late',
    (seed) => withSplit(seed, 0.05, (at, ex) => (at >= ex - 120 && at < ex ? 1 / 20 : 1), 700),
  ],
  ['a split of 3:2 that the rows before lack', (seed) => withSplit(seed, 1.5, (at, ex) => (at < ex ? 1.5 : 1))],
  [
    'a reverse split of 500 that the rows before lack',
    (seed) => withSplit(seed, 1 / 500, (at, ex) => (at < ex ? 1 / 500 : 1)),
  ],
  [
    'a split applied to the newest rows, too',
    (seed) => withSplit(seed, 5, (at, ex) => (at >= ex && at < ex + 6 ? 0.2 : 1)),
  ],
  ['pounds among pence for a month', (seed) => inBlock(seed, 22, 0.01, pence)],
  ['a thousandfold for a month', (seed) => inBlock(seed, 22, 1000)],
  ['a day at ten times', (seed) => inBlock(seed, 1, 10)],
  ['two weeks in another currency', (seed) => inBlock(seed, 9, 1 / 7.2)],
  [
    'another currency before a day, in which prices are a seventh',
    (seed) => {
      const right = market(seed);
      return told(right, scaledRows(right, 0, rowOf(seed, right), 1 / 7.2));
    },
  ],
  [
    'another currency before a day, in which prices are 150 times as high',
    (seed) => {
      const right = market(seed);
      return told(right, scaledRows(right, 0, rowOf(seed, right), 151));
    },
  ],
  [
    'a last bar that is the one before',
    (seed) => {
      const right = market(seed);
      const before = right.bars.at(-2);
      return told(
        right,
        withBars(right, (bar, at) =>
          at === right.bars.length - 1 && before ? { ...before, startsAt: bar.startsAt, date: bar.date } : {},
        ),
      );
    },
  ],
  [
    'a week without a trade at the close before, in a share that trades each day',
    (seed) => {
      const right = market(seed);
      const row = rowOf(seed, right);
      const close = right.bars[row - 1]?.close ?? '1';
      const flat = { open: close, high: close, low: close, close, volume: '0' };
      return told(
        right,
        withBars(right, (_, at) => (at >= row && at < row + 5 ? flat : {})),
      );
    },
  ],
  [
    'the previous close as the close for two weeks',
    (seed) => {
      const right = market(seed);
      const row = rowOf(seed, right);
      return told(
        right,
        withBars(right, (bar, at) =>
          at >= row && at < row + 10 ? { close: right.bars[at - 1]?.close ?? bar.close } : {},
        ),
      );
    },
  ],
  [
    'dates that are a day early',
    (seed) => {
      const right = market(seed);
      const day = 86_400_000;
      const early = withBars(right, ({ startsAt }) => ({
        startsAt: startsAt - day,
        date: new Date(startsAt - day).toISOString().slice(0, 10),
      }));
      return told(right, { ...early, adjusted: new Map(early.bars.map((bar) => [bar.startsAt, Number(bar.close)])) });
    },
  ],
  [
    'volume in lots from a day on',
    (seed) => {
      const right = market(seed);
      const row = rowOf(seed, right);
      return told(
        right,
        withBars(right, ({ volume }, at) => (at >= row ? { volume: String(Math.round(Number(volume) / 100)) } : {})),
      );
    },
  ],
  [
    'volume in lots for three weeks',
    (seed) => {
      const right = market(seed);
      const row = rowOf(seed, right);
      return told(
        right,
        withBars(right, ({ volume }, at) =>
          at >= row && at < row + 15 ? { volume: String(Math.round(Number(volume) / 100)) } : {},
        ),
      );
    },
  ],
  ['high and low that have changed places', (seed) => ofRow(seed, ({ high, low }) => ({ high: low, low: high }))],
  [
    'an open of a tenth',
    (seed) =>
      ofRow(seed, ({ open, low }) => ({
        open: text(Number(open) / 10),
        low: text(Math.min(Number(low), Number(open) / 10)),
      })),
  ],
  [
    'closes without payments before a day',
    (seed) => {
      const right = payer(seed, { payout: 0.02 });
      const row = rowOf(seed, right);
      return told(
        right,
        withBars(right, (bar, at) => {
          if (at >= row) return {};
          const factor = (right.adjusted?.get(bar.startsAt) ?? Number(bar.close)) / Number(bar.close);
          const of = (price: string | null) => (price === null ? null : text(Number(price) * factor));
          return { open: of(bar.open), high: of(bar.high), low: of(bar.low), close: of(bar.close) ?? bar.close };
        }),
      );
    },
  ],
  [
    'a newest row that has the price of years ago',
    (seed) => {
      const right = along(market(seed), 60, [1.5, 2.2, 3.1], 3);
      const old = right.bars[20];
      return told(
        right,
        withBars(right, ({ startsAt, date }, at) =>
          at === right.bars.length - 1 && old ? { ...old, startsAt, date } : {},
        ),
      );
    },
  ],
  [
    'prices that were rounded to whole units for a month',
    (seed) => {
      const right = market(seed, { start: 4 + 2 * randomOf(seed)() });
      const row = rowOf(seed, right);
      const of = (price: string | null) => (price === null ? null : String(Math.round(Number(price))));
      return told(
        right,
        withBars(right, (bar, at) =>
          at >= row && at < row + 20
            ? { open: of(bar.open), high: of(bar.high), low: of(bar.low), close: of(bar.close) ?? bar.close }
            : {},
        ),
      );
    },
  ],
  ['a volume of ten million times', (seed) => ofRow(seed, ({ volume }) => ({ volume: String(Number(volume) * 1e7) }))],
  [
    'a newest volume of a million times',
    (seed) => {
      const right = market(seed);
      return told(
        right,
        withBars(right, ({ volume }, at) =>
          at === right.bars.length - 1 ? { volume: String(Number(volume) * 1e6) } : {},
        ),
      );
    },
  ],
  ['a fund whose first day is at a quarter', (seed) => firstDay(seed, 0.25, { assetClass: 'etf' })],
  ['a first day at a ninth', (seed) => firstDay(seed, 1 / 9)],
  [
    'a newest day at ten times, which the price beside the bars is, too',
    (seed) => {
      const right = market(seed);
      return told(right, scaledRows(right, right.bars.length - 1, right.bars.length, 10));
    },
  ],
];
