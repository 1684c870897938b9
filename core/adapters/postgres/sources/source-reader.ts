import * as z from 'zod';
import { runStatuses } from '../../../contracts/http/operations.ts';
import { keptDetailSchema } from '../../../contracts/words/failure-details.ts';
import { healthStatuses } from '../../../contracts/words/health-status.ts';
import { runReasons } from '../../../contracts/words/run-reasons.ts';
import { minuteSeconds } from '../../../planning/permits.ts';
import type { SourceReader } from '../../../ports/source-reader.ts';
import type { Pool } from '../database/pool.ts';
import { instant, rowsOf } from '../database/rows.ts';
import { isPausedAt } from '../database/switches.ts';
import { usedSince } from '../work/permits.ts';
import { runStatus } from '../work/run-status.ts';
import { isLoginHeldAt } from './logins.ts';

const reason = z.enum(runReasons).nullable().catch('unexplained');
const fraction = z.number().nullable();

const sourceRow = z.object({
  sourceId: z.string(),
  paused: z.boolean(),
  pausedUntil: instant.nullable(),
  breaker: z.enum(['closed', 'open', 'half_open']),
  breakerUntil: instant.nullable(),
  breakerReason: reason,
  breakerOpened: z.int(),
  heldUntil: instant.nullable(),
  credentialsSet: z.boolean(),
  credentialsAt: instant.nullable(),
  loginHeld: keptDetailSchema.nullable(),
  loginHeldAt: instant.nullable(),
  loginHeldUntil: instant.nullable(),
  status: z.enum(healthStatuses).catch('unknown'),
  reason,
  score: z.int().nullable(),
  success: fraction,
  accepted: fraction,
  freshness: fraction,
  latency: fraction,
  quota: fraction,
  detail: keptDetailSchema,
  message: z.string().nullable(),
  since: instant.nullable(),
  lastSuccessAt: instant.nullable(),
  failedAt: instant.nullable(),
  failureReason: reason,
  failureDetail: keptDetailSchema,
  failureMessage: z.string().nullable(),
  failureRunId: z.string().nullable(),
  minuteUsed: z.int(),
  dayUsed: z.int(),
  runId: z.string().nullable(),
  runJob: z.string().nullable(),
  runDueAt: instant.nullable(),
  runStatus: z.enum(runStatuses).nullable(),
  runFinishedAt: instant.nullable(),
  runAccepted: z.int().nullable(),
  runRejected: z.int().nullable(),
});

const sampleRow = z.object({
  sourceId: z.string(),
  at: instant,
  status: z.enum(healthStatuses).catch('unknown'),
  score: z.int().nullable(),
  lowest: z.int().nullable(),
  succeeded: z.int(),
  failed: z.int(),
  success: fraction,
  freshness: fraction,
  accepted: fraction,
  latency: fraction,
  quota: fraction,
});

/** Reads of sources from Postgres. */
export function sourceReader(pool: Pool): SourceReader {
  return {
    async sources(ids, now) {
      const result = await pool.query({
        name: 'sources',
        text: `SELECT s.source_id AS "sourceId", ${isPausedAt('st', '$2')} AS paused,
                      CASE WHEN st.paused AND st.paused_until > $2 THEN st.paused_until END AS "pausedUntil",
                      coalesce(st.breaker, 'closed') AS breaker, st.breaker_until AS "breakerUntil",
                      st.breaker_reason AS "breakerReason", coalesce(st.breaker_opened, 0) AS "breakerOpened",
                      st.held_until AS "heldUntil", coalesce(c.is_set, false) AS "credentialsSet",
                      c.changed_at AS "credentialsAt",
                      CASE WHEN ${isLoginHeldAt('c', '$2')} THEN c.login_held END AS "loginHeld",
                      c.login_held_at AS "loginHeldAt", c.login_held_until AS "loginHeldUntil", h.status, h.reason, h.score, h.success, h.accepted, h.freshness,
                      h.latency, h.quota, h.detail, h.message, h.since, h.last_success_at AS "lastSuccessAt",
                      h.failed_at AS "failedAt", h.failure_reason AS "failureReason", h.failure_detail AS "failureDetail",
                      h.failure_message AS "failureMessage", h.failure_run_id AS "failureRunId",
                      m.minute_used AS "minuteUsed", p.day_used AS "dayUsed", r.id AS "runId", r.job AS "runJob",
                      r.due_at AS "runDueAt", r.status AS "runStatus", r.finished_at AS "runFinishedAt",
                      r.accepted AS "runAccepted", r.rejected AS "runRejected"
               FROM unnest($1::text[]) WITH ORDINALITY s (source_id, place)
               LEFT JOIN source_state st USING (source_id)
               LEFT JOIN source_health h USING (source_id)
               LEFT JOIN source_credentials c USING (source_id)
               -- Each is counted in an index alone; those of the day are counted already.
               CROSS JOIN LATERAL (SELECT count(*)::int AS reserved FROM permit
                 WHERE source_id = s.source_id AND used_at IS NULL AND expires_at > $2) w
               CROSS JOIN LATERAL (SELECT w.reserved + count(*)::int AS minute_used FROM permit
                 WHERE source_id = s.source_id AND used_at > $2::timestamptz - make_interval(secs => ${minuteSeconds})
                   AND used_at >= date_trunc('day', $2::timestamptz, 'UTC')) m
               CROSS JOIN LATERAL (SELECT w.reserved + ${usedSince('s.source_id', '$2')} AS day_used) p
               LEFT JOIN LATERAL (
                 SELECT n.id, n.job, n.due_at, ${runStatus} AS status,
                        CASE WHEN bool_and(t.finished_at IS NOT NULL) THEN max(t.finished_at) END AS finished_at,
                        coalesce(sum(t.accepted), 0)::int AS accepted, coalesce(sum(t.rejected), 0)::int AS rejected
                 FROM (SELECT id, job, due_at FROM run WHERE source_id = s.source_id ORDER BY due_at DESC, created_at DESC LIMIT 1) n
                 LEFT JOIN task t ON t.run_id = n.id
                 GROUP BY n.id, n.job, n.due_at) r ON true
               ORDER BY s.place`,
        values: [ids, now],
      });
      return rowsOf(sourceRow, result);
    },

    async samples(ids, from, to = null) {
      const result = await pool.query({
        name: 'source-samples',
        text: `SELECT source_id AS "sourceId", hour AS at, status, score, coalesce(score_least, score) AS lowest, succeeded, failed,
                      success, freshness, accepted, latency, quota
               FROM health_sample
               WHERE source_id = ANY ($1::text[]) AND hour >= $2 AND ($3::timestamptz IS NULL OR hour < $3)
               ORDER BY hour LIMIT 10000`,
        values: [ids, from, to],
      });
      return rowsOf(sampleRow, result);
    },

    async days(ids, from, to = null) {
      const result = await pool.query({
        name: 'source-days',
        text: `SELECT source_id AS "sourceId", date_trunc('day', hour, 'UTC') AS at,
                      ($4::text[])[min(array_position($4::text[], coalesce(worst, status)))] AS status,
                      round(coalesce(sum(score_sum)::numeric / nullif(sum(samples), 0), avg(score)))::int AS score,
                      min(coalesce(score_least, score)) AS lowest,
                      sum(succeeded)::int AS succeeded, sum(failed)::int AS failed, avg(success) AS success,
                      avg(freshness) AS freshness, avg(accepted) AS accepted, avg(latency) AS latency, avg(quota) AS quota
               FROM health_sample
               WHERE source_id = ANY ($1::text[]) AND hour >= date_trunc('day', $2::timestamptz, 'UTC')
                 AND ($3::timestamptz IS NULL OR hour < $3)
               GROUP BY 1, 2 ORDER BY 2 LIMIT 10000`,
        values: [ids, from, to, [...healthStatuses]],
      });
      return rowsOf(sampleRow, result);
    },
  };
}
