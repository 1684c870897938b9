import type { OutgoingEvent } from '../contracts/events/cloud-event.ts';

/** What became of events that were sent. */
export interface SendResult {
  /** Ids of those that the transport has taken. */
  readonly sent: readonly string[];
  /** Why others were not, for people. */
  readonly failures: readonly string[];
}

/**
 * Takes events to their followers: at least once, those of a key in order.
 *
 * Of a key nothing is sent after one that was not taken: the relay sends it again, with those after it. Two deliveries of an
 * event have the same id.
 */
export interface EventTransport {
  /** How many events it is given at once, so that sending them takes seconds at the most. */
  readonly atOnce: number;
  send(events: readonly OutgoingEvent[]): Promise<SendResult>;
}
