import * as z from 'zod';
import { runReasons } from '../../../contracts/words/run-reasons.ts';
import type { Pool } from '../database/pool.ts';
import { instant, rowsOf } from '../database/rows.ts';

const failedRow = z.object({
  at: instant,
  sourceId: z.string(),
  reason: z.enum(runReasons).catch('unexplained'),
  message: z.string().nullable(),
});

/** The oldest 20 tasks that failed after an instant, in order. */
export async function failedTasksSince(pool: Pool, since: Date): Promise<z.infer<typeof failedRow>[]> {
  const result = await pool.query(
    `SELECT finished_at AS at, source_id AS "sourceId", reason, message FROM task
     WHERE status = 'failed' AND finished_at > $1 ORDER BY finished_at LIMIT 20`,
    [since],
  );
  return rowsOf(failedRow, result);
}
