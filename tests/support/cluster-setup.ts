/**
 * One Postgres for the tests of a project: each file makes a database of its own in it, which takes a tenth of the time
 * of a server of its own. Nothing is kept, so nothing is flushed to disk.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../core/adapters/postgres/database/migrate.ts';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { startDatabase } from '../../localstack/database.ts';
import { clusterVariable, migrationsDirectory } from './postgres.ts';
import { chosenPostgres } from './postgres-14.ts';

export default async function setup(_project: TestProject): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), 'quotron-pg-'));
  const cluster = await startDatabase({ dir, persistent: false, fsync: false, binaries: await chosenPostgres() });
  const pool = createPool({ url: cluster.url }, 1);
  await migrate(pool, migrationsDirectory, new Date());
  await pool.end();
  process.env[clusterVariable] = cluster.url;
  return async () => {
    await cluster.stop();
    rmSync(dir, { recursive: true, force: true });
  };
}
