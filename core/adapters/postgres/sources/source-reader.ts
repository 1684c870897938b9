import { minuteSeconds } from '../../../planning/permits.ts';
import type { Pool } from '../database/pool.ts';
import { isPausedAt } from '../database/switches.ts';
import { worstFirst } from './keep-judgement.ts';

/** What the database knows of one source. All but the id may be absent before the source ran. */
export interface SourceRow {
  readonly source_id: string;
  readonly paused: boolean;
  /** Of a pause that ends by itself. */
  readonly paused_until: Date | null;
  readonly breaker: string;
  readonly breaker_until: Date | null;
  readonly breaker_reason: string | null;
  readonly breaker_opened: number;
  readonly held_until: Date | null;
  readonly credentials_set: boolean;
  readonly credentials_at: Date | null;
  readonly status: string | null;
  readonly reason: string | null;
  readonly score: number | null;
  readonly success: number | null;
  readonly accepted: number | null;
  readonly freshness: number | null;
  readonly latency: number | null;
  readonly quota: number | null;
  readonly detail: unknown;
  readonly message: string | null;
  readonly since: Date | null;
  readonly last_success_at: Date | null;
  readonly failed_at: Date | null;
  readonly failure_reason: string | null;
  readonly failure_detail: unknown;
  readonly failure_message: string | null;
  readonly failure_run_id: string | null;
  readonly minute_used: number;
  readonly day_used: number;
  readonly run_id: string | null;
  readonly run_job: string | null;
  readonly run_due_at: Date | null;
  readonly run_status: string | null;
  readonly run_finished_at: Date | null;
  readonly run_accepted: number | null;
  readonly run_rejected: number | null;
}

export interface SampleRow {
  readonly source_id: string;
  /** The first instant of the hour, or day, in UTC. */
  readonly at: Date;
  readonly status: string;
  readonly score: number | null;
  readonly lowest: number | null;
  readonly succeeded: number;
  readonly failed: number;
}

/**
 * A run's status from its tasks: planned until one moves, then running until all ended, then what became of them. A run
 * without tasks yet is planned.
 */
export const runStatus = `CASE
  WHEN count(t.part) = 0 THEN 'planned'
  WHEN bool_and(t.status = 'succeeded') THEN 'succeeded'
  WHEN bool_and(t.status = 'failed') THEN 'failed'
  WHEN bool_and(t.finished_at IS NOT NULL) THEN 'partial'
  WHEN bool_and(t.status = 'planned') THEN 'planned'
  ELSE 'running' END`;

export type SourceReader = ReturnType<typeof sourceReader>;

/** Reads of sources: state, health, quota used, last run. */
export function sourceReader(pool: Pool) {
  return {
    /**
     * One row for each id, in order. Quota counts as the ledger does: what was used, and what is reserved and may still
     * be used, in the last minute and this UTC day.
     */
    async sources(ids: readonly string[], now: Date): Promise<SourceRow[]> {
      const { rows } = await pool.query<SourceRow>({
        name: 'sources',
        text: `SELECT s.source_id,
                      coalesce(${isPausedAt('st', '$2')}, false) AS paused,
                      CASE WHEN st.paused AND st.paused_until > $2 THEN st.paused_until END AS paused_until,
                      coalesce(st.breaker, 'closed') AS breaker, st.breaker_until, st.breaker_reason,
                      coalesce(st.breaker_opened, 0) AS breaker_opened, st.held_until,
                      coalesce(c.is_set, false) AS credentials_set, c.changed_at AS credentials_at,
                      h.status, h.reason, h.score, h.success, h.accepted, h.freshness, h.latency, h.quota, h.detail, h.message, h.since,
                      h.last_success_at,
                      h.failed_at, h.failure_reason, h.failure_detail, h.failure_message, h.failure_run_id,
                      p.minute_used, p.day_used,
                      r.id AS run_id, r.job AS run_job, r.due_at AS run_due_at, r.status AS run_status,
                      r.finished_at AS run_finished_at, r.accepted AS run_accepted, r.rejected AS run_rejected
               FROM unnest($1::text[]) WITH ORDINALITY s (source_id, place)
               LEFT JOIN source_state st USING (source_id)
               LEFT JOIN source_health h USING (source_id)
               LEFT JOIN source_credentials c USING (source_id)
               CROSS JOIN LATERAL (
                 SELECT count(*) FILTER (WHERE used_at IS NULL OR used_at > $2::timestamptz - make_interval(secs => ${minuteSeconds}))::int AS minute_used,
                        count(*)::int AS day_used
                 FROM permit
                 WHERE source_id = s.source_id
                   AND (used_at >= date_trunc('day', $2::timestamptz, 'UTC') OR (used_at IS NULL AND expires_at > $2))) p
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
      return rows;
    },

    /** Health by the hour of some sources since an instant, oldest first: each hour's last. */
    async samples(ids: readonly string[], from: Date, to: Date | null = null): Promise<SampleRow[]> {
      const { rows } = await pool.query<SampleRow>({
        name: 'source-samples',
        text: `SELECT source_id, hour AS at, status, score, coalesce(score_least, score) AS lowest, succeeded, failed
               FROM health_sample
               WHERE source_id = ANY ($1::text[]) AND hour >= $2 AND ($3::timestamptz IS NULL OR hour < $3)
               ORDER BY hour LIMIT 10000`,
        values: [ids, from, to],
      });
      return rows;
    },

    /** The same by the day of UTC: the worst status and the mean score of each. */
    async days(ids: readonly string[], from: Date, to: Date | null = null): Promise<SampleRow[]> {
      const { rows } = await pool.query<SampleRow>({
        name: 'source-days',
        text: `SELECT source_id, date_trunc('day', hour, 'UTC') AS at,
                      ($4::text[])[min(array_position($4::text[], coalesce(worst, status)))] AS status,
                      round(coalesce(sum(score_sum)::numeric / nullif(sum(samples), 0), avg(score)))::int AS score,
                      min(coalesce(score_least, score)) AS lowest,
                      sum(succeeded)::int AS succeeded, sum(failed)::int AS failed
               FROM health_sample
               WHERE source_id = ANY ($1::text[]) AND hour >= date_trunc('day', $2::timestamptz, 'UTC')
                 AND ($3::timestamptz IS NULL OR hour < $3)
               GROUP BY 1, 2 ORDER BY 2 LIMIT 10000`,
        values: [ids, from, to, [...worstFirst]],
      });
      return rows;
    },
  };
}
