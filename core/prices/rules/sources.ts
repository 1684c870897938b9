/**
 * Sources: closes against those of other sources on the same day.
 *
 * Two or more others that agree with each other outvote a row; a single other one only puts it in doubt, and none where
 * more agree with the row. Sources differ by a little every day (another venue's close, another minute), so a row must
 * stand off by more than they usually do.
 */
import type { Finding } from './finding.ts';
import { barSubject, type Series } from './series.ts';
import { median } from './spread.ts';

const leastDifference = 0.02;
const leastMads = 6;

/** With fewer days in common, what two sources usually differ by is not known. */
const leastDays = 5;

export function checkSources(series: Series): Finding[] {
  const { rows, evidence, interval } = series;
  const others = evidence.otherCloses ?? [];
  if (others.length === 0 || interval !== '1d') return [];
  const pairs = rows.flatMap((row) => {
    const { date } = row.bar;
    const closes = date === null ? [] : others.flatMap((source) => source.get(date) ?? []).filter((close) => close > 0);
    return closes.length === 0 || !(row.close > 0) ? [] : [{ row, closes, off: Math.log(row.close / median(closes)) }];
  });
  if (pairs.length < leastDays) return [];
  // A source in other shares or of another share class is off by the same factor on every day: no row of it is wrong.
  const centre = median(pairs.map(({ off }) => off));
  const usual = median(pairs.map(({ off }) => Math.abs(off - centre)));
  const limit = Math.max(leastDifference, leastMads * usual, 3 * series.sigma);
  return pairs.flatMap(({ row, closes, off }) => {
    if (Math.abs(off - centre) <= limit) return [];
    const middle = median(closes);
    const agreed = closes.filter((close) => Math.abs(Math.log(close / middle)) <= limit / 2).length;
    const withRow = closes.filter((close) => Math.abs(Math.log(row.close / close) - centre) <= limit).length + 1;
    // Where others contradict each other, the one beside this row is outvoted with it or not at all.
    if (withRow > agreed) return [];
    return [
      {
        rule: 'sources' as const,
        severity: agreed >= 2 && agreed > withRow ? ('wrong' as const) : ('doubt' as const),
        subject: barSubject(row),
        evidence: {
          code: 'unlike_sources' as const,
          ratio: Number(Math.exp(off).toPrecision(4)),
          sources: closes.length,
        },
        proposal: null,
      },
    ];
  });
}
