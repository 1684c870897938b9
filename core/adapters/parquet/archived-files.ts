import type { FileMetaData } from 'hyparquet';
import { type HistoryManifest, historyManifestSchema, type ManifestFile } from '../../contracts/history-manifest.ts';
import type { ArchivedMonth, HistoryFiles } from '../../ports/history-archive.ts';
import type { ArchivedQuote } from '../../prices/history/archived-quote.ts';
import type { RowsWanted } from './read-quotes.ts';

/** Manifests and metadata of files that a process remembers. They never change; one of each is some 100 kB. */
const mostRemembered = 100;

/** Reads rows of archived months as the files have them: of a listing, the groups of rows that may have it, by ranges of bytes. */
export function archivedFiles(files: HistoryFiles) {
  const manifests = remembered((key: string) => loadManifest(files, key));
  const metadata = remembered(
    async (file: ManifestFile) => {
      const { quoteFileMetadata } = await import('./read-quotes.ts');
      return quoteFileMetadata(partsOf(files, file));
    },
    (file) => file.key,
  );

  return {
    async filed(month: ArchivedMonth, wanted: RowsWanted): Promise<ArchivedQuote[]> {
      const { readQuotes } = await import('./read-quotes.ts');
      const manifest = await manifests(month.manifest);
      let found: ArchivedQuote[] = [];
      for (const file of manifest.files) {
        if (file.last.listingId < wanted.listingId || file.first.listingId > wanted.listingId) continue;
        const known: FileMetaData = await metadata(file);
        found = found.concat(await readQuotes(partsOf(files, file), known, wanted));
      }
      return found;
    },
  };
}

function partsOf(files: HistoryFiles, { key, bytes }: ManifestFile) {
  return { bytes, read: (from: number, to: number) => files.read(key, from, to) };
}

async function loadManifest(files: HistoryFiles, key: string): Promise<HistoryManifest> {
  return historyManifestSchema.parse(JSON.parse(Buffer.from(await files.get(key)).toString('utf8')));
}

/** Loads each thing once, and remembers some. What could not be loaded is loaded again. */
function remembered<Key, Value>(
  load: (key: Key) => Promise<Value>,
  nameOf: (key: Key) => string = String,
): (key: Key) => Promise<Value> {
  const known = new Map<string, Promise<Value>>();
  return (key) => {
    const name = nameOf(key);
    const before = known.get(name);
    if (before) return before;
    const [oldest] = known.size >= mostRemembered ? known.keys() : [];
    if (oldest !== undefined) known.delete(oldest);
    const loading = load(key);
    known.set(name, loading);
    loading.catch(() => known.delete(name));
    return loading;
  };
}
