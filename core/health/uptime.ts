import type { HealthStatus } from '../contracts/words/health-status.ts';

/** An hour of a source: its last status in it. */
interface JudgedHour {
  readonly at: Date;
  readonly status: HealthStatus;
}

/**
 * The share of hours since an instant in which a source had not failed; `null` while none was judged. Hours in which it was
 * stopped, or not known, count neither way.
 */
export function uptimeSince(hours: readonly JudgedHour[], from: Date): number | null {
  const judged = hours.filter(({ at, status }) => at >= from && status !== 'paused' && status !== 'unknown');
  if (judged.length === 0) return null;
  return judged.filter(({ status }) => status !== 'failed').length / judged.length;
}
