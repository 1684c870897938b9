import type { ScrapeMessage } from '../contracts/messages.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';
import type { Trigger } from '../contracts/words/triggers.ts';

/** A run that is to be stored and sent, with the symbols of each of its tasks, in the source's namespace. */
export interface PlannedRun {
  readonly id: string;
  readonly sourceId: string;
  readonly job: string;
  readonly kind: ScrapeMessage['kind'];
  readonly trigger: Trigger;
  /** Due time as ISO text, or the request's id; of a retry, the id of the run that failed and a number: `<id>/1`. */
  readonly slot: string;
  readonly dueAt: Date;
  readonly tasks: readonly (readonly string[])[];
  /** Its tasks are sent over so many seconds, one after the other; at once unless given. */
  readonly spreadSeconds?: number;
  /** Use nothing that is kept from before: a browser starts with a new profile and a new login. */
  readonly fresh?: boolean;
}

/** A breaker that is not closed. */
export interface BreakerState {
  /** Milliseconds since the epoch: nothing is planned before, and one run after it. */
  readonly until: number | null;
}

/** The run that tries whether a source works again, and until when no other run may. */
export interface Trial {
  readonly sourceId: string;
  readonly runId: string;
  readonly until: Date;
}

/** A due time of a job whose run may have failed, and would be retried then. */
export interface WatchedSlot {
  readonly sourceId: string;
  readonly job: string;
  /** Milliseconds since the epoch. */
  readonly slot: number;
}

/** A task of a run that failed, or of a later run of the same job. */
export interface WatchedTask {
  /** Of the run that failed, not of a later one. */
  readonly own: boolean;
  /** In the source's namespace. */
  readonly symbols: readonly string[];
  readonly ok: boolean;
  readonly reason: RunReason | null;
  /** Milliseconds since the epoch; `null` while it is under way. */
  readonly endedAt: number | null;
}

/** The run of a watched slot, all of whose tasks have ended, and some failed. */
export interface FailedRun extends WatchedSlot {
  readonly runId: string;
  /** How often it was retried. */
  readonly retries: number;
  /** Of that run, its retries and runs that a person started since, in the order in which they ended; unfinished ones last. */
  readonly tasks: readonly WatchedTask[];
  /** Requests of the source that count against the day's quota. */
  readonly usedToday: number;
}

/** What the planner knows before it plans. */
export interface PlannerState {
  /** By how many milliseconds the clock was ahead when runs were planned last; absent when it was not. */
  readonly aheadMs?: number;
  readonly running: boolean;
  readonly paused: ReadonlySet<string>;
  /** Sources that want a pause for now. */
  readonly held: ReadonlySet<string>;
  /** By source id; of sources whose breaker is not closed. */
  readonly breakers: ReadonlyMap<string, BreakerState>;
  /** Sources whose credentials a person has set. */
  readonly credentialed: ReadonlySet<string>;
  /** Milliseconds since the epoch, by `source/job`. */
  readonly plannedTo: ReadonlyMap<string, number>;
  /** The watched slots whose runs failed. */
  readonly failed: readonly FailedRun[];
  /** Sources with a recovery under way, which runs failed jobs again by itself. */
  readonly recovering: ReadonlySet<string>;
}
