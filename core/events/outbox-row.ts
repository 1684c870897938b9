/** Rows of the outbox as events. The former release writes them, too, until a deployment is over. */
import { type EventType, eventSchema, namedByType, type QuotronEvent } from '../contracts/events/event.ts';
import type { ClaimedEvent } from '../contracts/events/relay.ts';
import { keyOf } from './key.ts';
import { dataOfStored } from './quote-columns.ts';

const renamed: ReadonlyMap<string, EventType> = new Map([['source.health_changed', 'source.health-changed']]);

const batchKinds: ReadonlyMap<string, string> = new Map([
  ['quotes.stored', 'quotes'],
  ['bars.stored', 'bars'],
]);

/** A row of the outbox, its data as the text that was written. */
interface OutboxRow {
  readonly type: string;
  readonly key: string;
  readonly data: string;
}

/** A row with the key and the data that followers get, where quotes are kept by column; any other one as it is. */
export function asFollowed<Row extends OutboxRow>(row: Row): Row {
  if (row.type !== 'quotes.stored' || row.key.includes('/')) return row;
  const stored = dataOfStored(JSON.parse(row.data));
  return stored ? { ...row, key: keyOf({ data: stored.of }), data: stored.text } : row;
}

/**
 * A row of the outbox as an event; `null` for one that has no meaning any more. What a former release says of a batch lacks
 * the rows, so it is told as `batch.completed`; that it changed rows is a count in it.
 */
export function eventOf(type: string, data: unknown): QuotronEvent | null {
  const stored = type === 'quotes.stored' ? dataOfStored(data) : null;
  const told: unknown = stored ? JSON.parse(stored.text) : data;
  const event = eventSchema.safeParse({ type: renamed.get(type) ?? type, data: told });
  if (event.success) return event.data;
  const kind = batchKinds.get(type);
  if (kind === undefined || typeof data !== 'object') return null;
  const completed = eventSchema.safeParse({
    type: 'batch.completed',
    data: { ...data, kind, origin: 'former_release', listings: [], listingCount: 0, from: null, to: null },
  });
  return completed.success ? completed.data : null;
}

/** An event that the one writer of this release has checked and written, and whose data are not read again. */
type CheckedEvent = ClaimedEvent & { readonly type: EventType; readonly key: string; readonly data: string };

/**
 * Whether an event is such a one. The former release's have names of their own, or the key of their source where this
 * release's have a block, too.
 */
export function isChecked(event: ClaimedEvent): event is CheckedEvent {
  const named = namedByType.get(event.type);
  return (
    typeof event.data === 'string' &&
    event.key !== undefined &&
    named !== undefined &&
    named.block === event.key.includes('/')
  );
}
