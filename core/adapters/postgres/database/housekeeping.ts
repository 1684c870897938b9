import * as z from 'zod';
import { repairMemoryDays } from '../../../planning/repairs.ts';
import { endWebSessions } from '../access/web-sessions.ts';
import { removeEvents } from '../events/relay-store.ts';
import type { Pool } from './pool.ts';
import { onlyRow } from './rows.ts';

const countRow = z.object({ count: z.int() });
const sizeRow = z.object({ bytes: z.number() });

/** For how many days it is kept what Yahoo answered the proxy, where no setting says so. */
export const usualAnswerDays = 400;

export interface Maintenance {
  /** Months of `quote` that got a partition of their own. */
  readonly partitionsMade: number;
  /** Rows that no month holds. An alarm watches this: they are served, but they slow the table down. */
  readonly rowsInDefault: number;
  /** What the database takes. An alarm compares it with the most that its storage may grow to. */
  readonly databaseBytes: number;
  /** Permits, sessions, sign-in tokens, idempotency keys and events that are over; health, decisions on prices, incidents, recoveries, imports and reports of more than 400 days ago, and answers of the proxy after their setting. */
  readonly removed: number;
}

/**
 * Ranges that answers of more than 30 days ago spoke for become one of each series, as of the newest: an answer that comes
 * later than that withdraws nothing there, which keeps a row too many and never one too few.
 */
const joinRanges = `
  WITH many AS (
    SELECT listing_id, source, interval FROM answered_range WHERE fetched_at < $1::timestamptz - interval '30 days'
    GROUP BY 1, 2, 3 HAVING count(*) > 1 LIMIT 10000
  ), former AS (
    DELETE FROM answered_range r USING many m
    WHERE r.listing_id = m.listing_id AND r.source = m.source AND r.interval = m.interval
      AND r.fetched_at < $1::timestamptz - interval '30 days'
    RETURNING r.*
  )
  INSERT INTO answered_range (listing_id, source, interval, from_at, to_at, fetched_at)
  SELECT listing_id, source, interval, min(from_at), max(to_at), max(fetched_at) FROM former GROUP BY 1, 2, 3
  ON CONFLICT (listing_id, source, interval, from_at, fetched_at) DO UPDATE SET to_at = greatest(answered_range.to_at, excluded.to_at)`;

/**
 * The daily housekeeping: partitions three months ahead (rows of other months are moved out of the default partition),
 * and what has expired is removed. Touches no quote, bar, run or key.
 */
export async function maintainDatabase(pool: Pool, now: Date, proxyAnswerDays = usualAnswerDays): Promise<Maintenance> {
  const made = await pool.query('SELECT maintain_quote_partitions($1) AS count', [now]);
  const left = await pool.query('SELECT count(*)::int AS count FROM quote_default');
  let removed = await endWebSessions(pool, { overAt: now });
  for (const statement of [
    "DELETE FROM permit WHERE reserved_at < $1::timestamptz - interval '3 days'",
    "DELETE FROM sign_in_token WHERE expires_at < $1::timestamptz - interval '1 day'",
    "DELETE FROM idempotency_key WHERE first_used_at < $1::timestamptz - interval '30 days'",
    "DELETE FROM health_sample WHERE hour < $1::timestamptz - interval '400 days'",
    "DELETE FROM system_health_sample WHERE hour < $1::timestamptz - interval '400 days'",
    "DELETE FROM consolidated_quote_revision WHERE known_to < $1::timestamptz - interval '400 days'",
    "DELETE FROM incident WHERE resolved_at < $1::timestamptz - interval '400 days'",
    "DELETE FROM recovery WHERE finished_at < $1::timestamptz - interval '400 days'",
    "DELETE FROM import WHERE created_at < $1::timestamptz - interval '400 days'",
    "DELETE FROM diagnosis WHERE created_at < $1::timestamptz - interval '400 days'",
    `DELETE FROM repair_wanted WHERE wanted_at < $1::timestamptz - interval '${repairMemoryDays} days'`,
    `DELETE FROM repair_read WHERE read_at < $1::timestamptz - interval '${repairMemoryDays} days'`,
  ]) {
    removed += (await pool.query(statement, [now])).rowCount ?? 0;
  }
  const answers = await pool.query(
    'DELETE FROM proxy_answer WHERE to_at < $1::timestamptz - make_interval(days => $2)',
    [now, proxyAnswerDays],
  );
  removed += answers.rowCount ?? 0;
  removed += await removeEvents(pool, now);
  await pool.query(joinRanges, [now]);
  const size = await pool.query('SELECT pg_database_size(current_database())::float8 AS bytes');
  return {
    partitionsMade: onlyRow(countRow, made).count,
    rowsInDefault: onlyRow(countRow, left).count,
    databaseBytes: onlyRow(sizeRow, size).bytes,
    removed,
  };
}
