import type { FailureDetail } from '../contracts/words/failure-details.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';
import type { Trigger } from '../contracts/words/triggers.ts';
import type { Breaker } from './breaker.ts';
import type { OpenIncident, ResolvedIncident } from './incident.ts';

/** A task that has ended, with its last attempt. Times are milliseconds since the epoch. */
export interface EndedTask {
  readonly runId: string;
  readonly part: number;
  readonly job: string;
  readonly trigger: Trigger;
  readonly backfill: boolean;
  /** Begun while the breaker was not closed. */
  readonly trial: boolean;
  readonly ok: boolean;
  readonly reason: RunReason | null;
  /** Of a success `null`, or `some_rows_rejected`. */
  readonly detail: FailureDetail | null;
  readonly message: string | null;
  readonly endedAt: number;
  readonly accepted: number;
  readonly rejected: number;
  /** How often it was begun; 0: no worker ever had it. */
  readonly attempt: number;
  readonly requests: number | null;
  readonly latencyMs: number | null;
  readonly blobKey: string | null;
  readonly artifacts: readonly string[];
  /**
   * Its answer was read long after it was fetched, or not yet though it is kept: neither breaker nor incidents are
   * concerned, and a failure does not count.
   */
  readonly late?: boolean;
}

/** So many listings of one job, alike in all that their freshness is judged by. */
export interface ListingGroup {
  readonly job: string;
  readonly mic: string;
  readonly zone: string;
  readonly assetClass: string;
  readonly count: number;
}

/** Newest quotes of a source, to the minute. */
export interface QuotedGroup extends ListingGroup {
  readonly basis: string;
  readonly asOf: number;
  /** The last fetch that said the same, of any of them. */
  readonly confirmedAt: number;
  readonly delaySeconds: number;
}

/** Newest daily bars of a source; `date` is `null` for listings without any. */
export interface BarredGroup extends ListingGroup {
  readonly date: string | null;
}

/** The newest verified recovery: when it ended, and which job its canary was of. */
export interface Recovered {
  readonly at: number;
  readonly job: string;
}

/** What a source is judged by. Each list of tasks has neither canaries nor backfills, but for `unjudged`. */
export interface SourceFacts {
  readonly paused: boolean;
  /** End of the pause that the source itself asked for. */
  readonly heldUntil: number | null;
  readonly credentialed: boolean;
  /** The newest ended tasks of each job: those of the run that was due last come first. */
  readonly tasks: ReadonlyMap<string, readonly EndedTask[]>;
  /** What ended since the last judgement, oldest first. */
  readonly unjudged: readonly EndedTask[];
  readonly recovered: Recovered | null;
  readonly breaker: Breaker;
  readonly incidents: readonly OpenIncident[];
  /** Those that were resolved a short time ago, the newest first. */
  readonly resolved: readonly ResolvedIncident[];
  readonly quoted: readonly QuotedGroup[];
  readonly barred: readonly BarredGroup[];
  /** Requests that count against the day's quota. */
  readonly usedToday: number;
  /** Up to when the planner has planned, by job; absent before its first plan. */
  readonly plannedTo: ReadonlyMap<string, number>;
  readonly stoppedServices: readonly { readonly id: string; readonly since: number }[];
}
