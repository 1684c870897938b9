import * as z from 'zod';
import type { Pool } from '../database/pool.ts';

/** What `/health` and `/readyz` judge by. */
export interface HealthFacts {
  /** Migrations applied; `null` when the database has none at all. */
  readonly migrations: number | null;
  /** Rows that no monthly partition of `quote` takes, up to 1000. */
  readonly unpartitioned: number;
  /** Tasks that were due more than 15 minutes ago and have no outcome, nor wait for a quota, their source or a person. */
  readonly overdue: number;
  /** Incidents that are open. */
  readonly incidents: number;
  /** Up to when the planner has planned; `null` before its first tick, and while a person has stopped it. */
  readonly plannedTo: Date | null;
  readonly newestQuoteAt: Date | null;
}

const readyRow = z.object({ ready: z.boolean() });
const factsRow = z.object({
  migrations: z.int(),
  unpartitioned: z.int(),
  overdue: z.int(),
  incidents: z.int(),
  plannedTo: z.date().nullable(),
  newestQuoteAt: z.date().nullable(),
});

export type HealthReader = ReturnType<typeof healthReader>;

/** Reads of the state of the installation itself. */
export function healthReader(pool: Pool) {
  return {
    /** Whether the database answers and has its tables. Throws when it cannot be reached. */
    async migrated(): Promise<boolean> {
      const { rows } = await pool.query(
        `SELECT to_regclass('migration') IS NOT NULL AND to_regclass('latest_quote') IS NOT NULL AS ready`,
      );
      return readyRow.parse(rows[0]).ready;
    },

    async facts(now: Date): Promise<HealthFacts> {
      const { rows } = await pool.query({
        name: 'health-facts',
        text: `SELECT (SELECT count(*)::int FROM migration) AS migrations,
                      (SELECT count(*)::int FROM (SELECT 1 FROM quote_default LIMIT 1000) d) AS unpartitioned,
                      (SELECT count(*)::int FROM task WHERE finished_at IS NULL AND due_at < $1::timestamptz - interval '15 minutes'
                         AND NOT backfill AND (waits_until IS NULL OR waits_until < $1::timestamptz - interval '15 minutes')) AS overdue,
                      (SELECT count(*)::int FROM incident WHERE resolved_at IS NULL) AS incidents,
                      (SELECT max(planned_to) FROM planner_state
                       WHERE NOT EXISTS (SELECT FROM service_at($1) WHERE service_id = 'scheduler' AND NOT running)) AS "plannedTo",
                      (SELECT max(confirmed_at) FROM latest_quote) AS "newestQuoteAt"`,
        values: [now],
      });
      return factsRow.parse(rows[0]);
    },
  };
}
