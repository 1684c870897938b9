import type { Failure } from '../contracts/failure.ts';
import type { RecoveryStatus, RecoveryStep } from '../contracts/http/recovery.ts';
import type { FailureDetail } from '../contracts/words/failure-details.ts';
import type { JobKind } from '../contracts/words/job-kinds.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';

export type RecoveryTrigger = 'automatic' | 'manual';

/** An attempt to make one source work again, with the steps that were done so far. */
export interface Recovery {
  readonly id: string;
  /** Or `proxyId`. */
  readonly sourceId: string;
  readonly trigger: RecoveryTrigger;
  /** The strategy's name, for people; `null` until it begins. */
  readonly strategy: string | null;
  readonly status: RecoveryStatus;
  /** Why the source failed when the recovery began; of a failed recovery, why its proof failed. */
  readonly reason: RunReason | null;
  /** Which failure of its proof it ended with; `null` for one that is verified or under way. */
  readonly detail: FailureDetail | null;
  readonly message: string | null;
  readonly steps: readonly RecoveryStep[];
  readonly requestedAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly canaryRunId: string | null;
  /** The source that replaces this one for the failing job, and the run that asks it. */
  readonly fallback: { readonly sourceId: string; readonly runId: string } | null;
  /** Whether the source stayed well for an hour after it was verified; `null` while that is not known. */
  readonly held: boolean | null;
  /** Seconds until its deadline, negative after it; `null` before it began. */
  readonly secondsLeft: number | null;
}

export interface NewRecovery {
  readonly id: string;
  readonly sourceId: string;
  readonly trigger: RecoveryTrigger;
  readonly requestedAt: Date;
  /** The API key's id; `null` for the monitor. */
  readonly requestedBy: string | null;
}

/** What a step did. `detail` is for people. */
export type StepResult =
  | { readonly status: 'done' | 'skipped'; readonly detail: string }
  | { readonly status: 'failed'; readonly detail: string; readonly failure: Failure | null };

/** What is wrong with a source when its recovery looks. */
export interface SourceCondition {
  /** Of its newest open incident, or else of its health; `null` when it is well. */
  readonly reason: RunReason | null;
  /** The job of its newest open incident, with its newest run; `null` while no incident is open. */
  readonly failing: FailingJob | null;
}

export interface FailingJob {
  readonly job: string;
  readonly kind: JobKind;
  /** Symbols of the failed tasks of its newest run, or of all tasks where none failed; in the source's namespace. */
  readonly tasks: readonly (readonly string[])[];
  /** Its newest run is a retry that is under way or has succeeded. */
  readonly retried: boolean;
}

/** What a run has come to so far. */
export interface RunProgress {
  /** Set once all of its tasks have ended. */
  readonly result: RunResult | null;
  /** Seconds that it waits for its quota or its source; 0 when it does not wait. */
  readonly waitsSeconds: number;
  /** S3 keys of what was kept of pages that failed. */
  readonly artifacts: readonly string[];
}

/** What became of a run all of whose tasks have ended. */
export interface RunResult {
  /** At least one task succeeded. */
  readonly succeeded: boolean;
  /** Of its failed tasks; `null` when none failed. */
  readonly failure: Failure | null;
  /** Rows that were accepted, stored before or not. */
  readonly accepted: number;
  /** The newest market time among them, in milliseconds since the epoch. */
  readonly newestAsOf: number | null;
}

/** Why no permit is available, and in how many seconds one will be. */
export interface PermitRefusal {
  readonly why: 'minute_quota' | 'day_quota' | 'held';
  readonly seconds: number;
}

/** Of a recovery that no worker will finish. */
export function abandoned({ begun }: { readonly begun: boolean }): Failure {
  return {
    reason: 'unexplained',
    detail: { code: 'recovery_abandoned' },
    message: begun
      ? 'The recovery was interrupted: its worker or its queue is stuck.'
      : 'The recovery never began: its service is stopped, or its queue is stuck.',
  };
}

/** Of the recovery of a source that was taken out of the catalogue. */
export const sourceRemoved: Failure = {
  reason: 'unexplained',
  detail: { code: 'source_removed' },
  message: 'This source is no longer in the catalogue.',
};
