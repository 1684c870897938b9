/** Lifetimes that an owner may choose, in days. */
export interface RetentionDays {
  /** Runs with their tasks, attempts and statistics, and batches that stored nothing. */
  readonly runs: number;
  /** Records of what happened: health, incidents, recoveries, reports, imports, settled rows of the quarantine. */
  readonly records: number;
  /** What Yahoo answered the proxy. */
  readonly proxyAnswers: number;
}

/** Where no setting says otherwise. */
export const usualRetention: RetentionDays = { runs: 90, records: 400, proxyAnswers: 400 };

/** Months of quotes in the database, the running one among them, where no setting says otherwise, and the fewest. */
export const usualHotMonths = 2;

/**
 * Fewest days for runs and records: the ledger of completeness reads failures of 45 days, and raw blobs are compared with
 * batches after sixteen.
 */
export const fewestDays = 45;
