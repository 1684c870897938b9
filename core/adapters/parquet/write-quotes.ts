import type { ListingNames } from '../../ports/archive-store.ts';
import type { ArchivedQuote } from '../../prices/history/archived-quote.ts';
import { quoteColumns, shortBlobKey } from './quote-columns.ts';
import { asWritten, type Column, decimalValue, instantValue, type NamedRow, tableFile } from './write-table.ts';

/** Columns by which groups are found, or that people ask for by range. Of the others nobody needs the least and the greatest. */
const withStatistics = new Set(['listing_id', 'source', 'as_of', 'price', 'ingested_at']);

const values: Readonly<Record<string, (of: NamedRow<ArchivedQuote>) => unknown>> = {
  listing_id: ({ row }) => row.listingId,
  symbol: ({ name }) => name.symbol,
  mic: ({ name }) => name.mic,
  source: ({ row }) => row.source,
  as_of: ({ row }) => instantValue(row.asOf),
  price: ({ row }) => decimalValue(row.price),
  previous_close: ({ row }) => decimalValue(row.previousClose),
  bid: ({ row }) => decimalValue(row.bid),
  ask: ({ row }) => decimalValue(row.ask),
  volume: ({ row }) => decimalValue(row.volume),
  currency: ({ row }) => row.currency,
  minor_factor: ({ row }) => row.minorFactor,
  session: ({ row }) => row.session,
  delay_seconds: ({ row }) => row.delaySeconds,
  as_of_basis: ({ row }) => row.asOfBasis,
  fetched_at: ({ row }) => instantValue(row.fetchedAt),
  confirmed_at: ({ row }) => instantValue(row.confirmedAt),
  ingested_at: ({ row }) => instantValue(row.ingestedAt),
  known_to: ({ row }) => instantValue(row.knownTo),
  was_provisional: ({ row }) => row.wasProvisional,
  settled_at: ({ row }) => instantValue(row.settledAt),
  batch_id: ({ row }) => BigInt(row.batchId),
  run_id: ({ row }) => row.runId,
  part: ({ row }) => row.part,
  attempt: ({ row }) => row.attempt,
  blob_key: ({ row }) => row.blobKey,
  parser_version: ({ row }) => row.parserVersion,
  as_written: ({ row: { price, previousClose: previous_close, bid, ask, volume } }) =>
    asWritten({ price, previous_close, bid, ask, volume }),
};

/** The columns of exported quotes, with whole keys of blobs. */
export const exportedQuoteColumns = quoteColumns.map((element): Column<ArchivedQuote> => {
  const { name } = element;
  const of = Object.hasOwn(values, name) ? values[name] : undefined;
  if (of === undefined) throw new Error(`Nothing is written to the column ${name}.`);
  return { element, of, statistics: withStatistics.has(name) };
});

const archivedQuoteColumns = exportedQuoteColumns.map((column) =>
  column.element.name === 'blob_key'
    ? { ...column, of: ({ row }: NamedRow<ArchivedQuote>) => shortBlobKey(row.blobKey, row.runId) }
    : column,
);

/** A file of the archive, of quotes in the order in which they are given. The same rows give the same bytes. */
export function quoteFile(
  rows: readonly ArchivedQuote[],
  names: ListingNames,
  about: Readonly<Record<string, string>>,
): Uint8Array {
  return tableFile('quote', archivedQuoteColumns, rows, names, { table: 'quotes', ...about });
}
