/** The facts for `/health` and `/readyz`. */
export interface HealthFacts {
  /** Migrations applied. */
  readonly migrations: number;
  /** Rows of `quote` without a monthly partition, up to 1000. */
  readonly unpartitioned: number;
  /** Tasks that were due more than 15 minutes ago and have no outcome, nor wait for a quota, their source or a person. */
  readonly overdue: number;
  /** Incidents that are open. */
  readonly incidents: number;
  /** Up to when the planner has planned; `null` before its first tick, and while a person has stopped it. */
  readonly plannedTo: Date | null;
  readonly newestQuoteAt: Date | null;
}

/** Reads of the state of the installation itself. */
export interface HealthReader {
  /** Whether the database answers and has its tables. Throws when it cannot be reached. */
  migrated(): Promise<boolean>;
  facts(now: Date): Promise<HealthFacts>;
}
