import { type FailureDetail, unspecified } from '../contracts/words/failure-details.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';

/** A task that has ended, as far as holds are concerned. */
interface Ended {
  readonly ok: boolean;
  readonly reason: RunReason | null;
  readonly detail: FailureDetail | null;
}

const limits: ReadonlySet<RunReason> = new Set(['rate_limited', 'quota_exhausted']);

/** Refusals of our own: no answer, so nothing that could ask for a hold. */
const own: ReadonlySet<string> = new Set(['held', 'minute_quota', 'day_quota']);

/**
 * The ends of a source's tasks, each with the reason of the event that it belongs to. A task that was refused because the
 * source is on hold made no request: it fails for the reason of the answer that asked for the hold, so that one event is
 * one incident with one cause. The detail stays `held`, and says that the answer is known.
 */
export function withReasonOfHold<T extends Ended>(tasks: readonly T[], at: (task: T) => number): T[] {
  const asked = tasks.filter(({ ok, reason, detail }) => {
    const { code } = detail ?? unspecified;
    return !ok && reason !== null && limits.has(reason) && !own.has(code);
  });
  if (asked.length === 0) return [...tasks];
  return tasks.map((task) => {
    const { detail } = task;
    if (task.ok || detail?.code !== 'held') return task;
    const before = asked.filter((each) => at(each) <= at(task)).toSorted((a, b) => at(b) - at(a))[0];
    return before === undefined ? task : { ...task, reason: before.reason, detail: { ...detail, asked: true } };
  });
}

/** Until when a source gets no request: the later of the pause that it asked for and the end of a day whose quota is used up. */
export function heldUntil(
  perDay: number,
  of: { readonly heldUntil: Date | null; readonly dayUsed: number },
  now: number,
): Date | null {
  const dayMs = 86_400_000;
  const midnight = (Math.floor(now / dayMs) + 1) * dayMs;
  const until = Math.max(of.heldUntil?.getTime() ?? 0, of.dayUsed >= perDay ? midnight : 0);
  return until > now ? new Date(until) : null;
}
