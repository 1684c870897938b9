import type { DayRange } from './slots.ts';

const known = new WeakMap<readonly DayRange[], (days: DayRange) => boolean>();

/**
 * Whether all days of a range lie in one of some others. Those may be thousands, as of a source that answers week by week,
 * and are asked for each session of decades: each question takes a few steps.
 *
 * @example
 * isWithin([{ from: '2026-11-02', to: '2026-11-06' }], { from: '2026-11-04', to: '2026-11-04' }) // true
 */
export function isWithin(ranges: readonly DayRange[], days: DayRange): boolean {
  let lookUp = known.get(ranges);
  if (!lookUp) {
    lookUp = lookUpOf(ranges);
    known.set(ranges, lookUp);
  }
  return lookUp(days);
}

function lookUpOf(ranges: readonly DayRange[]): (days: DayRange) => boolean {
  const inOrder = ranges.toSorted((a, b) => (a.from < b.from ? -1 : 1));
  // The last day of any range that begins as early as this one or earlier: they may overlap.
  let last = '';
  const steps = inOrder.map(({ from, to }) => {
    if (to > last) last = to;
    return { from, last };
  });
  return ({ from, to }) => {
    let before = -1;
    let after = steps.length;
    while (after - before > 1) {
      const middle = (before + after) >> 1;
      if ((steps[middle]?.from ?? '') <= from) before = middle;
      else after = middle;
    }
    return to <= (steps[before]?.last ?? '');
  };
}
