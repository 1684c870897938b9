/**
 * Amounts out of line with the run of a steady payer's: one that is a unit or a split off between payments that are about
 * equal, and all before a split that are the split's ratio off those after it. The vendor takes off what it says, so its
 * adjusted close is no witness; the fall on the ex-date may only speak for the amount as it was given.
 */
import { type DividendEvent, fallFits } from './dividend-events.ts';
import { type Series, splitsOf } from './series.ts';
import { median } from './spread.ts';

/** A steady payer's payments are within this factor of each other, and so many on either side show it. */
const [steady, reach, least] = [Math.log(1.8), 3, 2];

/** An amount is out of line from this factor on, and in line again when it comes this near to the others. */
const [outOfLine, inLine] = [Math.log(3.2), Math.log(1.35)];
/** A factor so large is no habit: there the others need not be as steady, nor be met as nearly. */
const [large, steadyOfLarge, inLineOfLarge] = [Math.log(30), Math.log(5), Math.log(1.7)];

/** So many payments show their turns, which differ by no more than this share of the time between them. */
const [leastTurns, turnSlack] = [7, 0.2];

/** So much of the falls must speak for an amount that it stands. */
const standing = 1;

/** By which of some factors an amount is out of line; `null` where it is in line or another factor would be needed. */
export function factorOutOfLine(
  events: readonly DividendEvent[],
  index: number,
  factors: readonly number[],
): number | null {
  const event = events[index];
  if (!event) return null;
  const others = (each: readonly DividendEvent[]) =>
    each
      .filter(({ action, told }) => action.exDate !== event.action.exDate && told > 0)
      .map(({ told }) => Math.log(told));
  const before = others(events.slice(Math.max(0, index - reach), index));
  const after = others(events.slice(index + 1, index + 1 + reach));
  if (before.length < least || after.length < least) return null;
  const isLarge = Math.abs(Math.log(event.told) - median([...before, ...after])) >= large;
  const centre = centreOf([...before, ...after], isLarge ? steadyOfLarge : steady);
  const off = centre === null ? 0 : Math.log(event.told) - centre;
  if (Math.abs(off) < outOfLine) return null;
  const slack = isLarge ? inLineOfLarge : inLine;
  const factor = factors.find((each) => Math.abs(off + Math.log(each)) <= slack);
  return factor === undefined || stands([event], factor) ? null : factor;
}

/** Payments that lack a split, all of them before it, with the factor that is missing. */
export function paymentsWithoutSplit(
  series: Series,
  events: readonly DividendEvent[],
): ReadonlyMap<DividendEvent, number> {
  const found = new Map<DividendEvent, number>();
  const splits = splitsOf(series.actions).toSorted((a, b) => (a.exDate < b.exDate ? -1 : 1));
  for (const [place, { exDate, ratio }] of splits.entries()) {
    if (Math.abs(Math.log(ratio)) < outOfLine) continue;
    const former = splits[place - 1]?.exDate ?? '';
    const next = splits[place + 1]?.exDate ?? '9999-12-31';
    const before = events.filter((event) => event.action.exDate >= former && event.action.exDate < exDate);
    const after = events.filter((event) => event.action.exDate >= exDate && event.action.exDate < next);
    const [earlier, later] = [before.slice(-2 * reach), after.slice(0, 2 * reach)].map((each) =>
      each.length < least ? null : centreOf(each.map(({ told }) => Math.log(told))),
    );
    if (earlier == null || later == null || Math.abs(earlier - later - Math.log(ratio)) > inLine) continue;
    if (!stands(before, 1 / ratio)) for (const event of before) found.set(event, 1 / ratio);
  }
  return found;
}

/**
 * Payments between two that are a steady payer's usual time apart: one more, of about the same amount, that nobody pays. Of
 * a payer whose times differ there are none.
 */
export function paymentsOutOfTurn(events: readonly DividendEvent[]): ReadonlyMap<DividendEvent, 'alike' | 'equal'> {
  const found = new Map<DividendEvent, 'alike' | 'equal'>();
  const dayOf = (event: DividendEvent | undefined) => Date.parse(event?.action.exDate ?? '') / 86_400_000;
  const gaps = events.slice(1).map((event, at) => dayOf(event) - dayOf(events[at]));
  const usual = median(gaps);
  const regular = gaps.filter((gap) => Math.abs(gap - usual) <= usual * turnSlack).length;
  if (events.length < leastTurns || regular < gaps.length - 2) return found;
  for (const [index, event] of events.entries()) {
    const [before, after] = [events[index - 1], events[index + 1]];
    if (!before || !after || Math.abs(dayOf(after) - dayOf(before) - usual) > usual * turnSlack) continue;
    if (Math.min(dayOf(event) - dayOf(before), dayOf(after) - dayOf(event)) > usual * (1 - turnSlack)) continue;
    const isAlike = Math.abs(Math.log(event.told / before.told)) <= steady;
    const isEqual = event.action.value === before.action.value || event.action.value === after.action.value;
    if (isAlike || isEqual) found.set(event, isEqual ? 'equal' : 'alike');
  }
  return found;
}

/** The middle of amounts that are about equal. */
function centreOf(logs: readonly number[], within = steady): number | null {
  return Math.max(...logs) - Math.min(...logs) <= within ? median(logs) : null;
}

/** Whether prices fell by what was told and not by what it would be times a factor. */
function stands(events: readonly DividendEvent[], factor: number): boolean {
  const gain = events.reduce(
    (sum, event) => sum + fallFits(event, event.told) - fallFits(event, event.told * factor),
    0,
  );
  return gain >= standing;
}
