import { credentialsFormOf, credentialsHint, needsCredentials } from '../../../core/auth/credentials.ts';
import { loginHint } from '../../../core/auth/login-states.ts';
import type { VisibleSources } from '../../../core/auth/visible-sources.ts';
import type { SourceHealthView, SourceView } from '../../../core/contracts/http/operations.ts';
import { causeOf } from '../../../core/contracts/words/causes.ts';
import { shownBreaker } from '../../../core/health/breaker.ts';
import { heldUntil } from '../../../core/health/holds.ts';
import type { KeptIncident } from '../../../core/health/incident.ts';
import type { HealthParts } from '../../../core/health/judgement.ts';
import { shownStatus } from '../../../core/health/shown-status.ts';
import { type JobTiming, nextRun } from '../../../core/planning/job-schedule.ts';
import { timingsOf } from '../../../core/planning/stretches.ts';
import { type WatchList, wantedOf } from '../../../core/planning/watch-list.ts';
import type { StoredSample, StoredSource } from '../../../core/ports/source-reader.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';

/** When it is, whether calendars hold, and which incidents are open. */
export interface Planned {
  readonly incidents: readonly KeptIncident[];
  readonly now: number;
  readonly alwaysOpen: boolean;
  /** Ids of the simulated sources. */
  readonly simulated: readonly string[];
  /** Of others nothing is shown that they said or gave: no message, no count of rows. */
  readonly visible: VisibleSources;
  readonly watched: WatchList;
}

/** A source as the API shows it: from the catalogue and the database. */
export function sourceView(
  source: SourceDefinition,
  row: StoredSource,
  samples: readonly StoredSample[],
  planned: Planned,
): SourceView {
  const jobs = timingsOf(source, wantedOf(source, planned.watched, planned.alwaysOpen)).map((timing) =>
    jobView(timing, source, row, planned.now),
  );
  const form = credentialsFormOf(source.session);
  return {
    id: source.id,
    title: source.title,
    kind: source.kind,
    simulated: planned.simulated.includes(source.id),
    paused: row.paused,
    pausedUntil: row.pausedUntil?.toISOString() ?? null,
    credentials:
      form !== null
        ? {
            form,
            isSet: row.credentialsSet,
            changedAt: row.credentialsAt?.toISOString() ?? null,
            hint: row.credentialsSet ? null : credentialsHint(source),
          }
        : null,
    jobs,
    terms: { ...source.terms },
    lastRun:
      planned.visible.has(source.id) && row.runId !== null && row.runJob !== null && row.runDueAt !== null
        ? {
            id: row.runId,
            job: row.runJob,
            status: row.runStatus ?? 'planned',
            dueAt: row.runDueAt.toISOString(),
            finishedAt: row.runFinishedAt?.toISOString() ?? null,
            accepted: row.runAccepted ?? 0,
            rejected: row.runRejected ?? 0,
          }
        : null,
    health: healthView(source, row, samples, planned, jobs.map((job) => job.nextRunAt).reduce(earlier, null)),
  };
}

/** What the jobs of a source collect, by symbol. */
export function symbolsOf(
  source: SourceDefinition,
  { watched, alwaysOpen }: Pick<Planned, 'watched' | 'alwaysOpen'>,
): { readonly symbol: string; readonly jobs: readonly string[] }[] {
  const jobs = new Map<string, string[]>();
  for (const { job, symbols } of timingsOf(source, wantedOf(source, watched, alwaysOpen)))
    for (const symbol of symbols) jobs.set(symbol, [...(jobs.get(symbol) ?? []), job.id]);
  return [...jobs.entries()]
    .map(([symbol, of]) => ({ symbol, jobs: of }))
    .toSorted((a, b) => (a.symbol < b.symbol ? -1 : 1));
}

function jobView(
  timing: JobTiming,
  source: SourceDefinition,
  row: StoredSource,
  now: number,
): SourceView['jobs'][number] {
  const { job, stretch, symbols } = timing;
  return {
    id: job.id,
    kind: job.kind,
    everySeconds: job.everySeconds === undefined ? null : Math.ceil(job.everySeconds * stretch),
    cron: job.cron ?? null,
    zone: job.cron === undefined ? null : job.zone,
    inSession: job.inSession !== undefined,
    nextRunAt: nextRunAt(timing, source, row, now),
    symbolCount: symbols.length,
  };
}

function healthView(
  source: SourceDefinition,
  row: StoredSource,
  samples: readonly StoredSample[],
  { now, incidents, visible }: Planned,
  next: string | null,
): SourceHealthView {
  // Without its key it is not run at all: how it was before says nothing.
  const locked = needsCredentials(source) && !row.credentialsSet;
  const told = visible.has(source.id);
  return {
    status: shownStatus(row, needsCredentials(source)),
    reason: row.paused || locked ? null : row.reason,
    cause: row.paused || locked ? null : causeOf(row.reason, row.detail),
    detail: row.paused || locked || !told || row.message === null ? null : row.detail,
    message: row.paused || locked || !told ? null : row.message,
    since: row.since?.toISOString() ?? null,
    score: row.score,
    parts: partsView(row),
    trend: samples
      .filter((sample) => sample.sourceId === source.id)
      .map(({ at, score, status }) => ({ at: at.toISOString(), score, status: status })),
    lastSuccessAt: row.lastSuccessAt?.toISOString() ?? null,
    lastFailure:
      row.failedAt !== null && row.failureRunId !== null
        ? {
            at: row.failedAt.toISOString(),
            reason: row.failureReason ?? 'unexplained',
            cause: causeOf(row.failureReason ?? 'unexplained', row.failureDetail),
            detail: row.failureDetail,
            message: told ? row.failureMessage : null,
            runId: row.failureRunId,
          }
        : null,
    login: loginView(source, row),
    breaker: {
      state: shownBreaker({ state: row.breaker, until: row.breakerUntil?.getTime() ?? null }, now),
      until: row.breakerUntil?.toISOString() ?? null,
      reason: row.breakerReason,
      opened: row.breakerOpened,
    },
    incidents: incidents
      .filter((incident) => incident.sourceId === source.id)
      .map(({ id, reason, openedAt, lastSeenAt, count, evidence }) => ({
        id,
        reason,
        cause: causeOf(reason, evidence.at(-1)?.detail ?? null),
        openedAt: openedAt.toISOString(),
        lastSeenAt: lastSeenAt.toISOString(),
        count,
      })),
    quota: {
      minute: { used: row.minuteUsed, limit: source.quota.perMinute },
      day: { used: row.dayUsed, limit: source.quota.perDay },
    },
    heldUntil: heldUntil(source.quota.perDay, row, now)?.toISOString() ?? null,
    nextRunAt: next,
  };
}

/** Why nothing signs in, and what to do about it. The code is no text of the source's: it is shown to all. */
export function loginView({ id }: { readonly id: string }, row: StoredSource): SourceHealthView['login'] {
  const { loginHeld: detail, loginHeldAt: since } = row;
  if (detail === null || since === null) return null;
  const until = row.loginHeldUntil?.toISOString() ?? null;
  return { detail, since: since.toISOString(), until, hint: loginHint({ detail, until }, id) };
}

export function sampleView(sample: StoredSample) {
  const { at, status, score, lowest, succeeded, failed } = sample;
  return { at: at.toISOString(), status, score, lowest, succeeded, failed, parts: partsView(sample) };
}

function partsView({ success, freshness, accepted, latency, quota }: HealthParts): HealthParts {
  return { success, freshness, accepted, latency, quota };
}

/**
 * The next due time of a job. A breaker, or the source's own wish, holds it back; after a pause that ends by itself it
 * continues with its next slot.
 */
function nextRunAt(timing: JobTiming, source: SourceDefinition, row: StoredSource, now: number): string | null {
  const locked = needsCredentials(source) && !row.credentialsSet;
  if (locked || (row.paused && row.pausedUntil === null)) return null;
  const next = nextRun(timing, row.pausedUntil === null ? now : row.pausedUntil.getTime() - 1);
  if (next === null) return null;
  const broken = row.breaker === 'open' ? (row.breakerUntil?.getTime() ?? 0) : 0;
  return new Date(Math.max(next, broken, row.heldUntil?.getTime() ?? 0)).toISOString();
}

/** Of two instants in ISO form the earlier. */
function earlier(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}
