import type { StoredDay } from '../coverage/facts.ts';
import type { DayRange } from '../coverage/slots.ts';
import type { BarInterval } from '../market/bar.ts';
import type { NamedListing } from '../market/instrument.ts';

/** Where a series stands in the order of all. */
export interface SeriesKey {
  readonly listingId: number;
  readonly source: string;
}

/** The bars of a listing from a source, in one interval. Days are `yyyy-mm-dd`, instants milliseconds since the epoch. */
export interface CoveredSeries extends NamedListing, SeriesKey {
  readonly interval: BarInterval;
  /** The source's symbol for it. */
  readonly sourceSymbol: string | null;
  readonly answered: readonly DayRange[];
  readonly untraded: readonly DayRange[];
  readonly newestFrom: string | null;
  readonly newestAt: number | null;
  /** Since when the source says that it does not know the symbol. */
  readonly unknownSince: number | null;
  /** First and last day of a bar of the series. */
  readonly firstDay: string | null;
  readonly lastDay: string | null;
  /** First day of a bar of the listing that is no longer than a day, from any source that the caller may see. */
  readonly listedFrom: string | null;
  /** First and last day of the listing, where they were said. */
  readonly validFrom: string | null;
  readonly validTo: string | null;
  readonly delisted: boolean;
}

/** Days to read of a series. `zone` and `shiftMinutes` make the date of a session of an instant. */
export interface DaysAsked extends SeriesKey {
  readonly interval: BarInterval;
  readonly zone: string;
  readonly shiftMinutes: number;
  readonly from: string;
  readonly to: string;
}

/** The days of a series that have bars, and those of which the source withdrew all. */
export interface StoredDays {
  readonly days: readonly StoredDay[];
  readonly withdrawn: readonly string[];
}

/** A task for bars that failed, or that has not ended yet. */
export interface BarAttempt {
  readonly source: string;
  /** In the source's namespace. */
  readonly symbol: string;
  readonly job: string;
  readonly failed: boolean;
  readonly reason: string | null;
  readonly waits: boolean;
  /** When it failed, or was due. */
  readonly at: number;
  readonly interval: string | null;
  readonly from: string | null;
  readonly to: string | null;
}

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
  /** What is stored of each of some series of one interval, in their order. */
  stored(asked: readonly DaysAsked[]): Promise<readonly StoredDays[]>;
  /** Of each series, how many bars an open finding speaks against. */
  doubtful(asked: readonly DaysAsked[]): Promise<readonly number[]>;
  /** The days of rows in quarantine, by source and symbol of the source. */
  heldBack(
    interval: BarInterval,
    series: readonly { readonly source: string; readonly symbol: string; readonly zone: string }[],
  ): Promise<readonly { readonly source: string; readonly symbol: string; readonly day: string }[]>;
  /** Failed and unfinished tasks of jobs since an instant, for some symbols of their sources. */
  attempts(
    jobs: readonly { readonly source: string; readonly job: string }[],
    symbols: readonly string[],
    since: Date,
  ): Promise<BarAttempt[]>;
}
