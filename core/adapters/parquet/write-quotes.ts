import { constants, zstdCompressSync } from 'node:zlib';
import { ByteWriter, type ColumnSource, ParquetWriter } from 'hyparquet-writer';
import type { ArchivedQuote } from '../../prices/history/archived-quote.ts';
import { scaled, unscaled } from './decimal-bytes.ts';
import { quoteColumns, rowsOfGroup } from './quote-columns.ts';

/** What a listing is called, for readers without the database. */
export interface ListingName {
  readonly symbol: string | null;
  readonly mic: string | null;
}

const compressors = {
  ZSTD: (bytes: Uint8Array) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 3 } }),
};

/** The decimals of a row, by column. */
const decimals = { price: 'price', previous_close: 'previousClose', bid: 'bid', ask: 'ask', volume: 'volume' } as const;

/** Columns by which groups are found, or that people ask for by range. Of the others nobody needs the least and the greatest. */
const withStatistics = new Set(['listing_id', 'source', 'as_of', 'price', 'ingested_at']);

/** A Parquet file of quotes, in the order in which they are given. The same rows give the same bytes. */
export function quoteFile(
  rows: readonly ArchivedQuote[],
  nameOf: (listingId: number) => ListingName,
  kvMetadata: { key: string; value: string }[],
): Uint8Array {
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({
    writer,
    schema: [{ name: 'quote', num_children: quoteColumns.length }, ...quoteColumns],
    codec: 'ZSTD',
    compressors,
    kvMetadata,
    createdBy: 'quotron',
  });
  for (let from = 0; from < rows.length; from += rowsOfGroup) {
    const group = rows.slice(from, from + rowsOfGroup);
    parquet.write({ columnData: columnsOf(group, nameOf), rowGroupSize: rowsOfGroup, pageSize: pageBytes });
  }
  parquet.finish();
  return writer.getBytes();
}

/** A page before it is packed: a thousand prices. A reader of one row unpacks one page of each column. */
const pageBytes = 16_384;

function columnsOf(rows: readonly ArchivedQuote[], nameOf: (listingId: number) => ListingName): ColumnSource[] {
  const names = rows.map((row) => nameOf(row.listingId));
  const micros = (of: (row: ArchivedQuote) => number | null) =>
    rows.map((row) => {
      const at = of(row);
      return at === null ? null : BigInt(at);
    });
  const decimal = (name: (typeof decimals)[keyof typeof decimals]) =>
    rows.map((row) => {
      const text = row[name];
      return text === null ? null : unscaled(text);
    });
  const data = new Map<string, unknown[]>(
    Object.entries({
      listing_id: rows.map((row) => row.listingId),
      symbol: names.map((name) => name.symbol),
      mic: names.map((name) => name.mic),
      source: rows.map((row) => row.source),
      as_of: micros((row) => row.asOf),
      price: decimal('price'),
      previous_close: decimal('previousClose'),
      bid: decimal('bid'),
      ask: decimal('ask'),
      volume: decimal('volume'),
      currency: rows.map((row) => row.currency),
      minor_factor: rows.map((row) => row.minorFactor),
      session: rows.map((row) => row.session),
      delay_seconds: rows.map((row) => row.delaySeconds),
      as_of_basis: rows.map((row) => row.asOfBasis),
      fetched_at: micros((row) => row.fetchedAt),
      confirmed_at: micros((row) => row.confirmedAt),
      ingested_at: micros((row) => row.ingestedAt),
      known_to: micros((row) => row.knownTo),
      was_provisional: rows.map((row) => row.wasProvisional),
      settled_at: micros((row) => row.settledAt),
      batch_id: rows.map((row) => BigInt(row.batchId)),
      run_id: rows.map((row) => row.runId),
      part: rows.map((row) => row.part),
      attempt: rows.map((row) => row.attempt),
      blob_key: rows.map((row) => row.blobKey),
      parser_version: rows.map((row) => row.parserVersion),
      as_written: rows.map(asWritten),
    }),
  );
  return quoteColumns.map(({ name }) => {
    const values = data.get(name);
    if (values === undefined) throw new Error(`Nothing is written to the column ${name}.`);
    return { name, data: values, statistics: withStatistics.has(name) };
  });
}

/** The decimals that their columns do not hold as they were written. */
function asWritten(row: ArchivedQuote): string | null {
  const kept = new Map<string, string>();
  for (const [column, name] of Object.entries(decimals)) {
    const text = row[name];
    if (text === null) continue;
    const value = unscaled(text);
    if (value === null || scaled(value) !== text) kept.set(column, text);
  }
  return kept.size === 0 ? null : JSON.stringify(Object.fromEntries(kept));
}
