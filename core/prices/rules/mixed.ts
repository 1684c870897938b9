/**
 * Rows of two listings by turns: closes that step to another level and back, over and over, by always the same factor, and
 * are calm at both. No market does; a thin one steps between bid and ask, in days without a range of their own.
 */
import { hasGap, isTick } from './edges.ts';
import type { Finding } from './finding.ts';
import { barSubject, type Series, wildClasses } from './series.ts';
import { median, usualMove } from './spread.ts';

/** A step, so many of them at least, and by how much their sizes may differ: a share of the middle one, and usual moves. */
const [leastStep, leastSteps, slack] = [Math.log(1.18), 6, { share: 0.1, moves: 3 }] as const;

/** So many usual moves a step is at the least; such a share of the rows has a range, and of the steps that size, and a gap. */
const [leastMoves, ranging, alike, gapping] = [8, 0.8, 0.9, 0.9] as const;

/** Finds the rows of the level that fewer of them have. */
export function checkMixed(series: Series): Finding[] {
  const { rows, returns, interval, assetClass } = series;
  if (interval !== '1d' || wildClasses.has(assetClass)) return [];
  const steps: number[] = [];
  for (let index = 1; index < returns.length; index++) if (Math.abs(returns[index] ?? 0) > leastStep) steps.push(index);
  if (steps.length < leastSteps) return [];
  const of = (index: number) => returns[index] ?? 0;
  const sizes = steps.map((index) => Math.abs(of(index)));
  const middle = median(sizes);
  const usual = usualMove(returns.filter((each) => Math.abs(each) <= leastStep));
  const room = Math.max(slack.share * middle, slack.moves * usual);
  const apart = sizes.filter((size) => Math.abs(size - middle) > room).length;
  if (middle < leastMoves * usual || apart > (1 - alike) * steps.length) return [];
  if (steps.some((index, place) => place > 0 && of(index) * of(steps[place - 1] ?? 0) > 0)) return [];
  const ranges = rows.filter(({ high, low }) => high !== null && low !== null && high > low).length;
  const gaps = steps.filter((index) => {
    const [before, row] = [rows[index - 1], rows[index]];
    return before && row && hasGap(before, row, middle) && !isTick(series, row.close, before.close);
  }).length;
  if (ranges < ranging * rows.length || gaps < gapping * steps.length) return [];
  // At first the level that the first step leaves.
  let isHigh = of(steps[0] ?? 0) < 0;
  const high = rows.map((_, index) => {
    if (Math.abs(of(index)) > leastStep) isHigh = of(index) > 0;
    return isHigh;
  });
  const isHighOdd = high.filter(Boolean).length * 2 < rows.length;
  const ratio = Number(Math.exp(isHighOdd ? middle : -middle).toPrecision(4));
  const odd = rows.filter((_, index) => high[index] === isHighOdd);
  return odd.map((row) => ({
    rule: 'edges',
    severity: 'doubt',
    subject: barSubject(row),
    evidence: { code: 'price_off', ratio, rows: odd.length, witness: 'surroundings' },
    proposal: null,
  }));
}
