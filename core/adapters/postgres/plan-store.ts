import { type ScrapeMessage, scrapeMessageSchema } from '../../contracts/messages.ts';
import type { PlannedRun, PlannerState, PlanStore } from '../../ports/plan-store.ts';
import { type Connection, inTransaction, type Pool } from './pool.ts';

/** Runs and tasks in Postgres. */
export function postgresPlanStore(pool: Pool): PlanStore {
  return {
    plan: (decide) =>
      inTransaction(pool, async (connection) => {
        await connection.query(`SELECT pg_advisory_xact_lock(hashtextextended('schedule', 0))`);
        const { runs, plannedTo } = decide(await readState(connection));
        await insertRuns(connection, runs);
        const jobs = [...plannedTo].map(([job, to]) => ({ job: job.split('/'), to: new Date(to) }));
        await connection.query(
          `INSERT INTO planner_state (source_id, job, planned_to)
           SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[])
           ON CONFLICT (source_id, job) DO UPDATE SET planned_to = greatest(planner_state.planned_to, excluded.planned_to)`,
          [jobs.map((each) => each.job[0]), jobs.map((each) => each.job[1]), jobs.map((each) => each.to)],
        );
      }),

    async unsent(limit) {
      const { rows } = await pool.query(
        `SELECT t.run_id AS "runId", t.part, t.source_id AS "sourceId", r.job, r.kind, t.symbols
         FROM task t JOIN run r ON r.id = t.run_id
         WHERE t.status = 'planned' AND t.finished_at IS NULL
         ORDER BY t.due_at, t.run_id, t.part LIMIT $1`,
        [limit],
      );
      return rows.map((row) => scrapeMessageSchema.parse(row));
    },

    async markSent(tasks) {
      await pool.query(
        `UPDATE task SET status = 'queued', queued_at = now()
         FROM unnest($1::uuid[], $2::int[]) AS sent(run_id, part)
         WHERE task.run_id = sent.run_id AND task.part = sent.part AND task.status = 'planned'`,
        [tasks.map((task: ScrapeMessage) => task.runId), tasks.map((task) => task.part)],
      );
    },
  };
}

async function readState(connection: Connection): Promise<PlannerState> {
  const services = await connection.query<{ running: boolean }>(
    `SELECT running FROM service_state WHERE service_id = 'scheduler'`,
  );
  const paused = await connection.query<{ source_id: string }>(
    `SELECT source_id FROM source_state WHERE paused AND (paused_until IS NULL OR paused_until > now())`,
  );
  const planned = await connection.query<{ source_id: string; job: string; planned_to: Date }>(
    'SELECT source_id, job, planned_to FROM planner_state',
  );
  return {
    running: services.rows[0]?.running ?? true,
    paused: new Set(paused.rows.map((row) => row.source_id)),
    plannedTo: new Map(planned.rows.map((row) => [`${row.source_id}/${row.job}`, row.planned_to.getTime()])),
  };
}

async function insertRuns(connection: Connection, runs: readonly PlannedRun[]): Promise<void> {
  for (const run of runs) {
    const { rowCount } = await connection.query(
      `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT DO NOTHING`,
      [run.id, run.sourceId, run.job, run.kind, run.trigger, run.slot, run.dueAt],
    );
    if (!rowCount) continue;
    await connection.query(
      `INSERT INTO task (run_id, part, source_id, symbols, due_at)
       SELECT $1, part - 1, $2, string_to_array(symbols, ' '), $3
       FROM unnest($4::text[]) WITH ORDINALITY AS planned(symbols, part)`,
      [run.id, run.sourceId, run.dueAt, run.tasks.map((symbols) => symbols.join(' '))],
    );
  }
}
