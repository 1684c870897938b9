import type { PositionedEvent } from '../events/envelope.ts';

/** Where the feed of events stands. Positions are whole numbers as text. */
export interface FeedBounds {
  /** Events up to this position are not kept any more; `0` while none was removed. */
  readonly removedTo: string;
  /** The newest position that was given; `removedTo` where nothing is kept. */
  readonly newest: string;
}

/** How the relay stands. */
export interface RelayLag {
  /** Events that wait to be published. */
  readonly waiting: number;
  /** The age of the oldest of them in seconds; 0 where none waits. */
  readonly seconds: number;
}

/** The events that the relay has given a position, in its order: no event gets a smaller one later. */
export interface EventFeed {
  bounds(): Promise<FeedBounds>;
  /** The events that wait for the relay. */
  lag(): Promise<RelayLag>;
  /**
   * The first events after a position, at most `limit`, and the position up to which this has looked: rows that mean
   * nothing any more are passed over.
   */
  after(position: string, limit: number): Promise<{ events: readonly PositionedEvent[]; to: string; more: boolean }>;
}
