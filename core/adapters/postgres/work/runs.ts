/** The only writer of new runs and tasks, and of the note that a task was sent to its queue. */
import { type BarRange, type ScrapeMessage, scrapeMessageSchema } from '../../../contracts/messages.ts';
import type { PlannedRun } from '../../../planning/plan.ts';
import type { Connection, Pool } from '../database/pool.ts';

/** A run to be stored, with its tasks in order. */
export interface NewRun extends Omit<PlannedRun, 'tasks'> {
  readonly tasks: readonly NewTask[];
  /** When it was planned; the database's time unless given. */
  readonly plannedAt?: Date;
}

export interface NewTask {
  /** In the source's namespace. */
  readonly symbols: readonly string[];
  /** Bars of this range in place of the job's own. */
  readonly range?: BarRange;
}

/** A planned run without ranges, as the writer takes it. */
export function newRun({ tasks, ...run }: PlannedRun): NewRun {
  return { ...run, tasks: tasks.map((symbols) => ({ symbols })) };
}

/**
 * Stores a run with all its tasks, in two statements however many tasks there are. A run whose id or slot is stored
 * already stays as it is. Gives whether it is new.
 */
export async function insertRun(db: Connection, run: NewRun): Promise<boolean> {
  const { rowCount } = await db.query(
    `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8, now())) ON CONFLICT DO NOTHING`,
    [run.id, run.sourceId, run.job, run.kind, run.trigger, run.slot, run.dueAt, run.plannedAt ?? null],
  );
  if (!rowCount) return false;
  await db.query(
    `INSERT INTO task (run_id, part, source_id, symbols, due_at, planned_at, backfill, fresh, range, waits_until)
     SELECT $1, part - 1, $2, string_to_array(symbols, E'\\n'), $3, coalesce($4, now()), $5, $6, range::jsonb,
            CASE WHEN $9::int > 0 AND part > 1
                 THEN coalesce($4, now()) + make_interval(secs => $9::float8 * (part - 1) / cardinality($7::text[])) END
     FROM unnest($7::text[], $8::text[]) WITH ORDINALITY AS planned (symbols, range, part)`,
    [
      run.id,
      run.sourceId,
      run.dueAt,
      run.plannedAt ?? null,
      run.trigger === 'backfill',
      run.fresh ?? false,
      run.tasks.map(({ symbols }) => symbols.join('\n')),
      run.tasks.map(({ range }) => (range ? JSON.stringify(range) : null)),
      run.spreadSeconds ?? 0,
    ],
  );
  return true;
}

/**
 * Stores a run whose answers are in the raw store already, as those of an import: each task has had its one attempt, and
 * waits for `ingest`, for so many seconds at the most. One that is stored stays as it is. Gives whether it is new.
 */
export async function insertFetchedRun(
  db: Connection,
  run: NewRun,
  blobKeys: readonly string[],
  patienceSeconds: number,
): Promise<boolean> {
  if (!(await insertRun(db, run))) return false;
  await db.query(
    `UPDATE task SET status = 'fetched', attempt = 1, queued_at = now(), waits_until = now() + make_interval(secs => $2)
     WHERE run_id = $1`,
    [run.id, patienceSeconds],
  );
  await db.query(
    `INSERT INTO task_attempt (run_id, part, attempt, worker, finished_at, ok, blob_key, requests, latency_ms)
     SELECT $1, part - 1, 1, 'import', now(), true, blob_key, 0, 0
     FROM unnest($2::text[]) WITH ORDINALITY AS stored (blob_key, part)`,
    [run.id, blobKeys],
  );
  return true;
}

/** Notes that tasks were sent to their queue. A task that a worker has taken meanwhile stays as it is. */
export async function markSent(db: Connection | Pool, tasks: readonly ScrapeMessage[]): Promise<void> {
  await db.query(
    `UPDATE task SET status = 'queued', queued_at = now()
     FROM unnest($1::uuid[], $2::int[]) AS sent (run_id, part)
     WHERE task.run_id = sent.run_id AND task.part = sent.part AND task.status = 'planned'`,
    [tasks.map((task) => task.runId), tasks.map((task) => task.part)],
  );
}

/** What a statement must select of `task t` and its `run r` for `scrapeMessageOf`. */
export const scrapeMessageColumns = `t.run_id AS "runId", t.part, t.source_id AS "sourceId", r.job, r.kind, t.symbols, t.range,
  t.fresh, r.trigger = 'canary' AS canary`;

/** The queue message of a task that `scrapeMessageColumns` were read of. What is not set is left out. */
export function scrapeMessageOf({ range, fresh, canary, ...row }: Record<string, unknown>): ScrapeMessage {
  return scrapeMessageSchema.parse({
    ...row,
    ...(range === null ? {} : { range }),
    ...(fresh ? { fresh } : {}),
    ...(canary ? { canary } : {}),
  });
}
