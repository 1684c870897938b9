/** A crash, or a rise like one, tells itself from a mistake: by trades beyond those before and after it, by the range of its day, or by the days after it. */
import type { Row, Series } from './series.ts';
import { median, usualMove } from './spread.ts';

const crash = { volume: 4, range: 4, move: 2.5, rows: 20 } as const;

/** Whether a step of a series of days or less shows that the market took it. */
export function isCrash({ rows, returns, interval }: Series, index: number): boolean {
  const row = rows[index];
  if (!row || interval === '1wk' || interval === '1mo') return false;
  const before = rows.slice(Math.max(0, index - crash.rows), index);
  // The days after a crash are busy, too.
  const after = rows.slice(index + 3, index + 3 + crash.rows);
  const volumeOf = (some: readonly Row[]) => median(some.map((each) => each.volume ?? Number.NaN));
  const volume = row.volume ?? 0;
  if (volume > crash.volume * volumeOf(before) && volume > crash.volume * volumeOf(after)) return true;
  const usualRange = median(before.map(rangeOf));
  if (usualRange > 0 && rangeOf(row) > crash.range * usualRange) return true;
  const near = crash.rows / 2;
  const [calm, wild] = [
    returns.subarray(Math.max(1, index - crash.rows), index),
    returns.subarray(index + 1, index + 1 + near),
  ];
  return calm.length >= near && wild.length >= near && usualMove(wild) > crash.move * usualMove(calm);
}

function rangeOf({ high, low }: Row): number {
  return high !== null && low !== null && low > 0 ? Math.log(high / low) : Number.NaN;
}
