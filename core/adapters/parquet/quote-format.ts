import type { QuoteFormat } from '../../ports/archive-store.ts';
import { quoteFileMetadata, readQuotes } from './read-quotes.ts';
import { quoteFile } from './write-quotes.ts';

/** Files of quotes in Parquet. */
export const parquetQuotes: QuoteFormat = {
  write: (rows, names, month) => quoteFile(rows, names, { month }),
  async read(bytes) {
    const whole = Uint8Array.from(bytes).buffer;
    const file = { bytes: bytes.length, read: async (from: number, to: number) => whole.slice(from, to) };
    return readQuotes(file, await quoteFileMetadata(file), null);
  },
};
