import { decimal, flag, instant, integer, type SchemaElement, text } from './column-types.ts';

/**
 * The columns of archived quotes. docs/data-model.md has the same list for people. Files are read for years: a column may be
 * added at the end and must then be optional; none may change its type or go.
 */
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

/**
 * What stands in a `blob_key` of the archive for the row's `run_id`, which is part of the key. The id looks like chance, so that
 * no encoding makes it smaller: twice in a row it was half of what the row took.
 */
const runIdMark = '*';

/** A key of a blob as the archive has it. */
export function shortBlobKey(blobKey: string | null, runId: string | null): string | null {
  if (blobKey === null || runId === null || blobKey.includes(runIdMark)) return blobKey;
  return blobKey.replace(`/${runId}/`, `/${runIdMark}/`);
}

/** The whole key; files of former releases, and of exports, have it already. */
export function wholeBlobKey(blobKey: string | null, runId: string | null): string | null {
  if (blobKey === null || runId === null) return blobKey;
  return blobKey.replace(`/${runIdMark}/`, `/${runId}/`);
}

/** Rows of a group: what a look-up reads of one listing is a few groups. */
export const rowsOfGroup = 10_000;
