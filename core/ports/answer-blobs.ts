import type { BlobPart } from '../contracts/s3-keys.ts';

/** Bodies of answers that the proxy got, one or several in a blob, each blob under a key that is made of its content. */
export interface AnswerBlobs {
  /** Stores packed bodies. What is there already stays. */
  put(key: string, packed: Buffer): Promise<void>;
  /** A blob, or a part of it; `null` where there is none, or none any more. */
  get(key: string, part: BlobPart | null): Promise<Buffer | null>;
}
