import { Signer } from '@aws-sdk/rds-signer';
import pg from 'pg';
import type { DatabaseSettings } from '../../../runtime/settings.ts';

/** int8 comes as text by default, and timestamptz as a Date in milliseconds: both are what the stores expect. */
export type Pool = pg.Pool;
export type Connection = pg.PoolClient;

/**
 * A pool of connections. `max` is 1 in a Lambda container: the sum over containers must stay under the database's own
 * limit (tests/infra adds it up). Tokens of RDS last 15 minutes and are signed locally for each new connection.
 *
 * @example
 * const pool = createPool(databaseSettings()); // one per container, outside of the handler
 */
export function createPool(settings: DatabaseSettings, max = 1): Pool {
  const common = {
    max,
    application_name: 'quotron',
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: 60_000,
    options: '-c timezone=UTC',
  };
  const pool =
    'url' in settings
      ? new pg.Pool({ ...common, connectionString: settings.url })
      : new pg.Pool({
          ...common,
          host: settings.host,
          port: settings.port,
          database: settings.database,
          user: settings.user,
          password: iamToken(settings),
          ssl: { rejectUnauthorized: true },
        });
  // An idle connection that breaks (a database restarted) must not end the process: the next query opens a new one.
  pool.on('error', () => undefined);
  // The same for one that breaks while it is in use: its query rejects, and that is where it is dealt with.
  pool.on('connect', (connection) => connection.on('error', () => undefined));
  return pool;
}

/** Signs a login token of RDS for a user, here and without a call. It is taken for 15 minutes. */
export function iamToken(settings: {
  host: string;
  port: number;
  user: string;
  region: string;
}): () => Promise<string> {
  const signer = new Signer({
    hostname: settings.host,
    port: settings.port,
    username: settings.user,
    region: settings.region,
  });
  return () => signer.getAuthToken();
}

/**
 * Runs `work` in one transaction: committed when it returns, rolled back when it throws.
 *
 * @example
 * await inTransaction(pool, async (connection) => {
 *   await connection.query('UPDATE …'); // on `connection`: a query on `pool` would be outside of the transaction
 *   await publish(connection, events);
 * });
 */
export async function inTransaction<T>(pool: Pool, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await pool.connect();
  let broken: Error | undefined;
  try {
    await connection.query('BEGIN');
    const result = await work(connection);
    await connection.query('COMMIT');
    return result;
  } catch (error) {
    await connection.query('ROLLBACK').catch((rollback: unknown) => {
      broken = rollback instanceof Error ? rollback : new Error(String(rollback));
    });
    throw error;
  } finally {
    connection.release(broken);
  }
}
