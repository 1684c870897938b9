/** Attempts of which nothing more is heard: workers that died, and blobs that nothing has read. */
import * as z from 'zod';
import type { FailureDetail } from '../../../contracts/words/failure-details.ts';
import { jobKinds } from '../../../contracts/words/job-kinds.ts';
import type { AttemptOfTask, LostAttempt, UnreadAttempt } from '../../../ports/outcome-store.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';
import { instant, rowsOf } from '../database/rows.ts';
import { servicesAt } from '../database/switches.ts';

const attemptLost: FailureDetail = { code: 'attempt_lost' };

const attempt = {
  runId: z.string(),
  part: z.int(),
  attempt: z.int(),
  sourceId: z.string(),
  job: z.string(),
  kind: z.enum(jobKinds),
};
const lostRow = z.object({ ...attempt, startedAt: instant });
/** Without a kind it is of another release, which collects more than this one knows. */
const unreadRow = z.object({ ...attempt, kind: attempt.kind.nullable(), blobKey: z.string() });
const readRow = z.object({ blobKey: z.string() });

/** Attempts that are looked at in one minute whether their blob was read. A busy hour's are done in a few. */
export const mostSought = 5_000;

export async function lostAttempts(pool: Pool, deadline: Date, limit: number): Promise<LostAttempt[]> {
  const found = await pool.query(
    `SELECT a.run_id AS "runId", a.part, a.attempt, r.source_id AS "sourceId", r.job, r.kind, a.started_at AS "startedAt"
     FROM task_attempt a JOIN run r ON r.id = a.run_id
     WHERE a.finished_at IS NULL AND a.started_at < $1 AND r.kind = ANY ($3::text[])
     ORDER BY a.started_at LIMIT $2`,
    // What a later release collects is its own to look for.
    [deadline, limit, jobKinds],
  );
  return rowsOf(lostRow, found);
}

export async function endLostAttempt(
  pool: Pool,
  { runId, part, attempt }: AttemptOfTask,
  now: Date,
  blobKey: string | null,
): Promise<void> {
  if (blobKey !== null)
    return inTransaction(pool, async (db) => {
      await db.query(
        `UPDATE task_attempt SET finished_at = greatest($4, started_at), ok = true, blob_key = $5, batch_sought = true
         WHERE run_id = $1 AND part = $2 AND attempt = $3 AND finished_at IS NULL`,
        [runId, part, attempt, now, blobKey],
      );
      await waitForIngest(db, { runId, part, attempt }, now);
    });
  await pool.query(
    `UPDATE task_attempt
     SET finished_at = greatest($4, started_at), ok = false, reason = 'timeout',
         detail = $5, message = 'The worker ended before it could report an outcome.'
     WHERE run_id = $1 AND part = $2 AND attempt = $3 AND finished_at IS NULL`,
    [runId, part, attempt, now, attemptLost],
  );
}

export async function unreadAttempts(pool: Pool, deadline: Date, limit: number): Promise<UnreadAttempt[]> {
  const due = await pool.query(
    `SELECT a.run_id AS "runId", a.part, a.attempt, r.source_id AS "sourceId", r.job, a.blob_key AS "blobKey",
            CASE WHEN r.kind = ANY ($2::text[]) THEN r.kind END AS kind
     FROM (SELECT * FROM task_attempt
           WHERE blob_key IS NOT NULL AND NOT batch_sought AND finished_at < $1
             -- What waits while a person has stopped the service, and what it has not caught up with since, is not lost.
             AND NOT EXISTS (SELECT FROM ${servicesAt('clock_timestamp()')} s
                             WHERE s.service_id = 'ingest' AND (NOT s.running OR s.changed_at > $1))
           ORDER BY finished_at LIMIT ${mostSought}) a
     JOIN run r ON r.id = a.run_id`,
    [deadline, jobKinds],
  );
  const attempts = rowsOf(unreadRow, due);
  if (attempts.length === 0) return [];
  const found = await pool.query('SELECT DISTINCT blob_key AS "blobKey" FROM batch WHERE blob_key = ANY ($1::text[])', [
    attempts.map(({ blobKey }) => blobKey),
  ]);
  const read = new Set(rowsOf(readRow, found).map(({ blobKey }) => blobKey));
  const own = attempts.flatMap(({ kind, ...of }): UnreadAttempt[] => (kind === null ? [] : [{ ...of, kind }]));
  // Of what another release collects this one knows nothing, and would look at it again each minute, for ever, in place of
  // its own. That release finds it when it compares the blobs with the batches.
  const done = attempts.filter(({ blobKey, kind }) => kind === null || read.has(blobKey));
  await pool.query(
    `UPDATE task_attempt a SET batch_sought = true FROM unnest($1::uuid[], $2::int[], $3::int[]) AS d (run_id, part, attempt)
     WHERE a.run_id = d.run_id AND a.part = d.part AND a.attempt = d.attempt`,
    [done.map(({ runId }) => runId), done.map(({ part }) => part), done.map(({ attempt }) => attempt)],
  );
  return own.filter(({ blobKey }) => !read.has(blobKey)).slice(0, limit);
}

export async function noteSought(pool: Pool, of: AttemptOfTask, now: Date, sent: boolean): Promise<void> {
  await inTransaction(pool, async (db) => {
    await db.query('UPDATE task_attempt SET batch_sought = true WHERE run_id = $1 AND part = $2 AND attempt = $3', [
      of.runId,
      of.part,
      of.attempt,
    ]);
    if (sent) await waitForIngest(db, of, now);
  });
}

/** The answer of a task is on its way to `ingest`: it is overdue in a quarter of an hour, and not before. */
async function waitForIngest(db: Connection, { runId, part, attempt }: AttemptOfTask, now: Date): Promise<void> {
  await db.query(
    `UPDATE task SET status = 'fetched', waits_until = greatest(waits_until, $4), lease_until = NULL
     WHERE run_id = $1 AND part = $2 AND attempt = $3 AND finished_at IS NULL`,
    [runId, part, attempt, now],
  );
}
