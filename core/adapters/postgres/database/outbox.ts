import type pg from 'pg';
import type * as z from 'zod';
import { eventSchema, type NewEvent, ofQuotes, type QuotronEvent } from '../../../contracts/events/event.ts';
import type { BatchOrigin } from '../../../contracts/events/words.ts';
import { keyOf } from '../../../events/key.ts';
import type { QuotesEvent } from '../../../events/of-batch.ts';
import { quoteColumnsOf, quoteInput } from '../prices/quote-input.ts';
import { numbers, texts } from './array-literal.ts';

/** An event that waits for the end of its transaction. */
type Waiting = QuotronEvent | (QuotesEvent & { readonly data: z.output<typeof ofQuotes> });

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
  const quoted = events.flatMap((event, at) => ('quotes' in event ? [{ ...event, event: at + 1 }] : []));
  const rows = quoted.flatMap((each) => each.quotes);
  await db.query({
    name: rows.length > 0 ? 'publish-quotes' : 'publish',
    text: rows.length > 0 ? publishQuotesText : publishText,
    values: [
      texts(events.map(({ type }) => type)),
      texts(events.map(keyOf)),
      JSON.stringify(events.map(({ data }) => data)),
      ...(rows.length > 0
        ? [
            numbers(quoted.flatMap(({ event, quotes }) => quotes.map(() => event))),
            texts(quoted.flatMap(({ symbols }) => symbols)),
            ...quoteColumnsOf(rows),
          ]
        : []),
    ],
  });
}

/** One JSON array of all events: in an array of Postgres each quotation mark would have to be escaped. */
const collectedEvents =
  'ROWS FROM (unnest($1::text[]), unnest($2::text[]), jsonb_array_elements($3::jsonb)) WITH ORDINALITY AS event (type, key, data, place)';

const turn = `turn AS MATERIALIZED (
        SELECT pg_advisory_xact_lock(lock)
        FROM (SELECT DISTINCT hashtextextended('outbox ' || key, 0) AS lock FROM unnest($2::text[]) AS key ORDER BY lock) AS keys
      )`;

const publishText = `
      WITH ${turn}
      INSERT INTO outbox (type, key, data)
      SELECT type, key, data FROM ${collectedEvents}
      WHERE (SELECT count(*) FROM turn) > 0 ORDER BY place`;

const isoTime = (ms: string) =>
  `to_char(to_timestamp(${ms} / 1000.0::float8) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** With the rows of events of quotes. */
const publishQuotesText = `
      WITH ${turn}, quoted AS (
        SELECT event AS place, jsonb_build_object('rows', jsonb_agg(jsonb_build_object(
          'listingId', listing_id, 'symbol', symbol, 'asOf', ${isoTime('as_of')}, 'asOfBasis', as_of_basis,
          'fetchedAt', ${isoTime('fetched_at')}, 'price', price, 'previousClose', previous_close, 'bid', bid, 'ask', ask,
          'volume', volume, 'currency', currency, 'session', session, 'delaySeconds', delay_seconds,
          'provisional', provisional) ORDER BY place)) AS rows
        FROM ${quoteInput(6, 'text')}
        JOIN unnest($4::int[], $5::text[]) WITH ORDINALITY AS named (event, symbol, place) USING (place)
        GROUP BY event
      )
      INSERT INTO outbox (type, key, data)
      SELECT type, key, CASE WHEN rows IS NULL THEN data ELSE data || rows END
      FROM ${collectedEvents} LEFT JOIN quoted USING (place)
      WHERE (SELECT count(*) FROM turn) > 0 ORDER BY place`;
