import type { SourceView } from '../../../core/contracts/http/operations.ts';
import { gravityOf, type HealthStatus } from '../../../core/contracts/words/health-status.ts';

/** The status to show: a stopped source is paused, whatever its health was. */
export function statusOf(source: SourceView): HealthStatus {
  return source.paused ? 'paused' : source.health.status;
}

/** Worst first, then by score, then by name. */
export function worstFirst(sources: readonly SourceView[]): SourceView[] {
  return sources.toSorted(
    (a, b) =>
      gravityOf(statusOf(a)) - gravityOf(statusOf(b)) ||
      (a.health.score ?? 101) - (b.health.score ?? 101) ||
      a.title.localeCompare(b.title),
  );
}

/** Whether a person should look at this source. */
export function needsAttention(source: SourceView): boolean {
  const status = statusOf(source);
  return status === 'failed' || status === 'limited' || status === 'degraded';
}

/** The word for a status in a sentence. */
export const statusWords: Record<HealthStatus, string> = {
  healthy: 'healthy',
  degraded: 'degraded',
  failed: 'failed',
  limited: 'limited',
  unknown: 'unknown',
  paused: 'stopped',
};
