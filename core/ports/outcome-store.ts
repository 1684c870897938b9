import type { ScrapeOutcome } from '../contracts/messages.ts';
import type { JobKind } from '../contracts/words/job-kinds.ts';
import type { Judgement } from '../health/judgement.ts';
import type { SourceFacts } from '../health/source-facts.ts';

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
