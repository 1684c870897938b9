import { constants, zstdCompressSync } from 'node:zlib';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { DecimalText } from '../../market/decimal.ts';
import type { ListingName, ListingNames } from '../../ports/archive-store.ts';
import type { SchemaElement } from './column-types.ts';
import { scaled, unscaled } from './decimal-bytes.ts';
import { rowsOfGroup } from './quote-columns.ts';

/** A row with what its listing is called. */
export interface NamedRow<Row> {
  readonly row: Row;
  readonly name: ListingName;
}

/** A column of a file, and its value in a row. */
export interface Column<Row> {
  readonly element: SchemaElement;
  readonly of: (named: NamedRow<Row>) => unknown;
  /** Whether groups say the least and the greatest of it: for columns by which groups are found, or people ask by range. */
  readonly statistics?: boolean;
}

const unnamed: ListingName = { symbol: null, mic: null };

const compressors = {
  ZSTD: (bytes: Uint8Array) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 3 } }),
};

/** A page before it is packed: a thousand prices. A reader of one row unpacks one page of each column. */
const pageBytes = 16_384;

/** A Parquet file of rows, in the order in which they are given. The same rows give the same bytes. */
export function tableFile<Row extends { readonly listingId: number }>(
  name: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  names: ListingNames,
  about: Readonly<Record<string, string>>,
): Uint8Array {
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({
    writer,
    schema: [{ name, num_children: columns.length }, ...columns.map(({ element }) => element)],
    codec: 'ZSTD',
    compressors,
    kvMetadata: Object.entries(about).map(([key, value]) => ({ key: `quotron.${key}`, value })),
    createdBy: 'quotron',
  });
  for (let from = 0; from < rows.length; from += rowsOfGroup) {
    const group = rows
      .slice(from, from + rowsOfGroup)
      .map((row) => ({ row, name: names.get(row.listingId) ?? unnamed }));
    const columnData = columns.map(({ element, of, statistics = false }) => ({
      name: element.name,
      data: group.map(of),
      statistics,
    }));
    parquet.write({ columnData, rowGroupSize: rowsOfGroup, pageSize: pageBytes });
  }
  parquet.finish();
  return writer.getBytes();
}

/** The value of a column of instants. */
export function instantValue(at: number | null): bigint | null {
  return at === null ? null : BigInt(at);
}

/** The value of a decimal column; `null` for a number that is too large for one. */
export function decimalValue(text: DecimalText | null): bigint | null {
  return text === null ? null : unscaled(text);
}

/** The value of a column of days. */
export function dayValue(date: string | null): number | null {
  return date === null ? null : Date.parse(`${date}T00:00:00Z`) / 86_400_000;
}

/** The decimals of a row that their columns do not hold as they were written: JSON, name of the column to text. */
export function asWritten(decimals: Readonly<Record<string, DecimalText | null>>): string | null {
  const kept = new Map<string, string>();
  for (const [column, text] of Object.entries(decimals)) {
    if (text === null) continue;
    const value = unscaled(text);
    if (value === null || scaled(value) !== text) kept.set(column, text);
  }
  return kept.size === 0 ? null : JSON.stringify(Object.fromEntries(kept));
}
