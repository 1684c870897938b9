/**
 * The status of a source. `paused` is a person's decision, not a failure; `unknown` is a source that has not run yet.
 */
export const healthStatuses = ['healthy', 'degraded', 'failed', 'limited', 'unknown', 'paused'] as const;
export type HealthStatus = (typeof healthStatuses)[number];
