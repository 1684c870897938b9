import type { FailureDetail } from '../contracts/words/failure-details.ts';
import type { HealthStatus } from '../contracts/words/health-status.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';
import type { Breaker } from '../health/breaker.ts';
import type { HealthParts } from '../health/judgement.ts';
import type { RunStatus } from './run-reader.ts';

/** What the database knows of one source. All but the id may be absent before the source ran. */
export interface StoredSource {
  readonly sourceId: string;
  readonly paused: boolean;
  /** Of a pause that ends by itself. */
  readonly pausedUntil: Date | null;
  readonly breaker: Breaker['state'];
  readonly breakerUntil: Date | null;
  readonly breakerReason: RunReason | null;
  readonly breakerOpened: number;
  readonly heldUntil: Date | null;
  readonly credentialsSet: boolean;
  readonly credentialsAt: Date | null;
  /** What the source wants before logins are made again; `null` while they are made. */
  readonly loginHeld: FailureDetail | null;
  readonly loginHeldAt: Date | null;
  /** When that is over by itself. */
  readonly loginHeldUntil: Date | null;
  readonly status: HealthStatus;
  readonly reason: RunReason | null;
  readonly score: number | null;
  readonly success: number | null;
  readonly accepted: number | null;
  readonly freshness: number | null;
  readonly latency: number | null;
  readonly quota: number | null;
  readonly detail: FailureDetail;
  readonly message: string | null;
  readonly since: Date | null;
  readonly lastSuccessAt: Date | null;
  readonly failedAt: Date | null;
  readonly failureReason: RunReason | null;
  readonly failureDetail: FailureDetail;
  readonly failureMessage: string | null;
  readonly failureRunId: string | null;
  readonly minuteUsed: number;
  readonly dayUsed: number;
  readonly runId: string | null;
  readonly runJob: string | null;
  readonly runDueAt: Date | null;
  readonly runStatus: RunStatus | null;
  readonly runFinishedAt: Date | null;
  readonly runAccepted: number | null;
  readonly runRejected: number | null;
}

/** A source's health in an hour or a day. */
export interface StoredSample extends HealthParts {
  readonly sourceId: string;
  /** The first instant of the hour, or day, in UTC. */
  readonly at: Date;
  readonly status: HealthStatus;
  readonly score: number | null;
  readonly lowest: number | null;
  readonly succeeded: number;
  readonly failed: number;
}

/** Reads of sources: state, health, quota used, last run. */
export interface SourceReader {
  /**
   * One for each id, in order. Quota counts as the ledger does: what was used, and what is reserved and may still be used,
   * in the last minute and this UTC day.
   */
  sources(ids: readonly string[], now: Date): Promise<StoredSource[]>;
  /** Health by the hour of some sources in [from, to), oldest first: each hour's last, with what its score was made of. */
  samples(ids: readonly string[], from: Date, to?: Date | null): Promise<StoredSample[]>;
  /** The same by the day of UTC: the worst status and the means of each. */
  days(ids: readonly string[], from: Date, to?: Date | null): Promise<StoredSample[]>;
}
