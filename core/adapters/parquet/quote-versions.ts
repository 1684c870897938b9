import type { ArchiveIndex, HistoryFiles, SeriesSpan } from '../../ports/history-archive.ts';
import { type ArchivedQuote, instantOf } from '../../prices/history/archived-quote.ts';
import { findingsByRow, isWrongByNow } from '../../prices/history/as-known.ts';
import { joinLate } from '../../prices/history/late-rows.ts';
import { settled } from '../../serving/tiered-history.ts';
import { archivedFiles } from './archived-files.ts';

/**
 * Reads every version of the quotes of a series within a span, as it came: from the archive and the database as one. The rows
 * of the whole span are in memory.
 */
export function quoteVersions(
  index: ArchiveIndex,
  files: HistoryFiles,
): (span: SeriesSpan) => Promise<ArchivedQuote[]> {
  const { filed } = archivedFiles(files);
  return (span) =>
    settled(index, instantOf(span.from), instantOf(span.to), async (months) => {
      let archived: ArchivedQuote[] = [];
      for (const month of months) archived = archived.concat(await filed(month, span));
      const late = await index.lateRows(span);
      if (archived.length === 0) return late;
      const findingsOf = findingsByRow(late.length === 0 ? [] : await index.findings(span));
      return joinLate(archived, late, (row) => isWrongByNow(findingsOf(row)));
    });
}
