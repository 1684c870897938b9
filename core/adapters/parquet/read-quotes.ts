import { zstdDecompressSync } from 'node:zlib';
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetRead } from 'hyparquet';
import * as z from 'zod';
import type { ArchivedQuote, Microseconds } from '../../prices/history/archived-quote.ts';
import { decimalOfBytes } from './decimal-bytes.ts';
import { quoteColumns } from './quote-columns.ts';

/** A part of a file, by ranges of bytes. */
export interface QuoteFile {
  readonly bytes: number;
  read(from: number, to: number): Promise<ArrayBuffer>;
}

/** Which rows of a file are wanted; those of all sources, or times, where one is left out. */
export interface RowsWanted {
  readonly listingId: number;
  readonly source?: string;
  readonly from?: Microseconds;
  readonly to?: Microseconds;
}

/** The end of a file, where its metadata are. One of a hundred thousand rows has 40 kB of it. */
const footerBytes = 65_536;

const compressors = {
  ZSTD: (bytes: Uint8Array) => zstdDecompressSync(bytes),
};

/** The metadata of a file, with times and decimals as they are stored: hyparquet would round them to what a double holds. */
export async function quoteFileMetadata(file: QuoteFile): Promise<FileMetaData> {
  const metadata = await parquetMetadataAsync(bufferOf(file), {
    initialFetchSize: Math.min(footerBytes, file.bytes),
    geoparquet: false,
  });
  for (const element of metadata.schema) {
    if (element.converted_type !== 'DECIMAL' && element.converted_type !== 'TIMESTAMP_MICROS') continue;
    delete element.converted_type;
    delete element.logical_type;
  }
  return metadata;
}

/** Rows of a file in its order: all, or those of one listing, for which no more than its groups are read. */
export async function readQuotes(
  file: QuoteFile,
  metadata: FileMetaData,
  wanted: RowsWanted | null,
): Promise<ArchivedQuote[]> {
  const rows: ArchivedQuote[] = [];
  const seen = new WeakMap<Uint8Array, string>();
  let start = 0;
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows);
    const columns = new Map(group.columns.map(({ meta_data: of }) => [of?.path_in_schema[0], of?.statistics]));
    if (wanted === null || mayHave(columns, wanted)) {
      await parquetRead({
        file: bufferOf(file),
        metadata,
        compressors,
        rowStart: start,
        rowEnd: end,
        columns: known(metadata),
        rowFormat: 'object',
        onComplete: (found) => {
          for (const each of found) if (wanted === null || isWanted(each, wanted)) rows.push(rowOf(each, seen));
        },
      });
    }
    start = end;
  }
  return rows;
}

/** The columns that a file has of those that are known: a later release may have written more. */
function known(metadata: FileMetaData): string[] {
  const names = new Set(quoteColumns.map(({ name }) => name));
  return metadata.schema.slice(1).flatMap(({ name }) => (names.has(name) ? name : []));
}

type Statistics = ReadonlyMap<string | undefined, { min_value?: unknown; max_value?: unknown } | undefined>;

/** Whether a group may have rows that are wanted. */
function mayHave(columns: Statistics, { listingId, from, to }: RowsWanted): boolean {
  const listings = columns.get('listing_id');
  if (typeof listings?.min_value === 'number' && listings.min_value > listingId) return false;
  if (typeof listings?.max_value === 'number' && listings.max_value < listingId) return false;
  const times = columns.get('as_of');
  // They come as milliseconds, cut off.
  if (to !== undefined && times?.min_value instanceof Date && times.min_value.getTime() * 1_000 >= to) return false;
  if (from !== undefined && times?.max_value instanceof Date && (times.max_value.getTime() + 1) * 1_000 <= from)
    return false;
  return true;
}

function isWanted(row: Readonly<Record<string, unknown>>, { listingId, source, from, to }: RowsWanted): boolean {
  if (row['listing_id'] !== listingId || (source !== undefined && row['source'] !== source)) return false;
  const asOf = Number(row['as_of']);
  return (from === undefined || asOf >= from) && (to === undefined || asOf < to);
}

const asWrittenSchema = z.record(z.string(), z.string());

function rowOf(row: Readonly<Record<string, unknown>>, seen: WeakMap<Uint8Array, string>): ArchivedQuote {
  const written = row['as_written'];
  const exact = typeof written === 'string' ? asWrittenSchema.parse(JSON.parse(written)) : {};
  const decimal = (column: string) => exact[column] ?? decimalOf(row[column], seen);
  return {
    listingId: number(row, 'listing_id'),
    source: text(row, 'source'),
    asOf: number(row, 'as_of'),
    price: decimal('price') ?? damaged('price'),
    previousClose: decimal('previous_close'),
    bid: decimal('bid'),
    ask: decimal('ask'),
    volume: decimal('volume'),
    currency: text(row, 'currency'),
    minorFactor: number(row, 'minor_factor'),
    session: textOrNull(row, 'session'),
    delaySeconds: numberOrNull(row, 'delay_seconds'),
    asOfBasis: text(row, 'as_of_basis'),
    fetchedAt: number(row, 'fetched_at'),
    confirmedAt: numberOrNull(row, 'confirmed_at'),
    ingestedAt: number(row, 'ingested_at'),
    knownTo: numberOrNull(row, 'known_to'),
    wasProvisional: row['was_provisional'] === true,
    settledAt: numberOrNull(row, 'settled_at'),
    batchId: String(number(row, 'batch_id')),
    runId: textOrNull(row, 'run_id'),
    part: numberOrNull(row, 'part'),
    attempt: numberOrNull(row, 'attempt'),
    blobKey: textOrNull(row, 'blob_key'),
    parserVersion: textOrNull(row, 'parser_version'),
  };
}

/** A file is not what its metadata say. */
function damaged(column: string): never {
  throw new Error(`A file of archived quotes has no usable ${column} in a row.`);
}

function number(row: Readonly<Record<string, unknown>>, column: string): number {
  return numberOrNull(row, column) ?? damaged(column);
}

function numberOrNull(row: Readonly<Record<string, unknown>>, column: string): number | null {
  const value = row[column];
  if (value === null || value === undefined) return null;
  if (typeof value !== 'number' && typeof value !== 'bigint') return damaged(column);
  return Number(value);
}

function text(row: Readonly<Record<string, unknown>>, column: string): string {
  return textOrNull(row, column) ?? damaged(column);
}

function textOrNull(row: Readonly<Record<string, unknown>>, column: string): string | null {
  const value = row[column];
  if (value === null || value === undefined) return null;
  return typeof value === 'string' ? value : damaged(column);
}

/** A dictionary gives the same bytes for the same value. */
function decimalOf(value: unknown, seen: WeakMap<Uint8Array, string>): string | null {
  if (value === null || value === undefined) return null;
  if (!(value instanceof Uint8Array)) return damaged('decimal');
  const before = seen.get(value);
  if (before !== undefined) return before;
  const decimal = decimalOfBytes(value);
  seen.set(value, decimal);
  return decimal;
}

function bufferOf(file: QuoteFile): AsyncBuffer {
  return { byteLength: file.bytes, slice: (from, to = file.bytes) => file.read(from, to) };
}
