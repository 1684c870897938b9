import { type CloudEvent, type OutgoingEvent, toJson, typePrefix } from '../contracts/events/cloud-event.ts';
import type { EventType, QuotronEvent } from '../contracts/events/event.ts';
import { type Installation, installationPath } from '../contracts/installation.ts';
import type { LicenceClass } from '../contracts/words/licence.ts';
import { sourceOf } from '../sources/catalogue.ts';
import { keyOf, sourceIdOf, sourceIdOfKey } from './key.ts';

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
export function isOfOperation({ type }: Pick<QuotronEvent, 'type'>): boolean {
  return ofOperation.has(type);
}

/** The licence class of an event: its source's, where it carries something of the source. */
function licenceOf(type: EventType, sourceId: string | null): LicenceClass {
  if (isOfOperation({ type })) return 'redistribute';
  return sourceOf(sourceId ?? '')?.terms.licence ?? 'unknown';
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
    licence: licenceOf(event.type, sourceIdOf(event)),
    event,
  };
}

/** An event of the outbox, with its position, and its data as the text that was written. */
interface WrittenEvent {
  readonly id: string;
  readonly position: string;
  /** ISO 8601. */
  readonly at: string;
  readonly type: EventType;
  readonly key: string;
  readonly data: string;
}

/**
 * The event in its envelope, as it is sent. The envelope is put around the text of the data: to read them and write them again
 * took as long as sending them. Of the parts that are not escaped, each is known to need none.
 */
export function outgoing(
  { id, position, at, type, key, data }: WrittenEvent,
  installation: Installation,
): OutgoingEvent {
  const sourceId = sourceIdOfKey(type, key);
  const keyText = JSON.stringify(key);
  const body = `{"specversion":"1.0","id":"${id}","source":"${installationPath(installation)}","type":"${typePrefix}${type}","subject":${keyText},"time":"${at}","datacontenttype":"application/json","partitionkey":${keyText},"position":"${position}","licence":"${licenceOf(type, sourceId)}","data":${data}}`;
  return { id, type, key, sourceId, body };
}

/** The same of an event that is in its envelope. */
export function sendable(event: CloudEvent): OutgoingEvent {
  const { id, partitionkey: key } = event;
  return { id, type: event.event.type, key, sourceId: sourceIdOf(event.event), body: toJson(event) };
}
