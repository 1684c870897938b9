import type { BarInterval } from '../market/bar.ts';
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
