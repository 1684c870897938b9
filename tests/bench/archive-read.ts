/*
 * `node tests/bench/archive-read.ts [folder]`: writes a month of a million quotes as the archive does, and reads one listing's
 * month of them, by ranges of bytes. With a folder, leaves the file there for other readers.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { v5 } from 'uuid';
import { quoteFileMetadata, readQuotes } from '../../core/adapters/parquet/read-quotes.ts';
import { quoteFile } from '../../core/adapters/parquet/write-quotes.ts';
import type { ArchivedQuote } from '../../core/prices/history/archived-quote.ts';
import { randomOf } from '../support/random.ts';

const listings = 120;
const rowsOfListing = 8_333;
const random = randomOf(1);
/** A run for each minute. They look like chance, which is what a row takes most for. */
const runIds = Array.from({ length: rowsOfListing }, (_, minute) => v5(String(minute), v5.URL));

function* quotes(): Generator<ArchivedQuote> {
  const first = Date.UTC(2026, 7, 3, 13, 30) * 1_000;
  for (let listingId = 1; listingId <= listings; listingId++) {
    let price = 20 + random() * 400;
    for (let minute = 0; minute < rowsOfListing; minute++) {
      price *= 1 + (random() - 0.5) / 500;
      const asOf = first + (minute * 60 + Math.floor(random() * 60)) * 1_000_000;
      const runId = runIds[minute] ?? '';
      yield {
        ...{
          listingId,
          source: 'yahoo',
          asOf,
          price: price.toFixed(2),
          previousClose: '212.50',
          currency: 'USD',
          minorFactor: 1,
        },
        ...{
          bid: (price - 0.01).toFixed(2),
          ask: (price + 0.01).toFixed(2),
          volume: String(Math.floor(random() * 1e8)),
        },
        ...{
          session: 'regular',
          delaySeconds: 0,
          asOfBasis: 'exchange',
          confirmedAt: null,
          knownTo: null,
          settledAt: null,
        },
        ...{
          fetchedAt: asOf + 2_000_000,
          ingestedAt: asOf + 2_123_456,
          wasProvisional: false,
          batchId: String(minute * 25),
        },
        ...{
          runId,
          part: listingId % 25,
          attempt: 1,
          blobKey: `raw/yahoo/2026-08-03/${runId}/0-1.json.gz`,
          parserVersion: 'yahoo-7',
        },
      };
    }
  }
}

const rows = [...quotes()];
const names = new Map(rows.map(({ listingId }) => [listingId, { symbol: `SYM${listingId}`, mic: 'XNAS' }]));
/** Milliseconds of the processor: of other work on the machine they say nothing. */
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

const began = cpu();
const bytes = quoteFile(rows, names, {});
const wrote = cpu() - began;
const folder = process.argv[2];
if (folder !== undefined) writeFileSync(join(folder, 'quotes.parquet'), bytes);

const whole = Uint8Array.from(bytes).buffer;
const read = { requests: 0, bytes: 0 };
const file = {
  bytes: bytes.length,
  async read(from: number, to: number) {
    read.requests++;
    read.bytes += to - from;
    return whole.slice(from, to);
  },
};
const times: { metadata: number; month: number }[] = [];
for (let round = 0; round < 9; round++) {
  const start = cpu();
  const metadata = await quoteFileMetadata(file);
  const middle = cpu();
  const found = await readQuotes(file, metadata, { listingId: 60, source: 'yahoo' });
  times.push({ metadata: middle - start, month: cpu() - middle });
  if (found.length !== rowsOfListing) throw new Error(`${found.length} rows were found.`);
}
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]?.toFixed(0);
console.log(
  JSON.stringify({
    ...{
      rows: rows.length,
      bytes: bytes.length,
      bytesOfRow: (bytes.length / rows.length).toFixed(1),
      writeMs: wrote.toFixed(0),
    },
    ...{ requests: read.requests / times.length, bytesRead: read.bytes / times.length },
    ...{ metadataMs: median(times.map((each) => each.metadata)), monthMs: median(times.map((each) => each.month)) },
  }),
);
