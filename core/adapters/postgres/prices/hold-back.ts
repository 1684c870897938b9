import * as z from 'zod';
import type { RowFinding } from '../../../contracts/words/row-findings.ts';
import type { BatchHeader } from '../../../ports/ingest-store.ts';
import type { RejectedRow } from '../../../prices/decision.ts';
import { storable, texts } from '../database/array-literal.ts';
import type { Connection } from '../database/pool.ts';
import { instant, rowsOf } from '../database/rows.ts';

/** Longest text that quarantine keeps of what came from outside. */
const longestText = 500;

const openRow = z.object({ path: z.string(), firstSeenAt: instant });
const discardRow = openRow.extend({ at: instant, by: z.string().nullable(), because: z.string().nullable() });

/**
 * Puts the rows of a batch that failed a check into quarantine. A blob that is read again has its open rows resolved, and
 * what it rejects again comes back with the time at which it was first seen; a row that a person discarded stays discarded.
 * The batch keeps how many rows have left the quarantine.
 */
export async function holdBack(
  db: Connection,
  header: BatchHeader,
  batchId: string,
  rejected: readonly RejectedRow[],
): Promise<void> {
  const rows = rejected.map((row) => ({ ...row, path: row.path.slice(0, longestText) }));
  const paths = new Set(rows.map(({ path }) => path));
  const again = header.replay !== undefined;
  const open = again ? await resolveOpen(db, header.blobKey) : [];
  const discards = again ? await takeDiscards(db, header.blobKey, [...paths]) : [];
  const discardOf = new Map(discards.map((each) => [each.path, each]));
  const firstSeen = new Map<string, Date>();
  for (const { path, firstSeenAt } of [...open, ...discards]) {
    const before = firstSeen.get(path);
    if (before === undefined || firstSeenAt < before) firstSeen.set(path, firstSeenAt);
  }
  if (again) {
    const released = open.filter(({ path }) => !paths.has(path)).length;
    await db.query('UPDATE batch SET released = $2 WHERE id = $1', [batchId, released]);
  }
  if (rows.length === 0) return;
  await db.query({
    name: 'add-to-quarantine',
    text: `
      INSERT INTO quarantine (source_id, run_id, part, blob_key, batch_id, reason, symbol, detail, path, row, finding, first_seen_at,
                              discarded_at, discarded_by, discarded_because, resolved_at)
      SELECT $1, $2, $3, $4, $5, r.*, r.discarded_at
      FROM unnest($6::text[], $7::text[], $8::text[], $9::text[], $10::jsonb[], $11::jsonb[], $12::timestamptz[],
                  $13::timestamptz[], $14::uuid[], $15::text[])
           AS r (reason, symbol, detail, path, row, finding, first_seen_at, discarded_at, discarded_by, discarded_because)`,
    values: [
      header.sourceId,
      header.runId,
      header.part,
      header.blobKey,
      batchId,
      texts(rows.map((row) => row.reason)),
      texts(rows.map((row) => row.symbol?.slice(0, longestText) ?? null)),
      texts(rows.map((row) => row.detail.slice(0, longestText))),
      texts(rows.map((row) => row.path)),
      texts(rows.map((row) => (row.row === null ? null : jsonText(row.row)))),
      texts(rows.map((row) => jsonText(row.finding))),
      texts(rows.map((row) => firstSeen.get(row.path)?.toISOString() ?? null)),
      texts(rows.map((row) => discardOf.get(row.path)?.at.toISOString() ?? null)),
      texts(rows.map((row) => discardOf.get(row.path)?.by ?? null)),
      texts(rows.map((row) => discardOf.get(row.path)?.because ?? null)),
    ],
  });
}

/** Resolves the open rows of a blob. */
async function resolveOpen(db: Connection, blobKey: string): Promise<z.output<typeof openRow>[]> {
  const result = await db.query(
    `UPDATE quarantine SET resolved_at = clock_timestamp() WHERE blob_key = $1 AND resolved_at IS NULL
     RETURNING path, coalesce(first_seen_at, at) AS "firstSeenAt"`,
    [blobKey],
  );
  return rowsOf(openRow, result);
}

/** What was discarded of some rows of a blob: it goes over to the rows that come in their place. */
async function takeDiscards(
  db: Connection,
  blobKey: string,
  paths: readonly string[],
): Promise<z.output<typeof discardRow>[]> {
  const result = await db.query(
    `WITH former AS (
       SELECT id, path, coalesce(first_seen_at, at) AS "firstSeenAt", discarded_at AS at, discarded_by AS by, discarded_because AS because
       FROM quarantine WHERE blob_key = $1 AND discarded_at IS NOT NULL AND path = ANY ($2) FOR UPDATE
     ), taken AS (
       UPDATE quarantine q SET discarded_at = NULL, discarded_by = NULL, discarded_because = NULL FROM former WHERE q.id = former.id
     )
     SELECT path, "firstSeenAt", at, by, because FROM former`,
    [blobKey, paths],
  );
  return rowsOf(discardRow, result);
}

/** JSON that `jsonb` takes: it refuses an escaped NUL and halves of surrogate pairs. */
function jsonText(row: Readonly<Record<string, unknown>> | RowFinding): string {
  return JSON.stringify(row, (_key, value: unknown) => (typeof value === 'string' ? storable(value) : value));
}
