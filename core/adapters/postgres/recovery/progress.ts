import * as z from 'zod';
import type { Failure } from '../../../contracts/failure.ts';
import { type RecoveryStep, recoveryStepSchema } from '../../../contracts/http/recovery.ts';
import type { RecoveryEnd, RecoveryProgress } from '../../../ports/recovery-store.ts';
import type { StepResult } from '../../../recovery/recovery.ts';
import { leaseSeconds } from '../../../recovery/timing.ts';
import { acquireLease, releaseLease } from '../database/leases.ts';
import { publish } from '../database/outbox.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';
import { insertRun, newRun } from '../work/runs.ts';
import { changeSelectors, repairs } from './repairs.ts';

const leaseOf = (id: string) => `recovery:${id}`;

export function recoveryProgress(pool: Pool): RecoveryProgress {
  return {
    take: (id, worker) => inTransaction(pool, (db) => acquireLease(db, leaseOf(id), worker, leaseSeconds)),

    release: (id, token) => inTransaction(pool, (db) => releaseLease(db, leaseOf(id), token)),

    begin: (id, as, now) =>
      inTransaction(pool, async (db) => {
        const { rows } = await db.query(
          `UPDATE recovery SET status = 'running', strategy = $2, reason = $3, started_at = $4,
                               deadline_at = clock_timestamp() + make_interval(secs => $5)
           WHERE id = $1 AND status = 'pending' RETURNING source_id`,
          [id, as.strategy, as.reason, now, as.patienceSeconds],
        );
        if (rows[0] === undefined) return;
        const { source_id: sourceId } = sourceRow.parse(rows[0]);
        publish(db, [{ type: 'recovery.started', data: { recoveryId: id, sourceId, ...as } }]);
      }),

    beginStep: (id, name, now) =>
      inTransaction(pool, async (db) => {
        const steps = await lockSteps(db, id);
        if (steps.some((step) => step.name === name)) return;
        const begun = { name, status: 'running', startedAt: now.toISOString(), finishedAt: null } as const;
        await writeSteps(db, id, [...steps, { ...begun, detail: null, failure: null }]);
      }),

    describeStep: (id, name, detail) =>
      inTransaction(pool, async (db) => {
        const steps = await lockSteps(db, id);
        await writeSteps(
          db,
          id,
          steps.map((step) => (step.name === name && step.status === 'running' ? { ...step, detail } : step)),
        );
      }),

    endStep: (id, name, result, now) =>
      inTransaction(pool, async (db) => {
        await writeSteps(db, id, withEnded(await lockSteps(db, id), name, result, now));
      }),

    repair: (id, name, of, now) =>
      inTransaction(pool, async (db) => {
        const steps = await lockSteps(db, id);
        if (!steps.some((step) => step.name === name && step.status === 'running')) return;
        const result = await repairs[name](db, { ...of, now });
        await writeSteps(db, id, withEnded(steps, name, result, now));
      }),

    planCanary: (id, run, patienceSeconds = 0) =>
      inTransaction(pool, async (db) => {
        await insertRun(db, newRun(run));
        await db.query(
          `UPDATE recovery SET canary_run_id = $2,
                  deadline_at = CASE WHEN $3::float8 = 0 THEN deadline_at
                                     ELSE greatest(deadline_at, clock_timestamp() + make_interval(secs => $3)) END
           WHERE id = $1`,
          [id, run.id, patienceSeconds],
        );
      }),

    planFallback: (id, run, patienceSeconds) =>
      inTransaction(pool, async (db) => {
        await insertRun(db, newRun(run));
        await db.query(
          `UPDATE recovery SET fallback_source_id = $2, fallback_run_id = $3,
                               deadline_at = greatest(deadline_at, clock_timestamp() + make_interval(secs => $4))
           WHERE id = $1`,
          [id, run.sourceId, run.id, patienceSeconds],
        );
      }),

    finishVerified: (id, { rerun, ...end }, now) =>
      inTransaction(pool, async (db) => {
        const finished = await finish(db, id, { ...end, status: 'verified', failure: null }, now);
        if (finished && rerun) await insertRun(db, newRun(rerun));
      }),

    finishMitigated: (id, { takeBackSelectors, ...end }, now) =>
      inTransaction(pool, async (db) => {
        const finished = await finish(db, id, { ...end, status: 'mitigated' }, now);
        if (finished && takeBackSelectors) await changeSelectors(db, finished.sourceId);
      }),

    finishFailed: (id, { takeBackSelectors, ...end }, now) =>
      inTransaction(pool, async (db) => {
        const finished = await finish(db, id, { ...end, status: 'failed' }, now);
        if (finished && takeBackSelectors) await changeSelectors(db, finished.sourceId);
      }),
  };
}

const sourceRow = z.object({ source_id: z.string() });
const stepsRow = z.object({ steps: z.array(recoveryStepSchema) });

/** Ends a recovery in the caller's transaction, and its open steps with it. Gives `null` when it has ended already. */
export async function finish(
  db: Connection,
  id: string,
  end: RecoveryEnd & { readonly status: 'verified' | 'mitigated' | 'failed'; readonly failure: Failure | null },
  now: Date,
): Promise<{ readonly sourceId: string } | null> {
  const { status, message, step, failure } = end;
  const reason = failure?.reason ?? null;
  const { rows } = await db.query(
    `UPDATE recovery SET status = $2, reason = coalesce($3, reason), detail = $4, message = $5, finished_at = $6
     WHERE id = $1 AND finished_at IS NULL RETURNING source_id`,
    [id, status, reason, failure?.detail ?? null, message.slice(0, 500), now],
  );
  if (rows[0] === undefined) return null;
  const { source_id: sourceId } = sourceRow.parse(rows[0]);
  const steps = await lockSteps(db, id);
  const ended = step ? withEnded(steps, step.name, step.result, now) : steps;
  const finishedAt = now.toISOString();
  await writeSteps(
    db,
    id,
    ended.map((each) => (each.status === 'running' ? { ...each, status: 'failed', finishedAt } : each)),
  );
  publish(db, [{ type: 'recovery.finished', data: { recoveryId: id, sourceId, status, reason, message } }]);
  return { sourceId };
}

/** The steps with one of them ended, unless it has ended already. */
function withEnded(steps: readonly RecoveryStep[], name: string, result: StepResult, now: Date): RecoveryStep[] {
  return steps.map((step) =>
    step.name === name && step.status === 'running'
      ? { ...step, failure: null, ...result, finishedAt: now.toISOString() }
      : step,
  );
}

/** The steps of a recovery, which stays locked until the transaction ends. */
async function lockSteps(db: Connection, id: string): Promise<readonly RecoveryStep[]> {
  const { rows } = await db.query('SELECT steps FROM recovery WHERE id = $1 FOR UPDATE', [id]);
  return rows[0] === undefined ? [] : stepsRow.parse(rows[0]).steps;
}

async function writeSteps(db: Connection, id: string, steps: readonly RecoveryStep[]): Promise<void> {
  await db.query('UPDATE recovery SET steps = $2 WHERE id = $1', [id, JSON.stringify(steps)]);
}
