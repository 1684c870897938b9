import type { FailureDetail } from '../contracts/words/failure-details.ts';
import type { HealthStatus } from '../contracts/words/health-status.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';
import type {
  IncidentFact,
  ProxyFacts,
  QuarantineFact,
  RecoveryFact,
  ServedPrice,
  TaskFact,
} from '../diagnosis/facts.ts';
import type { Venue } from '../market/calendar.ts';

/** The stored facts on one source. */
export interface SourceRecord {
  readonly id: string;
  readonly paused: boolean;
  readonly status: HealthStatus;
  readonly reason: RunReason | null;
  /** What exactly is not well. */
  readonly detail: FailureDetail | null;
  readonly score: number | null;
  readonly trend: (number | null)[];
  readonly lastSuccessAt: number | null;
  readonly heldUntil: number | null;
  readonly breaker: string;
  readonly credentialsSet: boolean;
  readonly credentialsAt: number | null;
  /** What the source wants before logins are made again, and when that is over by itself. */
  readonly login: { readonly detail: FailureDetail; readonly until: number | null } | null;
  readonly dayUsed: number;
  readonly busiestMinute: number;
  readonly overdue: number;
  readonly tasks: TaskFact[];
  readonly quarantine: QuarantineFact[];
  readonly incidents: IncidentFact[];
  readonly recoveries: RecoveryFact[];
}

/** The stored facts on the installation. */
export interface InstallationRecord {
  readonly services: {
    readonly id: string;
    readonly running: boolean;
    readonly changedAt: number;
    /** When a stopped one resumes automatically. */
    readonly stoppedUntil: number | null;
  }[];
  readonly plannedTo: number | null;
  readonly strays: number;
  readonly lastMonth: string | null;
  /** Of all listings. */
  readonly venues: readonly Venue[];
}

/** What is served of a symbol of a source. */
export interface ServedRow extends Omit<ServedPrice, 'market'> {
  readonly mic: string;
}

/** Reads the facts for a diagnosis. Times are milliseconds since the epoch. */
export interface FactsReader {
  /** One record for each id, in order. `since` is the report before: incidents that were resolved after it are included. */
  sources(ids: readonly string[], now: Date, since: Date | null): Promise<SourceRecord[]>;
  /** What is served of symbols of sources: one row for each that is known. */
  served(of: readonly { readonly sourceId: string; readonly symbol: string }[]): Promise<ServedRow[]>;
  proxy(id: string, now: Date, since: Date | null): Promise<ProxyFacts>;
  installation(now: Date): Promise<InstallationRecord>;
}
