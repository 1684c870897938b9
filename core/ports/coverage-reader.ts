import type { CoverageAnswers, CoverageQuestions, CoveredSeries, SeriesKey } from '../coverage/series.ts';
import type { BarInterval } from '../market/bar.ts';

/** Reads of what is stored of bars, and of why others are not, of sources that the caller may see. */
export interface CoverageReader {
  /**
   * The series of an interval by listing and source, one page from `after` on: those that a source has answered for, and
   * those of `planned` that none has yet. `symbol` is canonical.
   */
  series(of: {
    symbol: string | null;
    source: string | null;
    interval: BarInterval;
    /** What jobs ask for. */
    planned: readonly { readonly source: string; readonly symbol: string }[];
    after: SeriesKey | null;
    limit: number;
  }): Promise<CoveredSeries[]>;
  /** What is stored of a page of series, what is in doubt or held back, and which attempts failed. */
  read(questions: CoverageQuestions): Promise<CoverageAnswers>;
  /** The highest id of a listing, 0 where there is none. */
  lastListing(): Promise<number>;
}
