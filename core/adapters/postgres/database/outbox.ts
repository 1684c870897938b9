import type pg from 'pg';
import { eventSchema, type NewEvent, ofQuotes, type QuotronEvent } from '../../../contracts/events/event.ts';
import type { BatchOrigin } from '../../../contracts/events/words.ts';
import { keyOf } from '../../../events/key.ts';
import type { QuotesEvent } from '../../../events/of-batch.ts';
import { storedQuotes } from '../../../events/quote-columns.ts';
import { jsons, texts } from './array-literal.ts';

/** An event that waits for the end of its transaction. */
type Waiting = QuotronEvent | QuotesEvent;

/** The events of a transaction that is under way, in order. */
interface Collected {
  readonly events: Waiting[];
  origin: BatchOrigin;
}

const underWay = new WeakMap<pg.PoolClient, Collected>();

/**
 * Publishes events with the caller's transaction, which must be one of `inTransaction`: they exist if and only if what they
 * report does. They are written as its last statement, whenever this is called. Throws a ZodError for an event that breaks
 * its schema, and nothing of the transaction is kept.
 *
 * @example
 * await inTransaction(pool, async (db) => {
 *   await db.query('UPDATE incident SET resolved_at = $2 WHERE id = $1', [id, at]);
 *   publish(db, [{ type: 'incident.resolved', data: { incidentId: id, sourceId, reason, count, at: at.toISOString() } }]);
 * });
 */
export function publish(db: pg.PoolClient, events: readonly (NewEvent | QuotesEvent)[]): void {
  const { events: collected, origin } = collectedOf(db);
  for (const event of events) {
    const data = { origin, ...event.data };
    collected.push(
      'quotes' in event ? { ...event, data: ofQuotes.parse(data) } : eventSchema.parse({ ...event, data }),
    );
  }
}

/** Says how the rows of this transaction came; events that have an `origin` get it. */
export function setOrigin(db: pg.PoolClient, origin: BatchOrigin): void {
  collectedOf(db).origin = origin;
}

function collectedOf(db: pg.PoolClient): Collected {
  const collected = underWay.get(db);
  if (!collected) throw new Error('Events are published in a transaction of inTransaction only.');
  return collected;
}

/** For `inTransaction`: from here on, events of this connection's transaction are collected. */
export function collectEvents(db: pg.PoolClient): void {
  underWay.set(db, { events: [], origin: 'live' });
}

/** For `inTransaction`: forgets what was not written. */
export function dropEvents(db: pg.PoolClient): void {
  underWay.delete(db);
}

/**
 * For `inTransaction`, before it commits: writes what was collected, in one statement.
 *
 * Ids are taken under a lock of each key, which is held until the commit, so of one key a greater id is committed later:
 * the relay, which goes by id, sees the events of a key in order. All locks of a transaction are taken here, in order, and
 * nothing is waited for after them.
 */
export async function writeEvents(db: pg.PoolClient): Promise<void> {
  const events = underWay.get(db)?.events ?? [];
  if (events.length === 0) return;
  await db.query({
    name: 'publish',
    text: publishText,
    values: [
      ...[texts(events.map(keyOf)), texts(events.map(({ type }) => type)), texts(events.map(storedKeyOf))],
      jsons(events.map((event) => ('quotes' in event ? storedQuotes(event) : JSON.stringify(event.data)))),
    ],
  });
}

/** What is kept by column has the key of its source, by which the former release knows that it cannot be sent as it is. */
function storedKeyOf(event: Waiting): string {
  return 'quotes' in event ? event.data.sourceId : keyOf(event);
}

const publishText = `
      WITH turn AS MATERIALIZED (
        SELECT pg_advisory_xact_lock(lock)
        FROM (SELECT DISTINCT hashtextextended('outbox ' || key, 0) AS lock FROM unnest($1::text[]) AS key ORDER BY lock) AS keys
      )
      INSERT INTO outbox (type, key, data)
      SELECT type, key, data
      FROM ROWS FROM (unnest($2::text[]), unnest($3::text[]), unnest($4::json[]))
        WITH ORDINALITY AS event (type, key, data, place)
      WHERE (SELECT count(*) FROM turn) > 0 ORDER BY place`;
