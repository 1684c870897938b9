import * as z from 'zod';
import type { PlannerState, WatchedSlot } from '../../../planning/plan.ts';
import type { PlanStore } from '../../../ports/plan-store.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';
import { milliseconds, onlyRow, rowsOf } from '../database/rows.ts';
import { isPausedAt, runsAt } from '../database/switches.ts';
import { failedRuns } from './failed-runs.ts';
import { planRepairsIn } from './repair-plans.ts';
import { insertRun, markSent, newRun, scrapeMessageColumns, scrapeMessageOf } from './runs.ts';
import { correctClock } from './wrong-clock.ts';

/** Runs and tasks in Postgres. */
export function postgresPlanStore(pool: Pool): PlanStore {
  return {
    plan: (now, watched, decide, queued = false) =>
      inTransaction(pool, async (connection) => {
        await connection.query(`SELECT pg_advisory_xact_lock(hashtextextended('schedule', 0))`);
        const aheadMs = await correctClock(connection, now, queued);
        const {
          runs,
          plannedTo,
          trials = [],
          periods = new Map<string, number>(),
        } = decide({
          ...(await readState(connection, now, watched)),
          ...(aheadMs > 0 && { aheadMs }),
        });
        for (const run of runs) await insertRun(connection, newRun(run));
        for (const { sourceId, runId, until } of trials)
          await connection.query(
            `UPDATE source_state SET breaker = 'half_open', breaker_run = $2, breaker_until = $3
             WHERE source_id = $1 AND breaker <> 'closed'`,
            [sourceId, runId, until],
          );
        const jobs = [...plannedTo].map(([job, to]) => ({ job: job.split('/'), to: new Date(to) }));
        await connection.query(
          `INSERT INTO planner_state (source_id, job, planned_to)
           SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[])
           ON CONFLICT (source_id, job) DO UPDATE SET planned_to = greatest(planner_state.planned_to, excluded.planned_to)`,
          [jobs.map((each) => each.job[0]), jobs.map((each) => each.job[1]), jobs.map((each) => each.to)],
        );
        await connection.query(
          `UPDATE planner_state s
           SET former_period_seconds = coalesce(s.period_seconds, p.seconds), period_seconds = p.seconds, period_since = $3
           FROM unnest($1::text[], $2::int[]) AS p (job, seconds)
           WHERE s.source_id || '/' || s.job = p.job AND s.period_seconds IS DISTINCT FROM p.seconds`,
          [[...periods.keys()], [...periods.values()], now],
        );
      }),

    repairs: (now, sources, decide) => planRepairsIn(pool, now, sources, decide),

    async unsent(limit, backfill) {
      const { rows } = await pool.query(
        `WITH room AS (
           SELECT m.source_id, m.most - (SELECT count(*) FROM task t WHERE t.source_id = m.source_id AND t.backfill
                                           AND t.finished_at IS NULL AND t.status IN ('queued', 'running')) AS free
           FROM unnest($2::text[], $3::int[]) AS m (source_id, most)
           WHERE NOT EXISTS (SELECT FROM source_state s WHERE s.source_id = m.source_id
                               AND (${isPausedAt('s', 'now()')} OR s.held_until > now() OR s.breaker <> 'closed'))
         ), chosen AS (
           SELECT run_id, part FROM task WHERE status = 'planned' AND finished_at IS NULL AND NOT backfill
             AND (waits_until IS NULL OR waits_until <= now())
           UNION ALL
           SELECT w.run_id, w.part FROM (
             SELECT t.source_id, t.run_id, t.part,
                    row_number() OVER (PARTITION BY t.source_id ORDER BY t.due_at, t.run_id, t.part) AS place
             FROM task t WHERE t.backfill AND t.finished_at IS NULL AND t.status = 'planned'
               AND (t.waits_until IS NULL OR t.waits_until <= now())) w
           JOIN room USING (source_id) WHERE w.place <= room.free
         )
         SELECT ${scrapeMessageColumns}
         FROM chosen c JOIN task t USING (run_id, part) JOIN run r ON r.id = t.run_id
         ORDER BY t.backfill, t.due_at, t.run_id, t.part LIMIT $1`,
        [limit, [...backfill.keys()], [...backfill.values()]],
      );
      return rows.map(scrapeMessageOf);
    },

    markSent: (tasks) => markSent(pool, tasks),
  };
}

const stateRow = z.object({
  running: z.boolean(),
  paused: z.array(z.string()),
  held: z.array(z.string()),
  credentialed: z.array(z.string()),
  recovering: z.array(z.string()),
});
const breakerRow = z.object({ sourceId: z.string(), until: milliseconds.nullable() });
const plannedRow = z.object({ sourceId: z.string(), job: z.string(), plannedTo: milliseconds });

async function readState(connection: Connection, now: Date, watched: readonly WatchedSlot[]): Promise<PlannerState> {
  const state = await connection.query(
    `SELECT ${runsAt('scheduler', '$1')} AS running,
            ARRAY(SELECT s.source_id FROM source_state s WHERE ${isPausedAt('s', '$1')}) AS paused,
            ARRAY(SELECT source_id FROM source_state WHERE held_until > now()) AS held,
            ARRAY(SELECT source_id FROM source_credentials WHERE is_set) AS credentialed,
            ARRAY(SELECT source_id FROM recovery WHERE finished_at IS NULL) AS recovering`,
    [now],
  );
  const breakers = await connection.query(
    `SELECT source_id AS "sourceId", breaker_until AS until FROM source_state WHERE breaker <> 'closed'`,
  );
  const planned = await connection.query(
    'SELECT source_id AS "sourceId", job, planned_to AS "plannedTo" FROM planner_state',
  );
  const { running, paused, held, credentialed, recovering } = onlyRow(stateRow, state);
  return {
    running,
    paused: new Set(paused),
    held: new Set(held),
    breakers: new Map(rowsOf(breakerRow, breakers).map(({ sourceId, until }) => [sourceId, { until }])),
    credentialed: new Set(credentialed),
    plannedTo: new Map(
      rowsOf(plannedRow, planned).map(({ sourceId, job, plannedTo }) => [`${sourceId}/${job}`, plannedTo]),
    ),
    failed: await failedRuns(connection, watched, now),
    recovering: new Set(recovering),
  };
}
