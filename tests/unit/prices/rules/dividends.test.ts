import { describe, expect, it } from 'vitest';
import { judgeSeries } from '../../../../core/prices/rules/judge-series.ts';
import type { RuleAction, SeriesInput } from '../../../../core/prices/rules/series.ts';
import { found } from '../../../support/calm-market.ts';
import { walk, withActions } from '../../../support/price-walks.ts';

/** A payer of 1.5 % a quarter, quoted in pence. The figures of each are in pounds. */
const payer = walk({ seed: 12, rows: 700, minorFactor: 100, payments: 4, payout: 0.015, move: 0.01 });
/** The same in dollars. */
const dollars: SeriesInput = {
  ...payer,
  currency: 'USD',
  minorFactor: 1,
  actions: payer.actions.map((action) => ({ ...action, currency: 'USD' })),
};
/** Payments of the same amount each quarter, too small to be seen in the price. */
const unpaid = walk({ seed: 12, rows: 700, move: 0.01 });
const steady: SeriesInput = {
  ...unpaid,
  actions: Array.from({ length: 10 }, (_, quarter) => ({
    type: 'dividend' as const,
    exDate: unpaid.bars[40 + 65 * quarter]?.date ?? '',
    value: '0.11',
    currency: 'USD',
  })),
};
const place = 4;
const dateOf = (input: SeriesInput, index: number) => input.actions[index]?.exDate ?? '';

const times = (action: RuleAction, factor: number): RuleAction => ({
  ...action,
  value: String(Number((Number(action.value) * factor).toPrecision(12))),
});
const scaled = (input: SeriesInput, factorOf: (index: number) => number) =>
  input.actions.map((action, index) => (factorOf(index) === 1 ? action : times(action, factorOf(index))));
const onlyThat = (factor: number) => (index: number) => (index === place ? factor : 1);

/** Another day, so many rows after the payment's. */
const dayAfter = (input: SeriesInput, rows: number) => {
  const at = input.bars.findIndex((bar) => bar.date === dateOf(input, place));
  return input.bars[at + rows]?.date ?? '';
};
const moved = (input: SeriesInput, exDate: string) =>
  input.actions.map((action, index) => (index === place ? { ...action, exDate } : action));
const without = (input: SeriesInput) => input.actions.filter((_, index) => index !== place);

const gain = (exDate: string, value: string): RuleAction => ({ type: 'capital_gain', exDate, value, currency: 'USD' });

/** A fund that pays a part of its dividend out of gains, and falls by both as its vendor tells them. */
const gains = (() => {
  const half = String(Number(dollars.actions[place]?.value ?? 0) / 2);
  return { inside: gain(dateOf(dollars, place), half) };
})();

describe('dividends', () => {
  const both = (actions: readonly RuleAction[]) => withActions(payer, actions, actions);
  const at = dateOf(payer, place);
  it.each<[string, SeriesInput, string]>([
    [
      'one in pounds among pence, adjusted rightly',
      withActions(payer, scaled(payer, onlyThat(0.01))),
      `${at} dividends wrong dividend_unit`,
    ],
    [
      'one in pounds among pence, adjusted by it',
      both(scaled(payer, onlyThat(0.01))),
      `${at} dividends wrong dividend_unit`,
    ],
    [
      'one a hundred times too high, larger than the price',
      withActions(payer, scaled(payer, onlyThat(100))),
      `${at} dividends wrong dividend_unit`,
    ],
    [
      'one in dollars a hundred times too high',
      withActions(dollars, scaled(dollars, onlyThat(100))),
      `${dateOf(dollars, place)} dividends wrong dividend_unit`,
    ],
    [
      'one in the shares of before a split',
      withActions(
        {
          ...dollars,
          actions: [...dollars.actions, { type: 'split', exDate: '2025-01-06', value: '10', currency: null }],
        },
        [...scaled(dollars, onlyThat(10)), { type: 'split', exDate: '2025-01-06', value: '10', currency: null }],
        dollars.actions,
      ),
      `${dateOf(dollars, place)} dividends wrong dividend_unit`,
    ],
    [
      'one larger than the price, of no unit',
      withActions(dollars, scaled(dollars, onlyThat(700)), without(dollars)),
      `${dateOf(dollars, place)} dividends wrong dividend_exceeds_price`,
    ],
    [
      'one told under two dates',
      both([...payer.actions, { ...(payer.actions[place] ?? gains.inside), exDate: dayAfter(payer, 7) }]),
      `${dayAfter(payer, 7)} dividends doubt dividend_twice`,
    ],
    [
      'one that neither price nor vendor shows',
      withActions(dollars, [
        ...dollars.actions,
        { type: 'dividend', exDate: dayAfter(dollars, 30), value: '6', currency: 'USD' },
      ]),
      `${dayAfter(dollars, 30)} dividends wrong dividend_not_seen`,
    ],
    [
      'one under another date than the vendor adjusts',
      withActions(payer, moved(payer, dayAfter(payer, -4))),
      `${dayAfter(payer, -4)} dividends doubt dividend_redated`,
    ],
    [
      'one in another currency',
      {
        ...payer,
        actions: payer.actions.map((action, index) => (index === place ? { ...action, currency: 'USD' } : action)),
      },
      `${at} dividends info dividend_currency`,
    ],
    [
      'a gain that the dividend holds and the vendor takes off again',
      withActions(dollars, [...dollars.actions, gains.inside], [...dollars.actions, gains.inside]),
      `${dateOf(dollars, place)} dividends wrong gain_within_dividend`,
    ],
  ])('finds %s', (_, input, expected) => {
    expect(found(input).filter((line) => !line.includes('adjusted_close'))).toEqual([expected]);
  });

  it('finds all of a listing that are in pounds', () => {
    expect(found(both(scaled(payer, () => 0.01)))).toEqual(
      payer.actions.map(({ exDate }) => expect.stringMatching(`${exDate} dividends (wrong|doubt) dividend_unit`)),
    );
  });

  it('finds those in pounds where both are mixed', () => {
    const mixed = scaled(payer, (index) => (index % 2 === 0 ? 0.01 : 1));
    expect(found(both(mixed)).map((line) => line.slice(0, 10))).toEqual(
      payer.actions.filter((_, index) => index % 2 === 0).map(({ exDate }) => exDate),
    );
  });

  it('doubts one that is a hundredth between steady ones, adjusted by it, where no fall speaks for it', () => {
    expect(found(both3(steady, scaled(steady, onlyThat(0.01))))).toEqual([
      `${dateOf(steady, place)} dividends doubt dividend_unit`,
    ]);
  });

  it('doubts all before a split that lack it, adjusted by it', () => {
    const exDate = steady.bars[310]?.date ?? '';
    const split: RuleAction = { type: 'split', exDate, value: '4', currency: null };
    const told = scaled(steady, (index) => (index <= place ? 4 : 1));
    const before = steady.actions.slice(0, place + 1).map((action) => `${action.exDate} dividends doubt dividend_unit`);
    expect(found(both3(steady, [...told, split]))).toEqual(before);
    expect(found(both3(steady, [...steady.actions, split]))).toEqual([]);
  });

  it('proposes the exact amount', () => {
    const [finding] = judgeSeries(withActions(payer, scaled(payer, onlyThat(0.01))));
    const right = Number(payer.actions[place]?.value);
    expect(finding?.proposal).toMatchObject({ field: 'amount', why: 'unit' });
    expect(Number(finding?.proposal?.to)).toBeCloseTo(right, 12);
  });

  it.each<[string, SeriesInput]>([
    ['payments as they were made', payer],
    ['the same without an adjusted close', { ...payer, adjusted: undefined }],
    [
      'a payer whose payments differ a hundredfold',
      both3(
        dollars,
        scaled(dollars, (index) => (index % 3 === 1 ? 0.01 : 1)),
      ),
    ],
    ['a special one that the price shows', special()],
    ['a payer of every week', walk({ seed: 3, rows: 300, payments: 52, payout: 0.004, move: 0.01 })],
    [
      'a dividend with a gain in it, taken off once',
      withActions(dollars, [...dollars.actions, gains.inside], dollars.actions),
    ],
    ['a dividend and a gain beside it', beside()],
  ])('finds nothing in %s', (_, input) => {
    expect(found(input)).toEqual([]);
  });

  function both3(input: SeriesInput, actions: readonly RuleAction[]): SeriesInput {
    return withActions(input, actions, actions);
  }

  /** A third of the price is paid at once, and the price falls by it. */
  function special(): SeriesInput {
    const exDate = dayAfter(dollars, 20);
    const bars = dollars.bars.map((bar) => {
      if ((bar.date ?? '') < exDate) return bar;
      const of = (price: string | null) => (price === null ? null : String(Number(price) * 0.67));
      return { ...bar, open: of(bar.open), high: of(bar.high), low: of(bar.low), close: of(bar.close) ?? bar.close };
    });
    const before = dollars.bars.findLast((bar) => (bar.date ?? '') < exDate);
    const value = String(Number((Number(before?.close) * 0.33).toFixed(2)));
    const paid = dollars.actions.filter((action) => action.exDate < exDate);
    const actions: RuleAction[] = [...paid, { type: 'dividend', exDate, value, currency: 'USD' }];
    return withActions({ ...dollars, bars }, actions, actions);
  }

  /** The price falls by a dividend, half of which is told as a gain beside it. */
  function beside(): SeriesInput {
    const half = scaled(dollars, onlyThat(0.5));
    const actions = [...half, gains.inside];
    return withActions(dollars, actions, actions);
  }
});

describe('the adjusted close of a vendor', () => {
  const at = dateOf(dollars, place);
  it.each<[string, SeriesInput, string]>([
    ['lacks a dividend', withActions(dollars, dollars.actions, without(dollars)), `${at} adjusted_close`],
    [
      'takes off twice as much',
      withActions(dollars, dollars.actions, scaled(dollars, onlyThat(2))),
      `${at} adjusted_close`,
    ],
    [
      'takes off what is no dividend',
      withActions(dollars, without(dollars), dollars.actions),
      ' adjusted_close doubt adjustment_unexplained',
    ],
  ])('is noticed where it %s', (_, input, expected) => {
    const lines = found(input);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(expected);
  });

  it('may lack the dividend of the newest day', () => {
    const last = dollars.actions.at(-1)?.exDate ?? '';
    const bars = dollars.bars.filter((bar) => (bar.date ?? '') <= last);
    expect(found(withActions({ ...dollars, bars }, dollars.actions, dollars.actions.slice(0, -1)))).toEqual([]);
  });
});
