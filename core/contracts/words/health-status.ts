/** How a source is. `paused` is a person's wish, not a failure; `unknown` is a source that has not run yet. */
export const healthStatuses = ['healthy', 'degraded', 'failed', 'limited', 'unknown', 'paused'] as const;
export type HealthStatus = (typeof healthStatuses)[number];
