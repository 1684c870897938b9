import type { SampleRow, SourceRow } from '../../../core/adapters/postgres/sources/source-reader.ts';
import { credentialsHint, needsCredentials } from '../../../core/auth/credentials.ts';
import type { SourceHealthView, SourceView } from '../../../core/contracts/http/operations.ts';
import { keptDetailSchema } from '../../../core/contracts/words/failure-details.ts';
import { type HealthStatus, healthStatuses } from '../../../core/contracts/words/health-status.ts';
import { type RunReason, runReasons } from '../../../core/contracts/words/run-reasons.ts';
import { shownBreaker } from '../../../core/health/breaker.ts';
import type { KeptIncident } from '../../../core/health/incident.ts';
import { type JobTiming, nextRun, timingsOf } from '../../../core/planning/job-schedule.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';

/** When it is, whether calendars hold, and which incidents are open. */
export interface Planned {
  readonly incidents: readonly KeptIncident[];
  readonly now: number;
  readonly alwaysOpen: boolean;
}

/** A source as the API tells of it: the catalogue's words, and what the database knows. */
export function sourceView(
  source: SourceDefinition,
  row: SourceRow,
  samples: readonly SampleRow[],
  planned: Planned,
): SourceView {
  const jobs = timingsOf(source, { symbols: null, alwaysOpen: planned.alwaysOpen, toSource: (symbol) => symbol }).map(
    (timing) => jobView(timing, source, row, planned.now),
  );
  return {
    id: source.id,
    title: source.title,
    kind: source.kind,
    paused: row.paused,
    pausedUntil: row.paused_until?.toISOString() ?? null,
    credentials: needsCredentials(source)
      ? {
          isSet: row.credentials_set,
          changedAt: row.credentials_at?.toISOString() ?? null,
          hint: row.credentials_set ? null : credentialsHint(source),
        }
      : null,
    jobs,
    terms: { ...source.terms },
    lastRun:
      row.run_id !== null && row.run_job !== null && row.run_due_at !== null
        ? {
            id: row.run_id,
            job: row.run_job,
            status: row.run_status ?? 'planned',
            dueAt: row.run_due_at.toISOString(),
            finishedAt: row.run_finished_at?.toISOString() ?? null,
            accepted: row.run_accepted ?? 0,
            rejected: row.run_rejected ?? 0,
          }
        : null,
    health: healthView(source, row, samples, planned, jobs.map((job) => job.nextRunAt).reduce(earlier, null)),
  };
}

function jobView(timing: JobTiming, source: SourceDefinition, row: SourceRow, now: number): SourceView['jobs'][number] {
  const { job, stretch, symbols } = timing;
  return {
    id: job.id,
    kind: job.kind,
    everySeconds: job.everySeconds === undefined ? null : job.everySeconds * stretch,
    cron: job.cron ?? null,
    zone: job.cron === undefined ? null : job.zone,
    inSession: job.inSession !== undefined,
    nextRunAt: nextRunAt(timing, source, row, now),
    symbols: [...symbols],
  };
}

function healthView(
  source: SourceDefinition,
  row: SourceRow,
  samples: readonly SampleRow[],
  { now, incidents }: Planned,
  next: string | null,
): SourceHealthView {
  // Without its key it is not run at all: how it was before says nothing.
  const locked = needsCredentials(source) && !row.credentials_set;
  return {
    // A stop takes hold at once; the monitor's own word on it comes with its next look.
    status: row.paused ? 'paused' : locked ? 'unknown' : statusOf(row.status === 'paused' ? null : row.status),
    reason: row.paused || locked ? null : reasonOf(row.reason),
    detail: row.paused || locked || row.message === null ? null : keptDetailSchema.parse(row.detail),
    message: row.paused || locked ? null : row.message,
    since: row.since?.toISOString() ?? null,
    score: row.score,
    parts: {
      success: row.success,
      freshness: row.freshness,
      accepted: row.accepted,
      latency: row.latency,
      quota: row.quota,
    },
    trend: samples
      .filter((sample) => sample.source_id === source.id)
      .map(({ at, score, status }) => ({ at: at.toISOString(), score, status: statusOf(status) })),
    lastSuccessAt: row.last_success_at?.toISOString() ?? null,
    lastFailure:
      row.failed_at !== null && row.failure_run_id !== null
        ? {
            at: row.failed_at.toISOString(),
            reason: reasonOf(row.failure_reason) ?? 'unexplained',
            detail: keptDetailSchema.parse(row.failure_detail),
            message: row.failure_message,
            runId: row.failure_run_id,
          }
        : null,
    breaker: {
      state: shownBreaker({ state: breakerOf(row.breaker), until: row.breaker_until?.getTime() ?? null }, now),
      until: row.breaker_until?.toISOString() ?? null,
      reason: reasonOf(row.breaker_reason),
      opened: row.breaker_opened,
    },
    incidents: incidents
      .filter((incident) => incident.sourceId === source.id)
      .map(({ id, reason, openedAt, lastSeenAt, count }) => ({
        id,
        reason,
        openedAt: openedAt.toISOString(),
        lastSeenAt: lastSeenAt.toISOString(),
        count,
      })),
    quota: {
      minute: { used: row.minute_used, limit: source.quota.perMinute },
      day: { used: row.day_used, limit: source.quota.perDay },
    },
    nextRunAt: next,
  };
}

export function sampleView({ at, status, score, lowest, succeeded, failed }: SampleRow) {
  return { at: at.toISOString(), status: statusOf(status), score, lowest, succeeded, failed };
}

/**
 * The next due time of a job. A breaker, or the source's own wish, holds it back; after a pause that ends by itself it goes
 * on with its next slot.
 */
function nextRunAt(timing: JobTiming, source: SourceDefinition, row: SourceRow, now: number): string | null {
  const locked = needsCredentials(source) && !row.credentials_set;
  if (locked || (row.paused && row.paused_until === null)) return null;
  const next = nextRun(timing, row.paused_until === null ? now : row.paused_until.getTime() - 1);
  if (next === null) return null;
  const broken = row.breaker === 'open' ? (row.breaker_until?.getTime() ?? 0) : 0;
  return new Date(Math.max(next, broken, row.held_until?.getTime() ?? 0)).toISOString();
}

/** Of two instants in ISO form the earlier. */
function earlier(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}

function statusOf(text: string | null): HealthStatus {
  return healthStatuses.find((status) => status === text) ?? 'unknown';
}

export function reasonOf(text: string | null): RunReason | null {
  return text === null ? null : (runReasons.find((reason) => reason === text) ?? 'unexplained');
}

function breakerOf(text: string) {
  return (['open', 'half_open'] as const).find((state) => state === text) ?? 'closed';
}
