import type { Evidence } from '../contracts/http/recovery.ts';
import { type FailureDetail, unspecified } from '../contracts/words/failure-details.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';
import type { IncidentChange, OpenIncident, ResolvedIncident } from './incident.ts';
import type { EndedTask, Recovered } from './source-facts.ts';

/** Successes in a row after which an incident is over: twice as many each time that it has come back, up to `mostSuccesses`. */
export const resolvesAfter = 2;
export const mostSuccesses = 8;
/** A failure so soon after the end of an incident of its reason is the same incident: the source flaps. */
export const reopensWithinMs = 12 * 3_600_000;
/** An incident that has come back so often, and is so old, needs a person. */
const flapping = { bouts: 3, ageMs: 3 * 3_600_000 } as const;

/** Whether an open incident shows a source that has flapped for hours. */
export function isFlapping({ bouts, openedAt }: Pick<OpenIncident, 'bouts' | 'openedAt'>, now: number): boolean {
  return bouts >= flapping.bouts && now - openedAt >= flapping.ageMs;
}
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
  /** When it had been resolved before these ends; `null` for one that was open or is new. */
  readonly resolvedBefore: number | null;
  incident: Omit<OpenIncident, 'id'>;
  changed: boolean;
  resolvedAt: number | null;
}

/**
 * What becomes of a source's incidents with tasks that ended, in that order.
 *
 *   - a failure opens the incident of its reason, or is added to it, or to one that was resolved a short time ago
 *   - a success of the source counts towards the end of each open incident: it is resolved after two in a row, more where it
 *     has come back before, once each job that it hit has succeeded again. A failure of such a job, whatever its reason,
 *     restarts the count
 *   - a verified recovery ends what was seen of its canary's job before it ended
 *
 * `opens` is false for a paused source: its manual runs open no incident.
 */
export function followIncidents(
  open: readonly OpenIncident[],
  ends: readonly IncidentInput[],
  of: { opens: boolean; recovered: Recovered | null; resolved?: readonly ResolvedIncident[] },
): IncidentChange[] {
  const kept = { changed: false, resolvedBefore: null, resolvedAt: null } as const;
  const working: Working[] = [
    ...open.map(({ id, ...incident }) => ({ id, incident, ...kept })),
    ...(of.resolved ?? []).map(({ id, resolvedAt, ...incident }) => ({
      id,
      incident,
      ...kept,
      resolvedBefore: resolvedAt,
      resolvedAt,
    })),
  ];
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
    if (each.resolvedAt === null && each.incident.reason !== reason && each.incident.jobs.includes(task.job))
      update(each, { successes: 0, healedJobs: each.incident.healedJobs.filter((job) => job !== task.job) });
  const ofReason = working.filter((each) => each.incident.reason === reason);
  const known =
    ofReason.find((each) => each.resolvedAt === null) ??
    ofReason.find((each) => opens && task.endedAt - (each.resolvedAt ?? 0) <= reopensWithinMs);
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
    const { jobs, healedJobs, count, evidence, lastSeenAt, successes, bouts } = known.incident;
    const isBack = known.resolvedAt !== null || successes >= resolvesAfter;
    known.resolvedAt = null;
    update(known, {
      bouts: isBack ? bouts + 1 : bouts,
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
      bouts: 0,
    };
    working.push({ id: null, incident, changed: true, resolvedBefore: null, resolvedAt: null });
  }
}

function countSuccess(working: Working[], { task }: IncidentInput): void {
  for (const each of working) {
    const { jobs, healedJobs, evidence, successes, bouts } = each.incident;
    // Another part of the very run that failed says nothing of whether it is over.
    if (each.resolvedAt !== null || evidence.at(-1)?.runId === task.runId) continue;
    const healed = jobs.includes(task.job) && !healedJobs.includes(task.job) ? [...healedJobs, task.job] : healedJobs;
    update(each, { successes: successes + 1, healedJobs: healed });
    const needed = Math.min(mostSuccesses, resolvesAfter * 2 ** bouts);
    if (successes + 1 >= needed && healed.length === jobs.length) each.resolvedAt = task.endedAt;
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

function changeOf({ id, incident, changed, resolvedBefore, resolvedAt }: Working): IncidentChange[] {
  if (id === null) return [{ change: 'opened', incident, resolvedAt }];
  if (resolvedBefore !== null && resolvedAt === null) return [{ change: 'reopened', incident: { id, ...incident } }];
  if (resolvedBefore !== null && resolvedAt === resolvedBefore) return [];
  if (resolvedAt !== null) return [{ change: 'resolved', incident: { id, ...incident }, at: resolvedAt }];
  return changed ? [{ change: 'updated', incident: { id, ...incident } }] : [];
}
