import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../../core/adapters/postgres/database/migrate.ts';
import { createPool, type Pool } from '../../core/adapters/postgres/database/pool.ts';
import { startDatabase } from '../../localstack/database.ts';

/** Where the SQL lies. */
export const migrationsDirectory = new URL('../../core/adapters/postgres/migrations', import.meta.url).pathname;

/** Has the URL of the migrated database of the server that a project's tests share; see cluster-setup.ts. */
export const clusterVariable = 'QUOTRON_TEST_CLUSTER';

export interface TestDatabase {
  readonly url: string;
  pool(max?: number): Pool;
  stop(): Promise<void>;
}

/**
 * A real, empty, migrated database of its own, gone after `stop`: in the server that the project's tests share, else in
 * one of its own. The months around today have partitions, and those around `now`.
 */
export async function startTestDatabase(now?: Date): Promise<TestDatabase> {
  const shared = process.env[clusterVariable];
  const database = testDatabase(shared ? await createDatabase(shared) : await startServer());
  if (!shared) await migrate(database.pool(1), migrationsDirectory, new Date());
  if (now) await database.pool(1).query('SELECT maintain_quote_partitions($1)', [now]);
  return database;
}

/** A copy of a database with all of its rows. Nothing may be connected to that one meanwhile. */
export async function copyOf(url: string): Promise<TestDatabase> {
  return testDatabase(await createDatabase(url));
}

function testDatabase({ url, stop }: Started): TestDatabase {
  const pools: Pool[] = [];
  const pool = (max = 2) => {
    const made = createPool({ url }, max);
    pools.push(made);
    return made;
  };
  return {
    url,
    pool,
    async stop() {
      await Promise.all(pools.filter((each) => !each.ending).map((each) => each.end()));
      await stop();
    },
  };
}

interface Started {
  readonly url: string;
  stop(): Promise<void>;
}

/** A copy of a database, in the same server. */
async function createDatabase(shared: string): Promise<Started> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const admin = createPool({ url: withDatabase(shared, 'postgres') }, 1);
  await admin.query(`CREATE DATABASE ${name} TEMPLATE ${new URL(shared).pathname.slice(1)}`);
  await admin.end();
  return {
    url: withDatabase(shared, name),
    async stop() {
      const dropping = createPool({ url: withDatabase(shared, 'postgres') }, 1);
      await dropping.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await dropping.end();
    },
  };
}

async function startServer(): Promise<Started> {
  const dir = mkdtempSync(join(tmpdir(), 'quotron-pg-'));
  const database = await startDatabase({ dir, persistent: false, fsync: false });
  return {
    url: database.url,
    async stop() {
      await database.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The URL of another database of the same server. */
export function withDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

/**
 * Empties all tables but the one of migrations, and begins their numbers again. `TRUNCATE` would make each table's files
 * again, which takes thirty times as long for the few rows of a test.
 */
export async function emptyDatabase(pool: Pool): Promise<void> {
  await pool.query(`DO $$
    DECLARE name text;
    BEGIN
      -- Foreign keys do not mind the order.
      PERFORM set_config('session_replication_role', 'replica', true);
      FOR name IN SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
                  AND relnamespace = 'public'::regnamespace AND relname <> 'migration' LOOP
        EXECUTE format('DELETE FROM %I', name);
      END LOOP;
      PERFORM setval(format('%I.%I', schemaname, sequencename), start_value, false)
      FROM pg_sequences WHERE last_value IS NOT NULL AND schemaname = 'public';
    END $$`);
}
