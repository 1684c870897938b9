import { historyManifestSchema, type ManifestFile } from '../../core/contracts/history-manifest.ts';
import type { ArchiveStore } from '../../core/ports/archive-store.ts';
import type { ArchivedMonth } from '../../core/ports/history-archive.ts';
import { type ArchivedQuote, type ArchivePlace, placeOf } from '../../core/prices/history/archived-quote.ts';
import { findingsByRow, isWrongByNow } from '../../core/prices/history/as-known.ts';
import { joinLate } from '../../core/prices/history/late-rows.ts';
import { type ArchiveFiles, storeManifest, writeFile } from './archive-files.ts';

/** Rows that came later and are folded into one file at a time: with those of the file they must fit into memory. */
const mostLate = 200_000;

/**
 * Writes the files of an archived month again that rows came for later, with them, and makes those the month's. Rows that
 * something still needs stay in the database besides. Gives whether it did.
 */
export async function foldLate(
  { store, files, format }: ArchiveFiles & { readonly store: ArchiveStore },
  month: ArchivedMonth,
  rowsOfFile: number,
): Promise<boolean> {
  const former = historyManifestSchema.parse(JSON.parse(Buffer.from(await files.get(month.manifest)).toString('utf8')));
  const made: ManifestFile[] = [];
  const superseded: string[] = [];
  const folded: ArchivePlace[] = [];
  let after: ArchivePlace | null = null;
  for (const [index, file] of former.files.entries()) {
    // What lies between two files goes into the one behind it, and what lies behind the last into that.
    const upTo: ArchivePlace | null = index === former.files.length - 1 ? null : placeOf(file.last);
    const late = await store.lateRowsIn(month.month, after, upTo, mostLate);
    after = upTo;
    if (!late.leave) {
      made.push(file);
      continue;
    }
    const rows = late.rows.length === mostLate ? wholeKeys(late.rows) : late.rows;
    const findingsOf = findingsByRow(late.findings);
    const archived = await format.read(await files.get(file.key));
    const joined = joinLate(archived, rows, (row) => isWrongByNow(findingsOf(row)));
    const names = await store.namesOf(joined);
    for (let from = 0; from < joined.length; from += rowsOfFile)
      made.push(await writeFile({ files, format }, month.month, joined.slice(from, from + rowsOfFile), names));
    folded.push(...rows);
    if (!made.some(({ key }) => key === file.key)) superseded.push(file.key);
  }
  if (folded.length === 0) return false;
  const rows = made.reduce((sum, file) => sum + file.rows, 0);
  for (let version = month.version + 1; ; version++) {
    const manifest = { month: month.month, version, createdAt: former.createdAt, rows, files: made };
    const key = await storeManifest(files, manifest);
    if (key !== null)
      return store.replace(month, { ...manifest, format: 1, table: 'quotes' }, key, { folded, superseded });
  }
}

/** Without the last key, of which there may be more versions than were read. */
function wholeKeys(rows: readonly ArchivedQuote[]): readonly ArchivedQuote[] {
  const last = rows.at(-1);
  return rows.filter(
    (row) => row.listingId !== last?.listingId || row.source !== last.source || row.asOf !== last.asOf,
  );
}
