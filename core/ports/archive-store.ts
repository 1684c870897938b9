import type { HistoryManifest, ManifestFile } from '../contracts/history-manifest.ts';
import type { ArchivedQuote, ArchivePlace } from '../prices/history/archived-quote.ts';
import type { FindingOnQuote } from '../prices/history/as-known.ts';
import type { ArchivedMonth } from './history-archive.ts';

/** A version of a month that is being written. */
export interface ArchiveWork {
  readonly month: string;
  readonly version: number;
  /** By the database's clock: what is stored later stays in the database. */
  readonly startedAt: string;
  readonly files: readonly ManifestFile[];
}

/** What a listing is called, for readers without the database. */
export interface ListingName {
  readonly symbol: string | null;
  readonly mic: string | null;
}
export type ListingNames = ReadonlyMap<number, ListingName>;

/** Rows of a month, with their count and sums as the database has them, all as of one moment. */
export interface MonthRows {
  readonly rows: readonly ArchivedQuote[];
  readonly count: number;
  readonly sums: ManifestFile['sums'];
  readonly names: ListingNames;
  /** Whether there are rows behind them. */
  readonly more: boolean;
}

/** A file that no manifest names any more. */
export interface SupersededFile {
  readonly month: string;
  readonly key: string;
}

/** How months go from the database to the archive. Each step may be done twice. */
export interface ArchiveStore {
  /** The oldest month before another that has rows and is not in the archive. */
  nextMonth(before: string): Promise<string | null>;
  /** Begins the export of a month, or resumes the one that is under way. */
  begin(month: string): Promise<ArchiveWork>;
  /** Takes the next version in place of the one of a manifest that is there already, and says something else. */
  skipVersion(work: ArchiveWork): Promise<ArchiveWork>;
  /** Rows of a month behind a place, so many at the most, in the order of the archive. */
  rows(month: string, after: ArchivePlace | null, limit: number): Promise<MonthRows>;
  /** Notes that a file is there. Gives the work as it is then; throws where somebody else has written on. */
  note(work: ArchiveWork, file: ManifestFile): Promise<ArchiveWork>;
  /** Puts the files in place of the rows; gives whether it did. */
  putInPlace(work: ArchiveWork, manifest: string, rows: number): Promise<boolean>;
  /** Deletes replaced rows that are in files. Gives how many. */
  sweep(): Promise<number>;
  /** Drops the former partitions whose time has come. Gives how many. */
  dropFormer(at: Date): Promise<number>;

  /** Archived months that have rows which came later. */
  lateMonths(): Promise<ArchivedMonth[]>;
  /** Rows of an archived month in (after, upTo], so many at the most; whether any of them would leave the database. */
  lateRowsIn(
    month: string,
    after: ArchivePlace | null,
    upTo: ArchivePlace | null,
    limit: number,
  ): Promise<{
    readonly rows: readonly ArchivedQuote[];
    readonly findings: readonly FindingOnQuote[];
    readonly leave: boolean;
  }>;
  /** What the listings of some rows are called. */
  namesOf(rows: readonly { readonly listingId: number }[]): Promise<ListingNames>;
  /** Makes a version the one that is read, and deletes the rows that are in it now. Gives whether it did. */
  replace(
    former: ArchivedMonth,
    manifest: HistoryManifest,
    key: string,
    of: { readonly folded: readonly ArchivePlace[]; readonly superseded: readonly string[] },
  ): Promise<boolean>;
  /** Files that were superseded long enough ago, and may be deleted. */
  superseded(at: Date): Promise<SupersededFile[]>;
  forget(files: readonly SupersededFile[]): Promise<void>;
}

/** Files of quotes as bytes. */
export interface QuoteFormat {
  write(rows: readonly ArchivedQuote[], names: ListingNames, month: string): Uint8Array;
  read(bytes: Uint8Array): Promise<ArchivedQuote[]>;
}
