import * as z from 'zod';
import { type RecoveryStep, recoveryStatuses, recoveryStepSchema } from '../../../contracts/http/recovery.ts';
import { type RunReason, runReasons } from '../../../contracts/words/run-reasons.ts';
import { acquireLease, releaseLease } from '../database/leases.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';

/** How long a recovery may go on without its canary's answer, in seconds. */
export const canaryPatienceSeconds = 180;
/** The proxy's own heartbeat comes every five minutes. */
export const heartbeatPatienceSeconds = 420;
/** What a fallback gets on top. */
export const fallbackPatienceSeconds = 120;
/** Longer than the function may run: a lease that ran out means a worker that is gone. */
const leaseSeconds = 25;
/** A recovery that nobody began in this time is given up: its service is stopped, or its queue is stuck. */
const beginSeconds = 15 * 60;
/** One whose deadline was so long ago is nobody's any more. */
const abandonedSeconds = 60;

const row = z.object({
  id: z.uuid(),
  source_id: z.string(),
  trigger: z.enum(['automatic', 'manual']),
  strategy: z.string().nullable(),
  status: z.enum(recoveryStatuses),
  reason: z.enum(runReasons).nullable().catch('unexplained'),
  message: z.string().nullable(),
  steps: z.array(recoveryStepSchema),
  requested_at: z.date(),
  started_at: z.date().nullable(),
  finished_at: z.date().nullable(),
  canary_run_id: z.uuid().nullable(),
  held: z.boolean().nullable(),
  fallback_source_id: z.string().nullable(),
  fallback_run_id: z.uuid().nullable(),
  /** Seconds until it has failed; `null` before it began. */
  seconds_left: z.number().nullable(),
});
export type RecoveryRow = z.infer<typeof row>;

const columns = `id, source_id, trigger, strategy, status, reason, message, steps, requested_at, started_at, finished_at,
  canary_run_id, held, fallback_source_id, fallback_run_id,
  extract(epoch FROM deadline_at - clock_timestamp())::float8 AS seconds_left`;

export interface NewRecovery {
  readonly id: string;
  readonly sourceId: string;
  readonly trigger: 'automatic' | 'manual';
  readonly requestedAt: Date;
  readonly requestedBy: string | null;
}

/** How a recovery ends. */
export interface RecoveryEnd {
  readonly status: 'verified' | 'mitigated' | 'failed';
  readonly reason: RunReason | null;
  readonly message: string;
}

/** What a step did. */
export interface StepResult {
  readonly status: 'done' | 'skipped' | 'failed';
  readonly detail: string | null;
}

export type RecoveryStore = ReturnType<typeof recoveryStore>;

/** Recoveries: their records, step by step, and who works on one. Deadlines and leases go by the database's clock. */
export function recoveryStore(pool: Pool) {
  return {
    /** Whether the service is switched on. */
    async running(): Promise<boolean> {
      const { rows } = await pool.query<{ running: boolean }>(
        `SELECT running FROM service_at(clock_timestamp()) WHERE service_id = 'recovery'`,
      );
      return rows[0]?.running ?? true;
    },

    /**
     * Asks for a recovery. Of a source that has one under way already none is made: `active` is that one's id. The same
     * id twice is one recovery.
     */
    async create(recovery: NewRecovery): Promise<{ created: boolean; active: string | null }> {
      const { id, sourceId, trigger, requestedAt, requestedBy } = recovery;
      const { rowCount } = await pool.query(
        `INSERT INTO recovery (id, source_id, trigger, requested_at, requested_by) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING`,
        [id, sourceId, trigger, requestedAt, requestedBy],
      );
      if (rowCount) return { created: true, active: id };
      const { rows } = await pool.query<{ id: string }>(
        `SELECT id FROM recovery WHERE id = $1 OR (source_id = $2 AND finished_at IS NULL) ORDER BY id = $1 DESC LIMIT 1`,
        [id, sourceId],
      );
      const active = rows[0]?.id ?? null;
      return { created: active === id, active };
    },

    async find(id: string): Promise<RecoveryRow | null> {
      const { rows } = await pool.query(`SELECT ${columns} FROM recovery WHERE id = $1`, [id]);
      return rows[0] === undefined ? null : row.parse(rows[0]);
    },

    /** The right to work on a recovery, or `null` while another has it. */
    take: (id: string, worker: string): Promise<number | null> =>
      inTransaction(pool, (db) => acquireLease(db, leaseOf(id), worker, leaseSeconds)),

    release: (id: string, token: number): Promise<boolean> =>
      inTransaction(pool, (db) => releaseLease(db, leaseOf(id), token)),

    /** Begins one that is pending. */
    begin: (
      id: string,
      begun: { strategy: string; reason: RunReason | null; patienceSeconds: number },
      now: Date,
    ): Promise<void> =>
      inTransaction(pool, async (db) => {
        const { rows } = await db.query<{ source_id: string }>(
          `UPDATE recovery SET status = 'running', strategy = $2, reason = $3, started_at = $4,
                               deadline_at = clock_timestamp() + make_interval(secs => $5)
           WHERE id = $1 AND status = 'pending' RETURNING source_id`,
          [id, begun.strategy, begun.reason, now, begun.patienceSeconds],
        );
        const [of] = rows;
        if (of) await tell(db, 'recovery.started', of.source_id, { recoveryId: id, sourceId: of.source_id, ...begun });
      }),

    /** Notes that a step has begun. One that had begun before stays as it is. */
    beginStep: (id: string, name: string, now: Date): Promise<void> =>
      changeSteps(pool, id, (steps) =>
        steps.some((step) => step.name === name)
          ? steps
          : [...steps, { name, status: 'running', startedAt: now.toISOString(), finishedAt: null, detail: null }],
      ),

    /** Does a step and notes what it did, in one transaction: a step that is noted as done was done once. */
    doStep: (id: string, name: string, now: Date, work: (db: Connection) => Promise<StepResult>): Promise<StepResult> =>
      inTransaction(pool, async (db) => {
        await db.query('SELECT 1 FROM recovery WHERE id = $1 FOR UPDATE', [id]);
        const result = await work(db);
        await writeSteps(db, id, (steps) => ended(steps, name, result, now));
        return result;
      }),

    /** Says where a step that goes on has got to. */
    tellStep: (id: string, name: string, detail: string): Promise<void> =>
      changeSteps(pool, id, (steps) => steps.map((step) => (step.name === name ? { ...step, detail } : step))),

    /** Ends a recovery, once. `work` belongs to the end and is done with it. */
    finish: (id: string, end: RecoveryEnd, now: Date, work?: (db: Connection) => Promise<void>): Promise<boolean> =>
      inTransaction(pool, (db) => finish(db, id, end, now, work)),

    /**
     * Ends those that nobody works on any more: past their deadline, or never begun. Gives the sources they were of. The
     * database's clock decides.
     */
    endAbandoned: (now: Date): Promise<string[]> =>
      inTransaction(pool, async (db) => {
        const { rows } = await db.query<{ id: string; source_id: string; begun: boolean }>(
          `SELECT id, source_id, started_at IS NOT NULL AS begun FROM recovery
           WHERE finished_at IS NULL
             AND coalesce(deadline_at + make_interval(secs => $1), requested_at + make_interval(secs => $2)) < clock_timestamp()
           FOR UPDATE SKIP LOCKED`,
          [abandonedSeconds, beginSeconds],
        );
        for (const { id, begun } of rows) {
          const message = begun
            ? 'The recovery broke off before it had ended: its worker or its queue is stuck.'
            : 'The recovery was never begun: its service is stopped, or its queue is stuck.';
          await finish(db, id, { status: 'failed', reason: 'unexplained', message }, now);
        }
        return rows.map((each) => each.source_id);
      }),

    /** Those that wait to be begun: their message may be lost. */
    async pending(): Promise<string[]> {
      const { rows } = await pool.query<{ id: string }>(
        `SELECT id FROM recovery WHERE finished_at IS NULL AND status = 'pending'`,
      );
      return rows.map((each) => each.id);
    },

    /** A page of recoveries, the latest asked for first. */
    async list(of: {
      sourceId: string | null;
      status: string | null;
      after: { requestedAt: string; id: string } | null;
      limit: number;
    }): Promise<(RecoveryRow & { cursor_at: string })[]> {
      const { rows } = await pool.query(
        `SELECT ${columns}, to_char(requested_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cursor_at
         FROM recovery
         WHERE ($1::text IS NULL OR source_id = $1) AND ($2::text IS NULL OR status = $2)
           AND ($3::timestamptz IS NULL OR requested_at < $3 OR (requested_at = $3 AND id > $4::uuid))
         ORDER BY requested_at DESC, id LIMIT $5`,
        [of.sourceId, of.status, of.after?.requestedAt ?? null, of.after?.id ?? null, of.limit],
      );
      return rows.map((each) => listed.parse(each));
    },
  };
}

const listed = row.extend({ cursor_at: z.string() });

const leaseOf = (id: string) => `recovery:${id}`;

/** Ends a recovery in the caller's transaction. Gives whether it was still open. */
async function finish(
  db: Connection,
  id: string,
  end: RecoveryEnd,
  now: Date,
  work?: (db: Connection) => Promise<void>,
): Promise<boolean> {
  const { rows } = await db.query<{ source_id: string; steps: unknown }>(
    `UPDATE recovery SET status = $2, reason = coalesce($3, reason), message = $4, finished_at = $5
     WHERE id = $1 AND finished_at IS NULL RETURNING source_id, steps`,
    [id, end.status, end.reason, end.message.slice(0, 500), now],
  );
  const [of] = rows;
  if (!of) return false;
  await writeSteps(db, id, (steps) =>
    steps.map((step) =>
      step.status === 'running' ? { ...step, status: 'failed' as const, finishedAt: now.toISOString() } : step,
    ),
  );
  await work?.(db);
  const { status, reason, message } = end;
  await tell(db, 'recovery.finished', of.source_id, {
    recoveryId: id,
    sourceId: of.source_id,
    status,
    reason,
    message,
  });
  return true;
}

function ended(steps: readonly RecoveryStep[], name: string, result: StepResult, now: Date): RecoveryStep[] {
  return steps.map((step) => (step.name === name ? { ...step, ...result, finishedAt: now.toISOString() } : step));
}

function changeSteps(
  pool: Pool,
  id: string,
  change: (steps: readonly RecoveryStep[]) => readonly RecoveryStep[],
): Promise<void> {
  return inTransaction(pool, async (db) => {
    await db.query('SELECT 1 FROM recovery WHERE id = $1 FOR UPDATE', [id]);
    await writeSteps(db, id, change);
  });
}

async function writeSteps(
  db: Connection,
  id: string,
  change: (steps: readonly RecoveryStep[]) => readonly RecoveryStep[],
): Promise<void> {
  const { rows } = await db.query('SELECT steps FROM recovery WHERE id = $1', [id]);
  const steps = z.array(z.object({ steps: z.array(recoveryStepSchema) })).parse(rows)[0]?.steps ?? [];
  await db.query('UPDATE recovery SET steps = $2 WHERE id = $1', [id, JSON.stringify(change(steps))]);
}

async function tell(db: Connection, type: string, key: string, data: object): Promise<void> {
  await db.query('INSERT INTO outbox (type, key, data) VALUES ($1, $2, $3)', [type, key, JSON.stringify(data)]);
}
