import * as z from 'zod';
import type { ClaimedEvent } from '../../../contracts/events/relay.ts';
import type { StateRequest, StateResponses } from '../../../contracts/state.ts';
import type { RelayLag } from '../../../ports/event-feed.ts';
import { texts } from '../database/array-literal.ts';
import { acquireLease, releaseLease } from '../database/leases.ts';
import type { Connection, Pool } from '../database/pool.ts';
import { instant, onlyRow, rowsOf } from '../database/rows.ts';
import { runsAt } from '../database/switches.ts';

const leaseName = 'relay-events';

/** A relay that dies is replaced after this time. */
const leaseSeconds = 60;

/** Characters of events in one answer: an invocation of `state` answers with 6 MB at the most. */
const mostCharacters = 3_000_000;

/** Where an event cannot be published for so long, it is given up. The alarm on the lag has been on since. */
const givenUpDays = 14;

/** Rows that one statement removes. */
const removedAtOnce = 20_000;

/** SQL: up to which id nothing is told. A database that was emptied has no row. */
const untold = 'coalesce((SELECT untold_to FROM event_feed), 0)';

const runningRow = z.object({ running: z.boolean() });
const waitingRow = z.object({
  id: z.string(),
  position: z.string(),
  at: instant,
  type: z.string(),
  data: z.unknown(),
  length: z.int(),
});

/**
 * The first events that wait, for the one relay, by position. Those without one get the next, in a transaction that holds
 * the row of the lease, so one claim after the other: whoever sees a position sees all smaller ones.
 */
export async function claimEvents(
  db: Connection,
  { holder, token, limit }: Extract<StateRequest, { op: 'claimEvents' }>,
): Promise<StateResponses['claimEvents']> {
  const running = onlyRow(runningRow, await db.query(`SELECT ${runsAt('relay', 'clock_timestamp()')} AS running`));
  if (!running.running) return { go: false, why: 'stopped' };
  const held = token === null ? await acquireLease(db, leaseName, holder, leaseSeconds) : await renewed(db, token);
  if (held === null) return { go: false, why: 'leased' };
  // The first ones by the index, in its order: with statistics of a quiet hour Postgres would sort all that waits.
  await db.query("SELECT set_config('enable_bitmapscan', 'off', true)");
  const found = await db.query({
    name: 'waiting-events',
    text: `
      WITH waiting AS MATERIALIZED (
        SELECT id, position FROM outbox
        WHERE published_at IS NULL AND id > ${untold} ORDER BY id LIMIT $1
      ), placed AS MATERIALIZED (
        SELECT id, coalesce(position, nextval('event_position')) AS position, position IS NULL AS fresh
        FROM (SELECT id, position FROM waiting ORDER BY id) AS ordered
      ), told AS (
        UPDATE outbox o SET position = placed.position FROM placed WHERE o.id = placed.id AND placed.fresh
      )
      SELECT o.event_id AS id, placed.position::text AS position, o.created_at AS at, o.type, o.data,
             length(o.data::text) AS length
      FROM placed JOIN outbox o USING (id) ORDER BY placed.position`,
    values: [limit],
  });
  const rows = rowsOf(waitingRow, found);
  const events: ClaimedEvent[] = [];
  let characters = 0;
  for (const { length, at, ...row } of rows) {
    characters += length;
    if (events.length > 0 && characters > mostCharacters) break;
    events.push({ ...row, at: at.toISOString() });
  }
  return { go: true, token: held, leaseSeconds, events, more: rows.length === limit || events.length < rows.length };
}

async function renewed(db: Connection, token: number): Promise<number | null> {
  const { rowCount } = await db.query(
    `UPDATE lease SET expires_at = clock_timestamp() + make_interval(secs => $3)
     WHERE name = $1 AND token = $2 AND expires_at > clock_timestamp()`,
    [leaseName, token, leaseSeconds],
  );
  return rowCount === 1 ? token : null;
}

/** Notes that events were published, by the relay that has the lease. */
export async function acknowledgeEvents(
  db: Connection,
  { token, ids, from, done }: Extract<StateRequest, { op: 'acknowledgeEvents' }>,
): Promise<StateResponses['acknowledgeEvents']> {
  if ((await renewed(db, token)) === null) return { accepted: false };
  // By positions, because those that wait behind them have none yet: a scan of all that waits would take longer the more
  // there is to do.
  if (ids.length > 0)
    await db.query({
      name: 'published-events',
      text: `UPDATE outbox SET published_at = clock_timestamp() WHERE position >= $2 AND event_id = ANY ($1::uuid[])`,
      values: [texts(ids), from ?? '0'],
    });
  if (done) await releaseLease(db, leaseName, token);
  return { accepted: true };
}

/** SQL: for how many seconds the oldest event has waited; 0 where none waits. The smallest id is the oldest by some ms. */
export const oldestWaitingSeconds = `coalesce((
  SELECT greatest(0, extract(epoch FROM clock_timestamp() - created_at))
  FROM outbox WHERE published_at IS NULL AND id > ${untold} ORDER BY id LIMIT 1), 0)::float8`;

const lagRow = z.object({ waiting: z.int(), seconds: z.number() });

/** How many events wait, and for how long. */
export async function relayLag(pool: Pool): Promise<RelayLag> {
  const found = await pool.query({
    name: 'relay-lag',
    text: `SELECT (SELECT count(*)::int FROM outbox WHERE published_at IS NULL AND id > ${untold}) AS waiting,
                  ${oldestWaitingSeconds} AS seconds`,
  });
  return onlyRow(lagRow, found);
}

const removedRow = z.object({ removed: z.int() });

/**
 * Removes events a day after they were published, those that could not be published for two weeks, and those of before
 * events were relayed. Notes up to which position they are gone. Gives how many.
 */
export async function removeEvents(pool: Pool, now: Date): Promise<number> {
  let total = 0;
  for (;;) {
    const result = await pool.query(
      `WITH over AS (
         (SELECT id FROM outbox WHERE published_at < $1::timestamptz - interval '1 day' ORDER BY published_at LIMIT $2)
         UNION
         (SELECT id FROM outbox WHERE published_at IS NULL
            AND (id <= ${untold} OR created_at < $1::timestamptz - make_interval(days => $3))
          ORDER BY id LIMIT $2)
       ), gone AS (
         DELETE FROM outbox USING over WHERE outbox.id = over.id RETURNING outbox.position
       ), noted AS (
         INSERT INTO event_feed AS f (removed_to, untold_to) SELECT coalesce(max(position), 0), 0 FROM gone
         ON CONFLICT (id) DO UPDATE SET removed_to = greatest(f.removed_to, excluded.removed_to)
       )
       SELECT count(*)::int AS removed FROM gone`,
      [now, removedAtOnce, givenUpDays],
    );
    const { removed } = onlyRow(removedRow, result);
    total += removed;
    if (removed === 0) return total;
  }
}
