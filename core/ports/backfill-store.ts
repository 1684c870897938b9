import type { BarRange } from '../contracts/messages.ts';
import type { BarInterval } from '../market/bar.ts';
import type { AfterRow } from './after-row.ts';

export interface NewBackfill {
  /** Of the run, too. */
  readonly id: string;
  readonly sourceId: string;
  readonly job: string;
  /** The idempotency key: the same one again is the same backfill. */
  readonly slot: string;
  readonly interval: BarRange['interval'];
  /** Canonical. */
  readonly symbols: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly now: Date;
  /** In the source's namespace. */
  readonly chunks: readonly { readonly symbol: string; readonly range: BarRange }[];
}

/** A backfill and how its chunks are. */
export interface BackfillProgress {
  readonly id: string;
  readonly sourceId: string;
  readonly interval: BarInterval;
  readonly symbols: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly chunks: number;
  readonly createdAt: Date;
  readonly cancelledAt: Date | null;
  readonly done: number;
  readonly failed: number;
  readonly running: number;
  readonly waiting: number;
  readonly rows: number;
  readonly lastFinishedAt: Date | null;
  /** No waiting chunk is sent before this. */
  readonly waitsUntil: Date | null;
}

/** Backfills: runs whose tasks are ranges of the past. Of a source that the caller may not see, `LicenceError`. */
export interface BackfillStore {
  /** Creates a backfill with all its chunks. One of the same id stays as it is. */
  create(backfill: NewBackfill): Promise<void>;
  one(id: string): Promise<BackfillProgress | null>;
  /** A page, the newest first. */
  list(of: { after: AfterRow | null; limit: number }): Promise<BackfillProgress[]>;
  /**
   * Ends a backfill: chunks that were never sent are deleted, those that wait for another try fail. What a worker has
   * under way ends as it would. Gives whether there is such a backfill.
   */
  cancel(id: string, now: Date): Promise<boolean>;
}
