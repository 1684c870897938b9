/** Tasks taken by workers: the facts are read here, under locks, and decided in `core/planning/admission.ts`. */
import * as z from 'zod';
import type { StateRequest, StateResponses } from '../../../contracts/state.ts';
import { pageSelectors } from '../../../contracts/words/page-selectors.ts';
import { triggers } from '../../../contracts/words/triggers.ts';
import {
  type AttemptRefusal,
  decideAttempt,
  latestLease,
  leaseSeconds,
  placeInLine,
  refuseTask,
  type TaskFacts,
} from '../../../planning/admission.ts';
import { sourceOf } from '../../../sources/catalogue.ts';
import { msOf } from '../database/instant.ts';
import type { Connection } from '../database/pool.ts';
import { runsAt } from '../database/switches.ts';
import { storedSession } from '../sources/sessions.ts';
import { lockLedger, readLedger, writePermits } from './permits.ts';
import { makeTrial, readBreaker } from './trials.ts';

type Begin = Extract<StateRequest, { op: 'beginAttempt' }>;

/**
 * Takes a task for one attempt: its lease, its attempt number and the permit for its first request, in one transaction.
 * Gives the source's stored session with it, where the source uses sessions; without one there is no permit yet. Says why
 * not when the task is finished, held by another, or when there is no room in the quota for all of its requests.
 */
export async function beginAttempt(connection: Connection, request: Begin): Promise<StateResponses['beginAttempt']> {
  const { requests } = request;
  const found = await lockTask(connection, request);
  if (!found) return { go: false, why: 'unknown_task', attempt: 0, retryAfterSeconds: 0 };
  const { task, sourceId, selectors } = found;
  const refused = refuseTask(task, found.now);
  if (refused) return refuse(connection, request, refused);

  const source = sourceOf(sourceId);
  const now = await lockLedger(connection, sourceId);
  const session = source?.session ? await storedSession(connection, sourceId) : null;
  const decision = decideAttempt({
    now,
    task,
    requests,
    source,
    sourceBusy: source?.oneWorker === true && (await isBusy(connection, sourceId, request, now)),
    breaker: await readBreaker(connection, sourceId),
    ledger: await readLedger(connection, sourceId, now),
    loginDue: source?.session != null && session === null,
  });
  const { trialUntil } = decision;
  if (trialUntil !== undefined) await makeTrial(connection, sourceId, task.runId, trialUntil);
  if (!decision.begins) {
    if (decision.why !== 'quota_minute' || !source) return refuse(connection, request, decision);
    const ahead = await partsWaiting(connection, request);
    const retryAfterSeconds = placeInLine(decision.retryAfterSeconds, ahead, requests, source.quota);
    return refuse(connection, request, { ...decision, retryAfterSeconds });
  }

  const { attempt, permit, promised, purpose } = decision;
  const key = { runId: task.runId, part: request.part, attempt };
  const permits = permit
    ? await writePermits(connection, { sourceId, purpose, task: key, now, times: [permit], promised })
    : [];
  await connection.query({
    name: 'attempt-begin',
    text: `WITH begun AS (
             UPDATE task SET status = 'running', attempt = $3, waits_until = NULL, trial = $6,
                             lease_until = clock_timestamp() + make_interval(secs => $4)
             WHERE run_id = $1 AND part = $2
           )
           INSERT INTO task_attempt (run_id, part, attempt, worker) VALUES ($1, $2, $3, $5)`,
    values: [task.runId, request.part, attempt, leaseSeconds, request.worker, decision.trial],
  });
  return decision.dayUsedUp
    ? { go: false, why: 'quota_day', attempt, retryAfterSeconds: 0 }
    : { go: true, attempt, permits, session, selectors };
}

const taskRow = z.object({
  sourceId: z.string(),
  attempt: z.int(),
  settled: z.boolean(),
  backfill: z.boolean(),
  trigger: z.enum(triggers).catch('schedule'),
  selectors: z.enum(pageSelectors),
  leaseUntil: z.number().nullable(),
  scrapersRunning: z.boolean(),
  now: z.number(),
});

/** A task and the time, with the task's row locked until the transaction ends; `null` when there is no such task. */
async function lockTask(
  connection: Connection,
  { runId, part }: Begin,
): Promise<{ task: TaskFacts; now: number; sourceId: string; selectors: z.infer<typeof taskRow>['selectors'] } | null> {
  const { rows } = await connection.query({
    name: 'attempt-find',
    text: `SELECT t.source_id AS "sourceId", t.attempt, t.status IN ('fetched', 'succeeded', 'failed') AS settled, t.backfill,
                  (SELECT r.trigger FROM run r WHERE r.id = t.run_id) AS trigger,
                  coalesce((SELECT s.selectors FROM source_state s WHERE s.source_id = t.source_id), 'main') AS selectors,
                  ${msOf('t.lease_until')} AS "leaseUntil",
                  ${runsAt('scrapers', 'clock_timestamp()')} AS "scrapersRunning",
                  ${msOf('clock_timestamp()')} AS now
           FROM task t WHERE t.run_id = $1 AND t.part = $2 FOR UPDATE OF t`,
    values: [runId, part],
  });
  if (rows.length === 0) return null;
  const { sourceId, selectors, now, ...task } = taskRow.parse(rows[0]);
  return { task: { ...task, runId }, now, sourceId, selectors };
}

/** Answers a refusal, and notes until when its task waits: the task is not overdue before. */
async function refuse(
  connection: Connection,
  { runId, part }: Begin,
  { why, attempt, retryAfterSeconds, waitsAs }: AttemptRefusal,
): Promise<StateResponses['beginAttempt']> {
  if (waitsAs !== null)
    await connection.query({
      name: 'attempt-wait',
      text: `UPDATE task SET waits_until = clock_timestamp() + make_interval(secs => $3), status = $4,
                             queued_at = CASE WHEN $4 = 'planned' THEN NULL ELSE queued_at END
             WHERE run_id = $1 AND part = $2`,
      values: [runId, part, retryAfterSeconds, waitsAs],
    });
  return { go: false, why, attempt, retryAfterSeconds };
}

/**
 * Whether another task of the source has a living lease. Asked under the ledger's lock, so that of two that begin at once
 * the second sees the first. A worker that died holds the source no longer than its lease.
 */
async function isBusy(connection: Connection, sourceId: string, { runId, part }: Begin, now: number): Promise<boolean> {
  const { rowCount } = await connection.query(
    `SELECT FROM task WHERE source_id = $1 AND finished_at IS NULL AND lease_until > clock_timestamp() AND lease_until <= $4
       AND (run_id, part) <> ($2::uuid, $3::int) LIMIT 1`,
    [sourceId, runId, part, new Date(latestLease(now))],
  );
  return rowCount === 1;
}

const aheadRow = z.object({ ahead: z.int() });

/** How many other parts of a run wait already: those that are not sent yet do not. */
async function partsWaiting(connection: Connection, { runId, part }: Begin): Promise<number> {
  const { rows } = await connection.query({
    name: 'attempt-line',
    text: `SELECT count(*)::int AS ahead FROM task
           WHERE run_id = $1 AND part <> $2 AND status = 'queued' AND finished_at IS NULL AND waits_until > clock_timestamp()`,
    values: [runId, part],
  });
  return aheadRow.parse(rows[0]).ahead;
}
