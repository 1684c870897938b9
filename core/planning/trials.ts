import { trialMs } from '../health/breaker.ts';
import type { BreakerState, PlannedRun, PlannerState, Trial } from './plan.ts';

interface Plan {
  readonly runs: readonly PlannedRun[];
  readonly plannedTo: ReadonlyMap<string, number>;
}

/**
 * What remains of a plan where a breaker is not closed. While it is open, or its trial is under way, nothing of the source
 * is planned: it is made up for later, as for a source that wants to be left alone. Past its time one run goes, as the
 * trial: of the job that has the most runs due, since that one is missed the most, the newest; where none is due, a retry.
 * Retries that are held back come with a later tick.
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
