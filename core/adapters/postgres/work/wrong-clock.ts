import * as z from 'zod';
import { clockToleranceMs, plannedAhead, refuseTickAhead } from '../../../planning/wrong-clock.ts';
import { intervalOf, msOf } from '../database/instant.ts';
import type { Connection } from '../database/pool.ts';
import { onlyRow } from '../database/rows.ts';

const clocksRow = z.object({ clock: z.number(), plannedTo: z.number().nullable() });

/**
 * Compares a tick with the database's clock and with what is planned. Throws `TickAheadError` for one that is refused. Where
 * the clock was ahead before, everything that waits for an instant of then is moved back by as much, and the jobs are
 * planned as if for the first time. Gives by how many milliseconds it was ahead: 0 as a rule, and for a tick that waited in
 * a queue.
 */
export async function correctClock(db: Connection, tick: Date, queued: boolean): Promise<number> {
  const found = await db.query(
    `SELECT ${msOf('clock_timestamp()')} AS clock, (SELECT ${msOf('max(planned_to)')} FROM planner_state) AS "plannedTo"`,
  );
  const { clock, plannedTo } = onlyRow(clocksRow, found);
  refuseTickAhead(tick.getTime(), clock);
  if (queued) return 0;
  const ahead = plannedAhead(plannedTo, tick.getTime(), clock);
  if (ahead > 0) {
    await db.query('DELETE FROM planner_state WHERE planned_to > $1', [new Date(tick.getTime() + clockToleranceMs)]);
    for (const [table, columns] of Object.entries(instants)) await db.query(moveBack(table, columns), [ahead / 1000]);
  }
  return ahead;
}

/** What is waited for, or decides what is newest. A person's own instants, as of pauses, stay. */
const instants = {
  source_state: ['held_until', 'breaker_until', 'budget_until'],
  source_health: ['last_success_at', 'quoted_at', 'failed_at', 'since', 'updated_at'],
  lease: ['expires_at'],
  permit: ['used_at', 'not_before', 'expires_at', 'reserved_at'],
  run: ['due_at', 'created_at'],
  task: ['due_at', 'planned_at', 'queued_at', 'lease_until', 'waits_until', 'finished_at'],
  task_attempt: ['started_at', 'finished_at'],
  incident: ['opened_at', 'last_seen_at', 'resolved_at'],
  recovery: ['requested_at', 'started_at', 'deadline_at', 'finished_at'],
} as const;

/** Instants later than now by more than clocks differ, moved back by `$1` seconds, but not before the transaction. */
function moveBack(table: string, columns: readonly string[]): string {
  const isAhead = (column: string) => `${column} > now() + ${intervalOf(clockToleranceMs)}`;
  const moved = columns.map(
    (column) =>
      `${column} = CASE WHEN ${isAhead(column)} THEN greatest(now(), ${column} - make_interval(secs => $1)) ELSE ${column} END`,
  );
  return `UPDATE ${table} SET ${moved.join(', ')} WHERE ${columns.map(isAhead).join(' OR ')}`;
}
