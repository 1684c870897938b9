import type { ScrapeOutcome } from '../../../contracts/messages.ts';
import type { FailureDetail } from '../../../contracts/words/failure-details.ts';
import { passingReasons } from '../../../contracts/words/run-reasons.ts';
import { chunkAttempts } from '../../../planning/retries.ts';
import type { LostAttempt, OutcomeStore } from '../../../ports/outcome-store.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';
import { readFacts } from './judgement.ts';
import { keepJudgement } from './keep-judgement.ts';

const noOutcome: FailureDetail = { code: 'no_outcome' };
const attemptLost: FailureDetail = { code: 'attempt_lost' };

/** Outcomes and health in Postgres. */
export function postgresOutcomeStore(pool: Pool): OutcomeStore {
  return {
    recordScrape: (outcome) =>
      inTransaction(pool, async (connection) => {
        const { runId, part, attempt, ok, reason, detail, message, blobKey, requests, latencyMs, finishedAt } = outcome;
        await connection.query(
          `UPDATE task_attempt
           SET finished_at = $4, ok = $5, reason = $6, message = $7, blob_key = $8, requests = $9, latency_ms = $10,
               artifacts = $11, detail = $12
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
            detail,
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
            : `UPDATE task SET status = 'failed', reason = $4, message = $5, finished_at = $6, detail = $7, lease_until = NULL
               WHERE run_id = $1 AND part = $2 AND attempt = $3 AND finished_at IS NULL`,
          ok ? [runId, part, attempt] : [runId, part, attempt, reason ?? 'unexplained', message, finishedAt, detail],
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
             detail = $3, message = 'No outcome came in time: the worker, a queue or the ingest is stuck.'
         -- While a person has stopped the service that a task waits for, and for a while after, it is no silence.
         WHERE finished_at IS NULL AND due_at < $1 AND planned_at < $1
           AND NOT EXISTS (SELECT FROM service_at($2) s
                           WHERE s.service_id = CASE task.status WHEN 'fetched' THEN 'ingest' ELSE 'scrapers' END
                             AND (NOT s.running OR s.changed_at > $1))
           AND (waits_until IS NULL OR waits_until < $1)
           AND (NOT backfill OR queued_at < $1)
           AND (lease_until IS NULL OR lease_until < clock_timestamp())
         RETURNING source_id`,
        [deadline, now, noOutcome],
      );
      return [...new Set(rows.map((row) => row.source_id))];
    },

    async lostAttempts(deadline, limit) {
      const { rows } = await pool.query<LostAttempt>(
        `SELECT a.run_id AS "runId", a.part, a.attempt, r.source_id AS "sourceId", r.job, r.kind, a.started_at AS "startedAt"
         FROM task_attempt a JOIN run r ON r.id = a.run_id
         WHERE a.finished_at IS NULL AND a.started_at < $1
         ORDER BY a.started_at LIMIT $2`,
        [deadline, limit],
      );
      return rows;
    },

    async endLostAttempt({ runId, part, attempt }, now) {
      await pool.query(
        `UPDATE task_attempt
         SET finished_at = greatest($4, started_at), ok = false, reason = 'timeout',
             detail = $5, message = 'The worker ended before it could report an outcome.'
         WHERE run_id = $1 AND part = $2 AND attempt = $3 AND finished_at IS NULL`,
        [runId, part, attempt, now, attemptLost],
      );
    },

    async closeLeft(sources, now) {
      await pool.query(
        `WITH closed AS (
           UPDATE incident SET resolved_at = greatest($2, opened_at)
           WHERE resolved_at IS NULL AND source_id <> ALL ($1::text[])
           RETURNING id, source_id, reason, count, resolved_at
         )
         INSERT INTO outbox (type, key, data)
         SELECT 'incident.resolved', source_id,
                jsonb_build_object('incidentId', id, 'sourceId', source_id, 'reason', reason, 'count', count,
                                   'at', to_char(resolved_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
         FROM closed`,
        [sources, now],
      );
    },

    judge: (source, now, decide) =>
      inTransaction(pool, async (connection) => {
        const facts = await readFacts(connection, source, now);
        const judgement = decide(facts);
        await keepJudgement(connection, source.id, facts, judgement, now);
        return judgement;
      }),
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
