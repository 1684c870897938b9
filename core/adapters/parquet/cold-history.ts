import type { VisibleSources, VisibleTo } from '../../auth/visible-sources.ts';
import type { KnownQuote, StoredQuote } from '../../market/stored-quote.ts';
import type { ArchivedMonth, ArchiveIndex, HistoryFiles, SeriesSpan } from '../../ports/history-archive.ts';
import type { HistoryReader, HistoryWanted } from '../../ports/history-reader.ts';
import { type ArchivedQuote, type Microseconds, microsecondsOf } from '../../prices/history/archived-quote.ts';
import { type AsKnown, asKnown, findingsByRow, isWrongByNow } from '../../prices/history/as-known.ts';
import { joinLate } from '../../prices/history/late-rows.ts';
import { endOfMonth, startOfMonth } from '../../prices/history/months.ts';
import { archivedFiles } from './archived-files.ts';

/** Listings whose files are read at once. */
const atOnce = 4;

const dayMicros = 86_400_000_000;

/**
 * Reads prices of the past from the archive: the months that are there, and no others. Of a listing's month it reads the groups
 * of rows that may have it, by ranges of bytes. What came later, and what findings say of the prices, is the index's to tell.
 */
export function coldHistory(index: ArchiveIndex, files: HistoryFiles): VisibleTo<HistoryReader> {
  const { filed } = archivedFiles(files);

  /** Prices of a month as they were known, those of one listing and source, in order of time. */
  async function ofMonth(
    month: ArchivedMonth,
    rows: SeriesSpan,
    of: AsKnown,
    read?: readonly ArchivedQuote[],
  ): Promise<KnownQuote[]> {
    const [archived, late, findings] = await Promise.all([
      read ?? filed(month, rows),
      index.lateRows(rows),
      index.findings(rows),
    ]);
    const findingsOf = findingsByRow(findings);
    return asKnown(
      joinLate(archived, late, (row) => isWrongByNow(findingsOf(row))),
      of,
      findingsOf,
    );
  }

  return (visible) => ({
    async history(of) {
      visible.require(of.source);
      const months = await index.months(of.from, of.to);
      const asked = { ...of, knownAt: of.knownAt === null ? null : microsecondsOf(of.knownAt) };
      const found: KnownQuote[] = [];
      for (const month of of.order === 'asc' ? months : months.toReversed()) {
        const span = spanOf(month.month, of);
        if (span.from >= span.to) continue;
        const rows = await ofMonth(month, { listingId: of.listingId, source: of.source, ...span }, asked);
        const ordered = of.order === 'asc' ? rows : rows.toReversed();
        found.push(...ordered.filter((row) => isBehind(row, of)));
        if (found.length >= of.limit) break;
      }
      return found.slice(0, of.limit);
    },

    async knownAt(listingIds, knownAt) {
      const at = microsecondsOf(knownAt);
      // No price is of later than it was known, but for clocks that differ.
      const months = await index.months('-infinity', new Date(at / 1_000 + dayMicros / 1_000).toISOString());
      if (months.length === 0) return [];
      const pairs = Map.groupBy(await visiblePairs(listingIds, visible), (pair) => pair.listingId);
      const found: (StoredQuote & { readonly listingId: number })[] = [];
      const waiting = [...pairs];
      const work = async () => {
        for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
          const [listingId, sources] = next;
          found.push(
            ...(await newestKnown(
              listingId,
              sources.map(({ source }) => source),
              months,
              at,
            )),
          );
        }
      };
      await Promise.all(Array.from({ length: atOnce }, work));
      return found.toSorted((a, b) => a.listingId - b.listingId || (a.source < b.source ? -1 : 1));
    },
  });

  async function visiblePairs(listingIds: readonly number[], visible: VisibleSources) {
    return (await index.sourcesOf(listingIds)).filter(({ source }) => visible.has(source));
  }

  /** Of each source the newest price of a listing, from the newest month back. */
  async function newestKnown(
    listingId: number,
    sources: readonly string[],
    months: readonly ArchivedMonth[],
    at: Microseconds,
  ): Promise<(StoredQuote & { readonly listingId: number })[]> {
    const of = { knownAt: at, revisions: false, raw: false, repaired: false, tellsProvisional: true };
    const found: (StoredQuote & { readonly listingId: number })[] = [];
    let missing = sources;
    for (const month of months.toReversed()) {
      if (missing.length === 0) break;
      const [from, to] = [startOfMonth(month.month), Math.min(endOfMonth(month.month), at + dayMicros)];
      const rows = await filed(month, { listingId, from, to });
      const left: string[] = [];
      for (const source of missing) {
        const read = rows.filter((row) => row.source === source);
        const newest = (await ofMonth(month, { listingId, source, from, to }, of, read)).at(-1);
        if (newest === undefined) left.push(source);
        else {
          const { knownFrom: _from, knownTo: _to, repairedBy: _by, ...quote } = newest;
          found.push({ listingId, ...quote });
        }
      }
      missing = left;
    }
    return found;
  }
}

/** The part of a month that is asked for, and not before the last row of the page before. */
function spanOf(month: string, { from, to, after, order }: HistoryWanted): { from: Microseconds; to: Microseconds } {
  const least = from === '-infinity' ? Number.NEGATIVE_INFINITY : microsecondsOf(from);
  const most = to === 'infinity' ? Number.POSITIVE_INFINITY : microsecondsOf(to);
  const place = after === null ? null : microsecondsOf(after.asOf);
  return {
    from: Math.max(startOfMonth(month), least, place !== null && order === 'asc' ? place : Number.NEGATIVE_INFINITY),
    to: Math.min(
      endOfMonth(month),
      most,
      place !== null && order === 'desc' ? place + 1_000 : Number.POSITIVE_INFINITY,
    ),
  };
}

/** Whether a row comes after the last one of the page before. */
function isBehind({ asOf, knownFrom }: KnownQuote, { after, order }: HistoryWanted): boolean {
  if (after === null) return true;
  const difference =
    asOf.getTime() - Date.parse(after.asOf) || microsecondsOf(knownFrom) - microsecondsOf(after.knownFrom);
  return order === 'asc' ? difference > 0 : difference < 0;
}
