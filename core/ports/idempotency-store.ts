/** The idempotency keys of clients, each with the request that it was first used for. Both are kept as hashes. */
export interface IdempotencyStore {
  /** Notes a key for a request and gives the request that the key is for: this one, or the one that used it before. */
  claim(key: Buffer, request: Buffer, now: Date): Promise<Buffer>;
}
