/*
 * Adjusting bars at read, on exact decimals. Three bases:
 *   raw                   as traded on the day, in that day's shares
 *   splits                in today's shares: divided by the ratio of every split after the day
 *   splits_and_dividends  times (1 - D/P) for every dividend D after the day, P the close before its ex-date
 *
 * The last is the CRSP method that Yahoo's "adjusted close" follows. Nothing is estimated: what the stored rows do not
 * determine is a NotDerivableError, which the API answers as 422.
 */
import { Decimal } from 'decimal.js';
import type { BarBasis } from '../market/bar.ts';
import type { DecimalText } from '../market/decimal.ts';
import type { StoredAction, StoredBar } from '../market/stored-bar.ts';

/** Of a stored bar, what adjusting reads and changes. */
export type AdjustableBar = Pick<
  StoredBar,
  'day' | 'open' | 'high' | 'low' | 'close' | 'volume' | 'basis' | 'basisDay' | 'basisAt'
>;

interface Split {
  readonly exDate: string;
  /** 4 for 4:1, 0.1 for 1:10. */
  readonly ratio: DecimalText;
  readonly knownAt: number;
}

interface Dividend {
  readonly exDate: string;
  /** Per share, as the source gave it. */
  readonly amount: DecimalText;
  /** When it was given: the day and the instant. */
  readonly knownDay: string;
  readonly knownAt: number;
  /** The last daily bar before the ex-date; `null` when there is none. */
  readonly before: AdjustableBar | null;
}

export interface Actions {
  readonly splits: readonly Split[];
  readonly dividends: readonly Dividend[];
  /**
   * Whether the source states dividends in the shares of the day it reported them, as one whose bars are split-adjusted
   * does (Yahoo: AAPL's 0.82 of 2020-08-07 became 0.205 with the split three weeks later), or in those of the ex-date.
   */
  readonly dividendsSplitAdjusted: boolean;
}

/** The stored rows do not determine the prices that were asked for. */
export class NotDerivableError extends Error {
  override readonly name = 'NotDerivableError';
}

/**
 * Significant digits of a computed price: two more than the longest of its bar, and not fewer than `leastDigits`, for prices
 * come without the zeros at their end. All four of a bar have the same, so that rounding turns none of them over. A price that
 * needs no computing keeps its own.
 */
const furtherDigits = 2;
const leastDigits = 10;
/** As many as any double keeps. */
const mostDigits = 15;

/**
 * The bars in another basis, as of today's shares.
 *
 * @example
 * const inTodaysShares = adjustBars(bars, 'splits', actions); // throws NotDerivableError instead of guessing
 */
export function adjustBars<B extends AdjustableBar>(bars: readonly B[], target: BarBasis, actions: Actions): B[] {
  const toPrice = factorTo(target, actions);
  const toVolume = target === 'splits_and_dividends' ? factorTo('splits', actions, true) : toPrice;
  return bars.map((bar) => {
    const price = toPrice(bar);
    const volume = toVolume(bar);
    const { open, high, low, close } = bar;
    const digits = price.eq(1) ? 0 : digitsFor([open, high, low, close]);
    const adjusted = (value: DecimalText) => (digits === 0 ? value : text(new Decimal(value).mul(price), digits));
    return {
      ...bar,
      open: open && adjusted(open),
      high: high && adjusted(high),
      low: low && adjusted(low),
      close: adjusted(close),
      volume:
        bar.volume === null || volume.eq(1)
          ? bar.volume
          : text(new Decimal(bar.volume).div(volume), digitsFor([bar.volume])),
    };
  });
}

const one = new Decimal(1);

/** What a bar's prices are to be multiplied by. It is the same from one split or dividend to the next, so it is kept. */
function factorTo(target: BarBasis, actions: Actions, splitsOnly = false): (bar: AdjustableBar) => Decimal {
  const { splits } = actions;
  const days = [...splits, ...actions.dividends].map(({ exDate }) => exDate).sort();
  const dividends = target === 'splits_and_dividends' ? dividendFactorAfter(actions, splits) : () => one;
  const kept = new Map<string, Decimal>();

  function factor(bar: AdjustableBar): Decimal {
    // Splits after the bar's day, told apart by whether the source had already taken them in.
    const after = splits.filter((split) => split.exDate > bar.day);
    const included = after.filter((split) => bar.basis !== 'raw' && takenIn(split, bar));
    if (target === 'raw') {
      if (bar.basis === 'splits_and_dividends')
        throw new NotDerivableError(
          'The source gives these bars adjusted for dividends, and the raw prices are not stored.',
        );
      return product(included);
    }
    const open = after.filter((split) => !included.includes(split));
    if (target === 'splits') {
      if (bar.basis === 'splits_and_dividends' && !splitsOnly)
        throw new NotDerivableError(
          'The source gives these bars adjusted for dividends, and the prices without are not stored.',
        );
      return one.div(product(open));
    }
    const paidFrom = bar.basis === 'splits_and_dividends' && bar.basisDay > bar.day ? bar.basisDay : bar.day;
    return one.div(product(open)).mul(dividends(paidFrom));
  }

  return (bar) => {
    const key = `${countUntil(days, bar.day)} ${bar.basis} ${bar.basisDay} ${bar.basisAt}`;
    let known = kept.get(key);
    if (!known) {
      known = factor(bar);
      kept.set(key, known);
    }
    return known;
  };
}

/** How many of some days, which are in order, are not after a day. */
function countUntil(days: readonly string[], day: string): number {
  let from = 0;
  let to = days.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((days[middle] ?? '') <= day) from = middle + 1;
    else to = middle;
  }
  return from;
}

/**
 * Whether what was read at `basisAt` has a split in it. Sources adjust in the night of the ex-date or a day later, and
 * say so only by reporting the split: a reading within two days that knew of none may be either way.
 */
function takenIn(split: Split, reading: { basisDay: string; basisAt: number }): boolean {
  if (split.exDate > reading.basisDay) return false;
  if (split.knownAt <= reading.basisAt || reading.basisAt >= Date.parse(split.exDate) + graceMs) return true;
  throw new NotDerivableError(
    `Prices were read within two days of the split of ${split.exDate}, before the source reported it: whether they include it is not known.`,
  );
}

/** As long as ingest doubts it too, when it marks bars as stale. */
const graceMs = 2 * 86_400_000;

/**
 * The product of (1 - D/P) over the dividends after a day, with D and P both in today's shares. Each is computed when a
 * bar needs it, so that a dividend that cannot be used spoils no bar after it.
 */
function dividendFactorAfter(actions: Actions, splits: readonly Split[]): (day: string) => Decimal {
  const toSplits = factorTo('splits', actions);
  const newestFirst = actions.dividends.toSorted((a, b) => (a.exDate > b.exDate ? -1 : 1));
  const products: Decimal[] = [one];

  function factor({ exDate, amount, knownDay, knownAt, before }: Dividend): Decimal {
    if (!before)
      throw new NotDerivableError(`There is no daily bar before the dividend of ${exDate}, whose close is needed.`);
    const told = { basisDay: knownDay, basisAt: knownAt };
    const open = splits.filter(
      (split) => split.exDate > exDate && !(actions.dividendsSplitAdjusted && takenIn(split, told)),
    );
    const paid = new Decimal(amount).div(product(open));
    const close = new Decimal(before.close).mul(toSplits(before));
    const result = one.sub(paid.div(close));
    if (!result.gt(0))
      throw new NotDerivableError(`The dividend of ${exDate} is not less than the close before it: one is wrong.`);
    return result;
  }

  return (day) => {
    const first = newestFirst.findIndex((dividend) => dividend.exDate <= day);
    const count = first === -1 ? newestFirst.length : first;
    for (const dividend of newestFirst.slice(products.length - 1, count)) {
      products.push((products.at(-1) ?? one).mul(factor(dividend)));
    }
    return products[count] ?? one;
  };
}

/** Of a split or payment, what its amount in other shares takes. */
export type PlacedAction = Pick<
  StoredAction,
  'type' | 'exDate' | 'ratio' | 'amount' | 'currency' | 'knownDay' | 'knownAt'
>;

/**
 * Splits and payments with the amounts in today's shares, as a source with split-adjusted bars states them. Throws
 * NotDerivableError where it is not known in which shares an amount is.
 */
export function inTodaysShares<A extends PlacedAction>(actions: readonly A[], dividendsSplitAdjusted: boolean): A[] {
  const splits = actions.flatMap(({ type, ratio, exDate, knownAt }): Split[] =>
    type === 'split' && ratio !== null && Number(ratio) > 0 ? [{ exDate, ratio, knownAt }] : [],
  );
  return actions.map((action) => {
    const { type, amount, exDate, knownDay, knownAt } = action;
    if (type === 'split' || amount === null) return action;
    const told = { basisDay: knownDay, basisAt: knownAt };
    const open = splits.filter((split) => split.exDate > exDate && !(dividendsSplitAdjusted && takenIn(split, told)));
    if (open.length === 0) return action;
    return { ...action, amount: text(new Decimal(amount).div(product(open)), digitsFor([amount])) };
  });
}

function product(splits: readonly Split[]): Decimal {
  return splits.reduce((total, split) => total.mul(split.ratio), one);
}

/** To how many digits what is computed of these values is rounded. */
function digitsFor(values: readonly (DecimalText | null)[]): number {
  const longest = Math.max(...values.map((value) => (value === null ? 0 : significantDigits(value))));
  return Math.min(mostDigits, Math.max(leastDigits, longest + furtherDigits));
}

/** As it is written: zeros at its end count after a point only. */
function significantDigits(value: DecimalText): number {
  const figures = value.replace(/^-?[0.]*/, '').replace('.', '').length;
  return value.includes('.') ? figures : value.replace(/^-/, '').replace(/0+$/, '').length;
}

function text(value: Decimal, digits: number): DecimalText {
  return value.toSignificantDigits(digits).toFixed();
}
