import * as z from 'zod';
import { type RetentionDays, usualRetention } from '../../../planning/retention.ts';
import { endWebSessions } from '../access/web-sessions.ts';
import { removeEvents } from '../events/relay-store.ts';
import { endLeftExports } from '../history/export-store.ts';
import type { Pool } from './pool.ts';
import { nightlyRetention, type RetentionLimits, removeExpired } from './retention.ts';
import { onlyRow } from './rows.ts';

const countRow = z.object({ count: z.int() });
const sizeRow = z.object({ bytes: z.number() });

export interface Maintenance {
  /** Months of `quote` that got a partition of their own. */
  readonly partitionsMade: number;
  /** Rows that no month holds. An alarm watches this: they are served, but they slow the table down. */
  readonly rowsInDefault: number;
  /** What the database takes. An alarm compares it with the most that its storage may grow to. */
  readonly databaseBytes: number;
  /** Rows whose lifetime has ended, sessions of the dashboard and events among them. */
  readonly removed: number;
  /** The same, of which table. */
  readonly removedOf: Readonly<Record<string, number>>;
  /** Whether all that has expired was deleted; the next night resumes with the rest. */
  readonly allRemoved: boolean;
  /** Exports on which nothing works any more. */
  readonly exportsEnded: number;
}

/** An export is half an hour of work at the most; its message waits while the database is away, and for those before it. */
const longestExportMs = 2 * 86_400_000;

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
 * and rows whose lifetime has ended are deleted. Touches no quote, bar or key.
 */
export async function maintainDatabase(
  pool: Pool,
  now: Date,
  days: RetentionDays = usualRetention,
  limits: RetentionLimits = nightlyRetention,
): Promise<Maintenance> {
  const made = await pool.query('SELECT maintain_quote_partitions($1) AS count', [now]);
  const left = await pool.query('SELECT count(*)::int AS count FROM quote_default');
  const sessions = await endWebSessions(pool, { overAt: now });
  const { removed, done } = await removeExpired(pool, now, days, limits);
  const events = await removeEvents(pool, now);
  await pool.query(joinRanges, [now]);
  const size = await pool.query('SELECT pg_database_size(current_database())::float8 AS bytes');
  return {
    partitionsMade: onlyRow(countRow, made).count,
    rowsInDefault: onlyRow(countRow, left).count,
    databaseBytes: onlyRow(sizeRow, size).bytes,
    removed: Object.values(removed).reduce((sum, count) => sum + count, sessions + events),
    removedOf: removed,
    allRemoved: done,
    exportsEnded: await endLeftExports(pool, new Date(now.getTime() - longestExportMs), now),
  };
}
