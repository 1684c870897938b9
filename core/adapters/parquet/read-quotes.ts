import { zstdDecompressSync } from 'node:zlib';
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetRead } from 'hyparquet';
import * as z from 'zod';
import type { ArchivedQuote, Microseconds } from '../../prices/history/archived-quote.ts';
import { decimalOfBytes } from './decimal-bytes.ts';
import { quoteColumns, wholeBlobKey } from './quote-columns.ts';

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
  const columns = known(metadata);
  const fields = fieldsOf(columns);
  let start = 0;
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows);
    const statistics = new Map(group.columns.map(({ meta_data: of }) => [of?.path_in_schema[0], of?.statistics]));
    if (wanted === null || mayHave(statistics, wanted)) {
      await parquetRead({
        file: bufferOf(file),
        metadata,
        compressors,
        rowStart: start,
        rowEnd: end,
        columns,
        onComplete: (found) => {
          for (const each of found) {
            const row: Row = each;
            if (wanted === null || fields.isWanted(row, wanted)) rows.push(fields.rowOf(row));
          }
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

/** A row as hyparquet gives it: the values of the columns that were asked for. */
type Row = readonly unknown[];

/** How the fields of a row are read, where these are its columns. */
function fieldsOf(columns: readonly string[]) {
  const numberOrNull = (name: string) => {
    const at = columns.indexOf(name);
    return (row: Row): number | null => {
      const value = row[at];
      if (value === null || value === undefined) return null;
      if (typeof value !== 'number' && typeof value !== 'bigint') return damaged(name);
      return Number(value);
    };
  };
  const textOrNull = (name: string) => {
    const at = columns.indexOf(name);
    return (row: Row): string | null => {
      const value = row[at];
      if (value === null || value === undefined) return null;
      return typeof value === 'string' ? value : damaged(name);
    };
  };
  const always = <Value>(name: string, read: (row: Row) => Value | null) => {
    return (row: Row): Value => read(row) ?? damaged(name);
  };
  const number = (name: string) => always(name, numberOrNull(name));
  const text = (name: string) => always(name, textOrNull(name));
  // A dictionary gives the same bytes for the same value.
  const seen = new WeakMap<Uint8Array, string>();
  const written = textOrNull('as_written');
  const decimal = (name: string) => {
    const at = columns.indexOf(name);
    return (row: Row): string | null => {
      const exact = written(row);
      const kept =
        exact === null ? undefined : new Map(Object.entries(asWrittenSchema.parse(JSON.parse(exact)))).get(name);
      if (kept !== undefined) return kept;
      const value = row[at];
      if (value === null || value === undefined) return null;
      if (!(value instanceof Uint8Array)) return damaged(name);
      const before = seen.get(value);
      if (before !== undefined) return before;
      const made = decimalOfBytes(value);
      seen.set(value, made);
      return made;
    };
  };
  const flag = (name: string) => {
    const at = columns.indexOf(name);
    return (row: Row): boolean => row[at] === true;
  };

  const listing = number('listing_id');
  const sourceId = text('source');
  const time = number('as_of');
  const batch = number('batch_id');
  const [runId, storedKey] = [textOrNull('run_id'), textOrNull('blob_key')];
  const readers: { readonly [Name in keyof ArchivedQuote]: (row: Row) => ArchivedQuote[Name] } = {
    listingId: listing,
    source: sourceId,
    asOf: time,
    price: always('price', decimal('price')),
    previousClose: decimal('previous_close'),
    bid: decimal('bid'),
    ask: decimal('ask'),
    volume: decimal('volume'),
    currency: text('currency'),
    minorFactor: number('minor_factor'),
    session: textOrNull('session'),
    delaySeconds: numberOrNull('delay_seconds'),
    asOfBasis: text('as_of_basis'),
    fetchedAt: number('fetched_at'),
    confirmedAt: numberOrNull('confirmed_at'),
    ingestedAt: number('ingested_at'),
    knownTo: numberOrNull('known_to'),
    wasProvisional: flag('was_provisional'),
    settledAt: numberOrNull('settled_at'),
    batchId: (row) => String(batch(row)),
    runId,
    part: numberOrNull('part'),
    attempt: numberOrNull('attempt'),
    blobKey: (row) => wholeBlobKey(storedKey(row), runId(row)),
    parserVersion: textOrNull('parser_version'),
  };
  return {
    isWanted(row: Row, { listingId, source, from, to }: RowsWanted): boolean {
      if (listing(row) !== listingId || (source !== undefined && sourceId(row) !== source)) return false;
      const asOf = time(row);
      return (from === undefined || asOf >= from) && (to === undefined || asOf < to);
    },

    rowOf: (row: Row): ArchivedQuote => ({
      listingId: readers.listingId(row),
      source: readers.source(row),
      asOf: readers.asOf(row),
      price: readers.price(row),
      previousClose: readers.previousClose(row),
      bid: readers.bid(row),
      ask: readers.ask(row),
      volume: readers.volume(row),
      currency: readers.currency(row),
      minorFactor: readers.minorFactor(row),
      session: readers.session(row),
      delaySeconds: readers.delaySeconds(row),
      asOfBasis: readers.asOfBasis(row),
      fetchedAt: readers.fetchedAt(row),
      confirmedAt: readers.confirmedAt(row),
      ingestedAt: readers.ingestedAt(row),
      knownTo: readers.knownTo(row),
      wasProvisional: readers.wasProvisional(row),
      settledAt: readers.settledAt(row),
      batchId: readers.batchId(row),
      runId: readers.runId(row),
      part: readers.part(row),
      attempt: readers.attempt(row),
      blobKey: readers.blobKey(row),
      parserVersion: readers.parserVersion(row),
    }),
  };
}

/** A decimal that a column does not hold as it was written. */
const asWrittenSchema = z.record(z.string(), z.string());

/** A file is not what its metadata say. */
function damaged(column: string): never {
  throw new Error(`A file of archived quotes has no usable ${column} in a row.`);
}

function bufferOf(file: QuoteFile): AsyncBuffer {
  return { byteLength: file.bytes, slice: (from, to = file.bytes) => file.read(from, to) };
}
