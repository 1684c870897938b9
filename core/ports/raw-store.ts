import type { BlobEnvelope } from '../contracts/blob.ts';
import type { FailureDetail } from '../contracts/words/failure-details.ts';

/** Where raw answers are kept: the first thing written and the last thing lost. */
export interface RawStore {
  /** Keeps an envelope under a key. The same key again is left as it is: a blob is never overwritten. */
  put(key: string, envelope: BlobEnvelope): Promise<void>;
  /** Whether there is a blob under a key. */
  has(key: string): Promise<boolean>;
  /** The envelope of a key. Throws `BlobError` when there is none or it cannot be read. */
  get(key: string): Promise<BlobEnvelope>;
}

/** What is in the raw store. */
export interface BlobIndex {
  /** The first keys that begin with `prefix` and come after `after`, in the order of their bytes: at most `keysAtOnce`. */
  keys(prefix: string, after: string | null): Promise<string[]>;
}

/** Deletes what nobody wants any more. Of raw blobs that are only parts of an import that was never finished. */
export interface BlobRemoval {
  /** There need not be a blob under each key. Throws unless all are gone. */
  remove(keys: readonly string[]): Promise<void>;
}

/** As many keys as S3 gives at once. */
export const keysAtOnce = 1_000;

/** What is wrong with a blob that cannot be read, now or later. */
export type BlobFailure = Extract<FailureDetail['code'], 'blob_missing' | 'blob_damaged' | 'too_large'>;

/** A blob that is missing, damaged, or larger than a blob may be. */
export class BlobError extends Error {
  override readonly name = 'BlobError';
  /** `null` where it is the message about the blob that is wrong, or where another release can read it. */
  readonly code: BlobFailure | null;
  constructor(message: string, code: BlobFailure | null = null) {
    super(message);
    this.code = code;
  }
}
