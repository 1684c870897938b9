import type { Evidence } from '../contracts/http/recovery.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';

/** An incident that is open. Times are milliseconds since the epoch. */
export interface OpenIncident {
  readonly id: string;
  readonly reason: RunReason;
  readonly openedAt: number;
  readonly lastSeenAt: number;
  readonly count: number;
  /** The first and the newest, oldest first. */
  readonly evidence: readonly Evidence[];
  /** The jobs that failed of it. */
  readonly jobs: readonly string[];
  /** Those of them that have succeeded since. */
  readonly healedJobs: readonly string[];
  /** Successes in a row since it was seen last. */
  readonly successes: number;
  /** How often it came back after successes that would have ended it, or had. */
  readonly bouts: number;
}

/** An incident that was resolved a short time ago. */
export interface ResolvedIncident extends OpenIncident {
  readonly resolvedAt: number;
}

/** What becomes of an incident: opened, seen again or on its way to be over, resolved, or open again. */
export type IncidentChange =
  | { readonly change: 'opened'; readonly incident: Omit<OpenIncident, 'id'>; readonly resolvedAt: number | null }
  | { readonly change: 'updated'; readonly incident: OpenIncident }
  | { readonly change: 'reopened'; readonly incident: OpenIncident }
  | { readonly change: 'resolved'; readonly incident: OpenIncident; readonly at: number };

/** An incident as it is stored, open or resolved. */
export interface KeptIncident {
  readonly id: string;
  readonly sourceId: string;
  readonly reason: RunReason;
  readonly openedAt: Date;
  /** With its microseconds, for the cursor. */
  readonly position: string;
  readonly lastSeenAt: Date;
  readonly resolvedAt: Date | null;
  readonly count: number;
  /** How often it came back. */
  readonly bouts: number;
  readonly evidence: readonly Evidence[];
}
