import type { LicenceClass } from '../words/licence.ts';
import type { QuotronEvent } from './event.ts';

/** What stands before the types of our events. */
const typePrefix = 'quotron.';

/**
 * An event in its envelope: CloudEvents 1.0. `id` is the same for each delivery of an event. `position` is its place among
 * all events, a whole number as text; `partitionkey` the key in whose order followers get it, which is its `subject` too;
 * `licence` the class of the source that its data are of.
 */
export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  /** `/quotron/<stage>`. */
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
export function toJson({ event, ...envelope }: CloudEvent): string {
  const { specversion, id, source, ...rest } = envelope;
  return JSON.stringify({ specversion, id, source, type: `${typePrefix}${event.type}`, ...rest, data: event.data });
}
