import type { Evidence } from '../contracts/http/recovery.ts';
import { type FailureDetail, unspecified } from '../contracts/words/failure-details.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';
import type { IncidentChange, OpenIncident } from './incident.ts';
import type { EndedTask, Recovered } from './source-facts.ts';

/** Successes in a row after which an incident is over. */
export const resolvesAfter = 2;
/** Most samples that an incident keeps: half of them its first, the others its newest. */
export const mostEvidence = 10;

/** The end of a task, as incidents take it: what the data behind a success say may make it a failure. */
export interface IncidentInput {
  readonly task: EndedTask;
  /** `null` for a success. */
  readonly reason: RunReason | null;
  readonly detail: FailureDetail | null;
  readonly message: string | null;
}

interface Working {
  readonly id: string | null;
  incident: Omit<OpenIncident, 'id'>;
  changed: boolean;
  resolvedAt: number | null;
}

/**
 * What becomes of a source's incidents with tasks that ended, in that order.
 *
 *   - a failure opens the incident of its reason, or is added to it
 *   - a success of the source counts towards the end of each open incident: it is resolved after two in a row, once each
 *     job that it hit has succeeded again. A failure of such a job, whatever its reason, restarts the count
 *   - a verified recovery ends what was seen of its canary's job before it ended
 *
 * `opens` is false for a paused source: its manual runs open no incident.
 */
export function followIncidents(
  open: readonly OpenIncident[],
  ends: readonly IncidentInput[],
  of: { opens: boolean; recovered: Recovered | null },
): IncidentChange[] {
  const working: Working[] = open.map(({ id, ...incident }) => ({ id, incident, changed: false, resolvedAt: null }));
  for (const end of ends) {
    if (end.reason === null) countSuccess(working, end);
    else countFailure(working, end, end.reason, of.opens);
  }
  const { recovered } = of;
  for (const each of working) {
    const { lastSeenAt, jobs } = each.incident;
    if (recovered && each.resolvedAt === null && lastSeenAt <= recovered.at && jobs.includes(recovered.job))
      each.resolvedAt = recovered.at;
  }
  return working.flatMap(changeOf);
}

function countFailure(working: Working[], end: IncidentInput, reason: RunReason, opens: boolean): void {
  const { task } = end;
  for (const each of working)
    if (each.incident.reason !== reason && each.incident.jobs.includes(task.job))
      update(each, { successes: 0, healedJobs: each.incident.healedJobs.filter((job) => job !== task.job) });
  const known = working.find((each) => each.incident.reason === reason && each.resolvedAt === null);
  const sample: Evidence = {
    at: new Date(task.endedAt).toISOString(),
    runId: task.runId,
    part: task.part,
    detail: end.detail ?? unspecified,
    message: end.message,
    blobKey: task.blobKey,
    artifacts: [...task.artifacts],
  };
  if (known) {
    const { jobs, healedJobs, count, evidence, lastSeenAt } = known.incident;
    update(known, {
      lastSeenAt: Math.max(lastSeenAt, task.endedAt),
      count: count + 1,
      evidence: withSample(evidence, sample),
      jobs: jobs.includes(task.job) ? jobs : [...jobs, task.job],
      healedJobs: healedJobs.filter((job) => job !== task.job),
      successes: 0,
    });
  } else if (opens) {
    const incident = {
      reason,
      openedAt: task.endedAt,
      lastSeenAt: task.endedAt,
      count: 1,
      evidence: [sample],
      jobs: [task.job],
      healedJobs: [],
      successes: 0,
    };
    working.push({ id: null, incident, changed: true, resolvedAt: null });
  }
}

function countSuccess(working: Working[], { task }: IncidentInput): void {
  for (const each of working) {
    const { jobs, healedJobs, evidence, successes } = each.incident;
    // Another part of the very run that failed says nothing of whether it is over.
    if (each.resolvedAt !== null || evidence.at(-1)?.runId === task.runId) continue;
    const healed = jobs.includes(task.job) && !healedJobs.includes(task.job) ? [...healedJobs, task.job] : healedJobs;
    update(each, { successes: successes + 1, healedJobs: healed });
    if (successes + 1 >= resolvesAfter && healed.length === jobs.length) each.resolvedAt = task.endedAt;
  }
}

function update(each: Working, fields: Partial<Omit<OpenIncident, 'id'>>): void {
  each.incident = { ...each.incident, ...fields };
  each.changed = true;
}

/** The first half stays, the newest half moves on. */
function withSample(evidence: readonly Evidence[], sample: Evidence): Evidence[] {
  if (evidence.length < mostEvidence) return [...evidence, sample];
  const first = mostEvidence / 2;
  return [...evidence.slice(0, first), ...evidence.slice(first + 1), sample];
}

function changeOf({ id, incident, changed, resolvedAt }: Working): IncidentChange[] {
  if (id === null) return [{ change: 'opened', incident, resolvedAt }];
  if (resolvedAt !== null) return [{ change: 'resolved', incident: { id, ...incident }, at: resolvedAt }];
  return changed ? [{ change: 'updated', incident: { id, ...incident } }] : [];
}
