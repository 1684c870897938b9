import type { StoredRows } from './stored-rows.ts';

/** What a batch wrote: a new row, or another version of one. */
export interface Version {
  readonly batchId: string;
  /** Whether it replaced a former version, which was known until it came. */
  readonly revises: boolean;
}

/**
 * The versions of quotes, bars and constituents that batches wrote: those that are stored, and those that were replaced
 * since. One that only says that its source has withdrawn the row is still of the batch that wrote the row.
 */
export function versionsOf(stored: StoredRows): Version[] {
  const { quotes, quoteRevisions, bars, barRevisions, members, memberRevisions } = stored;
  return [
    ...versions((row) => `${row.listingId} ${row.source} ${row.asOf}`, quotes, quoteRevisions),
    ...versions((row) => `${row.listingId} ${row.source} ${row.interval} ${row.startsAt}`, bars, barRevisions),
    ...versions((row) => `${row.indexId} ${row.source} ${row.date} ${row.listingId}`, members, memberRevisions),
  ];
}

function versions<Row extends { ingestedAt: string; batchId: string }>(
  keyOf: (row: Row) => string,
  current: readonly Row[],
  former: readonly (Row & { knownTo: string })[],
): Version[] {
  const byEnd = new Map(former.map((row) => [`${keyOf(row)} ${row.knownTo}`, row.batchId]));
  return [...current, ...former].flatMap((row) => {
    const before = byEnd.get(`${keyOf(row)} ${row.ingestedAt}`);
    return before === row.batchId ? [] : [{ batchId: row.batchId, revises: before !== undefined }];
  });
}

/** How many of some versions each batch wrote. */
export function countByBatch(versions: readonly Version[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { batchId } of versions) counts.set(batchId, (counts.get(batchId) ?? 0) + 1);
  return counts;
}
