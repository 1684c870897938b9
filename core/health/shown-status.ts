import type { HealthStatus } from '../contracts/words/health-status.ts';

/** What is stored of a source that its status depends on. */
export interface StoredStatus {
  readonly paused: boolean;
  readonly credentialsSet: boolean;
  readonly status: HealthStatus;
}

/**
 * The status of a source at this moment. A stop takes hold at once, before the monitor looks again; without its
 * credentials it gets no requests, so how it was before says nothing.
 */
export function shownStatus({ paused, credentialsSet, status }: StoredStatus, needsCredentials: boolean): HealthStatus {
  if (paused) return 'paused';
  return (needsCredentials && !credentialsSet) || status === 'paused' ? 'unknown' : status;
}
