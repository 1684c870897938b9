/** Pieces that kinds of series are made of: a market, and what is done to its bars and payments. */
import type { Bar } from '../../../core/market/bar.ts';
import { calendarFor, hasDays, tradesOn } from '../../../core/market/calendar.ts';
import type { KnownListing } from '../../../core/market/instrument.ts';
import type { RuleAction, SeriesInput } from '../../../core/prices/rules/series.ts';
import { adjustedBy, type WalkOptions, walk, withActions, withRows } from '../price-walks.ts';
import { randomOf } from '../random.ts';

/** A series as its source tells it, and as it should be. */
export interface Told {
  readonly told: SeriesInput;
  readonly right: SeriesInput;
}

/** A kind of series: one of it for each seed. */
export type Kind<Made> = readonly [name: string, make: (seed: number) => Made];

/** A price as vendors write it. */
export const text = (price: number): string => String(Number(price.toPrecision(8)));

/** A market with moves of its own, or of this size, on the days that its venue trades; without payments unless asked. */
export function market(seed: number, of: Partial<WalkOptions> = {}): SeriesInput {
  const move = 0.007 + 0.012 * randomOf(seed + 31)();
  const { assetClass = 'equity', ...rest } = of;
  const walked = walk({ seed, rows: 260, move, assetClass, ...rest });
  const calendar = calendarFor(listingOf(walked));
  const bars = walked.bars.filter(
    ({ date }) => !calendar || !hasDays(calendar) || date === null || tradesOn(calendar, date),
  );
  const actions = of.payments ? walked.actions : [];
  return withActions({ ...walked, bars }, actions, actions);
}

/** A listing on a venue of the series' currency and class. */
export function listingOf({ assetClass, currency, minorFactor, zone }: SeriesInput): KnownListing {
  const mic = assetClass === 'crypto' ? 'XCRY' : assetClass === 'fx' ? 'XFXS' : currency === 'GBP' ? 'XLON' : 'XNAS';
  return { id: 1, assetClass, mic, currency, minorFactor, zone };
}

/** A payer over three years: once to twelve times a year, a hundredth or two each time by default. */
export function payer(seed: number, of: Partial<WalkOptions> = {}): SeriesInput {
  const random = randomOf(seed + 57);
  const payments = [1, 2, 4, 4, 4, 12][Math.floor(6 * random())] ?? 4;
  const payout = (0.015 + 0.035 * random()) / payments;
  const rows = payments === 1 ? 2000 : 780;
  return market(seed, { rows, payments, payout, move: 0.006 + 0.012 * random(), ...of });
}

/** Where something happens: neither in the first fifth nor in the last. */
export function rowOf(seed: number, { bars }: Pick<SeriesInput, 'bars'>): number {
  return Math.floor(bars.length * (0.2 + 0.6 * randomOf(seed + 7)()));
}

/** The place of the payment to which it happens. */
export function placeOf(seed: number, { actions }: Pick<SeriesInput, 'actions'>): number {
  return Math.min(actions.length - 1, 2 + Math.floor(randomOf(seed + 9)() * (actions.length - 4)));
}

export function withBars(input: SeriesInput, change: (bar: Bar, at: number) => Partial<Bar>): SeriesInput {
  return { ...input, bars: input.bars.map((bar, at) => ({ ...bar, ...change(bar, at) })) };
}

/** A split that the prices have already. */
export function splitAt(input: SeriesInput, row: number, ratio: number): SeriesInput {
  const exDate = input.bars[row]?.date ?? '';
  const split: RuleAction = { type: 'split', exDate, value: String(ratio), currency: null };
  return { ...input, actions: inOrder([...input.actions, split]) };
}

/** A series whose prices are multiplied from a row up to another one. */
export function scaledRows(input: SeriesInput, from: number, to: number, factor: number): SeriesInput {
  return withRows(input, (at) => (at >= from && at < to ? factor : 1));
}

/** Another amount of one payment. */
export function scaledPayment(actions: readonly RuleAction[], place: number, factor: number): RuleAction[] {
  return actions.map((action, at) =>
    at === place ? { ...action, value: text(Number(action.value) * factor) } : action,
  );
}

/** Payments that the vendor's adjusted close has, too; or those of `adjustedFor`. */
export function paying(input: SeriesInput, actions: readonly RuleAction[], adjustedFor = actions): SeriesInput {
  return withActions(input, inOrder(actions), inOrder(adjustedFor));
}

/** One more payment on the day of a row, of a share of the close before. */
export function paymentAt(
  input: SeriesInput,
  row: number,
  share: number,
  type: RuleAction['type'] = 'dividend',
): RuleAction {
  const value = text(Number(input.bars[row - 1]?.close) * share);
  return { type, exDate: input.bars[row]?.date ?? '', value, currency: input.currency };
}

/** The row of a payment's day. */
export function rowOfPayment(input: SeriesInput, place: number): number {
  return input.bars.findIndex((bar) => bar.date === input.actions[place]?.exDate);
}

/** A path of closes beside those of a market from a row on, each day from the last factor to the next. */
export function along(input: SeriesInput, from: number, path: readonly number[], volume: number, room = 1) {
  const last = path.at(-1) ?? 1;
  const moved = withBars(input, (bar, at) => {
    if (at < from) return {};
    const to = path[at - from] ?? last;
    const before = at === from ? 1 : (path[at - from - 1] ?? last);
    const [open, close] = [Number(bar.open) * before, Number(bar.close) * to];
    const [high, low] = [Number(bar.high) * Math.max(before, to), Number(bar.low) * Math.min(before, to)];
    const busy = at - from < path.length ? volume : 1;
    return {
      open: text(open),
      close: text(close),
      high: text(Math.max(open, close, high) * room),
      low: text(Math.min(open, close, low) / room),
      volume: bar.volume === null ? null : String(Math.round(Number(bar.volume) * busy)),
    };
  });
  return { ...moved, adjusted: adjustedBy(moved) };
}

/** A fall or rise at the open of a row, with the trades and the wild days that go with it. */
export function news(input: SeriesInput, row: number, factor: number): SeriesInput {
  const random = randomOf(row);
  const size = Math.abs(Math.log(factor));
  const after = Array.from({ length: 12 }, (_, day) => factor * Math.exp(size * 0.25 * (random() - 0.5) * 0.85 ** day));
  const moved = along(input, row, [...after, factor], 7);
  const made = withBars(moved, (bar, at) => {
    if (at !== row) return {};
    const [open, close] = [Number(input.bars[row]?.open) * factor, Number(bar.close)];
    const room = 1 + 0.1 * size;
    return { open: text(open), high: text(Math.max(open, close) * room), low: text(Math.min(open, close) / room) };
  });
  return { ...made, adjusted: adjustedBy(made) };
}

/** By ex-date. */
export function inOrder(actions: readonly RuleAction[]): RuleAction[] {
  return actions.toSorted((a, b) => (a.exDate < b.exDate ? -1 : a.exDate > b.exDate ? 1 : 0));
}
