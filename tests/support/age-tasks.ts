import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { overdueAfterMs } from '../../core/health/judge.ts';

/** As if all that is stored of work had happened so long ago that what is open is overdue, and leases had run out. */
export async function ageTasks(pool: Pool): Promise<void> {
  const age = `make_interval(secs => ${overdueAfterMs / 1000 + 1})`;
  await pool.query(
    `UPDATE task SET due_at = due_at - ${age}, planned_at = planned_at - ${age}, queued_at = queued_at - ${age},
                     lease_until = least(lease_until, clock_timestamp())`,
  );
  await pool.query(`UPDATE task_attempt SET started_at = started_at - ${age}, finished_at = finished_at - ${age}`);
  await pool.query(`UPDATE service_state SET changed_at = changed_at - ${age}, stopped_until = stopped_until - ${age}`);
}
