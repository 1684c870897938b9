import * as z from 'zod';
import type { VisibleTo } from '../../../auth/visible-sources.ts';
import { recoveryStatuses, recoveryStepSchema } from '../../../contracts/http/recovery.ts';
import { keptDetailSchema } from '../../../contracts/words/failure-details.ts';
import { runReasons } from '../../../contracts/words/run-reasons.ts';
import type { RecoveryRecords } from '../../../ports/recovery-store.ts';
import type { Recovery } from '../../../recovery/recovery.ts';
import type { Pool } from '../database/pool.ts';
import { isRunning } from '../database/switches.ts';

const columns = `id, source_id, trigger, strategy, status, reason, detail, message, steps, requested_at, started_at, finished_at,
  canary_run_id, held, fallback_source_id, fallback_run_id,
  extract(epoch FROM deadline_at - clock_timestamp())::float8 AS seconds_left`;

const recoveryColumns = z.object({
  id: z.uuid(),
  source_id: z.string(),
  trigger: z.enum(['automatic', 'manual']),
  strategy: z.string().nullable(),
  status: z.enum(recoveryStatuses),
  reason: z.enum(runReasons).nullable().catch('unexplained'),
  detail: keptDetailSchema.nullable(),
  message: z.string().nullable(),
  steps: z.array(recoveryStepSchema),
  requested_at: z.date(),
  started_at: z.date().nullable(),
  finished_at: z.date().nullable(),
  canary_run_id: z.uuid().nullable(),
  held: z.boolean().nullable(),
  fallback_source_id: z.string().nullable(),
  fallback_run_id: z.uuid().nullable(),
  seconds_left: z.number().nullable(),
});

function recoveryOf(row: z.output<typeof recoveryColumns>): Recovery {
  const { fallback_source_id: otherId, fallback_run_id: otherRun } = row;
  return {
    id: row.id,
    sourceId: row.source_id,
    trigger: row.trigger,
    strategy: row.strategy,
    status: row.status,
    reason: row.reason,
    detail: row.detail,
    message: row.message,
    steps: row.steps,
    requestedAt: row.requested_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    canaryRunId: row.canary_run_id,
    fallback: otherId !== null && otherRun !== null ? { sourceId: otherId, runId: otherRun } : null,
    held: row.held,
    secondsLeft: row.seconds_left,
  };
}

const recoveryRow = recoveryColumns.transform(recoveryOf);
const listedRow = recoveryColumns
  .extend({ cursor_at: z.string() })
  .transform(({ cursor_at: cursorAt, ...row }) => ({ ...recoveryOf(row), cursorAt }));
const idRow = z.object({ id: z.uuid() });

/** Records of recoveries in Postgres. */
export function recoveryRecords(pool: Pool): VisibleTo<RecoveryRecords> {
  return (visible) => ({
    running: () => isRunning(pool, 'recovery'),

    async create({ id, sourceId, trigger, requestedAt, requestedBy }) {
      const { rowCount } = await pool.query(
        `INSERT INTO recovery (id, source_id, trigger, requested_at, requested_by) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING`,
        [id, sourceId, trigger, requestedAt, requestedBy],
      );
      if (rowCount) return { created: true, active: id };
      const { rows } = await pool.query(
        `SELECT id FROM recovery WHERE id = $1 OR (source_id = $2 AND finished_at IS NULL) ORDER BY id = $1 DESC LIMIT 1`,
        [id, sourceId],
      );
      const active = rows[0] === undefined ? null : idRow.parse(rows[0]).id;
      return { created: active === id, active };
    },

    async has(id) {
      return ((await pool.query('SELECT FROM recovery WHERE id = $1', [id])).rowCount ?? 0) > 0;
    },

    async find(id) {
      const { rows } = await pool.query(`SELECT ${columns} FROM recovery WHERE id = $1`, [id]);
      if (rows[0] === undefined) return null;
      const recovery = recoveryRow.parse(rows[0]);
      visible.require(recovery.sourceId);
      return recovery;
    },

    async list({ sourceId, status, after, limit }) {
      // The index of unfinished ones has at most one of each source.
      const unfinished = status === 'pending' || status === 'running' ? 'AND finished_at IS NULL' : '';
      const { rows } = await pool.query(
        `SELECT ${columns}, to_char(requested_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cursor_at
         FROM recovery
         WHERE ($1::text IS NULL OR source_id = $1) AND ($2::text IS NULL OR status = $2) ${unfinished}
           AND ($3::timestamptz IS NULL OR requested_at < $3 OR (requested_at = $3 AND id > $4::uuid))
           AND ($6::text[] IS NULL OR source_id = ANY ($6))
         ORDER BY requested_at DESC, id LIMIT $5`,
        [sourceId, status, after?.requestedAt ?? null, after?.id ?? null, limit, visible.ids],
      );
      return rows.map((row) => listedRow.parse(row));
    },
  });
}
