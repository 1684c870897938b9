import * as z from 'zod';
import { keptDetailSchema } from '../../../contracts/words/failure-details.ts';
import { runReasons } from '../../../contracts/words/run-reasons.ts';
import type { Pool } from '../database/pool.ts';
import { instant, rowsOf } from '../database/rows.ts';

const endedRow = z.object({
  at: instant,
  /** `at` with its microseconds, and the task: where the next look goes on. */
  position: z.string(),
  sourceId: z.string(),
  job: z.string(),
  runId: z.string(),
  ok: z.boolean(),
  reason: z.enum(runReasons).nullable().catch('unexplained'),
  detail: keptDetailSchema.nullable(),
  message: z.string().nullable(),
});
export type EndedTaskRow = z.output<typeof endedRow>;

/** The position after which tasks have ended since an instant. */
export const positionOf = (at: Date): string => `${at.toISOString().replace('Z', '999Z')} `;

/** The oldest 200 tasks that ended after a position, in order; those of recoveries are not among them. */
export async function endedTasksAfter(pool: Pool, position: string): Promise<EndedTaskRow[]> {
  const result = await pool.query(
    `SELECT * FROM (
       SELECT t.finished_at AS at,
              to_char(t.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || ' ' || t.run_id || '/' || t.part AS position,
              t.source_id AS "sourceId", r.job, t.run_id AS "runId", t.status = 'succeeded' AS ok, t.reason, t.detail, t.message
       FROM task t JOIN run r ON r.id = t.run_id
       WHERE t.finished_at >= $1::timestamptz AND r.trigger NOT IN ('canary', 'fallback')) ended
     WHERE position > $2 ORDER BY position LIMIT 200`,
    [position.split(' ')[0], position],
  );
  return rowsOf(endedRow, result);
}
