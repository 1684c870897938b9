import type { QuarantineReason } from '../contracts/words/quarantine-reasons.ts';
import type { RowFinding } from '../contracts/words/row-findings.ts';

/** A row that failed a check. */
export interface QuarantinedRow {
  readonly id: string;
  readonly at: Date;
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
}

/** Reads of rows that failed a check and wait for someone to look, as far as the caller may see their source. */
export interface QuarantineReader {
  /** One row, also where it is resolved. Throws `LicenceError` for one of a source that must not be seen. */
  one(id: string): Promise<QuarantinedRow | null>;
  /** A page of the open ones, the newest first. */
  list(of: {
    sourceId: string | null;
    reason: QuarantineReason | null;
    before: string | null;
    limit: number;
  }): Promise<QuarantinedRow[]>;
}
