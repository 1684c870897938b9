import type { CloudEvent } from '../contracts/events/cloud-event.ts';
import type { EventType, QuotronEvent } from '../contracts/events/event.ts';
import { type Installation, installationPath } from '../contracts/installation.ts';
import type { LicenceClass } from '../contracts/words/licence.ts';
import { sourceOf } from '../sources/catalogue.ts';
import { keyOf, sourceIdOf } from './key.ts';

const ofOperation: ReadonlySet<EventType> = new Set([
  'incident.opened',
  'incident.resolved',
  'source.health-changed',
  'recovery.started',
  'recovery.finished',
  'watch.changed',
  'channel.disabled',
]);

/** Whether an event only says how Quotron itself works: it carries nothing that a source gave. */
export function isOfOperation({ type }: QuotronEvent): boolean {
  return ofOperation.has(type);
}

/** The licence class of an event: its source's, where it carries something of the source. */
export function licenceOf(event: QuotronEvent): LicenceClass {
  if (isOfOperation(event)) return 'redistribute';
  return sourceOf(sourceIdOf(event) ?? '')?.terms.licence ?? 'unknown';
}

/** An event of the outbox, with its position. */
export interface PositionedEvent {
  readonly id: string;
  readonly position: string;
  readonly at: Date;
  readonly event: QuotronEvent;
}

/** The event in its envelope. Each delivery of one is the same. */
export function inEnvelope({ id, position, at, event }: PositionedEvent, installation: Installation): CloudEvent {
  const key = keyOf(event);
  return {
    specversion: '1.0',
    id,
    source: installationPath(installation),
    subject: key,
    time: at.toISOString(),
    datacontenttype: 'application/json',
    partitionkey: key,
    position,
    licence: licenceOf(event),
    event,
  };
}
