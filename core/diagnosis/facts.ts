/** What a diagnosis is made from: read from the tables and the queues, and nothing else. Times are milliseconds since the epoch. */
import type { Diagnosis, Sample } from '../contracts/http/diagnostics.ts';
import type { SystemHealth } from '../contracts/http/health.ts';
import type { QueueCounts } from '../contracts/queues.ts';
import type { FailureDetail } from '../contracts/words/failure-details.ts';
import type { HealthStatus } from '../contracts/words/health-status.ts';
import type { QuarantineReason } from '../contracts/words/quarantine-reasons.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';
import type { ServiceId } from '../contracts/words/services.ts';

/** A task that ended, or is overdue. */
export interface TaskFact {
  readonly job: string;
  readonly ok: boolean;
  readonly reason: RunReason | null;
  /** `null` for a success. */
  readonly detail: FailureDetail | null;
  /** For people only. */
  readonly message: string | null;
  readonly at: number;
  readonly runId: string;
  readonly symbols: readonly string[];
  readonly accepted: number;
  readonly rejected: number;
  /** Whether an attempt of it ended: without one, the fault is ours and not the source's. */
  readonly attempted: boolean;
  readonly blobKey: string | null;
  readonly artifacts: readonly string[];
}

/** Rows that one run left in quarantine for one reason, and that are still there. */
export interface QuarantineFact {
  readonly runId: string;
  readonly job: string;
  readonly reason: QuarantineReason;
  readonly count: number;
  readonly at: number;
  readonly symbols: readonly string[];
  /** Some of them, each with what the check found. */
  readonly samples: readonly Sample[];
}

export interface IncidentFact {
  readonly reason: RunReason;
  readonly openedAt: number;
  readonly lastSeenAt: number;
  readonly resolvedAt: number | null;
  readonly count: number;
  readonly samples: readonly Sample[];
}

export interface RecoveryFact {
  readonly status: string;
  readonly strategy: string | null;
  readonly reason: RunReason | null;
  /** Which failure of its canary it ended with. */
  readonly detail: FailureDetail | null;
  readonly requestedAt: number;
  readonly finishedAt: number | null;
}

/** The Yahoo proxy: not a source of the catalogue, but with incidents and recoveries like one. */
export interface ProxyFacts {
  readonly id: string;
  /** Until when its containers make no calls, and why; `null` where they do. */
  readonly pause: { readonly until: number; readonly reason: string } | null;
  readonly incidents: readonly IncidentFact[];
  /** Newest first. */
  readonly recoveries: readonly RecoveryFact[];
}

export interface SourceFacts {
  readonly id: string;
  readonly title: string;
  readonly kind: 'api' | 'browser';
  /** How it signs in, if it does. */
  readonly signsIn: 'cookie-crumb' | 'api-key' | 'form-login' | 'browser-form-login' | null;
  /** `null` for a source that needs none. */
  readonly credentials: { readonly isSet: boolean; readonly changedAt: number | null } | null;
  /** Its login that is on hold: what the source wants, and when that is over by itself. */
  readonly login: { readonly detail: FailureDetail; readonly until: number | null } | null;
  /** Its jobs that bring quotes. */
  readonly quoteJobs: readonly string[];
  readonly paused: boolean;
  readonly status: HealthStatus;
  readonly reason: RunReason | null;
  /** What exactly is not well. */
  readonly detail: FailureDetail | null;
  readonly score: number | null;
  readonly trend: readonly (number | null)[];
  readonly lastSuccessAt: number | null;
  readonly heldUntil: number | null;
  readonly breaker: string;
  readonly quota: {
    readonly day: { readonly used: number; readonly limit: number };
    /** The most that was used in any minute of the last hour. */
    readonly minute: { readonly used: number; readonly limit: number };
  };
  /** Newest first, of each job the newest of the last day. */
  readonly tasks: readonly TaskFact[];
  /** Of the runs of these tasks. */
  readonly quarantine: readonly QuarantineFact[];
  /** Open ones, and those that were resolved since the report before. */
  readonly incidents: readonly IncidentFact[];
  /** Newest first. */
  readonly recoveries: readonly RecoveryFact[];
  /** Tasks that were due long ago and have no outcome. */
  readonly overdue: number;
}

/** What is served of a symbol that a source fails on. */
export interface ServedPrice {
  readonly sourceId: string;
  /** As the source calls it, and as everybody does. */
  readonly symbol: string;
  readonly canonical: string;
  readonly market: string;
  /** When each source that gives a price of it said so last, by the source's id. */
  readonly confirmedAt: ReadonlyMap<string, number>;
}

/** A report before this one. */
export interface EarlierReport {
  readonly id: string;
  readonly createdAt: number;
  readonly score: number | null;
  readonly headline: string;
}

/** A calendar that ends soon, or has ended. */
export interface CalendarFact {
  readonly id: string;
  /** The last date that it knows. */
  readonly validThrough: string;
  /** Negative once it has ended. */
  readonly daysLeft: number;
}

export interface DiagnosisFacts {
  readonly at: number;
  readonly sources: readonly SourceFacts[];
  readonly services: readonly {
    readonly id: ServiceId;
    readonly running: boolean;
    readonly changedAt: number | null;
    /** While it is stopped for a time: when it starts again. */
    readonly stoppedUntil: number | null;
  }[];
  /** `null` when they could not be read. */
  readonly queues: readonly QueueCounts[] | null;
  /** Up to when the planner has planned; `null` before its first tick. */
  readonly plannedTo: number | null;
  readonly partitions: { readonly strays: number; readonly lastMonth: string | null };
  readonly calendars: readonly CalendarFact[];
  readonly proxy: ProxyFacts;
  /** Ids of the sources whose data are made up. */
  readonly simulated?: readonly string[];
  /** The health of the installation, as /health has it. */
  readonly system: SystemHealth;
  readonly previous: Diagnosis | null;
  readonly earlier: readonly EarlierReport[];
  /** Of the symbols that sources fail on, or failed on a short time ago. */
  readonly served: readonly ServedPrice[];
}
