import type { EndedTaskRow } from '../core/adapters/postgres/work/ended-tasks.ts';
import { whyOf } from '../core/contracts/words/causes.ts';
import { catalogue } from '../core/sources/catalogue.ts';
import { titleOf } from './cycle.ts';

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

/** Of a source that cannot be reached: the run that found it so last, and a later one in which it has answered. */
interface Silence {
  readonly failedRun: string | null;
  readonly goodRun: string | null;
}

/**
 * What to print of tasks that have ended: that a job fails once, again when it fails of something else, and that it works
 * again once a whole run of it has. Of sources that cannot be reached it is one line, whatever their jobs. Rests on reasons and codes, so that a message with another number in it is no news.
 */
export function failingJobs(
  /** Sources that could not be reached when the last report was made, which said so. */
  unreachable: readonly string[] = [],
): (ended: readonly EndedTaskRow[]) => string[] {
  const jobs = new Map<string, JobState>();
  const silent = new Map<string, Silence>(unreachable.map((id) => [id, { failedRun: null, goodRun: null }]));

  return (ended) => {
    const lost = new Map<string, EndedTaskRow>();
    const lines = ended.flatMap((task) => {
      const { sourceId, runId, ok, detail } = task;
      const silence = silent.get(sourceId);
      if (!ok && detail?.code === 'connection_failed') {
        silent.set(sourceId, { failedRun: runId, goodRun: null });
        if (!silence) lost.set(sourceId, task);
        return [];
      }
      if (silence && runId !== silence.failedRun) {
        if (silence.goodRun === null || silence.goodRun === runId) silent.set(sourceId, { ...silence, goodRun: runId });
        else {
          silent.delete(sourceId);
          return [`${task.at.toISOString()} ${titleOf(sourceId)} answers again.`, next(task) ?? []].flat();
        }
      }
      return next(task) ?? [];
    });
    return lost.size === 0 ? lines : [...lines, inOneLine([...lost.values()], silent.size === catalogue.length)];
  };

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

/** Sources that could not be reached, by name; of a single one, what is known of it. */
function inOneLine(lost: readonly EndedTaskRow[], isAll: boolean): string {
  const [first] = lost;
  const names = new Intl.ListFormat('en-GB').format(lost.map(({ sourceId }) => titleOf(sourceId)));
  const what =
    lost.length === 1 && first?.message
      ? `${names}: ${first.message}`
      : `${names} could not be reached${isAll ? ': no internet?' : '.'}`;
  return `${first?.at.toISOString()} ${what}`;
}
