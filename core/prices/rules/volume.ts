/**
 * Volume that is counted in another unit from a day on: lots of a hundred, thousands or millions of shares. Trade grows and
 * falls by much, but not by just such a factor overnight, for weeks, while the price stays where it is. And a volume of some
 * ten thousand times what is traded before and after it, which no market has in a day.
 */
import type { Finding } from './finding.ts';
import { barSubject, exRow, type Row, type Series, splitsOf } from './series.ts';
import { median, moveAround, quantile } from './spread.ts';

/** Units by their powers of ten, and how far volumes may be from them. */
const [powers, slack] = [[2, 3, 6], 0.32] as const;

/** So many days before and after show how much is traded, or fewer; on neither side may that differ by more. */
const [spans, leastDays, widest] = [[24, 12], 10, 0.9] as const;

/** A step of less than this power of ten is none. */
const leastStep = 1.2;

/** A volume stands alone where it is so many powers of ten above the middle of its neighbours, and above nearly all of them. */
const alone = { middle: 4.5, most: 3.5 } as const;

/** Finds the first rows of another unit, and volumes that stand alone. */
export function checkVolume(series: Series): Finding[] {
  const { rows, interval } = series;
  if (interval !== '1d' || rows.length < 2 * leastDays) return [];
  if (!rows.some(({ volume }, index) => isStep(volume, rows[index - 1]?.volume))) return [];
  const volumes = rows.map(({ volume }) => ((volume ?? 0) > 0 ? Math.log10(volume ?? 1) : Number.NaN));
  const found = volumesAlone(series, volumes);
  for (let index = leastDays; index <= rows.length - leastDays; index++) {
    const row = rows[index];
    const step = (volumes[index] ?? 0) - (volumes[index - 1] ?? 0);
    if (!row || !(Math.abs(step) >= leastStep)) continue;
    const power = spans.flatMap((days) => powerOf(volumes, index, days))[0];
    if (power === undefined || Math.sign(step) !== Math.sign(power)) continue;
    if (Math.abs(series.returns[index] ?? 0) > 4 * moveAround(series, index) || hasSplit(series, index)) continue;
    found.push(volumeFinding(row, power));
    index += leastDays;
  }
  return found;
}

function volumesAlone({ rows }: Series, volumes: readonly number[]): Finding[] {
  const found: Finding[] = [];
  for (const [index, row] of rows.entries()) {
    const volume = volumes[index] ?? Number.NaN;
    const isAbove = (other: number | undefined) => volume - (other ?? Number.NaN) >= alone.most;
    if (!isAbove(volumes[index - 1]) && !isAbove(volumes[index + 1])) continue;
    const near = [
      ...volumes.slice(Math.max(0, index - spans[0]), index),
      ...volumes.slice(index + 1, index + spans[0]),
    ];
    const known = near.filter((each) => !Number.isNaN(each));
    const above = volume - median(known);
    if (known.length >= leastDays && above >= alone.middle && isAbove(quantile(known, 0.95)))
      found.push(volumeFinding(row, Math.round(above)));
  }
  return found;
}

function volumeFinding(row: Row, power: number): Finding {
  return {
    rule: 'shape',
    severity: 'doubt',
    subject: barSubject(row),
    evidence: { code: 'volume_unit', factor: 10 ** -power },
    proposal: null,
  };
}

/** Whether one volume is so far from another: nearly all series end here, without a logarithm. */
function isStep(volume: number | null, before: number | null | undefined): boolean {
  const most = 10 ** leastStep;
  return !!volume && !!before && (volume >= most * before || before >= most * volume);
}

/** The power of ten by which more is traded from a row on than before it; none where that is no unit. */
function powerOf(volumes: readonly number[], index: number, days: number): number[] {
  const before = usualOf(volumes.slice(Math.max(0, index - days), index));
  const after = usualOf(volumes.slice(index, index + days));
  if (before === null || after === null) return [];
  const grown = after - before;
  return powers.filter((each) => Math.abs(Math.abs(grown) - each) <= slack).map((each) => Math.sign(grown) * each);
}

/** The middle of volumes that are all about the same; `null` where they are not, or too few are known. */
function usualOf(volumes: readonly number[]): number | null {
  const known = volumes.filter((each) => !Number.isNaN(each));
  if (known.length < leastDays) return null;
  return quantile(known, 0.75) - quantile(known, 0.25) > widest ? null : median(known);
}

/** A split changes the number of shares, and with it what is traded. */
function hasSplit(series: Series, index: number): boolean {
  return splitsOf(series.actions).some(({ exDate }) => Math.abs(exRow(series, exDate) - index) <= spans[0]);
}
