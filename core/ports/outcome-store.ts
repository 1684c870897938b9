import type { ScrapeOutcome } from '../contracts/messages.ts';
import type { HealthStatus, RunReason } from '../contracts/reasons.ts';

/** A finished task, newest first in every list. */
export interface FinishedTask {
  readonly ok: boolean;
  readonly reason: RunReason | null;
  readonly accepted: number;
  readonly rejected: number;
}

export interface Health {
  readonly status: HealthStatus;
  /** Why it is not healthy: the newest failure's. */
  readonly reason: RunReason | null;
  /** 0 to 100. */
  readonly score: number | null;
  /** Share of tasks that succeeded, 0 to 1. */
  readonly success: number | null;
  /** Share of rows that were accepted, 0 to 1. */
  readonly accepted: number | null;
}

/** What the monitor reads and writes: how attempts went, which tasks are overdue, how sources are. */
export interface OutcomeStore {
  /** Records an attempt's outcome; a failure ends the task, unless it has ended already. Idempotent. */
  recordScrape(outcome: ScrapeOutcome): Promise<void>;
  /** Ends tasks that are overdue since before `deadline`. Gives the sources they are of. */
  endOverdue(deadline: Date, now: Date): Promise<string[]>;
  /** The newest finished tasks of a source, newest first, and whether it is paused. */
  finishedTasks(sourceId: string, limit: number): Promise<{ tasks: FinishedTask[]; paused: boolean }>;
  /** Keeps a source's health and its sample of the hour. */
  keepHealth(sourceId: string, health: Health, now: Date): Promise<void>;
}
