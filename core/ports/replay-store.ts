import type { JobKind } from '../contracts/words/job-kinds.ts';
import type { QuarantineReason } from '../contracts/words/quarantine-reasons.ts';

/** A raw blob to read again, and the paths of its rows that were chosen in the quarantine. */
export interface ReplayBlob {
  readonly blobKey: string;
  readonly runId: string;
  readonly part: number;
  readonly attempt: number;
  readonly sourceId: string;
  readonly job: string;
  readonly kind: JobKind;
  readonly paths: readonly string[];
}

/** How far a replay is: of `blobs` it has tried `read`, of which `failed` cannot be read, with these rows. */
export interface ReplayProgress {
  readonly id: string;
  readonly requestedAt: Date;
  readonly blobs: number;
  readonly read: number;
  readonly failed: number;
  readonly accepted: number;
  readonly rejected: number;
  /** Rows that have left the quarantine. */
  readonly released: number;
  readonly written: number;
}

/** Which raw blobs are to be read again, and how far that is; of sources that the caller may see. */
export interface ReplayStore {
  /** Blobs of open rows of the quarantine that match all that is not `null`, the oldest row first. */
  ofQuarantine(of: {
    ids: readonly string[] | null;
    sourceId: string | null;
    reason: QuarantineReason | null;
    limit: number;
  }): Promise<ReplayBlob[]>;
  /** Every blob of a run; `null` when there is no such run. Throws `LicenceError` for one of a source that must not be seen. */
  ofRun(runId: string, limit: number): Promise<ReplayBlob[] | null>;
  /** Records that a replay was requested. The same id again changes nothing. */
  create(of: { id: string; at: Date; keyId: string | null; blobs: number }): Promise<void>;
  /** How far a replay is; `null` when there is none of that id. Throws `LicenceError` for one that a key asked for who sees more. */
  find(id: string): Promise<ReplayProgress | null>;
}
