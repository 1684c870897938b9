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
  const centre = centreOf([...before, ...after]);
  if (before.length < least || after.length < least || centre === null) return null;
  const off = Math.log(event.told) - centre;
  if (Math.abs(off) < outOfLine) return null;
  const factor = factors.find((each) => Math.abs(off + Math.log(each)) <= inLine);
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

/** The middle of amounts that are about equal. */
function centreOf(logs: readonly number[]): number | null {
  return Math.max(...logs) - Math.min(...logs) <= steady ? median(logs) : null;
}

/** Whether prices fell by what was told and not by what it would be times a factor. */
function stands(events: readonly DividendEvent[], factor: number): boolean {
  const gain = events.reduce(
    (sum, event) => sum + fallFits(event, event.told) - fallFits(event, event.told * factor),
    0,
  );
  return gain >= standing;
}
