import type { ParquetWriter } from 'hyparquet-writer';

export type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number];

/** Digits behind the point of a decimal column, and all of its digits: as many as Athena and DuckDB have. */
export const decimalScale = 18;
const decimalPrecision = 38;

export const text = (name: string): SchemaElement => ({
  name,
  type: 'BYTE_ARRAY',
  repetition_type: 'OPTIONAL',
  converted_type: 'UTF8',
  logical_type: { type: 'STRING' },
});

export const integer = (name: string, type: 'INT32' | 'INT64' = 'INT32'): SchemaElement => ({
  name,
  type,
  repetition_type: 'OPTIONAL',
});

export const flag = (name: string): SchemaElement => ({ name, type: 'BOOLEAN', repetition_type: 'OPTIONAL' });

/** Microseconds since the epoch, in UTC. */
export const instant = (name: string): SchemaElement => ({
  name,
  type: 'INT64',
  repetition_type: 'OPTIONAL',
  converted_type: 'TIMESTAMP_MICROS',
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
});

/** A day, as days since the epoch. */
export const day = (name: string): SchemaElement => ({
  name,
  type: 'INT32',
  repetition_type: 'OPTIONAL',
  converted_type: 'DATE',
  logical_type: { type: 'DATE' },
});

/** A number as it is computed: with fifteen significant digits, and to be multiplied with decimals, whose product has no room. */
export const double = (name: string): SchemaElement => ({ name, type: 'DOUBLE', repetition_type: 'OPTIONAL' });

export const decimal = (name: string): SchemaElement => ({
  name,
  type: 'FIXED_LEN_BYTE_ARRAY',
  type_length: 16,
  repetition_type: 'OPTIONAL',
  converted_type: 'DECIMAL',
  logical_type: { type: 'DECIMAL', precision: decimalPrecision, scale: decimalScale },
  precision: decimalPrecision,
  scale: decimalScale,
});
