import { isoInstant } from '../database/instant.ts';
import type { Pool } from '../database/pool.ts';
import { runStatus } from '../sources/source-reader.ts';

export interface RunRow {
  readonly id: string;
  readonly source_id: string;
  readonly job: string;
  readonly trigger: string;
  readonly status: string;
  readonly reason: string | null;
  /** With its microseconds, for the cursor. */
  readonly due_at: string;
  readonly created_at: Date;
  readonly finished_at: Date | null;
  readonly tasks: number;
  readonly accepted: number;
  readonly rejected: number;
}

export interface TaskRow {
  readonly part: number;
  readonly status: string;
  readonly reason: string | null;
  readonly detail: unknown;
  readonly message: string | null;
  readonly symbols: readonly string[];
  readonly planned_at: Date;
  readonly queued_at: Date | null;
  readonly ingested_at: Date | null;
  readonly finished_at: Date | null;
  readonly batch_id: string | null;
}

export interface AttemptRow {
  readonly part: number;
  readonly attempt: number;
  readonly started_at: Date;
  readonly finished_at: Date | null;
  readonly ok: boolean | null;
  readonly reason: string | null;
  readonly detail: unknown;
  readonly message: string | null;
  readonly blob_key: string | null;
  readonly requests: number | null;
  readonly latency_ms: number | null;
  /** S3 keys. */
  readonly artifacts: readonly string[];
}

export interface StatisticsRow {
  readonly currency: string;
  readonly count: number;
  readonly rejected: number;
  readonly mean: string | null;
  readonly median: string | null;
  readonly min: string | null;
  readonly max: string | null;
  readonly up: number;
  readonly down: number;
  readonly unchanged: number;
  readonly volume: string | null;
}

/** A run with what became of its tasks. The reason is the one that most of the failed ones have. */
const summed = `SELECT r.id, r.source_id, r.job, r.trigger, r.due_at::text AS due_at, r.created_at, s.*
  FROM run r CROSS JOIN LATERAL (
    SELECT ${runStatus} AS status, mode() WITHIN GROUP (ORDER BY t.reason) FILTER (WHERE t.status = 'failed') AS reason,
           CASE WHEN bool_and(t.finished_at IS NOT NULL) THEN max(t.finished_at) END AS finished_at,
           count(t.part)::int AS tasks, coalesce(sum(t.accepted), 0)::int AS accepted,
           coalesce(sum(t.rejected), 0)::int AS rejected
    FROM task t WHERE t.run_id = r.id) s`;

export type RunReader = ReturnType<typeof runReader>;

/** Reads of runs, their tasks and attempts, and of batches. */
export function runReader(pool: Pool) {
  return {
    /** A page of runs, the latest due first. */
    async runs(of: {
      sourceId: string | null;
      status: string | null;
      after: { dueAt: string; id: string } | null;
      limit: number;
    }): Promise<RunRow[]> {
      const { rows } = await pool.query<RunRow>({
        name: of.sourceId === null ? 'runs' : 'runs-of-source',
        text: `${summed}
               WHERE ${of.sourceId === null ? '$1::text IS NULL' : 'r.source_id = $1'} AND ($2::text IS NULL OR s.status = $2)
                 AND ($3::timestamptz IS NULL OR r.due_at < $3 OR (r.due_at = $3 AND r.id > $4::uuid))
               ORDER BY r.due_at DESC, r.id LIMIT $5`,
        values: [of.sourceId, of.status, of.after?.dueAt ?? null, of.after?.id ?? null, of.limit],
      });
      return rows.map(dated);
    },

    async run(id: string): Promise<RunRow | null> {
      const { rows } = await pool.query<RunRow>({ name: 'run', text: `${summed} WHERE r.id = $1`, values: [id] });
      return rows[0] ? dated(rows[0]) : null;
    },

    async tasks(runId: string): Promise<TaskRow[]> {
      const { rows } = await pool.query<TaskRow>({
        name: 'run-tasks',
        text: `SELECT t.part, t.status, t.reason, t.detail, t.message, t.symbols, t.planned_at, t.queued_at, b.ingested_at, t.finished_at, t.batch_id
               FROM task t LEFT JOIN batch b ON b.id = t.batch_id WHERE t.run_id = $1 ORDER BY t.part`,
        values: [runId],
      });
      return rows;
    },

    async attempts(runId: string): Promise<AttemptRow[]> {
      const { rows } = await pool.query<AttemptRow>({
        name: 'run-attempts',
        text: `SELECT part, attempt, started_at, finished_at, ok, reason, detail, message, blob_key, requests, latency_ms, artifacts
               FROM task_attempt WHERE run_id = $1 ORDER BY part, attempt`,
        values: [runId],
      });
      return rows;
    },

    /** Statistics of a batch by currency; `null` when there is no such batch. */
    async statistics(batchId: string): Promise<StatisticsRow[] | null> {
      const { rows } = await pool.query<StatisticsRow & { found: string }>(
        `SELECT b.id AS found, s.currency, s.count, s.rejected, s.mean, s.median, s.min, s.max, s.up, s.down, s.unchanged, s.volume
         FROM batch b LEFT JOIN batch_statistics s ON s.batch_id = b.id WHERE b.id = $1 ORDER BY s.currency`,
        [batchId],
      );
      return rows.length === 0 ? null : rows.filter((row) => row.currency !== null);
    },
  };
}

function dated(row: RunRow): RunRow {
  return { ...row, due_at: isoInstant(row.due_at) };
}
