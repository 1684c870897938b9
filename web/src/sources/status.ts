import type { SourceView } from '../../../core/contracts/http/operations.ts';
import { gravityOf, type HealthStatus } from '../../../core/contracts/words/health-status.ts';
import { plural, words } from '../text/format.ts';

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

/** The worst status among sources, `unknown` where there is none. */
export function worstStatus(sources: readonly SourceView[]): HealthStatus {
  const [worst] = worstFirst(sources);
  return worst ? statusOf(worst) : 'unknown';
}

/** The state in words: `4 of 5 sources healthy; CoinGecko limited (rate limited)`. */
export function stateInWords(sources: readonly SourceView[]): string {
  if (sources.length === 0) return 'No sources yet';
  const healthy = sources.filter((source) => statusOf(source) === 'healthy').length;
  const others = worstFirst(sources).filter((source) => statusOf(source) !== 'healthy');
  if (others.length === 0)
    return sources.length === 1 ? 'The source is healthy' : `All ${sources.length} sources healthy`;
  const named = others.slice(0, 2).map((source) => {
    const { reason } = source.health;
    return `${source.title} ${statusWords[statusOf(source)]}${reason && !source.paused ? ` (${words(reason)})` : ''}`;
  });
  const rest = others.length - named.length;
  return `${healthy} of ${plural(sources.length, 'source')} healthy; ${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
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
