import type { CloudEvent } from '../contracts/events/cloud-event.ts';

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
  send(events: readonly CloudEvent[]): Promise<SendResult>;
}
