import type { ScrapeOutcome } from '../contracts/messages.ts';
import type { FinishedTask, Health } from '../health/source-health.ts';

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
