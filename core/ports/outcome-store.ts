import type { ScrapeOutcome } from '../contracts/messages.ts';
import type { JobKind } from '../contracts/words/job-kinds.ts';
import type { Judgement } from '../health/judgement.ts';
import type { SourceFacts } from '../health/source-facts.ts';

/** Whose health it is: which jobs are judged, and of which bars the newest date counts. */
export interface JudgedSource {
  readonly id: string;
  readonly jobs: readonly { readonly id: string; readonly kind: JobKind; readonly dailyBars: boolean }[];
}

/** Which attempt. */
export interface AttemptOfTask {
  readonly runId: string;
  readonly part: number;
  readonly attempt: number;
}

interface Attempt extends AttemptOfTask {
  readonly sourceId: string;
  readonly job: string;
  readonly kind: JobKind;
}

/** An attempt that gave no outcome. */
export interface LostAttempt extends Attempt {
  readonly startedAt: Date;
}

/** An attempt whose blob nothing has read. */
export interface UnreadAttempt extends Attempt {
  readonly blobKey: string;
}

/** What the monitor reads and writes: how attempts went, which tasks are overdue, how sources are. */
export interface OutcomeStore {
  /** Records an attempt's outcome; a failure ends the task, unless it has ended already. Idempotent. */
  recordScrape(outcome: ScrapeOutcome): Promise<void>;
  /** Ends tasks that are overdue since before `deadline`. Gives the sources they are of. */
  endOverdue(deadline: Date, now: Date): Promise<string[]>;
  /** Attempts that began before `deadline` and gave no outcome, the oldest first. */
  lostAttempts(deadline: Date, limit: number): Promise<LostAttempt[]>;
  /**
   * Ends such an attempt: as one that brought an answer where its blob was found and sent to `ingest`, which then gets as
   * long for it as for any other.
   */
  endLostAttempt(of: AttemptOfTask, now: Date, blobKey: string | null): Promise<void>;
  /**
   * Attempts that ended before `deadline` with a blob that nothing has read: its message was lost, or waits. Oldest first, and
   * none while `ingest` is stopped. One that was read is not looked at again.
   */
  unreadAttempts(deadline: Date, limit: number): Promise<UnreadAttempt[]>;
  /** Notes that an attempt's blob was looked for. Where it is on its way again, its task gets as long as any other. */
  noteSought(of: AttemptOfTask, now: Date, sent: boolean): Promise<void>;
  /** Resolves the open incidents of all sources but these: nobody will ever see those succeed. */
  closeLeft(sources: readonly string[], now: Date): Promise<void>;
  /**
   * Judges a source in one transaction, under the lock of its row: what is read, is what the judgement changes. Of two
   * at once the second sees what the first has written, and each ended task is among `unjudged` once. A change of
   * status and of incidents is told in the outbox.
   */
  judge(source: JudgedSource, now: Date, decide: (facts: SourceFacts) => Judgement): Promise<Judgement>;
}
