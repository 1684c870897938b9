import type { SourceView } from '../../core/contracts/http/operations.ts';
import type { HealthStatus } from '../../core/contracts/words/health-status.ts';
import { plural, words } from './format.ts';

/** Worst first: what needs a person comes before what does not. */
const gravity: Record<HealthStatus, number> = { failed: 0, limited: 1, degraded: 2, unknown: 3, paused: 4, healthy: 5 };

/** The status that counts: a source that was stopped is paused, however it was before. */
export function statusOf(source: SourceView): HealthStatus {
  return source.paused ? 'paused' : source.health.status;
}

/** Worst first, then by score, then by name. */
export function worstFirst(sources: readonly SourceView[]): SourceView[] {
  return sources.toSorted(
    (a, b) =>
      gravity[statusOf(a)] - gravity[statusOf(b)] ||
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
  const running = sources.filter((source) => !source.paused);
  const worst = worstFirst(running)[0];
  if (worst) return statusOf(worst);
  return sources.length > 0 ? 'paused' : 'unknown';
}

/** The state in words: `4 of 5 sources healthy; CoinGecko limited (rate limited)`. */
export function stateInWords(sources: readonly SourceView[]): string {
  if (sources.length === 0) return 'No sources yet';
  const healthy = sources.filter((source) => statusOf(source) === 'healthy').length;
  const others = worstFirst(sources).filter((source) => statusOf(source) !== 'healthy');
  if (others.length === 0)
    return sources.length === 1 ? 'The source is healthy' : `All ${sources.length} sources healthy`;
  const told = others.slice(0, 2).map((source) => {
    const { reason } = source.health;
    return `${source.title} ${statusWords[statusOf(source)]}${reason && !source.paused ? ` (${words(reason)})` : ''}`;
  });
  const rest = others.length - told.length;
  return `${healthy} of ${plural(sources.length, 'source')} healthy; ${told.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** How a status is called in a sentence. */
export const statusWords: Record<HealthStatus, string> = {
  healthy: 'healthy',
  degraded: 'degraded',
  failed: 'failed',
  limited: 'limited',
  unknown: 'unknown',
  paused: 'stopped',
};

/** What a run's failure means, in a sentence a person can act on. */
export const reasonMeanings: Record<NonNullable<SourceView['health']['reason']>, string> = {
  rate_limited: 'The source answered that it is asked too often. Quotron asks less until the limit passes.',
  quota_exhausted: 'The quota of the day or minute is used up. Runs go on when it resets.',
  blocked: 'The source refuses to answer this address or asks for proof of a human.',
  auth_expired: 'The session or key is no longer accepted. It is renewed with the next run.',
  schema_drift: 'The answer no longer has the form the parser knows. The parser needs a change.',
  not_found: 'The source does not know what was asked for.',
  no_data: 'The source answered, but with nothing in it.',
  stale: 'What it brings is older than the exchange’s calendar expects.',
  timeout: 'The source took too long to answer.',
  down: 'The source does not answer, or answers with an error of its own.',
  bad_request: 'The source did not accept the request as it was sent.',
  unexplained: 'The evidence does not say why. The run shows what was answered.',
};
