import type { ExportPart } from '../../contracts/http/exports.ts';
import type { ListingNames } from '../../ports/archive-store.ts';
import type { ExportedAction, ExportedBar, ExportedFactor, ExportFormat } from '../../ports/export-rows.ts';
import { day, decimal, double, flag, instant, integer, text } from './column-types.ts';
import { exportedQuoteColumns } from './write-quotes.ts';
import { asWritten, type Column, dayValue, decimalValue, instantValue, tableFile } from './write-table.ts';

/*
 * The columns of exported files but quotes, whose columns are those of the archive. docs/data-model.md has the same lists for
 * people.
 */

const listingColumns: readonly Column<{ readonly listingId: number; readonly source: string }>[] = [
  { element: integer('listing_id'), of: ({ row }) => row.listingId, statistics: true },
  { element: text('symbol'), of: ({ name }) => name.symbol },
  { element: text('mic'), of: ({ name }) => name.mic },
  { element: text('source'), of: ({ row }) => row.source, statistics: true },
];

const barColumns: readonly Column<ExportedBar>[] = [
  ...listingColumns,
  { element: instant('starts_at'), of: ({ row }) => instantValue(row.startsAt), statistics: true },
  { element: day('date'), of: ({ row }) => dayValue(row.date), statistics: true },
  { element: decimal('open'), of: ({ row }) => decimalValue(row.open) },
  { element: decimal('high'), of: ({ row }) => decimalValue(row.high) },
  { element: decimal('low'), of: ({ row }) => decimalValue(row.low) },
  { element: decimal('close'), of: ({ row }) => decimalValue(row.close), statistics: true },
  { element: decimal('volume'), of: ({ row }) => decimalValue(row.volume) },
  { element: text('currency'), of: ({ row }) => row.currency },
  { element: integer('minor_factor'), of: ({ row }) => row.minorFactor },
  { element: text('basis'), of: ({ row }) => row.basis },
  { element: instant('basis_at'), of: ({ row }) => instantValue(row.basisAt) },
  { element: flag('stale'), of: ({ row }) => row.stale },
  { element: instant('fetched_at'), of: ({ row }) => instantValue(row.fetchedAt) },
  { element: instant('ingested_at'), of: ({ row }) => instantValue(row.ingestedAt), statistics: true },
  { element: instant('known_to'), of: ({ row }) => instantValue(row.knownTo) },
  { element: instant('withdrawn_at'), of: ({ row }) => instantValue(row.withdrawnAt) },
  { element: integer('batch_id', 'INT64'), of: ({ row }) => BigInt(row.batchId) },
  { element: text('run_id'), of: ({ row }) => row.runId },
  { element: integer('part'), of: ({ row }) => row.part },
  { element: integer('attempt'), of: ({ row }) => row.attempt },
  { element: text('blob_key'), of: ({ row }) => row.blobKey },
  { element: text('parser_version'), of: ({ row }) => row.parserVersion },
  {
    element: text('as_written'),
    of: ({ row: { open, high, low, close, volume } }) => asWritten({ open, high, low, close, volume }),
  },
];

const actionColumns: readonly Column<ExportedAction>[] = [
  ...listingColumns,
  { element: text('type'), of: ({ row }) => row.type },
  { element: day('ex_date'), of: ({ row }) => dayValue(row.exDate), statistics: true },
  { element: decimal('ratio'), of: ({ row }) => decimalValue(row.ratio) },
  { element: decimal('amount'), of: ({ row }) => decimalValue(row.amount) },
  { element: text('currency'), of: ({ row }) => row.currency },
  { element: instant('fetched_at'), of: ({ row }) => instantValue(row.fetchedAt) },
  { element: instant('ingested_at'), of: ({ row }) => instantValue(row.ingestedAt) },
  { element: instant('known_to'), of: ({ row }) => instantValue(row.knownTo) },
  { element: instant('withdrawn_at'), of: ({ row }) => instantValue(row.withdrawnAt) },
  { element: integer('batch_id', 'INT64'), of: ({ row }) => BigInt(row.batchId) },
  { element: text('as_written'), of: ({ row: { ratio, amount } }) => asWritten({ ratio, amount }) },
];

const factorColumns: readonly Column<ExportedFactor>[] = [
  ...listingColumns,
  { element: day('date'), of: ({ row }) => dayValue(row.date), statistics: true },
  { element: double('split_factor'), of: ({ row }) => numberOf(row.split) },
  { element: double('dividend_factor'), of: ({ row }) => numberOf(row.dividend) },
];

function numberOf(factor: string | null): number | null {
  return factor === null ? null : Number(factor);
}

function writerOf<Row extends { readonly listingId: number }>(name: string, columns: readonly Column<Row>[]) {
  return (rows: readonly Row[], names: ListingNames, part: ExportPart) =>
    tableFile(name, columns, rows, names, about(part));
}

/** What a file says of itself, beside its folder. */
function about({ table, exchange, interval, month }: ExportPart): Record<string, string> {
  return { table, exchange, ...(interval && { interval }), ...(month && { month }) };
}

/** Exported files in Parquet. */
export const parquetExports: ExportFormat = {
  quotes: writerOf('quote', exportedQuoteColumns),
  bars: writerOf('bar', barColumns),
  actions: writerOf('action', actionColumns),
  factors: writerOf('factor', factorColumns),
};
