/** Series of bars as they are read for the ledger, and what is asked and answered about a page of them. */
import type { BarInterval } from '../market/bar.ts';
import type { NamedListing } from '../market/instrument.ts';
import type { StoredDay } from './facts.ts';
import type { DayRange } from './slots.ts';

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

/** Of a series, what answers have said of its days, and its first and last ones. */
export type SeriesHistory = Pick<
  CoveredSeries,
  | 'answered'
  | 'newestFrom'
  | 'newestAt'
  | 'unknownSince'
  | 'firstDay'
  | 'lastDay'
  | 'listedFrom'
  | 'validFrom'
  | 'validTo'
  | 'delisted'
>;

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

/** What is to be read of a page of series, in their order. */
export interface CoverageQuestions {
  readonly interval: BarInterval;
  readonly days: readonly DaysAsked[];
  /** The sources' symbols for the series, the zones of their listings, and the days that are asked for. */
  readonly named: readonly (DayRange & { readonly source: string; readonly symbol: string; readonly zone: string })[];
  readonly jobs: readonly { readonly source: string; readonly job: string }[];
  /** Failed attempts of before are of no interest. */
  readonly attemptsSince: Date;
}

/** What there is, in the order of the questions. */
export interface CoverageAnswers {
  readonly stored: readonly StoredDays[];
  /** How many bars an open finding speaks against. */
  readonly doubtful: readonly number[];
  /** Days of rows in quarantine, of those that were asked for and their neighbours. */
  readonly heldBack: readonly { readonly source: string; readonly symbol: string; readonly day: string }[];
  /** Failed and unfinished tasks. */
  readonly attempts: readonly BarAttempt[];
}
