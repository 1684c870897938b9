/** Bodies of answers that the proxy got, each under a key that is made of its content. */
export interface AnswerBlobs {
  /** Stores a body. One that is there already stays. */
  put(key: string, packed: Buffer): Promise<void>;
  /** The packed body; `null` where there is none, or none any more. */
  get(key: string): Promise<Buffer | null>;
}
