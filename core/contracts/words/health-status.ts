/**
 * The status of a source, worst first: the order in which sources are listed and named, and by which the worst of a day
 * is found. `unknown` is a source that has not run yet or gets no requests, `paused` a person's decision.
 */
export const healthStatuses = ['failed', 'degraded', 'limited', 'unknown', 'paused', 'healthy'] as const;
export type HealthStatus = (typeof healthStatuses)[number];

/** The place of a status in the order of gravity: 0 is the worst. */
export function gravityOf(status: HealthStatus): number {
  return healthStatuses.indexOf(status);
}

/** Whether something is to be said or done about a source. One that is `unknown` was not judged, which is not unhealthy. */
export function isUnhealthy(status: HealthStatus): boolean {
  return status !== 'healthy' && status !== 'unknown';
}

/**
 * The status of the installation. `paused`: what a person stopped is why little or nothing is collected. `unknown`: no
 * source was judged yet.
 */
export const systemStatuses = ['failed', 'degraded', 'unknown', 'paused', 'healthy'] as const;
export type SystemStatus = (typeof systemStatuses)[number];

/** What can hold the system score below the mean of its sources (docs/health.md). */
export const scoreCaps = ['nothing_collected', 'share_working', 'not_all_healthy'] as const;
export type ScoreCap = (typeof scoreCaps)[number];

const capWords: Readonly<Record<ScoreCap, string>> = {
  nothing_collected: 'while nothing is collected',
  share_working: 'by the share of sources that work',
  not_all_healthy: 'while not all is healthy',
};

/** `held at 60 by the share of sources that work; their mean is 83`. */
export function capInWords(
  { rule, most }: { readonly rule: ScoreCap; readonly most: number },
  mean: number | null,
): string {
  return `held at ${most} ${capWords[rule]}${mean === null ? '' : `; their mean is ${mean}`}`;
}
