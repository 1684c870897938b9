import type { StateRequest, StateResponses } from '../../../contracts/state.ts';
import type { PageSelectors } from '../../../contracts/words/page-selectors.ts';
import { plannedShare } from '../../../planning/quota.ts';
import { sourceOf } from '../../../sources/catalogue.ts';
import type { Connection } from '../database/pool.ts';
import { lockLedger, minuteSeconds, reservePermits } from './permits.ts';
import { passBreaker } from './trials.ts';

/**
 * How long a worker has a task to itself. Longer than the function's timeout: a lease that ran out means a worker that
 * is gone.
 */
const leaseSeconds = 150;

/** How long a task waits before it asks again whether the scrapers run. */
const stoppedRetrySeconds = 60;

/** How long a task waits before it asks again whether its source's one worker is free. */
const oneWorkerRetrySeconds = 10;

/** A queue hides a message for 15 minutes at most. */
const longestWaitSeconds = 840;

type Begin = Extract<StateRequest, { op: 'beginAttempt' }>;

/**
 * Takes a task for one attempt: its lease, its attempt number and its permits, in one transaction. Says why not when
 * it is finished, held by another, or when the quota has nothing left.
 */
export async function beginAttempt(connection: Connection, request: Begin): Promise<StateResponses['beginAttempt']> {
  const { rows } = await connection.query<{
    source_id: string;
    attempt: number;
    settled: boolean;
    backfill: boolean;
    trigger: string;
    selectors: PageSelectors;
    lease_seconds: number;
    running: boolean;
  }>({
    name: 'attempt-find',
    text: `SELECT t.source_id, t.attempt, t.status IN ('fetched', 'succeeded', 'failed') AS settled, t.backfill,
                  (SELECT r.trigger FROM run r WHERE r.id = t.run_id) AS trigger,
                  coalesce((SELECT s.selectors FROM source_state s WHERE s.source_id = t.source_id), 'main') AS selectors,
                  greatest(0, ceil(extract(epoch FROM t.lease_until - clock_timestamp())))::int AS lease_seconds,
                  coalesce((SELECT running FROM service_at(clock_timestamp()) WHERE service_id = 'scrapers'), true) AS running
           FROM task t WHERE t.run_id = $1 AND t.part = $2 FOR UPDATE OF t`,
    values: [request.runId, request.part],
  });
  const task = rows[0];
  const no = (why: Extract<StateResponses['beginAttempt'], { go: false }>['why'], attempt = 0, retryAfterSeconds = 0) =>
    ({ go: false, why, attempt, retryAfterSeconds }) as const;
  if (!task) return no('unknown_task');
  if (task.settled) return no('finished', task.attempt);
  if (task.lease_seconds > 0) return no('leased', task.attempt, task.lease_seconds);
  if (!task.running) {
    await wait(connection, request, stoppedRetrySeconds, 'queued');
    return no('stopped', task.attempt, stoppedRetrySeconds);
  }
  const { source_id: sourceId, trigger, backfill } = task;
  const source = sourceOf(sourceId);
  if (source?.oneWorker && (await isBusy(connection, sourceId, request))) {
    await wait(connection, request, oneWorkerRetrySeconds, 'queued');
    return no('leased', task.attempt, oneWorkerRetrySeconds);
  }
  const admitted = await passBreaker(connection, { sourceId, runId: request.runId, trigger, backfill });
  if (!admitted.go) {
    const { retryAfterSeconds } = admitted;
    await wait(connection, request, retryAfterSeconds, backfill ? 'planned' : 'queued');
    return no(backfill ? 'postponed' : 'held', task.attempt, retryAfterSeconds);
  }
  const attempt = task.attempt + 1;
  const { permits, why, retryAfterSeconds } = await reservePermits(connection, {
    sourceId: task.source_id,
    count: request.requests,
    purpose: task.trigger === 'canary' ? 'canary' : task.backfill ? 'backfill' : 'task',
    task: { runId: request.runId, part: request.part, attempt },
  });
  if (task.backfill && why !== null) {
    // Back to the planner: a queue keeps a message no longer than 15 minutes from its reader, a day's quota takes longer.
    await wait(connection, request, retryAfterSeconds, 'planned');
    return no('postponed', task.attempt, retryAfterSeconds);
  }
  if (why === 'held') {
    await wait(connection, request, retryAfterSeconds, 'queued');
    return no('held', task.attempt, retryAfterSeconds);
  }
  if (why === 'minute_quota') {
    const perMinute = (source?.quota.perMinute ?? request.requests) * plannedShare;
    const seconds = await secondsInLine(connection, request, retryAfterSeconds, perMinute);
    await wait(connection, request, seconds, 'queued');
    return no('quota_minute', task.attempt, seconds);
  }
  await connection.query({
    name: 'attempt-begin',
    text: `WITH begun AS (
             UPDATE task SET status = 'running', attempt = $3, waits_until = NULL, trial = $6,
                             lease_until = clock_timestamp() + make_interval(secs => $4)
             WHERE run_id = $1 AND part = $2
           )
           INSERT INTO task_attempt (run_id, part, attempt, worker) VALUES ($1, $2, $3, $5)`,
    values: [request.runId, request.part, attempt, leaseSeconds, request.worker, admitted.trial],
  });
  return why === 'day_quota' ? no('quota_day', attempt) : { go: true, attempt, permits, selectors: task.selectors };
}

/**
 * Whether another task of a source that bears one worker has a living lease. Under the ledger's lock, so that of two that
 * begin at once the second sees the first. A worker that died holds the source no longer than its lease.
 */
async function isBusy(connection: Connection, sourceId: string, { runId, part }: Begin): Promise<boolean> {
  await lockLedger(connection, sourceId);
  const { rowCount } = await connection.query(
    `SELECT FROM task WHERE source_id = $1 AND finished_at IS NULL AND lease_until > clock_timestamp()
       AND (run_id, part) <> ($2::uuid, $3::int) LIMIT 1`,
    [sourceId, runId, part],
  );
  return rowCount === 1;
}

/**
 * When a task that found no permit asks again: behind the parts of its run that wait already, so many a minute as there
 * is quota for. Without that, hundreds of parts would all come back in the same second, minute after minute.
 */
async function secondsInLine(
  connection: Connection,
  { runId, part, requests }: Begin,
  first: number,
  perMinute: number,
): Promise<number> {
  const { rows } = await connection.query<{ ahead: number }>({
    name: 'attempt-line',
    text: `SELECT count(*)::int AS ahead FROM task
           WHERE run_id = $1 AND part <> $2 AND finished_at IS NULL AND waits_until > clock_timestamp()`,
    values: [runId, part],
  });
  const minutes = Math.floor(((rows[0]?.ahead ?? 0) * requests) / perMinute);
  return Math.min(first + minutes * minuteSeconds, longestWaitSeconds);
}

/** Notes until when a task waits: it is not overdue before. */
async function wait(
  connection: Connection,
  { runId, part }: Begin,
  seconds: number,
  status: 'planned' | 'queued',
): Promise<void> {
  await connection.query({
    name: 'attempt-wait',
    text: `UPDATE task SET waits_until = clock_timestamp() + make_interval(secs => $3), status = $4,
                           queued_at = CASE WHEN $4 = 'planned' THEN NULL ELSE queued_at END
           WHERE run_id = $1 AND part = $2`,
    values: [runId, part, seconds, status],
  });
}
