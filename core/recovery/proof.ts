/** What proves that a source works: the choice of its canary, and the verdict on what the canary brought. */

import type { Failure } from '../contracts/failure.ts';
import { whyOf } from '../contracts/words/causes.ts';
import { type FailureDetail, unspecified } from '../contracts/words/failure-details.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';
import { lastSession, type MarketCalendar, oldestExpected } from '../market/calendar.ts';
import type { SourceDefinition, SourceJob } from '../sources/definition.ts';
import type { PermitRefusal, Recovery, RunResult, StepResult } from './recovery.ts';
import { limitReasons } from './strategy.ts';

const dayMs = 86_400_000;

/**
 * The job that a canary runs: the one that fails, because working quotes prove nothing about bars. Where none fails, the
 * source's quotes, or else the first job it has.
 */
export function canaryJob(source: SourceDefinition, failingJob: string | null): SourceJob | undefined {
  return (
    source.jobs.find((job) => job.id === failingJob) ??
    source.jobs.find((job) => job.kind === 'quotes') ??
    source.jobs[0]
  );
}

/**
 * The oldest market time that the newest row of a canary may have, in milliseconds since the epoch. A bar has the time at
 * which it begins, a daily bar its day: for bars it is a day before the session that is expected.
 */
export function oldestProof(job: SourceJob, calendar: MarketCalendar | null, now: number, toleranceMs: number): number {
  const oldest = oldestExpected(calendar, now, toleranceMs);
  if (job.kind !== 'bars') return oldest;
  const opened = calendar === null ? oldest : (lastSession(calendar, oldest)?.opensAt ?? oldest);
  return opened - dayMs;
}

export type Proof = { readonly verified: true } | { readonly verified: false; readonly failure: Failure };

/**
 * Whether a canary proves that its source works: an accepted row whose market time is not older than `oldest`, stored
 * before or not. Milliseconds since the epoch.
 */
export function proofOf(canary: RunResult, oldest: number): Proof {
  const no = (reason: RunReason, detail: FailureDetail, message: string): Proof => ({
    verified: false,
    failure: { reason, detail, message },
  });
  if (!canary.succeeded)
    return canary.failure
      ? { verified: false, failure: canary.failure }
      : no('unexplained', unspecified, 'The canary failed without a message.');
  if (canary.accepted === 0 || canary.newestAsOf === null)
    return no('no_data', { code: 'canary_brought_nothing' }, 'The canary brought no accepted row.');
  if (canary.newestAsOf < oldest) {
    const [newest, expected] = [instantText(canary.newestAsOf), instantText(oldest)];
    return no(
      'stale',
      { code: 'canary_old', newest, expected },
      `The canary's newest row is of ${newest}; by the exchange's calendar it should be of ${expected} or later.`,
    );
  }
  return { verified: true };
}

const refusals = {
  held: { reason: 'rate_limited', text: 'the source asked for a pause' },
  minute_quota: { reason: 'quota_exhausted', text: "the minute's quota is used up" },
  day_quota: { reason: 'quota_exhausted', text: "the day's quota is used up" },
} as const;

/** For people: why a canary gets no permit now. */
export function refusalText({ why }: PermitRefusal): string {
  return refusals[why].text;
}

/** A canary that gets no permit within the recovery's time. */
export function noPermit(recovery: Pick<Recovery, 'reason'>, refusal: PermitRefusal): Failure {
  const { why, seconds } = refusal;
  return {
    reason: limitReasonOf(recovery, refusals[why].reason),
    detail: { code: why, seconds },
    message: `${refusalText(refusal)} for another ${seconds} s.`,
  };
}

/** A canary that has no outcome when the recovery's time is over, or still waits for its quota or its source. */
export function noOutcome(recovery: Pick<Recovery, 'reason'>, waitsSeconds: number): Failure {
  return waitsSeconds > 0
    ? {
        reason: limitReasonOf(recovery, 'rate_limited'),
        detail: { code: 'canary_waits' },
        message: 'The canary waits for its quota, or for the pause that the source asked for.',
      }
    : { reason: 'timeout', detail: { code: 'no_outcome' }, message: 'The canary gave no outcome in time.' };
}

/** The limit that the source was at when the recovery began, where that was why it failed. */
function limitReasonOf({ reason }: Pick<Recovery, 'reason'>, otherwise: RunReason): RunReason {
  return reason !== null && limitReasons.has(reason) ? reason : otherwise;
}

/** A step that failed, with its failure as data and in words. `more` is a sentence for people. */
export function failedStep(failure: Failure, more = ''): StepResult {
  return {
    status: 'failed',
    detail: [`${whyOf(failure)}: ${failure.message}`, more].filter(Boolean).join(' '),
    failure,
  };
}

/** `2026-11-20T21:00:00Z` */
export function instantText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
