import type { QuarantineReason } from '../contracts/words/quarantine-reasons.ts';
import type { RowFinding } from '../contracts/words/row-findings.ts';

/** A row that failed a check. */
export interface QuarantinedRow {
  readonly id: string;
  readonly at: Date;
  readonly firstSeenAt: Date;
  readonly sourceId: string;
  readonly reason: QuarantineReason;
  readonly symbol: string | null;
  readonly finding: RowFinding;
  readonly detail: string;
  readonly path: string;
  /** What a source sent: of any shape. `null` where it was no object. */
  readonly row: Readonly<Record<string, unknown>> | null;
  readonly runId: string;
  readonly blobKey: string;
  readonly batchId: string;
  readonly resolvedAt: Date | null;
  readonly discardedAt: Date | null;
  /** The API key's id. */
  readonly discardedBy: string | null;
  readonly discardedBecause: string | null;
}

/** Which rows: those that match all that is not `null`. */
export interface ChosenRows {
  readonly ids: readonly string[] | null;
  readonly sourceId: string | null;
  readonly reason: QuarantineReason | null;
}

/** Rows that failed a check and wait for someone to look, as far as the caller may see their source. */
export interface QuarantineStore {
  /** One row, also where it is resolved. Throws `LicenceError` for one of a source that must not be seen. */
  one(id: string): Promise<QuarantinedRow | null>;
  /** A page of the open ones, or of those that were discarded, the newest first. */
  list(of: {
    state: 'open' | 'discarded';
    sourceId: string | null;
    reason: QuarantineReason | null;
    before: string | null;
    limit: number;
  }): Promise<QuarantinedRow[]>;
  /** Resolves open rows about which nothing is to be done, the oldest first, up to `limit`. Gives how many. */
  discard(
    of: ChosenRows,
    why: { readonly because: string; readonly by: string | null; readonly at: Date; readonly limit: number },
  ): Promise<number>;
}
