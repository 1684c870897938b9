/** How many clients may hold a stream of events open at the same time. */
export interface StreamSlots {
  /** Takes a slot for so long at the most, and gives what frees it; `null` while all are taken. Freeing twice is harmless. */
  take(forMs: number): Promise<(() => Promise<void>) | null>;
}
