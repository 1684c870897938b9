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
  const checked = events.map((event) => eventSchema.parse(event));
  await db.query({
    name: 'publish',
    text: `INSERT INTO outbox (type, key, data)
           SELECT type, data->>'sourceId', data FROM unnest($1::text[], $2::jsonb[]) WITH ORDINALITY AS event (type, data, place)
           ORDER BY place`,
    values: [texts(checked.map(({ type }) => type)), texts(checked.map(({ data }) => JSON.stringify(data)))],
  });
}
