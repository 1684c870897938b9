import type { SystemHealth } from '../contracts/http/health.ts';
import type { SystemStatus } from '../contracts/words/health-status.ts';

/** The installation's health in an hour or a day. */
export interface SystemSample {
  /** The first instant of the hour, or day, in UTC. */
  readonly at: Date;
  readonly status: SystemStatus;
  readonly score: number | null;
  readonly lowest: number | null;
}

/** The history of the system score. */
export interface SystemSamples {
  /** Keeps the health of this minute in the sample of its hour. */
  keep(health: Pick<SystemHealth, 'status' | 'score'>, now: Date): Promise<void>;
  /** Each hour's last in [from, to), oldest first. */
  hours(from: Date, to?: Date | null): Promise<SystemSample[]>;
  /** Each day's worst status and mean score, oldest first. */
  days(from: Date, to?: Date | null): Promise<SystemSample[]>;
}
