import type { Bar, BarInterval } from '../market/bar.ts';
import type { Finding } from './rules/finding.ts';

/** A finding, and what its row said: the close of a bar, the amount or ratio of an action. */
export interface FoundInRow extends Finding {
  readonly row: string | null;
}

/** The findings of a series, and the rows and days that they were looked for in. */
export interface JudgedSeries {
  readonly listingId: number;
  readonly interval: BarInterval;
  /** First and last start of a bar, in milliseconds since the epoch, and their days. */
  readonly from: number;
  readonly to: number;
  readonly firstDay: string | null;
  readonly lastDay: string | null;
  readonly findings: readonly FoundInRow[];
}

/**
 * What was found in the bars of a listing that were judged, oldest first; `null` for none. `all` are bars beside which they
 * were judged: a finding's row says what its bar or action says.
 */
export function judgedSeries<B extends Pick<Bar, 'startsAt' | 'date' | 'close'>>(
  listingId: number,
  interval: BarInterval,
  bars: readonly B[],
  findings: readonly Finding[],
  all: readonly B[] = bars,
): JudgedSeries | null {
  const [first, last] = [bars[0], bars.at(-1)];
  if (!first || !last) return null;
  const closes = new Map<number | null, string>(all.map((bar) => [bar.startsAt, bar.close]));
  return {
    listingId,
    interval,
    from: first.startsAt,
    to: last.startsAt,
    firstDay: first.date,
    lastDay: last.date,
    findings: findings.map((finding) => ({
      ...finding,
      row: finding.subject.said ?? closes.get(finding.subject.at) ?? null,
    })),
  };
}
