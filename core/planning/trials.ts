import type { Trigger } from '../contracts/words/triggers.ts';
import { trialMs } from '../health/breaker.ts';
import type { BreakerState, PlannedRun, PlannerState, Trial } from './plan.ts';

/** A task that waits for a breaker looks again after this long at the latest: a queue's own limit. */
const longestWaitSeconds = 900;
const shortestWaitSeconds = 5;

/** A breaker that is not closed, as it is kept. */
export interface OpenBreaker {
  /** Milliseconds since the epoch: it lets no scheduled run pass before, but its trial. */
  readonly until: number | null;
  /** The run that is its trial. */
  readonly runId: string | null;
}

export type BreakerPass =
  | {
      readonly pass: true;
      /** The attempt's outcome decides about the breaker. */
      readonly trial: boolean;
      /** The run becomes the breaker's trial until then, in milliseconds since the epoch. */
      readonly trialUntil?: number;
    }
  | { readonly pass: false; readonly retryAfterSeconds: number };

/**
 * Whether an attempt of a run may begin as far as its source's breaker goes. While the breaker is not closed, runs that a
 * person asked for and canaries may. Of the others one run may, past the breaker's time: the one that the planner chose, or
 * the first that comes. A backfill never is a trial. `now` is in milliseconds since the epoch.
 */
export function passBreaker(
  breaker: OpenBreaker | null,
  run: { readonly runId: string; readonly trigger: Trigger; readonly backfill: boolean },
  now: number,
): BreakerPass {
  if (breaker === null) return { pass: true, trial: false };
  if (run.trigger === 'manual' || run.trigger === 'canary') return { pass: true, trial: true };
  const { until } = breaker;
  const over = isOver(breaker, now);
  const isTrial = breaker.runId === run.runId;
  if (!run.backfill && (isTrial || over))
    return { pass: true, trial: true, trialUntil: isTrial && !over && until !== null ? until : now + trialMs };
  const seconds = until === null ? 0 : Math.ceil((until - now) / 1000);
  return { pass: false, retryAfterSeconds: Math.min(longestWaitSeconds, Math.max(seconds, shortestWaitSeconds)) };
}

interface Plan {
  readonly runs: readonly PlannedRun[];
  readonly plannedTo: ReadonlyMap<string, number>;
}

/**
 * What remains of a plan where a breaker is not closed. While it is open, or its trial is under way, nothing of the source
 * is planned: its slots stay unplanned and are planned later, as those of a held source. Past its time one run is planned,
 * as the trial: the newest of the job with the most runs due, since that job has missed the most; where none is due, a
 * retry. Other retries are planned by a later tick.
 */
export function admitTrials(
  plan: Plan,
  retries: readonly PlannedRun[],
  breakers: PlannerState['breakers'],
  now: number,
): Plan & { trials: Trial[] } {
  const plannedTo = new Map(plan.plannedTo);
  const trials: Trial[] = [];
  const runs: PlannedRun[] = [];
  for (const sourceId of new Set([...plan.runs, ...retries].map((run) => run.sourceId))) {
    const due = plan.runs.filter((run) => run.sourceId === sourceId);
    const again = retries.filter((run) => run.sourceId === sourceId);
    const breaker = breakers.get(sourceId);
    if (!breaker) {
      runs.push(...due, ...again);
      continue;
    }
    const trial = isOver(breaker, now) ? (trialOf(due) ?? again[0] ?? null) : null;
    for (const run of due) if (run.job !== trial?.job) plannedTo.delete(`${sourceId}/${run.job}`);
    if (!trial) continue;
    runs.push(trial);
    trials.push({ sourceId, runId: trial.id, until: new Date(now + trialMs) });
  }
  return { runs, plannedTo, trials };
}

function isOver(breaker: BreakerState, now: number): boolean {
  return (breaker.until ?? 0) <= now;
}

function trialOf(due: readonly PlannedRun[]): PlannedRun | null {
  const jobs = [...Map.groupBy(due, (run) => run.job).values()].sort((a, b) => b.length - a.length);
  return jobs[0]?.toSorted((a, b) => b.dueAt.getTime() - a.dueAt.getTime())[0] ?? null;
}
