/** A row that was accepted, or that is stored, by what it is about. */
export interface Version {
  readonly key: string;
  readonly content: string;
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number;
  readonly batchId: string;
}

/**
 * Of each key the accepted row that was fetched last is stored, once, and names a batch that brought it. Of several that
 * were fetched at the same instant any may be.
 */
export function winnerBreaches(what: string, accepted: readonly Version[], stored: readonly Version[]): string[] {
  const breaches: string[] = [];
  const acceptedOf = Map.groupBy(accepted, (row) => row.key);
  const storedOf = Map.groupBy(stored, (row) => row.key);
  for (const [key, rows] of acceptedOf) {
    const found = storedOf.get(key) ?? [];
    if (found.length !== 1) breaches.push(`${what} ${key}: accepted, and stored ${found.length} times`);
    const last = Math.max(...rows.map((row) => row.fetchedAt));
    const winners = new Set(rows.filter((row) => row.fetchedAt === last).map((row) => row.content));
    for (const row of found)
      if (!winners.has(row.content))
        breaches.push(`${what} ${key}: stored as ${row.content}, the last fetch says ${[...winners].join(' or ')}`);
      else if (!rows.some((other) => isVersion(row, other)))
        breaches.push(`${what} ${key}: credited to batch ${row.batchId}, which did not bring it`);
  }
  for (const key of storedOf.keys()) if (!acceptedOf.has(key)) breaches.push(`${what} ${key}: stored, and in no blob`);
  return breaches;
}

/** Former versions: each was accepted, and is not kept twice. */
export function formerBreaches(
  what: string,
  accepted: readonly Version[],
  former: readonly (Version & { readonly ingestedAt: string })[],
): string[] {
  const breaches: string[] = [];
  const acceptedOf = Map.groupBy(accepted, (row) => row.key);
  const seen = new Set<string>();
  for (const row of former) {
    if (!acceptedOf.get(row.key)?.some((other) => isVersion(row, other)))
      breaches.push(`${what} ${row.key}: a former version of batch ${row.batchId} that it did not bring`);
    const once = `${row.key} ${row.ingestedAt}`;
    if (seen.has(once)) breaches.push(`${what} ${row.key}: a former version is kept twice`);
    seen.add(once);
  }
  return breaches;
}

function isVersion(row: Version, accepted: Version): boolean {
  return row.batchId === accepted.batchId && row.content === accepted.content && row.fetchedAt === accepted.fetchedAt;
}
