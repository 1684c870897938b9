import type { ArchiveStore, QuoteFormat } from '../../core/ports/archive-store.ts';
import type { HistoryFiles } from '../../core/ports/history-archive.ts';
import type { BlobRemoval } from '../../core/ports/raw-store.ts';
import { placeOf } from '../../core/prices/history/archived-quote.ts';
import { firstHotMonth } from '../../core/prices/history/months.ts';
import { sameSums, storeManifest, writeFile } from './archive-files.ts';
import { foldLate } from './fold-late.ts';

export interface ArchiveDependencies {
  readonly store: ArchiveStore;
  readonly files: HistoryFiles;
  readonly removal: BlobRemoval;
  readonly format: QuoteFormat;
}

/** Bounds of one run. The next goes on where this one ends. */
export interface ArchiveLimits {
  /** Rows of one file. What a piece takes of memory is some 2 kB of each. */
  readonly rowsOfFile: number;
  readonly ms: number;
}

/** A night's share: some million rows, where a busy month has ten. */
export const nightlyArchive: ArchiveLimits = { rowsOfFile: 100_000, ms: 480_000 };

/** What a run has done. */
export interface Archived {
  readonly months: readonly string[];
  readonly rows: number;
  /** Archived months that were written again with what came later. */
  readonly folded: readonly string[];
  /** Whether nothing is left to do. */
  readonly done: boolean;
}

/**
 * Puts months of quotes that are no longer hot into the archive, the oldest first, and what came later to those that are
 * there. Each month in pieces: a file is written, read back and compared, then noted; the manifest is written last, and only
 * then do the files take the place of the rows. Whatever ends it, the next run goes on, and a reader finds each row once.
 */
export async function archiveQuotes(
  { store, files, removal, format }: ArchiveDependencies,
  now: number,
  hotMonths: number,
  limits: ArchiveLimits = nightlyArchive,
): Promise<Archived> {
  const startedAt = performance.now();
  const isOver = () => performance.now() - startedAt >= limits.ms;
  const months: string[] = [];
  const folded: string[] = [];
  let rows = 0;
  let done = true;

  await store.sweep();
  for (const month of await store.lateMonths()) {
    if (isOver()) done = false;
    else if (await foldLate({ store, files, format }, month, limits.rowsOfFile)) folded.push(month.month);
  }

  const before = firstHotMonth(now, hotMonths);
  for (let month = await store.nextMonth(before); month !== null; month = await store.nextMonth(before)) {
    const exported = await exportMonth({ store, files, format }, month, limits.rowsOfFile, isOver);
    rows += exported.rows;
    if (!exported.done) {
      done = false;
      break;
    }
    months.push(month);
    await store.sweep();
  }

  await store.dropFormer(new Date(now));
  const superseded = await store.superseded(new Date(now));
  if (superseded.length > 0) {
    await removal.remove(superseded.map(({ key }) => key));
    await store.forget(superseded);
  }
  return { months, rows, folded, done };
}

/** Exports a month from where the run before has come to. */
async function exportMonth(
  { store, files, format }: Omit<ArchiveDependencies, 'removal'>,
  month: string,
  rowsOfFile: number,
  isOver: () => boolean,
): Promise<{ rows: number; done: boolean }> {
  let work = await store.begin(month);
  let rows = 0;
  for (;;) {
    if (isOver()) return { rows, done: false };
    const last = work.files.at(-1)?.last ?? null;
    const found = await store.rows(month, last && placeOf(last), rowsOfFile);
    if (found.rows.length > 0) {
      const file = await writeFile({ files, format }, month, found.rows, found.names);
      if (found.count !== found.rows.length || !sameSums(file.sums, found.sums))
        throw new Error(
          `Of ${found.count} rows of ${month} in the database not all are in the file ${file.key}, or not as they are.`,
        );
      work = await store.note(work, file);
      rows += found.rows.length;
    }
    if (!found.more) break;
  }
  const total = work.files.reduce((sum, file) => sum + file.rows, 0);
  for (;;) {
    const key = await storeManifest(files, { ...work, createdAt: new Date(work.startedAt).toISOString(), rows: total });
    if (key !== null) {
      const isDone = await store.putInPlace(work, key, total);
      return { rows, done: isDone };
    }
    work = await store.skipVersion(work);
  }
}
