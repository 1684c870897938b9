import * as z from 'zod';
import { type LicenceClass, licenceClasses } from '../words/licence.ts';
import { type EventType, eventSchema, type QuotronEvent } from './event.ts';

/** What stands before the types of our events. */
export const typePrefix = 'quotron.';

/**
 * An event in its envelope: CloudEvents 1.0. `id` is the same for each delivery of an event. `position` is its place among
 * all events, a whole number as text; `partitionkey` the key in whose order followers get it, which is its `subject` too;
 * `licence` the class of the source that its data are of.
 */
export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  /** The installation: `/quotron/prod`, or of a second copy `/<prefix>/<stage>`. */
  readonly source: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly partitionkey: string;
  readonly position: string;
  readonly licence: LicenceClass;
  readonly event: QuotronEvent;
}

/** An event as followers get it: the JSON format of CloudEvents. */
export function toJson(event: CloudEvent): string {
  return JSON.stringify(onTheWire(event));
}

/** The same, not yet as text. */
export function onTheWire(of: CloudEvent): WireEvent {
  // Field by field: the copy of a rest takes longer than all of this.
  return {
    specversion: of.specversion,
    id: of.id,
    source: of.source,
    type: `${typePrefix}${of.event.type}`,
    subject: of.subject,
    time: of.time,
    datacontenttype: of.datacontenttype,
    partitionkey: of.partitionkey,
    position: of.position,
    licence: of.licence,
    data: of.event.data,
  };
}

/** An event as it is sent. */
export interface OutgoingEvent {
  readonly id: string;
  readonly type: EventType;
  /** Followers get those of a key in order. */
  readonly key: string;
  /** The source that it is about; `null` for none. */
  readonly sourceId: string | null;
  /** Its envelope, as followers get it: the JSON format of CloudEvents. */
  readonly body: string;
}

/** An event of any release, as it is sent. */
export const wireEventSchema = z.object({
  specversion: z.literal('1.0'),
  id: z.uuid(),
  source: z.string().min(1),
  type: z.string().startsWith(typePrefix),
  subject: z.string(),
  time: z.iso.datetime(),
  datacontenttype: z.literal('application/json'),
  partitionkey: z.string(),
  position: z.string().regex(/^\d+$/),
  licence: z.enum(licenceClasses),
  data: z.unknown(),
});

type WireEvent = z.infer<typeof wireEventSchema>;

/** An event in its envelope, as a follower reads it. A type that this release does not know is refused. */
export const cloudEventSchema = wireEventSchema.transform(({ type, data, ...envelope }, context): CloudEvent => {
  const event = eventSchema.safeParse({ type: type.slice(typePrefix.length), data });
  if (event.success) return { ...envelope, event: event.data };
  for (const { path, message } of event.error.issues) context.addIssue({ code: 'custom', path: [...path], message });
  return z.NEVER;
});
