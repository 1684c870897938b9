import * as z from 'zod';
import type { ClaimedEvent } from '../../../contracts/events/relay.ts';
import type { StateRequest, StateResponses } from '../../../contracts/state.ts';
import type { RelayLag } from '../../../ports/event-feed.ts';
import { numbers, texts } from '../database/array-literal.ts';
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
  row: z.string(),
  id: z.string(),
  position: z.string().nullable(),
  at: instant,
  type: z.string(),
  /** JSON. Parsed of those only that are given. */
  data: z.string(),
});
type Waiting = z.output<typeof waitingRow>;
const claimRow = z.object({ last: z.string() });
const firstRow = z.object({ first: z.string() });

/**
 * The first events that wait, for the one relay, by position; before that, notes which of an earlier claim were published.
 * A relay may have two claims: it sends one while it gets the next.
 *
 * Positions are taken in a transaction that holds the row of the lease, and come into the outbox by claim, in order, when it
 * is acknowledged: whoever sees a position sees all smaller ones.
 */
export async function claimEvents(
  db: Connection,
  { holder, token, limit, published }: Extract<StateRequest, { op: 'claimEvents' }>,
): Promise<StateResponses['claimEvents']> {
  const held = token === null ? await acquireLease(db, leaseName, holder, leaseSeconds) : await renewed(db, token);
  if (held === null) return { go: false, why: 'leased' };
  if (published) await settle(db, held, published.ids, published.claim);
  const running = onlyRow(runningRow, await db.query(`SELECT ${runsAt('relay', 'clock_timestamp()')} AS running`));
  if (!running.running) {
    if (token === null) await releaseLease(db, leaseName, held);
    return { go: false, why: 'stopped' };
  }
  const left = await leftClaim(db, held);
  const { claim, events, more } = left ?? (await newClaim(db, held, limit));
  return { go: true, token: held, leaseSeconds, claim, events, more };
}

/** Notes that events were published, by the relay that has the lease, of a claim or of all that it has. */
export async function acknowledgeEvents(
  db: Connection,
  { token, claim, ids, done }: Extract<StateRequest, { op: 'acknowledgeEvents' }>,
): Promise<StateResponses['acknowledgeEvents']> {
  if ((await renewed(db, token)) === null) return { accepted: false };
  await settle(db, token, ids, claim ?? null);
  if (done) {
    // Claimed and not sent: they wait as they did.
    await db.query('DELETE FROM relay_claim WHERE token = $1', [token]);
    await releaseLease(db, leaseName, token);
  }
  return { accepted: true };
}

async function renewed(db: Connection, token: number): Promise<number | null> {
  const { rowCount } = await db.query(
    `UPDATE lease SET expires_at = clock_timestamp() + make_interval(secs => $3)
     WHERE name = $1 AND token = $2 AND expires_at > clock_timestamp()`,
    [leaseName, token, leaseSeconds],
  );
  return rowCount === 1 ? token : null;
}

/**
 * Writes the positions of a claim, and which of its events were published. Without a name, so that Postgres makes a table of
 * the ids: by a general plan it would compare each event with each of them.
 */
async function settle(db: Connection, token: number, ids: readonly string[], claim: string | null): Promise<void> {
  await db.query(
    `WITH settled AS (
       DELETE FROM relay_claim WHERE token = $1 AND last_position = coalesce($2, last_position) RETURNING ids, positions
     )
     UPDATE outbox o
     SET position = c.position, published_at = CASE WHEN o.event_id = ANY ($3::uuid[]) THEN clock_timestamp() END
     FROM settled, unnest(settled.ids, settled.positions) AS c (id, position)
     WHERE o.id = c.id AND o.published_at IS NULL`,
    [token, claim, texts(ids)],
  );
}

interface Claim {
  /** `null` where nothing waits. */
  readonly claim: string | null;
  readonly events: ClaimedEvent[];
  readonly more: boolean;
}

/** The first claim that a relay before has left. */
async function leftClaim(db: Connection, token: number): Promise<Claim | null> {
  // A relay of the former release has given greater positions since, and these would come after them.
  await db.query(
    `DELETE FROM relay_claim
     WHERE token <> $1 AND last_position < (SELECT max(position) FROM outbox WHERE position IS NOT NULL)`,
    [token],
  );
  const found = await db.query(
    `UPDATE relay_claim SET token = $1
     WHERE last_position = (SELECT min(last_position) FROM relay_claim WHERE token <> $1)
     RETURNING last_position::text AS last`,
    [token],
  );
  const claim = rowsOf(claimRow, found)[0]?.last;
  if (claim === undefined) return null;
  const rows = await db.query(
    `SELECT o.id::text AS row, o.event_id AS id, c.position::text AS position, o.created_at AS at, o.type, o.data::text AS data
     FROM relay_claim, unnest(ids, positions) AS c (id, position) JOIN outbox o USING (id)
     WHERE last_position = $1 AND o.published_at IS NULL ORDER BY c.position`,
    [claim],
  );
  return { claim, events: rowsOf(waitingRow, rows).map((row) => claimed(row, row.position ?? claim)), more: true };
}

async function newClaim(db: Connection, token: number, limit: number): Promise<Claim> {
  // The first ones by the index, in its order: with statistics of a quiet hour Postgres would sort all that waits.
  await db.query("SELECT set_config('enable_bitmapscan', 'off', true)");
  const found = await db.query({
    name: 'waiting-events',
    text: `
      WITH free AS MATERIALIZED (
        (SELECT id FROM outbox WHERE published_at IS NULL AND id > ${untold} ORDER BY id
         LIMIT $1 + (SELECT coalesce(sum(cardinality(ids)), 0) FROM relay_claim))
        EXCEPT SELECT unnest(ids) FROM relay_claim
      ), waiting AS MATERIALIZED (SELECT id FROM free ORDER BY id LIMIT $1)
      SELECT o.id::text AS row, o.event_id AS id, o.position::text AS position, o.created_at AS at, o.type, o.data::text AS data
      FROM waiting JOIN outbox o USING (id) ORDER BY o.position NULLS LAST, o.id`,
    values: [limit],
  });
  const rows = rowsOf(waitingRow, found);
  const taken = firstOf(rows);
  if (taken.length === 0) return { claim: null, events: [], more: false };
  const fresh = taken.filter(({ position }) => position === null).length;
  let next = fresh === 0 ? 0n : await placesFor(db, fresh);
  const events = taken.map((row) => claimed(row, row.position ?? String(next++)));
  const positions = events.map(({ position }) => position);
  const last = positions.at(-1) ?? null;
  await db.query({
    name: 'claim-events',
    text: 'INSERT INTO relay_claim (token, ids, positions, last_position) VALUES ($1, $2, $3, $4)',
    values: [token, numbers(taken.map(({ row }) => row)), numbers(positions), last],
  });
  return { claim: last, events, more: rows.length === limit || taken.length < rows.length };
}

/** The first of so many positions that follow each other: nobody else takes one while the row of the lease is held. */
async function placesFor(db: Connection, count: number): Promise<bigint> {
  const found = await db.query(
    `SELECT min(nextval('event_position'))::text AS first FROM generate_series(1, $1::int)`,
    [count],
  );
  return BigInt(onlyRow(firstRow, found).first);
}

/** As many as an answer holds, and one at least. */
function firstOf(rows: readonly Waiting[]): readonly Waiting[] {
  let characters = 0;
  const over = rows.findIndex(({ data }, at) => {
    characters += data.length;
    return at > 0 && characters > mostCharacters;
  });
  return over < 0 ? rows : rows.slice(0, over);
}

function claimed({ id, at, type, data }: Waiting, position: string): ClaimedEvent {
  return { id, position, at: at.toISOString(), type, data: JSON.parse(data) };
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
