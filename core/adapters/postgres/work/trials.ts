import { trialMs } from '../../../health/breaker.ts';
import type { Connection } from '../database/pool.ts';

/** A task that waits for a breaker asks again after this long at the latest: a queue's own limit. */
const longestWaitSeconds = 900;

/**
 * Whether a task may begin as far as its source's breaker goes, and whether it does so as a trial. While the breaker is
 * not closed, runs that a person asks for and canaries may; of the others one run, past the breaker's time: the one that
 * the planner chose, or the first that comes. The database's clock decides.
 */
export async function passBreaker(
  db: Connection,
  task: { sourceId: string; runId: string; trigger: string; backfill: boolean },
): Promise<{ go: true; trial: boolean } | { go: false; retryAfterSeconds: number }> {
  const { rows } = await db.query<{ seconds: number }>({
    name: 'breaker',
    text: `SELECT coalesce(ceil(extract(epoch FROM breaker_until - clock_timestamp())), 0)::int AS seconds
           FROM source_state WHERE source_id = $1 AND breaker <> 'closed'`,
    values: [task.sourceId],
  });
  const breaker = rows[0];
  if (!breaker) return { go: true, trial: false };
  if (task.trigger === 'manual' || task.trigger === 'canary') return { go: true, trial: true };
  if (!task.backfill && (await takeTrial(db, task))) return { go: true, trial: true };
  return { go: false, retryAfterSeconds: Math.min(longestWaitSeconds, Math.max(breaker.seconds, 5)) };
}

/** Makes the task's run the trial, unless another one is. */
async function takeTrial(db: Connection, { sourceId, runId }: { sourceId: string; runId: string }): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE source_state
     SET breaker = 'half_open', breaker_run = $2,
         breaker_until = CASE WHEN breaker_run = $2 AND breaker_until > clock_timestamp() THEN breaker_until
                              ELSE clock_timestamp() + make_interval(secs => $3) END
     WHERE source_id = $1 AND breaker <> 'closed'
       AND (breaker_run = $2 OR coalesce(breaker_until, '-infinity') <= clock_timestamp())`,
    [sourceId, runId, trialMs / 1000],
  );
  return rowCount === 1;
}
