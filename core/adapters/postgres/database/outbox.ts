import { eventSchema, type QuotronEvent } from '../../../contracts/events.ts';
import { texts } from './array-literal.ts';
import type { Connection } from './pool.ts';

/**
 * Adds events to the outbox, in order, in the caller's transaction: they exist if and only if what they report does.
 * The key of each, by which followers keep the order, is its source. Throws a ZodError for an event that breaks its
 * schema, and nothing of the transaction is kept.
 *
 * @example
 * await inTransaction(pool, async (db) => {
 *   await db.query('UPDATE incident SET resolved_at = $2 WHERE id = $1', [id, at]);
 *   await publish(db, [{ type: 'incident.resolved', data: { incidentId: id, sourceId, reason, count, at: at.toISOString() } }]);
 * });
 */
export async function publish(db: Connection, events: readonly QuotronEvent[]): Promise<void> {
  if (events.length === 0) return;
  await db.query({ name: 'publish', text: publishText('$1', '$2'), values: [...eventColumns(events)] });
}

/** SQL: adds events, by placeholders of the two arrays of `eventColumns`. For a statement that runs anyway. */
export function publishText(types: string, data: string): string {
  return `INSERT INTO outbox (type, key, data)
          SELECT type, data->>'sourceId', data FROM unnest(${types}::text[], ${data}::jsonb[]) WITH ORDINALITY AS event (type, data, place)
          ORDER BY place`;
}

/** Events as `publishText` takes them. Throws a ZodError for one that breaks its schema. */
export function eventColumns(events: readonly QuotronEvent[]): readonly [types: string, data: string] {
  const checked = events.map((event) => eventSchema.parse(event));
  return [texts(checked.map(({ type }) => type)), texts(checked.map(({ data }) => JSON.stringify(data)))];
}
