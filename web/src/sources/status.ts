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

/** What a failure reason means and what happens next. */
export const reasonMeanings: Record<NonNullable<SourceView['health']['reason']>, string> = {
  rate_limited: 'The source answered that it gets too many requests. Quotron sends fewer until the limit has passed.',
  quota_exhausted: 'The quota of the day or minute is used up. Runs resume when it resets.',
  blocked: 'The source refuses requests from this address or demands a CAPTCHA.',
  auth_expired: 'The session or key is no longer accepted. It is renewed with the next run.',
  schema_drift: 'The answer no longer has the format the parser expects. The parser needs a change.',
  not_found: 'The source does not know what was requested.',
  no_data: 'The source answered, but without data.',
  stale: 'The data are older than the exchange’s calendar expects.',
  timeout: 'The source took too long to answer.',
  down: 'The source does not answer, or answers with an error of its own.',
  bad_request: 'The source rejected the request.',
  unexplained: 'The evidence does not say why. The run shows the answers.',
};
