/** The runs that a recovery plans. Its id is their idempotency key: each is planned once. */
import { runIdOf } from '../contracts/run-id.ts';
import type { Trigger } from '../contracts/words/triggers.ts';
import type { PlannedRun } from '../planning/plan.ts';
import type { SourceJob } from '../sources/definition.ts';
import type { FailingJob } from './recovery.ts';

/** The recovery that plans a run, the source that the run is of, and when. */
export interface RunOf {
  readonly recoveryId: string;
  readonly sourceId: string;
  readonly now: Date;
}

type Work = Pick<PlannedRun, 'job' | 'kind' | 'tasks' | 'fresh'>;

function run({ recoveryId, sourceId, now }: RunOf, trigger: Trigger, work: Work, slot = recoveryId): PlannedRun {
  const key = { sourceId, job: work.job, trigger, slot };
  return { ...key, id: runIdOf(key), dueAt: now, ...work, trigger };
}

/** One symbol, in the source's namespace, through the ordinary pipeline. */
export function canaryRun(of: RunOf, job: SourceJob, symbol: string, fresh: boolean): PlannedRun {
  return run(of, 'canary', { job: job.id, kind: job.kind, tasks: [[symbol]], fresh });
}

/** The same once more, as a run of its own. */
export function secondCanaryRun(of: RunOf, job: SourceJob, symbol: string, fresh: boolean): PlannedRun {
  const work = { job: job.id, kind: job.kind, tasks: [[symbol]], fresh };
  return run(of, 'canary', work, `${of.recoveryId}-2`);
}

/** The missing symbols from another source, which is `of.sourceId`. */
export function fallbackRun(of: RunOf, job: SourceJob, tasks: PlannedRun['tasks']): PlannedRun {
  return run(of, 'fallback', { job: job.id, kind: job.kind, tasks });
}

/** The failed job again, so that its missing rows come before it is due next; `null` if it was retried meanwhile. */
export function rerunOf(of: RunOf, failing: FailingJob | null): PlannedRun | null {
  if (!failing || failing.retried) return null;
  return run(of, 'manual', { job: failing.job, kind: failing.kind, tasks: failing.tasks });
}
