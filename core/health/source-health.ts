import type { RunReason } from '../contracts/reasons.ts';
import type { FinishedTask, Health } from '../ports/outcome-store.ts';

/** Tasks that are judged by: enough to tell a hiccup from an illness at one run a minute. */
export const judgedTasks = 20;

/** Failures in a row that make a source `failed` and not only `degraded`. */
const failedInARow = 3;
/** A success rate under this is `failed`; accepted rows under the other are `degraded`. */
const failedBelow = 0.5;
const degradedBelow = 0.95;

const weights = { success: 0.7, accepted: 0.3 };

/** The source says how much it may be asked, and it was more: it is not broken. */
const limits: ReadonlySet<RunReason> = new Set(['rate_limited', 'quota_exhausted']);

/**
 * The health of a source from its newest tasks (newest first, at most `judgedTasks`). The newest one weighs most: a
 * source that just failed is never healthy, one that just succeeded is never failed unless most before it did.
 */
export function sourceHealth(tasks: readonly FinishedTask[], paused: boolean): Health {
  const judged = tasks.slice(0, judgedTasks);
  const newest = judged[0];
  if (!newest)
    return { status: paused ? 'paused' : 'unknown', reason: null, score: null, success: null, accepted: null };
  const success = judged.filter((task) => task.ok).length / judged.length;
  const rows = judged.reduce((sum, task) => sum + task.accepted + task.rejected, 0);
  const accepted = rows === 0 ? null : judged.reduce((sum, task) => sum + task.accepted, 0) / rows;
  const score = Math.round(
    100 * (accepted === null ? success : weights.success * success + weights.accepted * accepted),
  );
  const streak = judged.findIndex((task) => task.ok);
  const failures = streak === -1 ? judged.length : streak;
  const failing = failures >= failedInARow || success < failedBelow;
  const degraded = failures > 0 || success < degradedBelow || (accepted ?? 1) < degradedBelow;
  const reason = judged.find((task) => !task.ok)?.reason ?? null;
  const limited = failures > 0 && newest.reason !== null && limits.has(newest.reason);
  const status = paused
    ? 'paused'
    : limited
      ? 'limited'
      : failing && failures > 0
        ? 'failed'
        : degraded
          ? 'degraded'
          : 'healthy';
  return { status, reason: status === 'healthy' || status === 'paused' ? null : reason, score, success, accepted };
}
