/**
 * The dividends of a series, each with what speaks for its amount: the fall of the price on the ex-date, what the vendor's
 * own adjusted close took off there, and what the payer pays otherwise. All of them as shares of the close before.
 */
import { dayOf, daysBetween, exRow, type RuleAction, type Series, splitsOf } from './series.ts';
import { logLikelihood, logReturns, median, quantile, usualMove, wildMove } from './spread.ts';

export interface DividendEvent {
  readonly action: RuleAction;
  /** The first row without the dividend. */
  readonly index: number;
  readonly closeBefore: number;
  /** The amount as it was given. */
  readonly told: number;
  /** All dividends of the day, and the capital gains of it. */
  readonly total: number;
  readonly gains: number;
  /** By how much the price fell, and how far that usually is from what was paid. */
  readonly fall: number;
  readonly usual: number;
  /** What the vendor's adjusted close took off; `null` where it does not say. */
  readonly adjusted: number | null;
}

/** What the vendor's adjusted close takes off at each row. */
export interface Adjustments {
  readonly at: Float64Array;
  /** Less than this is rounding. */
  readonly noise: number;
}

/** `1 - (adjusted/close before) / (adjusted/close)` of each row; NaN where one is not known. */
export function adjustmentsOf({ rows }: Series): Adjustments {
  const at = new Float64Array(rows.length).fill(Number.NaN);
  let before = Number.NaN;
  for (const [index, row] of rows.entries()) {
    const factor = row.adjusted !== null && row.adjusted > 0 && row.close > 0 ? row.adjusted / row.close : Number.NaN;
    if (Number.isNaN(factor)) continue;
    at[index] = 1 - before / factor;
    before = factor;
  }
  return { at, noise: Math.max(1e-4, 4 * (quantile(at.map(Math.abs), 0.75) || 0)) };
}

/** The dividends in the listing's currency whose ex-date has a row before it, in order of time. */
export function dividendEvents(series: Series, adjustments: Adjustments): DividendEvent[] {
  const { rows, actions, currency } = series;
  const dividends = actions.filter(
    (action) => action.type === 'dividend' && Number(action.value) > 0 && (action.currency ?? currency) === currency,
  );
  if (dividends.length === 0) return [];
  const gaps = gapsOf(series);
  const wild = wildMove(gaps) / 2;
  return dividends
    .toSorted((a, b) => (a.exDate < b.exDate ? -1 : 1))
    .flatMap((action) => {
      const index = exRow(series, action.exDate);
      const before = rows[index - 1];
      const row = rows[index];
      if (!before || !row || !(before.close > 0)) return [];
      const sum = (type: RuleAction['type']) =>
        actions
          .filter((each) => each.type === type && each.exDate === action.exDate)
          .reduce((total, each) => total + Number(each.value), 0) / before.close;
      const near = [...gaps.subarray(Math.max(0, index - 40), index), ...gaps.subarray(index + 1, index + 41)];
      const adjusted = adjustments.at[index] ?? Number.NaN;
      // On the ex-date itself a vendor has not always adjusted the closes before it yet.
      const early = index === rows.length - 1 && Math.abs(adjusted) < adjustments.noise;
      return [
        {
          action,
          index,
          closeBefore: before.close,
          told: Number(action.value) / before.close,
          total: sum('dividend'),
          gains: sum('capital_gain'),
          fall: 1 - Math.exp(gaps[index] ?? Number.NaN),
          usual: Math.max(usualMove(near), wild),
          adjusted: Number.isNaN(adjusted) || early ? null : adjusted,
        },
      ];
    });
}

/** How well the fall of the price fits an amount. */
export function fallFits(event: Pick<DividendEvent, 'fall' | 'usual'>, amount: number): number {
  if (Number.isNaN(event.fall)) return 0;
  // Taxes and the way in which it is paid: a price falls by about eight tenths to all of what is paid.
  const scale = Math.hypot(event.usual, 0.15 * Math.min(1, amount));
  // The wider the scale, the less any fall speaks for it.
  return logLikelihood(event.fall - 0.9 * amount, scale) - Math.log(scale / event.usual);
}

/** Whether two shares of the close before are the same but for rounding. */
export function isSame(a: number, b: number, noise: number): boolean {
  return Math.abs(a - b) <= Math.max(noise, 0.08 * Math.max(Math.abs(a), Math.abs(b)));
}

/** What the payer usually pays in one payment, as the logarithm of a share, and how much that differs. */
export interface Habit {
  readonly centre: number;
  readonly scale: number;
}

/** Of a payer of whom nothing is known: a hundredth of the price, give or take a factor of three. */
const unknownHabit: Habit = { centre: Math.log(0.012), scale: 1.3 };

/** Payments before and after one that show the habit of its payer. */
const habitReach = 4;

/** The habit of a payer by the payments around one, each times its factor. */
export function habitOf(events: readonly DividendEvent[], index: number, factors: readonly number[]): Habit {
  const others: number[] = [];
  const first = Math.max(0, Math.min(index - habitReach, events.length - 1 - 2 * habitReach));
  for (let place = first; place <= Math.max(index + habitReach, 2 * habitReach); place++) {
    const event = events[place];
    if (event && place !== index && event.told > 0) others.push(Math.log(event.told * (factors[place] ?? 1)));
  }
  if (others.length < 2) return unknownHabit;
  const centre = median(others);
  const scale = 1.5 * median(others.map((log) => Math.abs(log - centre)));
  return { centre, scale: Math.max(others.length < 4 ? 0.8 : 0.5, scale) };
}

export function habitFits({ centre, scale }: Habit, amount: number): number {
  return logLikelihood(Math.log(amount) - centre, scale);
}

/** Days between two payments of the payer, as a rule; of a single payment all the days that are known. */
export function cadenceOf({ rows, zone }: Series, events: readonly DividendEvent[]): number {
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last) return 0;
  const dates = [...new Set(events.map((event) => event.action.exDate))];
  return daysBetween(dayOf(first, zone), dayOf(last, zone)) / Math.max(1, dates.length - 1);
}

/** Factors by which an amount may be off for splits after its ex-date: not applied, or applied twice. */
export function splitFactors(series: Series, exDate: string): { text: string; value: number }[] {
  const later = splitsOf(series.actions).filter((split) => split.exDate >= exDate);
  return later.flatMap(({ action, ratio }) => [
    { text: `/${action.value}`, value: 1 / ratio },
    { text: action.value, value: ratio },
  ]);
}

/** `log` of open to the close before it, or of the close where there is no open or the closes are calmer. */
function gapsOf({ rows, returns }: Series): Float64Array {
  const gaps = logReturns(rows.map((row) => row.close));
  for (const [index, row] of rows.entries()) {
    const before = rows[index - 1];
    if (before && row.open !== null && row.open > 0 && before.close > 0)
      gaps[index] = Math.log(row.open / before.close);
  }
  return usualMove(gaps) <= usualMove(returns) ? gaps : returns;
}
