import * as z from 'zod';
import type { Venue } from '../../../market/calendar.ts';
import type { HealthReader } from '../../../ports/health-reader.ts';
import type { Pool } from '../database/pool.ts';
import { instant, onlyRow } from '../database/rows.ts';
import { runsAt } from '../database/switches.ts';
import { oldestWaitingSeconds } from '../events/relay-store.ts';
import { whileUnchanged } from '../listings/list-changes.ts';
import { listedVenues } from '../listings/listed-venues.ts';

const readyRow = z.object({ ready: z.boolean() });
const factsRow = z.object({
  migrations: z.int(),
  unpartitioned: z.int(),
  overdue: z.int(),
  incidents: z.int(),
  plannedTo: instant.nullable(),
  newestQuoteAt: instant.nullable(),
  lockWaitMs: z.number(),
  eventsLagSeconds: z.number(),
});

/** Reads of the state of the installation from Postgres. */
export function healthReader(pool: Pool): HealthReader {
  const kept = whileUnchanged<readonly Venue[]>(pool);
  return {
    async migrated() {
      const result = await pool.query(
        `SELECT to_regclass('migration') IS NOT NULL AND to_regclass('latest_quote') IS NOT NULL AS ready`,
      );
      return onlyRow(readyRow, result).ready;
    },

    async facts(now) {
      const result = await pool.query({
        name: 'health-facts',
        text: `SELECT (SELECT count(*)::int FROM migration) AS migrations,
                      (SELECT count(*)::int FROM (SELECT 1 FROM quote_default LIMIT 1000) d) AS unpartitioned,
                      (SELECT count(*)::int FROM task WHERE finished_at IS NULL AND due_at < $1::timestamptz - interval '15 minutes'
                         AND NOT backfill AND (waits_until IS NULL OR waits_until < $1::timestamptz - interval '15 minutes')) AS overdue,
                      (SELECT count(*)::int FROM incident WHERE resolved_at IS NULL) AS incidents,
                      (SELECT max(planned_to) FROM planner_state
                       WHERE ${runsAt('scheduler', '$1')}) AS "plannedTo",
                      -- As judged each minute; by all prices only where nothing has been judged yet.
                      coalesce((SELECT max(quoted_at) FROM source_health),
                               (SELECT max(confirmed_at) FROM latest_quote)) AS "newestQuoteAt",
                      -- Advisory locks are turns: who waits for one does nothing wrong.
                      (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - w.waitstart)), 0)::float8 * 1000
                       FROM pg_locks w JOIN pg_stat_activity s ON s.pid = w.pid AND s.datname = current_database()
                       WHERE NOT w.granted AND w.locktype <> 'advisory') AS "lockWaitMs",
                      ${oldestWaitingSeconds} AS "eventsLagSeconds"`,
        values: [now],
      });
      return { ...onlyRow(factsRow, result), venues: await kept('venues', () => listedVenues(pool)) };
    },
  };
}
