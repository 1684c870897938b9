import * as z from 'zod';
import type { ClaimedEvent } from '../../../contracts/events/relay.ts';
import type { StateRequest, StateResponses } from '../../../contracts/state.ts';
import { asFollowed } from '../../../events/outbox-row.ts';
import type { RelayLag } from '../../../ports/event-feed.ts';
import { numbers, texts } from '../database/array-literal.ts';
import { acquireLease, releaseLease } from '../database/leases.ts';
import type { Connection, Pool } from '../database/pool.ts';
import { onlyRow, rowsOf } from '../database/rows.ts';
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
  at: z.string(),
  type: z.string(),
  key: z.string(),
  /** JSON. */
  data: z.string(),
});
type Waiting = z.output<typeof waitingRow>;

/** SQL: the same of `outbox o`. */
const waitingColumns = 'o.id AS row, o.event_id AS id, o.created_at AS at, o.type, o.key, o.data';

/** Columns as the texts that the server sends: the driver would make an object of each time and all data. */
const asTexts = { getTypeParser: () => (text: string) => text };

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
  { holder, token, limit, published, asText }: Extract<StateRequest, { op: 'claimEvents' }>,
): Promise<StateResponses['claimEvents']> {
  const held = token === null ? await acquireLease(db, leaseName, holder, leaseSeconds) : await renewed(db, token);
  if (held === null) return { go: false, why: 'leased' };
  if (published) await settle(db, held, published);
  const running = onlyRow(runningRow, await db.query(`SELECT ${runsAt('relay', 'clock_timestamp()')} AS running`));
  if (!running.running) {
    if (token === null) await releaseLease(db, leaseName, held);
    return { go: false, why: 'stopped' };
  }
  const left = await leftClaim(db, held);
  const { claim, rows, more } = left ?? (await newClaim(db, held, limit));
  const events = rows.map((row) => claimed(row, asText === true));
  return { go: true, token: held, leaseSeconds, claim, events, more };
}

/** Notes that events were published, by the relay that has the lease, of a claim or of all that it has. */
export async function acknowledgeEvents(
  db: Connection,
  { token, done, ...published }: Extract<StateRequest, { op: 'acknowledgeEvents' }>,
): Promise<StateResponses['acknowledgeEvents']> {
  if ((await renewed(db, token)) === null) return { accepted: false };
  await settle(db, token, published);
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

interface Settled {
  readonly claim?: string | undefined;
  readonly ids: readonly string[];
  readonly whole?: boolean | undefined;
}

/**
 * Writes the positions of a claim, or of all that the relay has, and which of its events were published. Without a name, so
 * that Postgres makes a table of the ids: by a general plan it would compare each event with each of them.
 */
async function settle(db: Connection, token: number, { claim, ids, whole = false }: Settled): Promise<void> {
  const all = whole && claim !== undefined;
  await db.query(
    `WITH settled AS (
       DELETE FROM relay_claim WHERE token = $1 AND last_position = coalesce($2, last_position) RETURNING ids, positions
     )
     UPDATE outbox o
     SET position = c.position,
         published_at = ${all ? 'clock_timestamp()' : 'CASE WHEN o.event_id = ANY ($3::uuid[]) THEN clock_timestamp() END'}
     FROM settled, unnest(settled.ids, settled.positions) AS c (id, position)
     WHERE o.id = c.id AND o.published_at IS NULL`,
    [token, claim ?? null, ...(all ? [] : [texts(ids)])],
  );
}

/** A row that has a position. */
type Placed = Waiting & { readonly position: string };

interface Claim {
  /** `null` where nothing waits. */
  readonly claim: string | null;
  readonly rows: readonly Placed[];
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
  const rows = await db.query({
    text: `SELECT ${waitingColumns}, c.position
           FROM relay_claim, unnest(ids, positions) AS c (id, position) JOIN outbox o USING (id)
           WHERE last_position = $1 AND o.published_at IS NULL ORDER BY c.position`,
    values: [claim],
    types: asTexts,
  });
  return {
    claim,
    rows: rowsOf(waitingRow, rows).map((row) => placed(asFollowed(row), row.position ?? claim)),
    more: true,
  };
}

async function newClaim(db: Connection, token: number, limit: number): Promise<Claim> {
  // The first ones by the index, in its order: with statistics of a quiet hour Postgres would sort all that waits.
  await db.query("SELECT set_config('enable_bitmapscan', 'off', true)");
  const found = await db.query({
    name: 'waiting-events',
    text: `
      SELECT ${waitingColumns}, o.position FROM outbox o
      WHERE o.published_at IS NULL AND o.id > ${untold} AND o.id NOT IN (SELECT unnest(ids) FROM relay_claim)
      ORDER BY o.id LIMIT $1`,
    values: [limit],
    types: asTexts,
  });
  const waiting = rowsOf(waitingRow, found);
  const taken = firstOf(byPosition(waiting));
  if (taken.length === 0) return { claim: null, rows: [], more: false };
  const fresh = taken.filter(({ position }) => position === null).length;
  let next = fresh === 0 ? 0 : await placesFor(db, fresh);
  const rows = taken.map((row) => placed(row, row.position ?? String(next++)));
  const positions = rows.map(({ position }) => position);
  const last = positions.at(-1) ?? null;
  await db.query({
    name: 'claim-events',
    text: 'INSERT INTO relay_claim (token, ids, positions, last_position) VALUES ($1, $2, $3, $4)',
    values: [token, numbers(rows.map(({ row }) => row)), numbers(positions), last],
  });
  return { claim: last, rows, more: waiting.length === limit || taken.length < waiting.length };
}

/** Those that have a position first, in its order; those that were not sent yet in that of their ids, as they came. */
function byPosition(waiting: readonly Waiting[]): readonly Waiting[] {
  const again = waiting.filter(({ position }) => position !== null);
  if (again.length === 0) return waiting;
  again.sort((a, b) => Number(a.position) - Number(b.position));
  return [...again, ...waiting.filter(({ position }) => position === null)];
}

/** The first of so many positions that follow each other: nobody else takes one while the row of the lease is held. */
async function placesFor(db: Connection, count: number): Promise<number> {
  const found = await db.query(
    `SELECT min(nextval('event_position'))::text AS first FROM generate_series(1, $1::int)`,
    [count],
  );
  return Number(onlyRow(firstRow, found).first);
}

/** As many as an answer holds, and one at least, as followers get them. */
function firstOf(rows: readonly Waiting[]): readonly Waiting[] {
  const first: Waiting[] = [];
  let characters = 0;
  for (const row of rows) {
    const followed = asFollowed(row);
    characters += followed.data.length;
    if (first.length > 0 && characters > mostCharacters) break;
    first.push(followed);
  }
  return first;
}

function placed(row: Waiting, position: string): Placed {
  return Object.assign(row, { position });
}

function claimed({ id, position, at, type, key, data }: Placed, asText: boolean): ClaimedEvent {
  return { id, position, at: isoTime(at), type, key, data: asText ? data : JSON.parse(data) };
}

/** A time as the server writes it, in milliseconds, of a session in UTC: `2026-11-30 14:30:02.114325+00`. */
function isoTime(text: string): string {
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${text.slice(20, -3).slice(0, 3).padEnd(3, '0')}Z`;
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
         (SELECT id FROM (SELECT id, published_at FROM outbox WHERE position IS NOT NULL ORDER BY position LIMIT $2) AS first
          WHERE published_at < $1::timestamptz - interval '1 day')
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
