import type { VisibleTo } from '../auth/visible-sources.ts';
import type { KnownQuote, StoredQuote } from '../market/stored-quote.ts';
import type { ArchivedMonth, ArchiveIndex } from '../ports/history-archive.ts';
import type { HistoryReader, HistoryWanted } from '../ports/history-reader.ts';
import { microsecondsOf } from '../prices/history/archived-quote.ts';
import { monthOf, monthsAfter } from '../prices/history/months.ts';

/** Times that a read is done again when a month went to the archive meanwhile. Months do so once a month. */
const mostTries = 5;

/**
 * Prices of the past from the database and the archive as one: archived months from the archive, all others from the database.
 * Where a month goes to the archive while a page is read, the page is read again.
 */
export function tieredHistory(
  hot: VisibleTo<HistoryReader>,
  cold: VisibleTo<HistoryReader>,
  index: Pick<ArchiveIndex, 'months' | 'sourcesOf'>,
): VisibleTo<HistoryReader> {
  return (visible) => {
    const [ofDatabase, ofArchive] = [hot(visible), cold(visible)];
    return {
      history: (of) =>
        settled(index, of.from, of.to, async (months) => {
          if (months.length === 0) return ofDatabase.history(of);
          const found: KnownQuote[] = [];
          for (const part of partsOf(of, months)) {
            const reader = part.isArchived ? ofArchive : ofDatabase;
            const asked = {
              ...of,
              from: part.from,
              to: part.to,
              after: placeIn(part, of),
              limit: of.limit - found.length,
            };
            found.push(...(await reader.history(asked)));
            if (found.length >= of.limit) break;
          }
          return found;
        }),

      knownAt: (listingIds, knownAt) =>
        settled(index, '-infinity', dayAfter(knownAt), async (months) => {
          const known = await ofDatabase.knownAt(listingIds, knownAt);
          const newest = months.at(-1);
          if (newest === undefined) return known;
          const archived = new Set(months.map(({ month }) => month));
          // Of an archived month the archive tells, which knows of the rows beside its files.
          const ofHotMonths = known.filter((row) => !archived.has(monthOf(row.asOf.getTime())));
          const later = ofHotMonths.filter((row) => monthOf(row.asOf.getTime()) > newest.month);
          const answered = new Set(later.map(keyOf));
          const pairs = (await index.sourcesOf(listingIds)).filter(({ source }) => visible.has(source));
          const asked = new Set(pairs.filter((pair) => !answered.has(keyOf(pair))).map(({ listingId }) => listingId));
          if (asked.size === 0) return known;
          return newestOf([...ofHotMonths, ...(await ofArchive.knownAt([...asked], knownAt))]);
        }),
    };
  };
}

/** Reads with the months that are archived, and again where they are others afterwards. */
export async function settled<Answer>(
  index: Pick<ArchiveIndex, 'months'>,
  from: string,
  to: string,
  read: (months: readonly ArchivedMonth[]) => Promise<Answer>,
): Promise<Answer> {
  let months = await index.months(from, to);
  for (let tries = 1; tries <= mostTries; tries++) {
    const answer = await read(months);
    const now = await index.months(from, to);
    if (isSame(now, months)) return answer;
    months = now;
  }
  throw new Error(`Archived months have changed ${mostTries} times during one read.`);
}

function isSame(a: readonly ArchivedMonth[], b: readonly ArchivedMonth[]): boolean {
  return a.length === b.length && a.every((each, at) => each.manifest === b[at]?.manifest);
}

interface Part {
  readonly isArchived: boolean;
  readonly from: string;
  readonly to: string;
}

/** What is asked for, in parts that are in one place each, in the order of the answer. */
function partsOf({ from, to, order, after }: HistoryWanted, months: readonly ArchivedMonth[]): Part[] {
  const parts: Part[] = [];
  let at = from;
  const add = (isArchived: boolean, until: string) => {
    const last = parts.at(-1);
    if (last?.isArchived === isArchived && isArchived) parts.splice(-1, 1, { ...last, to: until });
    else if (isBefore(at, until)) parts.push({ isArchived, from: at, to: until });
    at = until;
  };
  for (const { month } of months) {
    const [start, end] = [`${month}-01T00:00:00.000Z`, `${monthsAfter(month, 1)}-01T00:00:00.000Z`];
    if (isBefore(at, start)) add(false, start);
    add(true, isBefore(to, end) ? to : end);
  }
  if (isBefore(at, to)) add(false, to);
  // Those that the pages before had are left out.
  const left = parts.filter(
    (part) => after === null || (order === 'asc' ? isBefore(after.asOf, part.to) : !isBefore(after.asOf, part.from)),
  );
  return order === 'asc' ? left : left.toReversed();
}

/** The last row of the page before, where it is of this part. */
function placeIn({ from, to }: Part, { after }: HistoryWanted): HistoryWanted['after'] {
  return after !== null && !isBefore(after.asOf, from) && isBefore(after.asOf, to) ? after : null;
}

function isBefore(a: string, b: string): boolean {
  if (a === b) return false;
  if (a === '-infinity' || b === 'infinity') return true;
  if (b === '-infinity' || a === 'infinity') return false;
  return microsecondsOf(a) < microsecondsOf(b);
}

function dayAfter(instant: string): string {
  return new Date(Date.parse(instant) + 86_400_000).toISOString();
}

function keyOf({ listingId, source }: { readonly listingId: number; readonly source: string }): string {
  return `${listingId} ${source}`;
}

/** Of each listing and source the row of the latest market time. */
function newestOf<Row extends StoredQuote & { readonly listingId: number }>(rows: readonly Row[]): Row[] {
  const newest = new Map<string, Row>();
  for (const row of rows) {
    const before = newest.get(keyOf(row));
    if (before === undefined || row.asOf > before.asOf) newest.set(keyOf(row), row);
  }
  return [...newest.values()].toSorted((a, b) => a.listingId - b.listingId || (a.source < b.source ? -1 : 1));
}
