/** What the steps of a recovery change. Each runs in the transaction that notes it as done. */
import * as z from 'zod';
import { type JobKind, jobKinds } from '../../../contracts/words/job-kinds.ts';
import { type RunReason, runReasons } from '../../../contracts/words/run-reasons.ts';
import { budgetUntil, loweredBudget } from '../../../recovery/strategy.ts';
import { renewalOf } from '../database/leases.ts';
import type { Connection, Pool } from '../database/pool.ts';
import type { StepResult } from './recovery-store.ts';

const done = (detail: string): StepResult => ({ status: 'done', detail });
const skipped = (detail: string): StepResult => ({ status: 'skipped', detail });

/** Drops the kept session; whoever renews it right now has the right taken away, so that the next one begins anew. */
export async function renewSession(db: Connection, sourceId: string): Promise<StepResult> {
  const { rowCount: renewing } = await db.query(
    `UPDATE lease SET token = token + 1, expires_at = clock_timestamp() WHERE name = $1 AND expires_at > clock_timestamp()`,
    [renewalOf(sourceId)],
  );
  const { rowCount: kept } = await db.query('DELETE FROM auth_session WHERE source_id = $1', [sourceId]);
  const what = kept ? 'The kept session was dropped' : 'No session was kept';
  return done(
    `${what}; the next request makes a new one.${renewing ? ' A renewal under way lost its right to be kept.' : ''}`,
  );
}

/** Halves what may be asked of the source in a minute, until its quota has begun anew. */
export async function lowerBudget(db: Connection, sourceId: string, reason: RunReason | null): Promise<StepResult> {
  await db.query('INSERT INTO source_state (source_id) VALUES ($1) ON CONFLICT DO NOTHING', [sourceId]);
  const { rows } = await db.query<{ factor: number | null; held_until: Date | null; now: Date }>(
    `SELECT CASE WHEN budget_until > clock_timestamp() THEN budget_factor END AS factor, held_until,
            clock_timestamp() AS now
     FROM source_state WHERE source_id = $1 FOR UPDATE`,
    [sourceId],
  );
  const [state] = rows;
  const factor = loweredBudget(state?.factor ?? null);
  const now = state?.now.getTime() ?? 0;
  const until = new Date(budgetUntil(reason, now, state?.held_until?.getTime() ?? null));
  await db.query('UPDATE source_state SET budget_factor = $2, budget_until = $3 WHERE source_id = $1', [
    sourceId,
    factor,
    until,
  ]);
  return done(`At most ${factor * 100} % of the minute's quota is used until ${instant(until)}.`);
}

/** Makes the next run the breaker's trial, whatever time it still had. */
export async function halfOpenBreaker(db: Connection, sourceId: string, now: Date): Promise<StepResult> {
  const { rowCount } = await db.query(
    `UPDATE source_state SET breaker = 'half_open', breaker_until = $2, breaker_run = NULL
     WHERE source_id = $1 AND breaker <> 'closed'`,
    [sourceId, now],
  );
  return rowCount ? done('The next run is a trial.') : skipped('The breaker is closed.');
}

/** Changes the selectors that pages are read by. */
export async function changeSelectors(db: Connection, sourceId: string): Promise<StepResult> {
  const { rows } = await db.query<{ selectors: string }>(
    `INSERT INTO source_state AS s (source_id, selectors) VALUES ($1, 'alternative')
     ON CONFLICT (source_id) DO UPDATE
       SET selectors = CASE s.selectors WHEN 'main' THEN 'alternative' ELSE 'main' END
     RETURNING selectors`,
    [sourceId],
  );
  return done(`Pages are read by the ${rows[0]?.selectors ?? 'alternative'} selectors from now on.`);
}

/** Where the picture and the HTML of the newest page lie that failed. */
export async function notePage(db: Connection, sourceId: string): Promise<StepResult> {
  const { rows } = await db.query<{ artifacts: string[] }>(
    `SELECT a.artifacts FROM task_attempt a JOIN task t USING (run_id, part)
     WHERE t.source_id = $1 AND t.status = 'failed' AND cardinality(a.artifacts) > 0
     ORDER BY t.finished_at DESC, a.attempt DESC LIMIT 1`,
    [sourceId],
  );
  const [found] = rows;
  return found ? done(`Kept: ${found.artifacts.join(', ')}`) : skipped('No page that failed was kept.');
}

/** Empties the proxy's shared answers. Tokens rise, so that an answer under way is not put into what is new. */
export async function flushCache(db: Connection): Promise<StepResult> {
  const { rowCount } = await db.query(
    `UPDATE proxy_cache SET token = token + 1, leased_until = '-infinity', failure = NULL, failed_until = '-infinity',
                            status = NULL, body = NULL, fetched_at = NULL, fresh_seconds = NULL, reuse_seconds = NULL`,
  );
  return done(`${rowCount ?? 0} shared answers were dropped.`);
}

/** Lets the proxy call its upstream again. */
export async function liftPause(db: Connection, sourceId: string): Promise<StepResult> {
  const { rowCount } = await db.query('DELETE FROM proxy_pause WHERE source_id = $1', [sourceId]);
  return rowCount ? done('The pause of the proxy was lifted.') : skipped('The proxy had no pause.');
}

/** What a recovery finds a source like. */
export interface SourceCondition {
  /** What it fails of: its newest open incident's reason, or else its health's; `null` when it is well. */
  readonly reason: RunReason | null;
  /** What failed last, but for canaries and backfills; `null` while no incident is open. */
  readonly failing: FailingJob | null;
}

export interface FailingJob {
  readonly job: string;
  readonly kind: JobKind;
  /** Of the tasks of its newest run that failed, or of all where none did, in the source's namespace. */
  readonly tasks: readonly (readonly string[])[];
  /** Its newest run is a retry that is under way or has succeeded. */
  readonly retried: boolean;
}

const conditionRow = z.object({
  reason: z.enum(runReasons).nullable().catch('unexplained'),
  job: z.string().nullable(),
});
const runRow = z.object({ kind: z.enum(jobKinds), symbols: z.array(z.string()), retried: z.boolean() });

/** What a source fails of, and which job: that of its newest open incident. */
export async function conditionOf(db: Pool | Connection, sourceId: string): Promise<SourceCondition> {
  const { rows } = await db.query(
    `SELECT coalesce(i.reason, (SELECT reason FROM source_health WHERE source_id = $1)) AS reason, i.jobs[cardinality(i.jobs)] AS job
     FROM (SELECT) one LEFT JOIN LATERAL (
       SELECT reason, jobs FROM incident WHERE source_id = $1 AND resolved_at IS NULL
       ORDER BY last_seen_at DESC LIMIT 1) i ON true`,
    [sourceId],
  );
  const { reason, job } = conditionRow.parse(rows[0]);
  if (job === null) return { reason, failing: null };
  const run = await db.query(
    `WITH newest AS (
       SELECT id, kind, trigger FROM run
       WHERE source_id = $1 AND job = $2 AND trigger IN ('schedule', 'manual', 'first_cycle', 'retry')
       ORDER BY due_at DESC LIMIT 1)
     SELECT n.kind, t.symbols, n.trigger = 'retry' AND t.status <> 'failed' AS retried
     FROM newest n JOIN task t ON t.run_id = n.id
     WHERE t.status = 'failed' OR NOT EXISTS (SELECT FROM task f WHERE f.run_id = n.id AND f.status = 'failed')
     ORDER BY t.part`,
    [sourceId, job],
  );
  const tasks = run.rows.map((each) => runRow.parse(each));
  const [first] = tasks;
  if (!first) return { reason, failing: null };
  const { kind, retried } = first;
  return { reason, failing: { job, kind, tasks: tasks.map((each) => each.symbols), retried } };
}

function instant(at: Date): string {
  return at.toISOString().replace(/\.\d+Z$/, 'Z');
}
