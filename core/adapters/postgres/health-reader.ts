import type { Pool } from './pool.ts';

/** What `/health` and `/readyz` judge by. */
export interface HealthFacts {
  /** Migrations applied; `null` when the database has none at all. */
  readonly migrations: number | null;
  /** Rows that no monthly partition of `quote` takes, up to 1000. */
  readonly unpartitioned: number;
  /** Tasks that were due more than 15 minutes ago and have no outcome. */
  readonly overdue: number;
  readonly newestQuoteAt: Date | null;
}

export type HealthReader = ReturnType<typeof healthReader>;

/** Reads of the state of the installation itself. */
export function healthReader(pool: Pool) {
  return {
    /** Whether the database answers and has its tables. Throws when it cannot be reached. */
    async migrated(): Promise<boolean> {
      const { rows } = await pool.query<{ ready: boolean }>(
        `SELECT to_regclass('migration') IS NOT NULL AND to_regclass('latest_quote') IS NOT NULL AS ready`,
      );
      return rows[0]?.ready ?? false;
    },

    async facts(now: Date): Promise<HealthFacts> {
      const { rows } = await pool.query<{
        migrations: number;
        unpartitioned: number;
        overdue: number;
        newest: Date | null;
      }>({
        name: 'health-facts',
        text: `SELECT (SELECT count(*)::int FROM migration) AS migrations,
                      (SELECT count(*)::int FROM (SELECT 1 FROM quote_default LIMIT 1000) d) AS unpartitioned,
                      (SELECT count(*)::int FROM task WHERE finished_at IS NULL AND due_at < $1::timestamptz - interval '15 minutes') AS overdue,
                      (SELECT max(confirmed_at) FROM latest_quote) AS newest`,
        values: [now],
      });
      const row = rows[0];
      return {
        migrations: row?.migrations ?? null,
        unpartitioned: row?.unpartitioned ?? 0,
        overdue: row?.overdue ?? 0,
        newestQuoteAt: row?.newest ?? null,
      };
    },
  };
}
