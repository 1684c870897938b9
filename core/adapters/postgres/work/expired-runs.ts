import * as z from 'zod';
import { inTransaction, type Pool } from '../database/pool.ts';
import { onlyRow, rowsOf } from '../database/rows.ts';
import { isNotNamed } from './expired-batches.ts';

/** Where a night's walk over the runs has come to. */
export interface RunPlace {
  readonly dueAt: string;
  readonly id: string;
}

export interface ExpiredRuns {
  /** Behind the runs that were looked at; `null` where there are no more. */
  readonly next: RunPlace | null;
  readonly runs: number;
  readonly tasks: number;
  readonly batches: number;
}

/**
 * SQL: nothing that is stored names the batch `b`. `written` counts rows of quotes, bars and members; beside them a batch of
 * bars brings corporate actions, and bars of which a later fetch is there already, whose batches all accepted some.
 */
const storedNothing = `b.written = 0 AND (b.kind = 'quotes' OR b.accepted = 0) AND ${isNotNamed}`;

/**
 * SQL: something still needs the run `p`. A part of it is open, or ended or was read not long ago; or there is a place from
 * which people or functions go to it: the watch list, a wish for a repair, an import, a recovery that is under way, the
 * last failure of a source, an open incident, a row that waits in quarantine, a list of members that waits for a person, a
 * blob that is to be read again.
 */
const isNeeded = `EXISTS (SELECT FROM task x WHERE x.run_id = p.id AND (x.finished_at IS NULL OR x.finished_at >= $1))
  OR EXISTS (SELECT FROM watch x WHERE x.run_id = p.id)
  OR EXISTS (SELECT FROM repair_wanted x WHERE x.run_id = p.id)
  OR EXISTS (SELECT FROM import x WHERE x.id = p.id)
  OR EXISTS (SELECT FROM recovery x WHERE x.finished_at IS NULL AND p.id IN (x.canary_run_id, x.fallback_run_id))
  OR EXISTS (SELECT FROM source_health x WHERE x.failure_run_id = p.id)
  OR EXISTS (SELECT FROM incident x WHERE x.resolved_at IS NULL
             AND x.evidence @> jsonb_build_array(jsonb_build_object('runId', p.id)))
  OR EXISTS (SELECT FROM batch x WHERE x.run_id = p.id AND (
       x.ingested_at >= $1
       OR EXISTS (SELECT FROM quarantine q WHERE q.batch_id = x.id AND q.resolved_at IS NULL)
       OR EXISTS (SELECT FROM finding f WHERE f.batch_id = x.id AND f.status = 'open' AND f.rule = 'members')
       OR EXISTS (SELECT FROM blob_to_read_again a WHERE a.blob_key = x.blob_key)))`;

/* One statement, so that an interruption leaves a run whole: its foreign keys are checked at the end. */
const expireText = `
  WITH page AS MATERIALIZED (
    SELECT id, due_at FROM run
    WHERE due_at < $1 AND due_at >= coalesce($2::timestamptz, '-infinity')
      AND ($2::timestamptz IS NULL OR due_at > $2 OR id < $3::uuid)
    ORDER BY due_at, id DESC LIMIT $4
  ), old AS MATERIALIZED (
    SELECT p.id FROM page p WHERE NOT (${isNeeded})
  ), attempts AS (
    DELETE FROM task_attempt x USING old WHERE x.run_id = old.id
  ), tasks AS (
    DELETE FROM task x USING old WHERE x.run_id = old.id RETURNING 1
  ), backfills AS (
    DELETE FROM backfill x USING old WHERE x.run_id = old.id
  ), statistics AS (
    DELETE FROM batch_statistics x USING batch b, old WHERE b.run_id = old.id AND x.batch_id = b.id
  ), batches AS (
    DELETE FROM batch b USING old WHERE b.run_id = old.id AND ${storedNothing} RETURNING 1
  ), runs AS (
    DELETE FROM run x USING old WHERE x.id = old.id RETURNING 1
  )
  SELECT (SELECT count(*)::int FROM runs) AS runs, (SELECT count(*)::int FROM tasks) AS tasks,
         (SELECT count(*)::int FROM batches) AS batches, (SELECT count(*)::int FROM page) AS seen, last.due_at::text AS "dueAt", last.id
  FROM (SELECT) one LEFT JOIN LATERAL (SELECT due_at, id FROM page ORDER BY due_at DESC, id LIMIT 1) last ON true`;

const expiredRow = z.object({
  runs: z.int(),
  tasks: z.int(),
  batches: z.int(),
  seen: z.int(),
  dueAt: z.string().nullable(),
  id: z.string().nullable(),
});

/**
 * Looks at so many runs that were due before `before`, from a place on, and deletes those that nothing needs any more: with
 * their tasks, attempts, backfill and statistics, and with the batches of which nothing is stored. The batch of what is
 * stored stays.
 */
export async function expireRuns(
  pool: Pool,
  before: Date,
  after: RunPlace | null,
  limit: number,
): Promise<ExpiredRuns> {
  const result = await pool.query(expireText, [before, after?.dueAt ?? null, after?.id ?? null, limit]);
  const { seen, dueAt, id, ...counts } = onlyRow(expiredRow, result);
  return { ...counts, next: seen === limit && dueAt !== null && id !== null ? { dueAt, id } : null };
}

const batchRow = z.object({ batchId: z.string() });

/**
 * Deletes so many rows of the quarantine that were settled before `before`, and their batches where nothing needs them any
 * more. A row stays while others of its blob wait, and one that a person discarded while its run is there: reading the blob
 * again would bring it back. Gives how many it deleted.
 */
export async function expireQuarantine(pool: Pool, before: Date, limit: number): Promise<number> {
  return inTransaction(pool, async (db) => {
    const result = await db.query(
      `WITH old AS MATERIALIZED (
         SELECT q.id FROM quarantine q
         WHERE q.resolved_at < $1
           AND NOT EXISTS (SELECT FROM quarantine o WHERE o.blob_key = q.blob_key AND o.resolved_at IS NULL)
           AND (q.discarded_at IS NULL OR NOT EXISTS (SELECT FROM run r WHERE r.id = q.run_id))
         ORDER BY q.resolved_at, q.id LIMIT $2
       )
       DELETE FROM quarantine q USING old WHERE q.id = old.id RETURNING q.batch_id AS "batchId"`,
      [before, limit],
    );
    const removed = rowsOf(batchRow, result);
    if (removed.length > 0)
      await db.query(
        `DELETE FROM batch b WHERE b.id = ANY ($1::bigint[]) AND NOT EXISTS (SELECT FROM run r WHERE r.id = b.run_id)
           AND ${storedNothing}`,
        [[...new Set(removed.map(({ batchId }) => batchId))]],
      );
    return removed.length;
  });
}
