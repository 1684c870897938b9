import { runner } from 'node-pg-migrate';
import type { Connection, Pool } from './pool.ts';

/**
 * Applies the migrations in `directory` that the database has not had yet, under an advisory lock, each in its own
 * transaction, then makes the partitions that `now` needs. Gives the names of those applied. Safe to run at any time.
 */
export async function migrate(pool: Pool, directory: string, now: Date): Promise<string[]> {
  const connection: Connection = await pool.connect();
  try {
    const applied = await runner({
      dbClient: connection,
      dir: directory,
      direction: 'up',
      migrationsTable: 'migration',
      checkOrder: true,
      singleTransaction: false,
      logger: silent,
    });
    await connection.query('SELECT maintain_quote_partitions($1)', [now]);
    return applied.map((migration) => migration.name);
  } finally {
    connection.release();
  }
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };
