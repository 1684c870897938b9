/** Events of the former release, which writes them until a deployment is over. */
import { type EventType, eventSchema, type QuotronEvent } from '../contracts/events/event.ts';

const renamed: ReadonlyMap<string, EventType> = new Map([['source.health_changed', 'source.health-changed']]);

const batchKinds: ReadonlyMap<string, string> = new Map([
  ['quotes.stored', 'quotes'],
  ['bars.stored', 'bars'],
]);

/**
 * A row of the outbox as an event; `null` for one that has no meaning any more. What a former release says of a batch lacks
 * the rows, so it is told as `batch.completed`; that it changed rows is a count in it.
 */
export function eventOf(type: string, data: unknown): QuotronEvent | null {
  const event = eventSchema.safeParse({ type: renamed.get(type) ?? type, data });
  if (event.success) return event.data;
  const kind = batchKinds.get(type);
  if (kind === undefined || typeof data !== 'object') return null;
  const completed = eventSchema.safeParse({
    type: 'batch.completed',
    data: { ...data, kind, origin: 'former_release', listings: [], listingCount: 0, from: null, to: null },
  });
  return completed.success ? completed.data : null;
}
