import type { ArchivedQuote, Microseconds } from '../prices/history/archived-quote.ts';
import type { FindingOnQuote } from '../prices/history/as-known.ts';

/** Files of the archive. None is ever changed: another content is another key. */
export interface HistoryFiles {
  /** Keeps a file. The same key again is left as it is; gives whether it is new. */
  put(key: string, bytes: Uint8Array): Promise<'stored' | 'existed'>;
  /** A whole file. Throws when there is none. */
  get(key: string): Promise<Uint8Array>;
  /** The bytes of a file in [from, to). */
  read(key: string, from: number, to: number): Promise<ArrayBuffer>;
}

/** A month of quotes that is in the archive. */
export interface ArchivedMonth {
  /** `yyyy-mm`, in UTC. */
  readonly month: string;
  readonly version: number;
  /** The key of its manifest. */
  readonly manifest: string;
}

/** Rows of a listing and source by market time, in [from, to). */
export interface SeriesSpan {
  readonly listingId: number;
  readonly source: string;
  readonly from: Microseconds;
  readonly to: Microseconds;
}

/** What the database knows of the archive, and has of its months besides. */
export interface ArchiveIndex {
  /** The months that have something of [from, to), the oldest first. Instants as in `HistoryWanted`. */
  months(from: string, to: string): Promise<ArchivedMonth[]>;
  /** Rows of an archived month that are in the database, in the order of the archive. */
  lateRows(span: SeriesSpan): Promise<ArchivedQuote[]>;
  findings(span: SeriesSpan): Promise<FindingOnQuote[]>;
  /** The sources that have a price of each listing, in order. */
  sourcesOf(listingIds: readonly number[]): Promise<{ readonly listingId: number; readonly source: string }[]>;
}
