import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../core/adapters/postgres/migrate.ts';
import { createPool, type Pool } from '../core/adapters/postgres/pool.ts';
import { startDatabase } from '../localstack/database.ts';

/** Where the SQL lies. */
export const migrationsDirectory = new URL('../core/adapters/postgres/migrations', import.meta.url).pathname;

export interface TestDatabase {
  readonly url: string;
  readonly port: number;
  /** Of the postmaster. */
  readonly pid: number | undefined;
  pool(max?: number): Pool;
  stop(): Promise<void>;
}

/** A real, empty, migrated Postgres of its own, gone after `stop`. `now` decides which months have partitions. */
export async function startTestDatabase(now = new Date()): Promise<TestDatabase> {
  const dir = mkdtempSync(join(tmpdir(), 'quotron-pg-'));
  const database = await startDatabase({ dir, persistent: false });
  const pools: Pool[] = [];
  const pool = (max = 2) => {
    const made = createPool({ url: database.url }, max);
    pools.push(made);
    return made;
  };
  await migrate(pool(1), migrationsDirectory, now);
  return {
    url: database.url,
    port: database.port,
    pid: database.pid,
    pool,
    async stop() {
      await Promise.all(pools.map((each) => each.end()));
      await database.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
