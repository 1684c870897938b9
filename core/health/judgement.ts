import type { FailureDetail } from '../contracts/words/failure-details.ts';
import type { HealthStatus } from '../contracts/words/health-status.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';
import type { Breaker } from './breaker.ts';
import type { IncidentChange } from './incident.ts';

/** The parts of the score: each 0 to 1, `null` where there is nothing to judge by. */
export interface HealthParts {
  readonly success: number | null;
  readonly freshness: number | null;
  readonly accepted: number | null;
  readonly latency: number | null;
  readonly quota: number | null;
}

export interface Health {
  readonly status: HealthStatus;
  /** Why it is not healthy. */
  readonly reason: RunReason | null;
  /** What exactly is not well, for rules. */
  readonly detail: FailureDetail | null;
  /** The same for people. */
  readonly message: string | null;
  /** 0 to 100. */
  readonly score: number | null;
  readonly parts: HealthParts;
}

/** All that a judgement changes. */
export interface Judgement {
  readonly health: Health;
  readonly breaker: Breaker;
  readonly incidents: readonly IncidentChange[];
  /** It has failed and recovered again and again for hours. */
  readonly flapping: boolean;
}
