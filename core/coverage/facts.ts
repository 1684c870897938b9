/** What is known of the bars of a listing from a source, for the ledger. */
import type { BarInterval } from '../market/bar.ts';
import type { DayRange, Market } from './slots.ts';

/** The bars of one day, or of one session. Instants are milliseconds since the epoch. */
export interface StoredDay {
  readonly day: string;
  /** For bars of less than a day. */
  readonly intraday?: {
    readonly bars: number;
    /** Starts of the first and last bar. */
    readonly first: number;
    readonly last: number;
    /** The two neighbouring bars that are furthest apart. */
    readonly widest: readonly [from: number, to: number] | null;
  };
}

/** An attempt at bars of the series that failed, or one that is still to come. */
export interface SeriesAttempt {
  /** When it ended, or was due. */
  readonly at: number;
  readonly outcome: 'failed' | 'quota' | 'waiting';
  /** The days that it was for; `null` for the newest, as a job reads them. */
  readonly days: DayRange | null;
}

/** What is known of the bars of one listing, source and interval. */
export interface SeriesFacts {
  readonly interval: BarInterval;
  readonly market: Market;
  /** First and last day of the listing, where they are known. */
  readonly lifetime: { readonly from: string | null; readonly to: string | null };
  /** Stored, by day; those of the slots at the edges too. */
  readonly stored: readonly StoredDay[];
  /** Days that an answer of the source was for after they had settled. */
  readonly answered: readonly DayRange[];
  /** The newest answer: its first day, and when it came. */
  readonly newest: { readonly from: string; readonly at: number } | null;
  /** Days of which the source says that there was no trade. */
  readonly untraded: readonly DayRange[];
  /** Days of rows that are in quarantine, and of bars that the source withdrew. */
  readonly heldBack: ReadonlySet<string>;
  readonly withdrawn: ReadonlySet<string>;
  readonly attempts: readonly SeriesAttempt[];
  /** How long after a session its bars may still change, in milliseconds. */
  readonly settlingMs: number;
  /** When the source is asked for them next after an instant; `null` where no job does. */
  readonly dueAfter: (at: number) => number | null;
}
