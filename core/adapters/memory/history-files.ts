import type { HistoryFiles } from '../../ports/history-archive.ts';

/** Files of the archive in memory, for tests. Counts what is read of them. */
export function memoryHistoryFiles(
  files = new Map<string, Uint8Array>(),
): HistoryFiles & { readonly files: Map<string, Uint8Array>; readonly reads: { requests: number; bytes: number } } {
  const reads = { requests: 0, bytes: 0 };
  const found = (key: string) => {
    const bytes = files.get(key);
    if (!bytes) throw new Error(`There is no file ${key} in the archive.`);
    return bytes;
  };
  return {
    files,
    reads,
    async put(key, bytes) {
      if (files.has(key)) return 'existed';
      files.set(key, Uint8Array.from(bytes));
      return 'stored';
    },
    get: async (key) => found(key),
    async read(key, from, to) {
      reads.requests++;
      reads.bytes += to - from;
      return Uint8Array.from(found(key).subarray(from, to)).buffer;
    },
  };
}
