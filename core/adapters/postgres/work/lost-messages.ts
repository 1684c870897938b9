import * as z from 'zod';
import type { Pool } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';

const sentRow = z.object({ sourceId: z.string(), tasks: z.int() });

/** How many tasks of each source are with its queue or its workers. */
export async function sentTasks(pool: Pool): Promise<Map<string, number>> {
  const found = await pool.query(
    `SELECT source_id AS "sourceId", count(*)::int AS tasks FROM task
     WHERE finished_at IS NULL AND status IN ('queued', 'running') GROUP BY 1`,
  );
  return new Map(rowsOf(sentRow, found).map(({ sourceId, tasks }) => [sourceId, tasks]));
}

/** Gives the sent tasks of sources back to the planner, which sends them again. A worker that has one keeps its lease. */
export async function sendAgain(pool: Pool, sourceIds: readonly string[]): Promise<number> {
  const { rowCount } = await pool.query(
    `UPDATE task SET status = 'planned', queued_at = NULL
     WHERE finished_at IS NULL AND status IN ('queued', 'running') AND source_id = ANY ($1::text[])`,
    [sourceIds],
  );
  return rowCount ?? 0;
}
