import type { Failure } from '../contracts/failure.ts';
import type { FailureDetail } from '../contracts/words/failure-details.ts';
import { reasonOfRows } from '../contracts/words/quarantine-reasons.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';
import type { FreshJobFinding } from './freshness.ts';
import type { Health, HealthParts } from './judgement.ts';
import type { EndedTask } from './source-facts.ts';

/** Tasks of a job that its success is judged by. */
export const judgedTasks = 20;

/**
 * What each part weighs in the score. A part that is `null` is left out, and the others weigh more. docs/health.md has
 * the formula with examples.
 */
export const weights: Readonly<Record<keyof HealthParts, number>> = {
  success: 0.4,
  freshness: 0.25,
  accepted: 0.2,
  latency: 0.1,
  quota: 0.05,
};

/** The highest score for a status: a failing source must not look well because of what it did before. */
const most = { failed: 39, limited: 79, degraded: 79 } as const;

/** Each task weighs a tenth less than the one after it. */
const fading = 0.9;
/** Under this share of fresh listings a source is failed, under the other degraded. */
const staleBelow = 0.5;
const behindBelow = 0.9;
/** Under this share of rows that are accepted it is degraded; under the other it is an incident. */
const rejectsBelow = 0.95;
const driftsBelow = 0.8;
/** Under this it is degraded: answers take three times as long as its slow ones used to. */
const slowBelow = 0.5;
/** Bouts of failures within the newest ten tasks of a job that make a source unsteady, though it works right now. */
const unsteadyBouts = 3;
const unsteadyTasks = 10;

/** Attempts that speak for now, and how many before them make a baseline. */
const recentAttempts = 5;
const leastBaseline = 10;
/** Faster than this is fast, whatever it was before: the network's own swing is no finding. */
const leastSlowMs = 250;

/** The source limits requests and got more: it is not broken. */
const limits: ReadonlySet<RunReason> = new Set(['rate_limited', 'quota_exhausted']);

/** A job of a source with the ends of its tasks, newest first. */
export interface JudgedJob {
  readonly id: string;
  readonly periodMs: number;
  readonly tasks: readonly EndedTask[];
  /** `null` where there is nothing to judge freshness by. */
  readonly freshness: FreshJobFinding | null;
}

/** Why a success does not count. HTTP 200 is not success: accepted rows that are no older than the calendar expects are. */
export interface Finding {
  readonly job: string;
  readonly reason: RunReason;
  readonly detail: FailureDetail;
  readonly message: string;
}

/**
 * What the data of a job say against its newest task, though that succeeded: `stale` when less than half of its listings
 * are as new as the calendar expects, `schema_drift` or `implausible` when more than a fifth of its rows are not served. `null` also
 * for a job whose newest task failed: old data follow from that.
 */
export function findingOf(job: JudgedJob): Finding | null {
  const newest = job.tasks[0];
  if (!newest?.ok) return null;
  const { freshness } = job;
  if (freshness && freshness.share < staleBelow) {
    const old = Math.round((1 - freshness.share) * freshness.judged);
    return {
      job: job.id,
      reason: 'stale',
      detail: { code: 'listings_old', job: job.id, old, listings: freshness.judged },
      message:
        freshness.judged === 1
          ? `${job.id}: what it brought last is older than the exchange's calendar expects.`
          : `${job.id}: ${old} of ${freshness.judged} listings are older than their exchange's calendar expects, though the source answers.`,
    };
  }
  return newestAccepted(job) < driftsBelow ? rejectsOf(job.id, newest) : null;
}

/** Why rows of a task are not served. One that a former release ended does not say; then they may not be readable. */
function rejectsOf(job: string, { accepted, rejected, detail }: EndedTask): Finding {
  const reasons = detail?.code === 'some_rows_rejected' ? { reasons: detail.reasons } : {};
  const rows = accepted + rejected;
  return {
    job,
    reason: reasons.reasons === undefined ? 'schema_drift' : reasonOfRows(reasons.reasons),
    detail: { code: 'rows_rejected', job, rejected, rows, ...reasons },
    message: `${job}: ${rejected} of ${rows} rows of the newest run are not served.`,
  };
}

/** Why a source gets no requests, where that is not its own doing. */
export type Unasked = Pick<Failure, 'detail' | 'message'>;

/** What health is judged by, besides jobs. */
export interface HealthFindings {
  readonly jobs: readonly JudgedJob[];
  /** Reasons of incidents that are open. */
  readonly openReasons: ReadonlySet<RunReason>;
  /** When the newest verified recovery ended: failures before it, whose incident is over, are not held against the source. */
  readonly recoveredAt: number | null;
  readonly findings: readonly Finding[];
  readonly paused: boolean;
  /** Why nothing can be said of it that is not its own fault; `null` otherwise. */
  readonly unasked: Unasked | null;
  /** Of the day's quota, the share that is left. */
  readonly quotaLeft: number;
}

/**
 * The health of a source.
 *
 * `failed`: its most frequent job, or each of its jobs, failed in two runs in a row or never succeeded; or less than half
 * of its listings are fresh. `limited`: the source says that there were too many requests. `degraded`: anything
 * else that is wrong. `unknown`: it has not run, or gets no requests.
 */
export function sourceHealth(of: HealthFindings): Health {
  const parts = partsOf(of);
  const verdict = verdictOf(of, parts);
  const score = scoreOf(parts);
  const cap = verdict.status in most ? most[verdict.status as keyof typeof most] : 100;
  return { ...verdict, score: score === null ? null : Math.min(score, cap), parts };
}

function verdictOf(of: HealthFindings, parts: HealthParts): Omit<Health, 'score' | 'parts'> {
  const jobs = of.jobs.filter((job) => job.tasks.length > 0);
  if (of.paused) return { status: 'paused', reason: null, detail: null, message: null };
  if (of.unasked !== null) return { status: 'unknown', reason: null, ...of.unasked };
  if (jobs.length === 0)
    return { status: 'unknown', reason: null, detail: { code: 'not_run_yet' }, message: 'It has not run yet.' };

  const failing = jobs.filter((job) => isFailing(job, of));
  const newest = failing.flatMap((job) => job.tasks[0] ?? []).sort((a, b) => b.endedAt - a.endedAt)[0];
  if (newest) {
    const reason = newest.reason ?? 'unexplained';
    const { detail, message } = newest;
    const broken = failing.filter((job) => !limits.has(job.tasks[0]?.reason ?? 'unexplained'));
    if (broken.length === 0) return { status: 'limited', reason, detail, message };
    const hard = broken.filter(isHard);
    const period = Math.min(...jobs.map((job) => job.periodMs));
    const failed = hard.length === jobs.length || hard.some((job) => job.periodMs === period);
    return { status: failed ? 'failed' : 'degraded', reason, detail, message };
  }
  const degraded = (reason: RunReason | null, detail: FailureDetail, message: string) =>
    ({ status: 'degraded', reason, detail, message }) as const;
  const stale = of.findings.find((finding) => finding.reason === 'stale');
  if (stale) return { status: 'failed', reason: 'stale', detail: stale.detail, message: stale.message };
  const drift = of.findings[0];
  if (drift) return degraded(drift.reason, drift.detail, drift.message);
  const unsteady = jobs.find((job) => boutsOf(job) >= unsteadyBouts);
  if (unsteady) {
    const reason = unsteady.tasks.find((task) => !task.ok)?.reason ?? null;
    const bouts = boutsOf(unsteady);
    return degraded(
      reason,
      { code: 'unsteady', job: unsteady.id, bouts, tasks: unsteadyTasks },
      `${unsteady.id} fails again and again: ${bouts} times within its newest ${unsteadyTasks} tasks.`,
    );
  }
  if ((parts.freshness ?? 1) < behindBelow)
    return degraded(
      'stale',
      { code: 'partly_old', share: parts.freshness ?? 1 },
      `Only ${percent(parts.freshness)} of its listings are as new as the calendar expects.`,
    );
  const rejects = jobs.find((job) => newestAccepted(job) < rejectsBelow);
  const [newestOfIt] = rejects?.tasks ?? [];
  if (rejects && newestOfIt) {
    const { reason, detail, message } = rejectsOf(rejects.id, newestOfIt);
    return degraded(reason, detail, message);
  }
  if ((parts.latency ?? 1) < slowBelow)
    return degraded(null, { code: 'slow_answers' }, 'It answers far slower than it used to.');
  const open = [...of.openReasons][0];
  if (open)
    return degraded(
      open,
      { code: 'recently_failed' },
      'It works again; its incident is open until it has succeeded twice in a row.',
    );
  return { status: 'healthy', reason: null, detail: null, message: null };
}

/** Its newest task failed, and no recovery has ended that since. */
function isFailing(job: JudgedJob, { openReasons, recoveredAt }: HealthFindings): boolean {
  const newest = job.tasks[0];
  if (newest === undefined || newest.ok) return false;
  return openReasons.has(newest.reason ?? 'unexplained') || recoveredAt === null || newest.endedAt > recoveredAt;
}

/** It failed in two runs in a row, or has never succeeded as far as is known. */
function isHard(job: JudgedJob): boolean {
  const success = job.tasks.findIndex((task) => task.ok);
  if (success === -1) return true;
  return new Set(job.tasks.slice(0, success).map((task) => task.runId)).size >= 2;
}

function boutsOf(job: JudgedJob): number {
  const tasks = job.tasks.slice(0, unsteadyTasks);
  return tasks.filter((task, index) => !task.ok && tasks[index + 1]?.ok !== false).length;
}

function partsOf({ jobs, quotaLeft }: HealthFindings): HealthParts {
  const ran = jobs.filter((job) => job.tasks.length > 0);
  const fresh = jobs.flatMap((job) => job.freshness?.share ?? []);
  const accepted = ran.map((job) => acceptedOf(job.tasks.slice(0, judgedTasks))).filter((share) => share !== null);
  return {
    success: mean(ran.map((job) => successOf(job.tasks.slice(0, judgedTasks)))),
    freshness: fresh.length === 0 ? null : Math.min(...fresh),
    accepted: accepted.length === 0 ? null : Math.min(...accepted),
    latency: least(ran.map((job) => latencyOf(job.tasks))),
    quota: ran.length === 0 ? null : clamp(quotaLeft),
  };
}

/** Share of tasks that succeeded, the newest weighing most. */
export function successOf(tasks: readonly Pick<EndedTask, 'ok'>[]): number {
  let all = 0;
  let good = 0;
  tasks.forEach(({ ok }, index) => {
    const weight = fading ** index;
    all += weight;
    if (ok) good += weight;
  });
  return all === 0 ? 0 : good / all;
}

function acceptedOf(tasks: readonly EndedTask[]): number | null {
  const accepted = tasks.reduce((sum, task) => sum + task.accepted, 0);
  const rejected = tasks.reduce((sum, task) => sum + task.rejected, 0);
  return accepted + rejected === 0 ? null : accepted / (accepted + rejected);
}

function newestAccepted(job: JudgedJob): number {
  return acceptedOf(job.tasks.slice(0, 1)) ?? 1;
}

/**
 * How long a request takes now against how long it took: 1 while the median of the newest five successes is no more than
 * the 90th percentile of those before them, 0 from five times of that. `null` without ten successes to compare with.
 */
export function latencyOf(tasks: readonly Pick<EndedTask, 'ok' | 'latencyMs' | 'requests'>[]): number | null {
  const perRequest = tasks.flatMap(({ ok, latencyMs, requests }) =>
    ok && latencyMs !== null && requests ? [latencyMs / requests] : [],
  );
  const recent = perRequest.slice(0, recentAttempts);
  const baseline = perRequest.slice(recentAttempts);
  if (baseline.length < leastBaseline) return null;
  const usual = Math.max(leastSlowMs, quantile(baseline, 0.9));
  return clamp(1 - (quantile(recent, 0.5) / usual - 1) / 4);
}

/** The weighted mean of the parts, from 0 to 100. Of the quota only its last fifth counts; `null` before any run. */
export function scoreOf(parts: HealthParts): number | null {
  if (parts.success === null) return null;
  let all = 0;
  let sum = 0;
  for (const name of Object.keys(weights)) {
    const part = parts[name as keyof HealthParts];
    if (part === null) continue;
    const weight = weights[name as keyof HealthParts];
    all += weight;
    sum += weight * (name === 'quota' ? Math.min(1, part * 5) : part);
  }
  return Math.round((100 * sum) / all);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function least(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function clamp(value: number): number {
  return Math.max(0, Math.min(1, value));
}

function percent(share: number | null): string {
  return `${Math.round((share ?? 0) * 100)} %`;
}
