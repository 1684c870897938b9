/** What the rows of a chart are placed by, and their places. */
import type { BarInterval } from '../../market/bar.ts';
import type { MarketCalendar } from '../../market/calendar.ts';

/** What a chart says of its times, in milliseconds since the epoch. */
export interface ChartTimes {
  readonly times: readonly number[];
  readonly interval: BarInterval;
  /** IANA zone of the dates. */
  readonly zone: string;
  /** `null` for trading round the clock. */
  readonly calendar: MarketCalendar | null;
  /** The regular trading of the source's current session. */
  readonly regular: { readonly start: number; readonly end: number } | null;
  /** Of the last trade. */
  readonly marketTime: number | null;
  readonly fetchedAt: number;
  /** The end of the range that was asked for; `null` where the answer does not tell. */
  readonly until: number | null;
}

/** The place of a row. */
export interface Place {
  readonly startsAt: number;
  /** `null` for a bar within a day. */
  readonly date: string | null;
  /** The row has the time of a trade in its bar, not of the bar's start. */
  readonly live: boolean;
}

/** The times of a chart, and what all kinds of bars ask of them. */
export interface Placing extends ChartTimes {
  /** What the zone's clocks show, in milliseconds of the same reading in UTC. */
  readonly local: (at: number) => number;
  /** The greatest time, which alone may be a live row's; `null` where it is there twice. */
  readonly last: number | null;
  /** All times but the last. */
  readonly others: readonly number[];
}
