import * as z from 'zod';
import type { ScrapeOutcome } from '../../../contracts/messages.ts';
import type { FailureDetail } from '../../../contracts/words/failure-details.ts';
import { passingReasons, runReasons } from '../../../contracts/words/run-reasons.ts';
import { chunkAttempts } from '../../../planning/retries.ts';
import type { OutcomeStore } from '../../../ports/outcome-store.ts';
import { publish } from '../database/outbox.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';
import { servicesAt } from '../database/switches.ts';
import { readFacts } from './judgement.ts';
import { keepJudgement } from './keep-judgement.ts';
import { endLostAttempt, lostAttempts, noteSought, unreadAttempts } from './lost-attempts.ts';

const noOutcome: FailureDetail = { code: 'no_outcome' };

const endedTask = z.object({ sourceId: z.string() });
const closedIncident = z.object({
  incidentId: z.string(),
  sourceId: z.string(),
  reason: z.enum(runReasons).catch('unexplained'),
  count: z.int(),
  at: z.date().transform((at) => at.toISOString()),
});

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
      const { rows } = await pool.query(
        `UPDATE task
         SET status = 'failed', reason = 'timeout', finished_at = $2, lease_until = NULL,
             detail = $3, message = 'No outcome came in time: the worker, a queue or the ingest is stuck.'
         -- While a person has stopped the service that a task waits for, and for a while after, it is no silence.
         WHERE finished_at IS NULL AND due_at < $1 AND planned_at < $1
           AND NOT EXISTS (SELECT FROM ${servicesAt('$2')} s
                           WHERE s.service_id = CASE task.status WHEN 'fetched' THEN 'ingest' ELSE 'scrapers' END
                             AND (NOT s.running OR s.changed_at > $1))
           AND (waits_until IS NULL OR waits_until < $1)
           AND (NOT backfill OR queued_at < $1)
           AND (lease_until IS NULL OR lease_until < clock_timestamp())
         RETURNING source_id AS "sourceId"`,
        [deadline, now, noOutcome],
      );
      return [
        ...new Set(
          z
            .array(endedTask)
            .parse(rows)
            .map(({ sourceId }) => sourceId),
        ),
      ];
    },

    lostAttempts: (deadline, limit) => lostAttempts(pool, deadline, limit),
    endLostAttempt: (of, now, blobKey) => endLostAttempt(pool, of, now, blobKey),
    unreadAttempts: (deadline, limit) => unreadAttempts(pool, deadline, limit),
    noteSought: (of, now, sent) => noteSought(pool, of, now, sent),

    closeLeft: (sources, now) =>
      inTransaction(pool, async (connection) => {
        const { rows } = await connection.query(
          `UPDATE incident SET resolved_at = greatest($2, opened_at)
           WHERE resolved_at IS NULL AND source_id <> ALL ($1::text[])
           RETURNING id AS "incidentId", source_id AS "sourceId", reason, count, resolved_at AS at`,
          [sources, now],
        );
        publish(
          connection,
          z
            .array(closedIncident)
            .parse(rows)
            .map((data) => ({ type: 'incident.resolved', data })),
        );
      }),

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
