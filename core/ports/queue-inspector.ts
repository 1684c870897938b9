import type { QueueCounts } from '../contracts/queues.ts';

/** A message that kept failing. */
export interface DeadMessage {
  readonly messageId: string;
  /** Milliseconds since the epoch. */
  readonly sentAt: number | null;
  readonly receiveCount: number;
  readonly body: string;
}

/** Looks into queues, and gives dead letters another chance. Throws UnknownQueueError for a name it does not have. */
export interface QueueInspector {
  counts(): Promise<readonly QueueCounts[]>;
  /** Some of the dead letters of a queue, up to `limit`. They stay where they are. */
  peek(queue: string, limit: number): Promise<readonly DeadMessage[]>;
  /**
   * Moves dead letters back to their queue, up to `limit`, and gives how many. Sent before deleted: a crash between the
   * two duplicates one message, which every consumer tolerates, and loses none.
   */
  redrive(queue: string, limit: number): Promise<number>;
}

export class UnknownQueueError extends Error {
  override readonly name = 'UnknownQueueError';
  constructor(queue: string, known: readonly string[]) {
    super(`There is no queue ${queue}. There is ${known.join(', ')}.`);
  }
}
