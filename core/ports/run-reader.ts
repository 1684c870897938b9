import type { runStatuses, taskStatuses } from '../contracts/http/operations.ts';
import type { FailureDetail } from '../contracts/words/failure-details.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';
import type { Trigger } from '../contracts/words/triggers.ts';
import type { CurrencyStatistics } from '../prices/decision.ts';

export type RunStatus = (typeof runStatuses)[number];
export type TaskStatus = (typeof taskStatuses)[number];

/** A run with what became of its tasks. */
export interface StoredRun {
  readonly id: string;
  readonly sourceId: string;
  readonly job: string;
  readonly trigger: Trigger;
  readonly status: RunStatus;
  /** The reason that most of the failed tasks have. */
  readonly reason: RunReason | null;
  /** What exactly most of the failed tasks failed of; `null` where none did. */
  readonly detail: FailureDetail | null;
  /** ISO 8601 with its microseconds, for the cursor. */
  readonly dueAt: string;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
  readonly tasks: number;
  readonly accepted: number;
  readonly rejected: number;
}

export interface StoredTask {
  readonly part: number;
  readonly status: TaskStatus;
  readonly reason: RunReason | null;
  /** Of a failure. */
  readonly detail: FailureDetail;
  readonly message: string | null;
  readonly symbols: readonly string[];
  readonly plannedAt: Date;
  readonly queuedAt: Date | null;
  readonly ingestedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly batchId: string | null;
}

export interface StoredAttempt {
  readonly part: number;
  readonly attempt: number;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  /** `null` while it is under way. */
  readonly ok: boolean | null;
  readonly reason: RunReason | null;
  /** Of a failure. */
  readonly detail: FailureDetail;
  readonly message: string | null;
  readonly blobKey: string | null;
  readonly requests: number | null;
  readonly latencyMs: number | null;
  /** S3 keys. */
  readonly artifacts: readonly string[];
}

/**
 * Reads of runs, their tasks and attempts, and of batches, as far as the caller may see their source: what names one of
 * another source throws `LicenceError`.
 */
export interface RunReader {
  /** A page of runs, the latest due first. */
  list(of: {
    sourceId: string | null;
    status: RunStatus | null;
    after: { dueAt: string; id: string } | null;
    limit: number;
  }): Promise<StoredRun[]>;
  one(id: string): Promise<StoredRun | null>;
  tasks(runId: string): Promise<StoredTask[]>;
  attempts(runId: string): Promise<StoredAttempt[]>;
  /** Statistics of a batch by currency; `null` when there is no such batch. */
  statistics(batchId: string): Promise<CurrencyStatistics[] | null>;
}
