import type { ParquetWriter } from 'hyparquet-writer';

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number];

/**
 * The columns of archived quotes. docs/data-model.md has the same list for people. Files are read for years: a column may be
 * added at the end and must then be optional; none may change its type or go.
 */
const text = (name: string): SchemaElement => ({
  name,
  type: 'BYTE_ARRAY',
  repetition_type: 'OPTIONAL',
  converted_type: 'UTF8',
  logical_type: { type: 'STRING' },
});
const integer = (name: string, type: 'INT32' | 'INT64' = 'INT32'): SchemaElement => ({
  name,
  type,
  repetition_type: 'OPTIONAL',
});
const flag = (name: string): SchemaElement => ({ name, type: 'BOOLEAN', repetition_type: 'OPTIONAL' });
const instant = (name: string): SchemaElement => ({
  name,
  type: 'INT64',
  repetition_type: 'OPTIONAL',
  converted_type: 'TIMESTAMP_MICROS',
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
});

/** Digits behind the point of a decimal column, and all of its digits: as many as Athena and DuckDB have. */
export const decimalScale = 18;
const decimalPrecision = 38;

const decimal = (name: string): SchemaElement => ({
  name,
  type: 'FIXED_LEN_BYTE_ARRAY',
  type_length: 16,
  repetition_type: 'OPTIONAL',
  converted_type: 'DECIMAL',
  logical_type: { type: 'DECIMAL', precision: decimalPrecision, scale: decimalScale },
  precision: decimalPrecision,
  scale: decimalScale,
});

export const quoteColumns: readonly SchemaElement[] = [
  integer('listing_id'),
  text('symbol'),
  text('mic'),
  text('source'),
  instant('as_of'),
  decimal('price'),
  decimal('previous_close'),
  decimal('bid'),
  decimal('ask'),
  decimal('volume'),
  text('currency'),
  integer('minor_factor'),
  text('session'),
  integer('delay_seconds'),
  text('as_of_basis'),
  instant('fetched_at'),
  instant('confirmed_at'),
  instant('ingested_at'),
  instant('known_to'),
  flag('was_provisional'),
  instant('settled_at'),
  integer('batch_id', 'INT64'),
  text('run_id'),
  integer('part'),
  integer('attempt'),
  text('blob_key'),
  text('parser_version'),
  // The decimals of the row that a decimal column does not hold as they were written: with more digits, or with zeros at the
  // end. JSON: name of the column to text.
  text('as_written'),
];

/** Rows of a group: what a look-up reads of one listing is a few groups. */
export const rowsOfGroup = 10_000;
