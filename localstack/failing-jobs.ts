import type { EndedTaskRow } from '../core/adapters/postgres/work/ended-tasks.ts';
import { whyOf } from '../core/contracts/words/causes.ts';

interface JobState {
  /** What it fails of; `null` while it works. */
  readonly failure: string | null;
  /** It gets too many requests, or its quota is used up. */
  readonly isLimit: boolean;
  /** The run that failed last. */
  readonly failedRun: string | null;
  /** A later run in which nothing has failed so far. */
  readonly goodRun: string | null;
}

/**
 * What to print of tasks that have ended: that a job fails once, again when it fails of something else, and that it works
 * again once a whole run of it has. Rests on reasons and codes, so that a message with another number in it is no news.
 */
export function failingJobs(): (ended: readonly EndedTaskRow[]) => string[] {
  const jobs = new Map<string, JobState>();

  return (ended) => ended.flatMap((task) => next(task) ?? []);

  function next(task: EndedTaskRow): string | null {
    const { sourceId, job, runId, ok, reason, detail, message, at } = task;
    const name = `${sourceId} ${job}`;
    const before = jobs.get(name) ?? { failure: null, isLimit: false, failedRun: null, goodRun: null };
    const when = `${at.toISOString()} ${name}`;
    if (!ok) {
      const failure = `${reason} ${detail?.code}`;
      // A run that waits for the end of a pause fails of what the pause was asked for.
      const waits = reason === 'rate_limited' && detail?.code === 'held' && before.isLimit;
      const isSame = failure === before.failure || waits;
      const isLimit = reason === 'rate_limited' || reason === 'quota_exhausted';
      jobs.set(name, { failure: waits ? before.failure : failure, isLimit, failedRun: runId, goodRun: null });
      if (isSame) return null;
      const why = whyOf({ reason: reason ?? 'unexplained', detail });
      return `${when} failed: ${why}${message === null ? '' : ` (${message})`}`;
    }
    if (before.failure === null || runId === before.failedRun) return null;
    if (before.goodRun === null || before.goodRun === runId) {
      jobs.set(name, { ...before, goodRun: runId });
      return null;
    }
    jobs.delete(name);
    return `${when} works again.`;
  }
}
