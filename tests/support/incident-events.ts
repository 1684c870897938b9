/** Events for tests of what takes them on: incidents of sources, whose `count` is the event's number in its key. */
import { randomUUID } from 'node:crypto';
import type { CloudEvent } from '../../core/contracts/events/cloud-event.ts';
import { localInstallation } from '../../core/contracts/installation.ts';
import { inEnvelope, sendable } from '../../core/events/envelope.ts';
import type { EventTransport, SendResult } from '../../core/ports/event-transport.ts';

let position = 0;

export function incidentEvent(sourceId: string, count: number): CloudEvent {
  position += 1;
  const at = new Date('2026-11-30T12:00:00Z');
  return inEnvelope(
    {
      id: randomUUID(),
      position: String(position),
      at,
      event: {
        type: 'incident.opened',
        data: { incidentId: randomUUID(), sourceId, reason: 'down', count, at: at.toISOString() },
      },
    },
    localInstallation,
  );
}

/** The numbers of a key's events. */
export function countsOf(events: readonly CloudEvent[], sourceId: string): number[] {
  return events.flatMap(({ event }) =>
    event.type === 'incident.opened' && event.data.sourceId === sourceId ? [event.data.count] : [],
  );
}

/** Sends events that are in their envelopes. */
export function sendAll(transport: EventTransport, events: readonly CloudEvent[]): Promise<SendResult> {
  return transport.send(events.map(sendable));
}
