import type { PositionedEvent } from '../events/envelope.ts';

/** Where the feed of events stands. Positions are whole numbers as text. */
export interface FeedBounds {
  /** Events up to this position are not kept any more; `0` while none was removed. */
  readonly removedTo: string;
  /** The newest position that was given; `removedTo` where nothing is kept. */
  readonly newest: string;
}

/** The events that the relay has given a position, in its order: no event gets a smaller one later. */
export interface EventFeed {
  bounds(): Promise<FeedBounds>;
  /**
   * The first events after a position, at most `limit`, and the position up to which this has looked: rows that mean
   * nothing any more are passed over.
   */
  after(position: string, limit: number): Promise<{ events: readonly PositionedEvent[]; to: string; more: boolean }>;
}
