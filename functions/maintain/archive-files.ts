import { createHash } from 'node:crypto';
import type { HistoryManifest, ManifestFile } from '../../core/contracts/history-manifest.ts';
import { historyFileKey, historyManifestKey } from '../../core/contracts/s3-keys.ts';
import { sumOf } from '../../core/market/decimal.ts';
import type { ListingNames, QuoteFormat } from '../../core/ports/archive-store.ts';
import type { HistoryFiles } from '../../core/ports/history-archive.ts';
import { type ArchivedQuote, placeText } from '../../core/prices/history/archived-quote.ts';
import { sameNumber } from '../../core/prices/history/late-rows.ts';

/** What files are made with. */
export interface ArchiveFiles {
  readonly files: HistoryFiles;
  readonly format: QuoteFormat;
}

/** A file is not what was written. */
class ArchiveFileError extends Error {
  override readonly name = 'ArchiveFileError';
}

/** Writes rows as a file, reads it back, and compares each row. Gives what the manifest says of it. */
export async function writeFile(
  { files, format }: ArchiveFiles,
  month: string,
  rows: readonly ArchivedQuote[],
  names: ListingNames,
): Promise<ManifestFile> {
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) throw new ArchiveFileError('A file of no rows is not written.');
  const bytes = format.write(rows, names, month);
  const sha256 = sha256Of(bytes);
  const key = historyFileKey(month, sha256);
  await files.put(key, bytes);
  const stored = await files.get(key);
  if (sha256Of(stored) !== sha256) throw new ArchiveFileError(`The file ${key} is not what was written.`);
  const read = await format.read(stored);
  const wrong = rows.findIndex((row, at) => !isSame(row, read[at]));
  if (read.length !== rows.length || wrong !== -1)
    throw new ArchiveFileError(
      `Of ${rows.length} rows the file ${key} has ${read.length}; the first other one is number ${wrong}.`,
    );
  return {
    key,
    rows: rows.length,
    bytes: bytes.length,
    sha256,
    first: placeText(first),
    last: placeText(last),
    sums: { price: sumOf(read.map((row) => row.price)), volume: sumOf(read.map((row) => row.volume)) },
  };
}

/** Whether sums are the same numbers. */
export function sameSums(a: ManifestFile['sums'], b: ManifestFile['sums']): boolean {
  return sameNumber(a.price, b.price) && sameNumber(a.volume, b.volume);
}

/**
 * Writes a manifest, and gives its key; `null` where the version has another one already, of a run whose files were others.
 */
export async function storeManifest(
  files: HistoryFiles,
  of: Pick<HistoryManifest, 'month' | 'version' | 'createdAt' | 'rows'> & { readonly files: readonly ManifestFile[] },
): Promise<string | null> {
  const manifest: HistoryManifest = {
    format: 1,
    table: 'quotes',
    month: of.month,
    version: of.version,
    createdAt: of.createdAt,
    rows: of.rows,
    files: [...of.files],
  };
  const key = historyManifestKey(of.month, of.version);
  const bytes = Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`);
  if ((await files.put(key, bytes)) === 'stored') return key;
  return Buffer.from(await files.get(key)).equals(bytes) ? key : null;
}

function isSame(written: ArchivedQuote, read: ArchivedQuote | undefined): boolean {
  if (read === undefined) return false;
  for (const name in written) {
    const field = name as keyof ArchivedQuote;
    if (written[field] !== read[field]) return false;
  }
  return true;
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
