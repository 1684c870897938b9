import type { RelayLag } from './event-feed.ts';

/** What was stored in a minute or an hour, and what waited for the relay of events. */
export interface FlowSample {
  /** Its first instant, in UTC. */
  readonly at: Date;
  readonly batches: number;
  /** Rows that were new or changed. */
  readonly rows: number;
  /** Of an hour the most; `null` where the monitor did not look. */
  readonly waiting: number | null;
  readonly oldestSeconds: number | null;
}

/** The flow of rows in and of events out, by time. */
export interface FlowSamples {
  /** Keeps how the relay stands in the sample of this minute, and counts again what the last minutes stored. */
  keep(lag: RelayLag, now: Date): Promise<void>;
  /** Each minute or hour in [from, to) that has a sample, oldest first. */
  between(by: 'minute' | 'hour', from: Date, to: Date | null): Promise<FlowSample[]>;
}
