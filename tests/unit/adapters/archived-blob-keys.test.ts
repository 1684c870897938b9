import { zstdDecompressSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import { expect, it } from 'vitest';
import { parquetExports } from '../../../core/adapters/parquet/export-format.ts';
import { parquetQuotes } from '../../../core/adapters/parquet/quote-format.ts';
import type { ArchivedQuote } from '../../../core/prices/history/archived-quote.ts';

const runId = '0b6a1c52-1111-5000-8000-00000000000a';
const usual = `raw/yahoo/2026-08-03/${runId}/0-1.json.gz`;

const quote = (blobKey: string | null, run: string | null, asOf: number): ArchivedQuote => ({
  ...{ listingId: 1, source: 'yahoo', asOf, price: '1.5', previousClose: null, bid: null, ask: null, volume: null },
  ...{ currency: 'USD', minorFactor: 1, session: null, delaySeconds: null, asOfBasis: 'exchange' },
  ...{ fetchedAt: asOf, confirmedAt: null, ingestedAt: asOf, knownTo: null, wasProvisional: false, settledAt: null },
  ...{ batchId: '1', runId: run, part: 0, attempt: 1, blobKey, parserVersion: '1' },
});
const rows = [
  quote(usual, runId, 1),
  quote('raw/yahoo/2026-08-03/of-another-run/0-1.json.gz', runId, 2),
  quote(usual, null, 3),
  quote(null, runId, 4),
  quote(null, null, 5),
];
const names = new Map([[1, { symbol: 'AAPL', mic: 'XNAS' }]]);
const archived = parquetQuotes.write(rows, names, '2026-08');
const exported = parquetExports.quotes(rows, names, {
  ...{ table: 'quotes', exchange: 'XNAS', interval: 'tick', month: '2026-08' },
});

const compressors = Object.fromEntries([['ZSTD', (packed: Uint8Array) => zstdDecompressSync(packed)]]);
async function keysIn(file: Uint8Array) {
  const read = await parquetReadObjects({ file: Uint8Array.from(file).buffer, compressors });
  return read.map((row) => [row['blob_key'] ?? null, row['run_id'] ?? null]);
}

it('in the archive, a key of a blob has a mark for the id of the run that is beside it', async () => {
  expect(await keysIn(archived)).toEqual([
    ['raw/yahoo/2026-08-03/*/0-1.json.gz', runId],
    ...rows.slice(1).map((row) => [row.blobKey, row.runId]),
  ]);
});

it('in an export it is whole', async () => {
  expect(await keysIn(exported)).toEqual(rows.map((row) => [row.blobKey, row.runId]));
});

it.each([
  ['as the archive writes it', archived],
  ['as former releases wrote it', exported],
])('a file %s gives the keys that were stored', async (_, file) => {
  expect(await parquetQuotes.read(file)).toEqual(rows);
});
