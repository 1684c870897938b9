import { type ArchivedQuote, inArchiveOrder } from './archived-quote.ts';

/**
 * One history of what the archive has and of rows of the same months that are in the database: corrections that came after
 * the export, and rows that stayed there. Both in the order of the archive, as is what it gives.
 *
 * Rows that have the same key and the same `ingestedAt` are the same version: the database's counts, which knows whether it
 * was replaced or settled meanwhile. Others are taken as the database takes rows of a market time that it has (`quote-store`):
 * the same content confirms, a later fetch with other content replaces, an earlier one is dropped, and a row that a finding
 * calls wrong replaces none that is right.
 */
export function joinLate(
  archived: readonly ArchivedQuote[],
  late: readonly ArchivedQuote[],
  isWrong: (row: ArchivedQuote) => boolean,
): ArchivedQuote[] {
  if (late.length === 0) return [...archived];
  const joined: ArchivedQuote[] = [];
  let [a, b] = [0, 0];
  while (a < archived.length || b < late.length) {
    const [first, other] = [archived[a], late[b]];
    const key = first === undefined ? other : other === undefined || compareKeys(first, other) <= 0 ? first : other;
    if (key === undefined) break;
    const [fromA, fromB] = [a, b];
    a = endOf(archived, a, key);
    b = endOf(late, b, key);
    joined.push(...versionsOf(archived.slice(fromA, a), late.slice(fromB, b), isWrong));
  }
  return joined;
}

/** All versions of one market time. */
function versionsOf(
  archived: readonly ArchivedQuote[],
  late: readonly ArchivedQuote[],
  isWrong: (row: ArchivedQuote) => boolean,
): readonly ArchivedQuote[] {
  if (late.length === 0) return archived;
  if (archived.length === 0) return late;
  const ofDatabase = new Map(late.map((row) => [row.ingestedAt, row]));
  const known = new Set(archived.map((row) => row.ingestedAt));
  const versions = archived.map((row) => ofDatabase.get(row.ingestedAt) ?? row);
  for (const row of late) {
    if (known.has(row.ingestedAt)) continue;
    const current = versions.findIndex((each) => each.knownTo === null);
    const standing = versions[current];
    if (standing !== undefined) {
      const saidAt = (each: ArchivedQuote) => each.confirmedAt ?? each.fetchedAt;
      const replaces = saidAt(row) > saidAt(standing) && (isWrong(standing) || !isWrong(row));
      if (!replaces) continue;
      if (isSameContent(row, standing)) {
        versions[current] = { ...standing, confirmedAt: saidAt(row) };
        continue;
      }
      versions[current] = { ...standing, knownTo: row.ingestedAt };
    }
    versions.push(row);
  }
  return versions.toSorted(inArchiveOrder);
}

/** Whether two versions say the same, as `quote-store` compares them. Zeros at the end of a decimal say nothing. */
function isSameContent(a: ArchivedQuote, b: ArchivedQuote): boolean {
  return (
    sameNumber(a.price, b.price) &&
    sameNumber(a.previousClose, b.previousClose) &&
    sameNumber(a.bid, b.bid) &&
    sameNumber(a.ask, b.ask) &&
    sameNumber(a.volume, b.volume) &&
    a.currency === b.currency &&
    a.minorFactor === b.minorFactor &&
    a.session === b.session &&
    a.delaySeconds === b.delaySeconds &&
    a.asOfBasis === b.asOfBasis
  );
}

/** Whether two decimals are the same number. */
export function sameNumber(a: string | null, b: string | null): boolean {
  return a === b || (a !== null && b !== null && trimmed(a) === trimmed(b));
}

function trimmed(decimal: string): string {
  const text = decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
  return text === '-0' ? '0' : text;
}

function compareKeys(a: ArchivedQuote, b: ArchivedQuote): number {
  return inArchiveOrder({ ...a, ingestedAt: 0 }, { ...b, ingestedAt: 0 });
}

/** Behind the versions of a market time, from `from` on. */
function endOf(rows: readonly ArchivedQuote[], from: number, key: ArchivedQuote): number {
  let end = from;
  for (let row = rows[end]; row !== undefined && isOfKey(row, key); row = rows[end]) end++;
  return end;
}

function isOfKey(row: ArchivedQuote, key: ArchivedQuote): boolean {
  return row.listingId === key.listingId && row.source === key.source && row.asOf === key.asOf;
}
