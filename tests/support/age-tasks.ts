import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { overdueAfterMs } from '../../core/health/judge.ts';

/** As if all tasks and attempts had begun so long ago that they are overdue, with leases that ran out. */
export async function ageTasks(pool: Pool): Promise<void> {
  const age = `make_interval(secs => ${overdueAfterMs / 1000 + 1})`;
  await pool.query(
    `UPDATE task SET due_at = due_at - ${age}, planned_at = planned_at - ${age}, queued_at = queued_at - ${age},
                     lease_until = least(lease_until, clock_timestamp())`,
  );
  await pool.query(`UPDATE task_attempt SET started_at = started_at - ${age}, finished_at = finished_at - ${age}`);
}
