import type { ScrapeOutcome } from '../contracts/messages.ts';
import type { HealthStatus, JobKind, RunReason, Trigger } from '../contracts/reasons.ts';
import type { IncidentChange, OpenIncident } from './incident-store.ts';

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

/** A breaker as it is kept. Past `until` an open one lets one run through, and a half-open one another. */
export interface Breaker {
  readonly state: 'closed' | 'open' | 'half_open';
  readonly until: number | null;
  readonly reason: RunReason | null;
  /** How often it has opened in a row. */
  readonly opened: number;
  /** Failures in a row while closed. */
  readonly failures: number;
}

/** The newest verified recovery: when it ended, and which job its canary was of. */
export interface Recovered {
  readonly at: number;
  readonly job: string;
}

/** What a source is judged by. Each list of tasks has neither canaries nor backfills, but for `unjudged`. */
export interface SourceFacts {
  readonly paused: boolean;
  /** The source said itself that it wants to be left alone until then. */
  readonly heldUntil: number | null;
  readonly credentialed: boolean;
  /** The newest ended tasks of each job: those of the run that was due last come first. */
  readonly tasks: ReadonlyMap<string, readonly EndedTask[]>;
  /** What ended since the last judgement, oldest first. */
  readonly unjudged: readonly EndedTask[];
  readonly recovered: Recovered | null;
  readonly breaker: Breaker;
  readonly incidents: readonly OpenIncident[];
  readonly quoted: readonly QuotedGroup[];
  readonly barred: readonly BarredGroup[];
  /** Requests that count against the day's quota. */
  readonly usedToday: number;
  /** Up to when the planner has planned, by job; absent before its first plan. */
  readonly plannedTo: ReadonlyMap<string, number>;
  readonly stoppedServices: readonly { readonly id: string; readonly since: number }[];
}

/** The parts of the score: each 0 to 1, `null` where there is nothing to judge by. */
export interface HealthParts {
  readonly success: number | null;
  readonly freshness: number | null;
  readonly accepted: number | null;
  readonly latency: number | null;
  readonly quota: number | null;
}

export interface Health {
  readonly status: HealthStatus;
  /** Why it is not healthy. */
  readonly reason: RunReason | null;
  /** The same in a sentence. */
  readonly message: string | null;
  /** 0 to 100. */
  readonly score: number | null;
  readonly parts: HealthParts;
}

/** All that a judgement changes. */
export interface Judgement {
  readonly health: Health;
  readonly breaker: Breaker;
  readonly incidents: readonly IncidentChange[];
}

/** Whose health it is: which jobs are judged, and of which bars the newest date counts. */
export interface JudgedSource {
  readonly id: string;
  readonly jobs: readonly { readonly id: string; readonly kind: JobKind; readonly dailyBars: boolean }[];
}

/** An attempt that gave no outcome. */
export interface LostAttempt {
  readonly runId: string;
  readonly part: number;
  readonly attempt: number;
  readonly sourceId: string;
  readonly job: string;
  readonly kind: JobKind;
  readonly startedAt: Date;
}

/** What the monitor reads and writes: how attempts went, which tasks are overdue, how sources are. */
export interface OutcomeStore {
  /** Records an attempt's outcome; a failure ends the task, unless it has ended already. Idempotent. */
  recordScrape(outcome: ScrapeOutcome): Promise<void>;
  /** Ends tasks that are overdue since before `deadline`. Gives the sources they are of. */
  endOverdue(deadline: Date, now: Date): Promise<string[]>;
  /** Attempts that began before `deadline` and gave no outcome, the oldest first. */
  lostAttempts(deadline: Date, limit: number): Promise<LostAttempt[]>;
  /** Ends such an attempt. Its task is another's by then, or has ended. */
  endLostAttempt(of: Pick<LostAttempt, 'runId' | 'part' | 'attempt'>, now: Date): Promise<void>;
  /** Resolves the open incidents of all sources but these: nobody will ever see those succeed. */
  closeLeft(sources: readonly string[], now: Date): Promise<void>;
  /**
   * Judges a source in one transaction, under the lock of its row: what is read, is what the judgement changes. Of two
   * at once the second sees what the first has written, and each ended task is among `unjudged` once. A change of
   * status and of incidents is told in the outbox.
   */
  judge(source: JudgedSource, now: Date, decide: (facts: SourceFacts) => Judgement): Promise<Judgement>;
}
