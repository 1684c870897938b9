import * as z from 'zod';
import type { RelayLag } from '../../../ports/event-feed.ts';
import type { Pool } from '../database/pool.ts';
import { onlyRow } from '../database/rows.ts';

/** Where an event cannot be published for so long, it is given up. The alarm on the lag has been on since. */
const givenUpDays = 14;

/** Rows that one statement removes. */
const removedAtOnce = 20_000;

/** SQL: up to which id nothing is told. A database that was emptied has no row. */
export const untold = 'coalesce((SELECT untold_to FROM event_feed), 0)';

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
