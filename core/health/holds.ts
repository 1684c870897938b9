import type { FailureDetail } from '../contracts/words/failure-details.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';

/** A task that has ended, as far as holds are concerned. */
interface Ended {
  readonly ok: boolean;
  readonly reason: RunReason | null;
  readonly detail: FailureDetail | null;
}

const limits: ReadonlySet<RunReason> = new Set(['rate_limited', 'quota_exhausted']);

/**
 * The ends of a source's tasks, each with the reason of the event that it belongs to. A task that was refused because the
 * source is on hold made no request: it fails for the reason of the answer that asked for the hold, so that one event is
 * one incident with one cause. The detail stays `held`.
 */
export function withReasonOfHold<T extends Ended>(tasks: readonly T[], at: (task: T) => number): T[] {
  const asked = tasks.filter((task) => !task.ok && task.reason !== null && limits.has(task.reason) && !isHeld(task));
  if (asked.length === 0) return [...tasks];
  return tasks.map((task) => {
    if (!isHeld(task)) return task;
    const before = asked.filter((each) => at(each) <= at(task)).toSorted((a, b) => at(b) - at(a))[0];
    return before === undefined || before.reason === task.reason ? task : { ...task, reason: before.reason };
  });
}

/** Whether a task was refused by us, because the source had asked for a pause. */
function isHeld({ ok, detail }: Ended): boolean {
  return !ok && detail?.code === 'held';
}
