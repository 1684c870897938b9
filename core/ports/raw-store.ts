import type { BlobEnvelope } from '../contracts/blob.ts';

/** Where raw answers are kept: the first thing written and the last thing lost. */
export interface RawStore {
  /** Keeps an envelope under a key. The same key again is left as it is: a blob is never overwritten. */
  put(key: string, envelope: BlobEnvelope): Promise<void>;
  /** Whether there is a blob under a key. */
  has(key: string): Promise<boolean>;
  /** The envelope of a key. Throws `BlobError` when there is none or it cannot be read. */
  get(key: string): Promise<BlobEnvelope>;
}

/** A blob that is missing, damaged, or larger than a blob may be. */
export class BlobError extends Error {
  override readonly name = 'BlobError';
}
