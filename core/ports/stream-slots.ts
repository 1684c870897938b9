/** A slot that a stream has taken. */
export interface StreamSlot {
  /** Whether it still is this stream's: it has not ended, and no later stream of the same client has taken its place. */
  held(): Promise<boolean>;
  /** Gives it back, where it still is this stream's. Twice is harmless. */
  free(): Promise<void>;
}

/** How many clients may hold a stream of events open at the same time. */
export interface StreamSlots {
  /**
   * Takes a slot for so long at the most; `null` while all are taken. A client that is named replaces the stream that it had
   * before, which may be one that it has left: two streams of one name do not stay. `null` is a client without a name.
   */
  take(client: string | null, forMs: number): Promise<StreamSlot | null>;
}
