import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import { PG_MIGRATE_LOCK_ID, runner } from 'node-pg-migrate';
import * as z from 'zod';
import { isConnectionLost } from '../../../ports/database-unavailable.ts';
import { isDeadlock, isLockTimeout } from './error-codes.ts';
import type { Connection, Pool } from './pool.ts';
import { onlyRow, rowsOf } from './rows.ts';

/** How long the locks of another migrator are waited for: one that was killed, or that of a deployment beside this one. */
const longestWaitMs = 60_000;

/**
 * How long a statement of a migration waits for a lock. All that comes after it on the same table waits behind it, so it is
 * short, and the migration is tried again.
 */
const tableWaitMs = 5_000;

/**
 * Applies the migrations in `directory` that the database has not had yet, under an advisory lock, each in its own
 * transaction, then makes the partitions that `now` needs. Gives the names of those applied. Safe to run at any time.
 *
 * Another migrator is waited for, up to `waitMs`. The functions of the former release are at work meanwhile, and take
 * their locks in another order: a migration of several tables can meet one of their transactions in a deadlock, or wait
 * for a table for too long. Postgres ends it then and nothing of it stays, so it is tried again, for up to a minute.
 */
export async function migrate(
  pool: Pool,
  directory: string,
  now: Date,
  waitMs: number = longestWaitMs,
): Promise<string[]> {
  const connection = await pool.connect();
  let before: number;
  try {
    await waitForLocksOf(connection, waitMs);
    // A migrator that dies leaves this lock to the next one when the server has noticed.
    await connection.query('SELECT pg_advisory_lock($1)', [PG_MIGRATE_LOCK_ID]);
    await waitForLocksOf(connection, tableWaitMs);
    before = await lastApplied(connection);
    await again.execute(() => applyAll(connection, directory));
  } finally {
    // It holds the advisory lock, has settings of its own, and after a failure is inside a transaction.
    connection.release(true);
  }
  await pool.query('SELECT maintain_quote_partitions($1)', [now]);
  const applied = await pool.query('SELECT name FROM migration WHERE id > $1 ORDER BY id', [before]);
  return rowsOf(nameRow, applied).map(({ name }) => name);
}

const again = retry(
  handleWhen((error) => isDeadlock(error) || isLockTimeout(error)),
  { maxAttempts: 8, backoff: new ExponentialBackoff({ initialDelay: 250, maxDelay: 4_000 }) },
);

async function applyAll(connection: Connection, directory: string): Promise<void> {
  try {
    const { schema } = onlyRow(schemaRow, await connection.query('SELECT current_schema() AS schema'));
    await runner({
      dbClient: connection,
      // The first of the search path, where the tables are made as well.
      migrationsSchema: schema,
      dir: directory,
      direction: 'up',
      migrationsTable: 'migration',
      checkOrder: true,
      singleTransaction: false,
      // The lock is taken already; the runner's own is not waited for.
      noLock: true,
      logger: silent,
    });
  } catch (error) {
    if (!isConnectionLost(error)) await connection.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function waitForLocksOf(connection: Connection, ms: number): Promise<void> {
  await connection.query("SELECT set_config('lock_timeout', $1, false)", [String(ms)]);
}

const schemaRow = z.object({ schema: z.string() });
const nameRow = z.object({ name: z.string() });
const tableRow = z.object({ exists: z.boolean() });
const lastRow = z.object({ last: z.int() });

/** The number of the last migration in the tool's list; 0 for an empty database. */
async function lastApplied(connection: Connection): Promise<number> {
  const { exists } = onlyRow(tableRow, await connection.query("SELECT to_regclass('migration') IS NOT NULL AS exists"));
  return exists
    ? onlyRow(lastRow, await connection.query('SELECT coalesce(max(id), 0) AS last FROM migration')).last
    : 0;
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };
