import * as z from 'zod';
import type { ScrapeOutcome } from '../../contracts/messages.ts';
import { chunkAttempts, passingReasons, runReasons } from '../../contracts/reasons.ts';
import type { OutcomeStore } from '../../ports/outcome-store.ts';
import { type Connection, inTransaction, type Pool } from './pool.ts';

const finishedRow = z.object({
  ok: z.boolean(),
  reason: z.enum(runReasons).nullable(),
  accepted: z.int(),
  rejected: z.int(),
});

/** Outcomes and health in Postgres. */
export function postgresOutcomeStore(pool: Pool): OutcomeStore {
  return {
    recordScrape: (outcome) =>
      inTransaction(pool, async (connection) => {
        const { runId, part, attempt, ok, reason, message, blobKey, requests, latencyMs, finishedAt } = outcome;
        await connection.query(
          `UPDATE task_attempt
           SET finished_at = $4, ok = $5, reason = $6, message = $7, blob_key = $8, requests = $9, latency_ms = $10,
               artifacts = $11
           WHERE run_id = $1 AND part = $2 AND attempt = $3 AND finished_at IS NULL`,
          [
            runId,
            part,
            attempt,
            finishedAt,
            ok,
            reason,
            message,
            blobKey,
            requests,
            latencyMs,
            outcome.artifacts ?? [],
          ],
        );
        // A success is not the end: rows that are accepted are, and those are counted by ingest. An older attempt than
        // the task's own says nothing of it any more.
        const again = ok ? null : await tryChunkAgain(connection, outcome);
        if (again) return;
        await connection.query(
          ok
            ? `UPDATE task SET status = 'fetched', lease_until = NULL
               WHERE run_id = $1 AND part = $2 AND attempt = $3 AND finished_at IS NULL`
            : `UPDATE task SET status = 'failed', reason = $4, message = $5, finished_at = $6, lease_until = NULL
               WHERE run_id = $1 AND part = $2 AND attempt = $3 AND finished_at IS NULL`,
          ok ? [runId, part, attempt] : [runId, part, attempt, reason ?? 'unexplained', message, finishedAt],
        );
      }),

    async endOverdue(deadline, now) {
      // A chunk of a backfill whose message was lost goes back to the planner.
      await pool.query(
        `UPDATE task SET status = 'planned', queued_at = NULL, lease_until = NULL
         WHERE backfill AND finished_at IS NULL AND status IN ('queued', 'running') AND queued_at < $1 AND attempt < $2
           AND (lease_until IS NULL OR lease_until < clock_timestamp())`,
        [deadline, chunkAttempts],
      );
      const { rows } = await pool.query<{ source_id: string }>(
        `UPDATE task
         SET status = 'failed', reason = 'timeout', finished_at = $2, lease_until = NULL,
             message = 'No outcome came in time: the worker, a queue or the ingest is stuck.'
         WHERE finished_at IS NULL AND due_at < $1 AND planned_at < $1
           AND (waits_until IS NULL OR waits_until < $1)
           AND (NOT backfill OR queued_at < $1)
           AND (lease_until IS NULL OR lease_until < clock_timestamp())
         RETURNING source_id`,
        [deadline, now],
      );
      return [...new Set(rows.map((row) => row.source_id))];
    },

    async finishedTasks(sourceId, limit) {
      const { rows } = await pool.query(
        `SELECT status = 'succeeded' AS ok, reason, accepted, rejected FROM task
         WHERE source_id = $1 AND finished_at IS NOT NULL AND NOT backfill
         ORDER BY finished_at DESC LIMIT $2`,
        [sourceId, limit],
      );
      const paused = await pool.query<{ paused: boolean }>(
        'SELECT paused AND (paused_until IS NULL OR paused_until > now()) AS paused FROM source_state WHERE source_id = $1',
        [sourceId],
      );
      return { tasks: rows.map((row) => finishedRow.parse(row)), paused: paused.rows[0]?.paused ?? false };
    },

    async keepHealth(sourceId, health, now) {
      const { status, reason, score, success, accepted } = health;
      await pool.query(
        `INSERT INTO source_health AS kept
           (source_id, status, reason, score, success, accepted, updated_at,
            last_success_at, failed_at, failure_reason, failure_message, failure_run_id)
         SELECT $1, $2, $3, $4, $5, $6, $7,
                (SELECT max(finished_at) FROM task WHERE source_id = $1 AND status = 'succeeded'),
                failure.finished_at, failure.reason, failure.message, failure.run_id
         FROM (SELECT 1) one LEFT JOIN LATERAL (
           SELECT finished_at, reason, message, run_id FROM task
           WHERE source_id = $1 AND status = 'failed' ORDER BY finished_at DESC LIMIT 1) failure ON true
         ON CONFLICT (source_id) DO UPDATE
           SET status = excluded.status, reason = excluded.reason, score = excluded.score, success = excluded.success,
               accepted = excluded.accepted, updated_at = excluded.updated_at, last_success_at = excluded.last_success_at,
               failed_at = excluded.failed_at, failure_reason = excluded.failure_reason,
               failure_message = excluded.failure_message, failure_run_id = excluded.failure_run_id`,
        [sourceId, status, reason, score, success, accepted, now],
      );
      await pool.query(
        `INSERT INTO health_sample (source_id, hour, status, score) VALUES ($1, date_trunc('hour', $2::timestamptz, 'UTC'), $3, $4)
         ON CONFLICT (source_id, hour) DO UPDATE SET status = excluded.status, score = excluded.score`,
        [sourceId, now, status, score],
      );
    },
  };
}

/** A chunk of a backfill that failed in passing goes back to the planner, each time for longer. Gives whether it did. */
async function tryChunkAgain(connection: Connection, outcome: ScrapeOutcome): Promise<boolean> {
  const { runId, part, attempt, reason } = outcome;
  if (reason === null || !passingReasons.includes(reason)) return false;
  const { rowCount } = await connection.query(
    `UPDATE task SET status = 'planned', queued_at = NULL, lease_until = NULL,
                     waits_until = clock_timestamp() + make_interval(secs => $5)
     WHERE run_id = $1 AND part = $2 AND attempt = $3 AND backfill AND finished_at IS NULL AND attempt < $4`,
    [runId, part, attempt, chunkAttempts, Math.max(outcome.retryAfterSeconds ?? 0, 30 * 2 ** attempt)],
  );
  return rowCount === 1;
}
