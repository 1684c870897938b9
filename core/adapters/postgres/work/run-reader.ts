import * as z from 'zod';
import type { VisibleSources, VisibleTo } from '../../../auth/visible-sources.ts';
import { runStatuses, taskStatuses } from '../../../contracts/http/operations.ts';
import { keptDetailSchema } from '../../../contracts/words/failure-details.ts';
import { runReasons } from '../../../contracts/words/run-reasons.ts';
import { triggers } from '../../../contracts/words/triggers.ts';
import type { RunReader, RunStatus } from '../../../ports/run-reader.ts';
import { isoInstant } from '../database/instant.ts';
import type { Pool } from '../database/pool.ts';
import { decimalText, firstRow, instant, rowsOf } from '../database/rows.ts';
import { runStatus } from './run-status.ts';

/** A run with what became of its tasks. The reason is the one that most of the failed ones have. */
const summedOf = (runs: string) =>
  `SELECT r.id, r.source_id AS "sourceId", r.job, r.trigger, r.due_at::text AS "dueAt", r.created_at AS "createdAt", s.*
  FROM ${runs} r CROSS JOIN LATERAL (
    SELECT ${runStatus} AS status, mode() WITHIN GROUP (ORDER BY t.reason) FILTER (WHERE t.status = 'failed') AS reason,
           mode() WITHIN GROUP (ORDER BY t.detail) FILTER (WHERE t.status = 'failed') AS detail,
           CASE WHEN bool_and(t.finished_at IS NOT NULL) THEN max(t.finished_at) END AS "finishedAt",
           count(t.part)::int AS tasks, coalesce(sum(t.accepted), 0)::int AS accepted,
           coalesce(sum(t.rejected), 0)::int AS rejected
    FROM task t WHERE t.run_id = r.id) s`;

/** SQL: after the place ($3, $4) in the order of the list. The first condition is there for the index. */
const isAfter = (due: string, id: string) => `${due} <= coalesce($3::timestamptz, 'infinity')
  AND ($3::timestamptz IS NULL OR ${due} < $3 OR ${id} > $4::uuid)`;
const isSeen = (source: string) =>
  `($1::text IS NULL OR ${source} = $1) AND ($6::text[] IS NULL OR ${source} = ANY ($6))`;

/** SQL: runs, the latest due first, with a task that a condition is true of. Tasks are due when their run is. */
const withTask = (condition: string) => `SELECT DISTINCT due_at, run_id FROM task
  WHERE ${condition} AND ${isAfter('due_at', 'run_id')} AND ${isSeen('source_id')}`;
/** SQL: backfills that were cancelled before a part was sent. All other runs have tasks from the start. */
const withoutTasks = `SELECT b.due_at, b.id FROM backfill f JOIN run b ON b.id = f.run_id
  WHERE NOT EXISTS (SELECT FROM task t WHERE t.run_id = b.id) AND ${isAfter('b.due_at', 'b.id')} AND ${isSeen('b.source_id')}`;

/**
 * SQL: runs that may have a status. What is rare begins at the few tasks that can be of such a run, by an index of their
 * own: a status is that of all tasks together, so no index has it.
 */
const candidates: Readonly<Record<RunStatus, string | null>> = {
  planned: `${withTask('finished_at IS NULL')} UNION ${withoutTasks}`,
  running: withTask('finished_at IS NULL'),
  succeeded: null,
  partial: `SELECT due_at, id AS run_id FROM run WHERE mixed AND ${isAfter('due_at', 'id')} AND ${isSeen('source_id')}`,
  failed: withTask(`status = 'failed'`),
};

/** SQL: the runs of candidates, in their order. `LIMIT` has each looked up by its id, and none that is not wanted. */
const among = (
  found: string,
) => `(SELECT c.run_id AS id, c.due_at, x.source_id, x.job, x.trigger, x.created_at FROM (${found} ORDER BY 1 DESC, 2) c
  CROSS JOIN LATERAL (SELECT * FROM run WHERE id = c.run_id LIMIT 1) x)`;

const reason = z.enum(runReasons).nullable().catch('unexplained');

const runRow = z.object({
  id: z.string(),
  sourceId: z.string(),
  job: z.string(),
  trigger: z.enum(triggers).catch('schedule'),
  status: z.enum(runStatuses),
  reason,
  detail: keptDetailSchema.nullable(),
  dueAt: z.string().transform(isoInstant),
  createdAt: instant,
  finishedAt: instant.nullable(),
  tasks: z.int(),
  accepted: z.int(),
  rejected: z.int(),
});

const taskRow = z.object({
  part: z.int(),
  status: z.enum(taskStatuses),
  reason,
  detail: keptDetailSchema,
  message: z.string().nullable(),
  symbols: z.array(z.string()),
  plannedAt: instant,
  queuedAt: instant.nullable(),
  ingestedAt: instant.nullable(),
  finishedAt: instant.nullable(),
  batchId: z.string().nullable(),
});

const attemptRow = z.object({
  part: z.int(),
  attempt: z.int(),
  startedAt: instant,
  finishedAt: instant.nullable(),
  ok: z.boolean().nullable(),
  reason,
  detail: keptDetailSchema,
  message: z.string().nullable(),
  blobKey: z.string().nullable(),
  requests: z.int().nullable(),
  latencyMs: z.number().nullable(),
  artifacts: z.array(z.string()),
});

const statisticsRow = z.object({
  currency: z.string(),
  count: z.int(),
  rejected: z.int(),
  mean: decimalText.nullable(),
  median: decimalText.nullable(),
  min: decimalText.nullable(),
  max: decimalText.nullable(),
  up: z.int(),
  down: z.int(),
  unchanged: z.int(),
  volume: decimalText.nullable(),
});

const ownerRow = z.object({ sourceId: z.string() });

/** Reads of runs, their tasks and attempts, and of batches, from Postgres. */
export function runReader(pool: Pool): VisibleTo<RunReader> {
  /** Whether there is a run or batch. Throws where its source must not be seen. */
  async function owned(visible: VisibleSources, table: 'run' | 'batch', id: string): Promise<boolean> {
    const text = `SELECT source_id AS "sourceId" FROM ${table} WHERE id = $1`;
    const owner = firstRow(ownerRow, await pool.query({ name: `source-of-${table}`, text, values: [id] }));
    if (owner) visible.require(owner.sourceId);
    return owner !== null;
  }
  return (visible) => ({
    async list(of) {
      const few = of.status && candidates[of.status];
      const result = await pool.query({
        name: `runs${of.sourceId === null ? '' : '-of-source'}${few ? `-${of.status}` : ''}`,
        text: `${summedOf(few ? among(few) : 'run')}
               WHERE ${of.sourceId === null ? '$1::text IS NULL' : 'r.source_id = $1'} AND ($2::text IS NULL OR s.status = $2)
                 AND ${isAfter('r.due_at', 'r.id')} AND ($6::text[] IS NULL OR r.source_id = ANY ($6))
               ORDER BY r.due_at DESC, r.id LIMIT $5`,
        values: [of.sourceId, of.status, of.after?.dueAt ?? null, of.after?.id ?? null, of.limit, visible.ids],
      });
      return rowsOf(runRow, result);
    },

    async one(id) {
      const found = await pool.query({ name: 'run', text: `${summedOf('run')} WHERE r.id = $1`, values: [id] });
      const run = firstRow(runRow, found);
      if (run) visible.require(run.sourceId);
      return run;
    },

    async tasks(runId) {
      if (!visible.all) await owned(visible, 'run', runId);
      const result = await pool.query({
        name: 'run-tasks',
        text: `SELECT t.part, t.status, t.reason, t.detail, t.message, t.symbols, t.planned_at AS "plannedAt",
                      t.queued_at AS "queuedAt", b.ingested_at AS "ingestedAt", t.finished_at AS "finishedAt",
                      t.batch_id AS "batchId"
               FROM task t LEFT JOIN batch b ON b.id = t.batch_id WHERE t.run_id = $1 ORDER BY t.part`,
        values: [runId],
      });
      return rowsOf(taskRow, result);
    },

    async attempts(runId) {
      if (!visible.all) await owned(visible, 'run', runId);
      const result = await pool.query({
        name: 'run-attempts',
        text: `SELECT part, attempt, started_at AS "startedAt", finished_at AS "finishedAt", ok, reason, detail, message,
                      blob_key AS "blobKey", requests, latency_ms AS "latencyMs", artifacts
               FROM task_attempt WHERE run_id = $1 ORDER BY part, attempt`,
        values: [runId],
      });
      return rowsOf(attemptRow, result);
    },

    async statistics(batchId) {
      if (!(await owned(visible, 'batch', batchId))) return null;
      const result = await pool.query(
        `SELECT currency, count, rejected, mean, median, min, max, up, down, unchanged, volume
         FROM batch_statistics WHERE batch_id = $1 ORDER BY currency`,
        [batchId],
      );
      return rowsOf(statisticsRow, result);
    },
  });
}
