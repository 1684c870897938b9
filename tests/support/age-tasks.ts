import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { overdueAfterMs } from '../../core/health/judge.ts';

/**
 * As if all that is stored of work had happened so long ago that what is open is overdue, and leases had run out. Attempts
 * that have been aged stay as they are: by their day the monitor finds the key of their blob.
 */
export async function ageTasks(pool: Pool): Promise<void> {
  const age = `make_interval(secs => ${overdueAfterMs / 1000 + 1})`;
  await pool.query(
    `UPDATE task SET due_at = due_at - ${age}, planned_at = planned_at - ${age}, queued_at = queued_at - ${age},
                     lease_until = least(lease_until, clock_timestamp())`,
  );
  const once = (column: string) =>
    `${column} - CASE WHEN ${column} > clock_timestamp() - ${age} THEN ${age} ELSE '0' END`;
  await pool.query(`UPDATE task_attempt SET started_at = ${once('started_at')}, finished_at = ${once('finished_at')}`);
  await pool.query(`UPDATE service_state SET changed_at = changed_at - ${age}, stopped_until = stopped_until - ${age}`);
}
