/**
 * Judges a source:
 *
 *   1. how fresh its data are, by the exchanges' calendars
 *   2. whether runs that succeeded count as successes: not where their rows are old or in quarantine
 *   3. the breaker and the incidents, by what ended since the last judgement; an answer that was read late says nothing
 *      of the source as it is now
 *   4. parts, score and status
 */
import type { RunReason } from '../contracts/words/run-reasons.ts';
import type { SourceJob } from '../sources/definition.ts';
import type { Breaker } from './breaker.ts';
import { nextBreaker } from './breaker.ts';
import { freshnessOf } from './freshness.ts';
import { withReasonOfHold } from './holds.ts';
import type { IncidentChange } from './incident.ts';
import { followIncidents, type IncidentInput, isFlapping } from './incidents.ts';
import type { Judgement } from './judgement.ts';
import { type Finding, findingOf, type JudgedJob, sourceHealth, type Unasked } from './score.ts';
import type { EndedTask, SourceFacts } from './source-facts.ts';

/** How long after its time a run may be without a plan, or a task without an outcome, in milliseconds. */
export const overdueAfterMs = 15 * 60_000;

/** A source as its judge needs it. */
export interface JudgedDefinition {
  readonly id: string;
  readonly needsCredentials: boolean;
  readonly perDay: number;
  /** See `latenessMinutes` of a source. */
  readonly latenessMs: number;
  readonly jobs: readonly {
    readonly id: string;
    readonly kind: SourceJob['kind'];
    readonly periodMs: number;
    /** Whether the job is due in (after, until], in milliseconds since the epoch. */
    isDue(after: number, until: number): boolean;
  }[];
}

/** What a source is now, with all that changes. `now` is in milliseconds since the epoch, `random` from 0 up to 1. */
export function judgeSource(
  source: JudgedDefinition,
  known: SourceFacts,
  now: number,
  random: () => number,
): Judgement {
  const facts = withReasonsOfHolds(known);
  const jobs: JudgedJob[] = source.jobs.map((job) => {
    const tasks = (facts.tasks.get(job.id) ?? []).filter((task) => task.ok || !task.late);
    return {
      id: job.id,
      periodMs: job.periodMs,
      tasks,
      freshness: freshnessOf({ ...job, latenessMs: source.latenessMs }, tasks, facts, now),
    };
  });
  const findings = jobs.flatMap((job) => findingOf(job) ?? []);
  const judged = facts.unjudged.filter(
    (task) => !task.backfill && !task.late && jobs.some((job) => job.id === task.job),
  );
  const breaker = judged.reduce<Breaker>(
    (state, task) => (task.trial || isOwn(task) ? nextBreaker(state, task, now, random) : state),
    facts.breaker,
  );
  const ends = judged.filter(isOwn).map((task) => endOf(task, findings));
  const incidents = followIncidents(facts.incidents, ends, {
    opens: !facts.paused,
    recovered: facts.recovered,
    resolved: facts.resolved,
  });
  const health = sourceHealth({
    jobs,
    openReasons: stillOpen(facts, incidents),
    recoveredAt: facts.recovered?.at ?? null,
    findings,
    paused: facts.paused,
    unasked: unaskedOf(source, facts, now),
    quotaLeft: 1 - facts.usedToday / source.perDay,
  });
  return { health, breaker, incidents, flapping: !facts.paused && flaps(facts, incidents, now) };
}

/** The facts with one reason for each event: see `withReasonOfHold`. */
function withReasonsOfHolds(facts: SourceFacts): SourceFacts {
  const all = [...new Set([...[...facts.tasks.values()].flat(), ...facts.unjudged])];
  const found = withReasonOfHold(all, (task) => task.endedAt);
  const named = new Map(all.map((task, index) => [task, found[index] ?? task]));
  const rename = (tasks: readonly EndedTask[]) => tasks.map((task) => named.get(task) ?? task);
  return {
    ...facts,
    tasks: new Map([...facts.tasks].map(([job, tasks]) => [job, rename(tasks)])),
    unjudged: rename(facts.unjudged),
  };
}

/** Canaries, and runs in place of another source, do not show how the source's own jobs do. */
function isOwn({ trigger }: EndedTask): boolean {
  return trigger !== 'canary' && trigger !== 'fallback';
}

/** A success whose data are old or mostly in quarantine is a failure. */
function endOf(task: EndedTask, findings: readonly Finding[]): IncidentInput {
  if (!task.ok) return { task, reason: task.reason ?? 'unexplained', detail: task.detail, message: task.message };
  const finding = findings.find((each) => each.job === task.job);
  return { task, reason: finding?.reason ?? null, detail: finding?.detail ?? null, message: finding?.message ?? null };
}

function flaps(facts: SourceFacts, changes: readonly IncidentChange[], now: number): boolean {
  const changed = new Set(changes.flatMap((change) => (change.change === 'opened' ? [] : [change.incident.id])));
  const open = [
    ...facts.incidents.filter(({ id }) => !changed.has(id)),
    ...changes.flatMap((change) =>
      change.change === 'updated' || change.change === 'reopened' ? [change.incident] : [],
    ),
  ];
  return open.some((incident) => isFlapping(incident, now));
}

function stillOpen(facts: SourceFacts, changes: readonly IncidentChange[]): Set<RunReason> {
  const open = new Set(facts.incidents.map((incident) => incident.reason));
  for (const change of changes) {
    const over = change.change === 'resolved' || (change.change === 'opened' && change.resolvedAt !== null);
    if (over) open.delete(change.incident.reason);
    else open.add(change.incident.reason);
  }
  return open;
}

/** Why the source gets no requests, where that is not its own doing: then it is not judged. */
function unaskedOf(source: JudgedDefinition, facts: SourceFacts, now: number): Unasked | null {
  if (source.needsCredentials && !facts.credentialed)
    return { detail: { code: 'credentials_unset' }, message: 'Its credentials are not set, so it gets no requests.' };
  if (facts.breaker.state !== 'closed' || (facts.heldUntil ?? 0) > now) return null;
  const until = now - overdueAfterMs;
  const missed = source.jobs.some((job) => {
    const plannedTo = facts.plannedTo.get(job.id);
    return plannedTo !== undefined && plannedTo < until && job.isDue(plannedTo, until);
  });
  const stopped = facts.stoppedServices.find((service) => now - service.since > overdueAfterMs);
  if (stopped && (missed || stopped.id !== 'scheduler')) {
    const since = new Date(stopped.since).toISOString();
    return {
      detail: { code: 'service_stopped', service: stopped.id, since },
      message: `The service ${stopped.id} is stopped since ${since}: no requests are made, or no answers read. That is not the source's fault.`,
    };
  }
  if (!missed) return null;
  return {
    detail: { code: 'runs_unplanned' },
    message: "The scheduler has planned none of its due runs for a quarter of an hour. That is not the source's fault.",
  };
}
