import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import { runner } from 'node-pg-migrate';
import * as z from 'zod';
import { isDeadlock, isLockTimeout } from './error-codes.ts';
import type { Pool } from './pool.ts';
import { onlyRow, rowsOf } from './rows.ts';

/**
 * Applies the migrations in `directory` that the database has not had yet, under an advisory lock, each in its own
 * transaction, then makes the partitions that `now` needs. Gives the names of those applied. Safe to run at any time.
 *
 * The functions of the former release are at work meanwhile, and take their locks in another order: a migration of several
 * tables can meet one of their transactions in a deadlock, or wait for a table for too long. Postgres ends it then and
 * nothing of it stays, so it is tried again, for some ten seconds.
 */
export async function migrate(pool: Pool, directory: string, now: Date): Promise<string[]> {
  const before = await lastApplied(pool);
  await again.execute(() => applyAll(pool, directory));
  await pool.query('SELECT maintain_quote_partitions($1)', [now]);
  const applied = await pool.query('SELECT name FROM migration WHERE id > $1 ORDER BY id', [before]);
  return rowsOf(nameRow, applied).map(({ name }) => name);
}

const again = retry(
  handleWhen((error) => isDeadlock(error) || isLockTimeout(error)),
  { maxAttempts: 6, backoff: new ExponentialBackoff({ initialDelay: 250, maxDelay: 4_000 }) },
);

async function applyAll(pool: Pool, directory: string): Promise<void> {
  const connection = await pool.connect();
  let failed = true;
  try {
    await runner({
      dbClient: connection,
      dir: directory,
      direction: 'up',
      migrationsTable: 'migration',
      checkOrder: true,
      singleTransaction: false,
      logger: silent,
    });
    failed = false;
  } finally {
    // After a failure it is inside a transaction that failed, and holds the advisory lock.
    connection.release(failed);
  }
}

const nameRow = z.object({ name: z.string() });
const tableRow = z.object({ exists: z.boolean() });
const lastRow = z.object({ last: z.int() });

/** The number of the last migration in the tool's list; 0 for an empty database. */
async function lastApplied(pool: Pool): Promise<number> {
  const { exists } = onlyRow(tableRow, await pool.query("SELECT to_regclass('migration') IS NOT NULL AS exists"));
  return exists ? onlyRow(lastRow, await pool.query('SELECT coalesce(max(id), 0) AS last FROM migration')).last : 0;
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };
