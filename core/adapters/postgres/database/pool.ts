import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import pg from 'pg';
import { DatabaseConnectionError, errorCode, isConnectionLost } from '../../../ports/database-unavailable.ts';
import type { DatabaseSettings } from '../../../runtime/settings.ts';
import { iamToken } from '../../rds/iam-token.ts';
import { databaseError } from './database-errors.ts';
import { collectEvents, dropEvents, writeEvents } from './outbox.ts';
import { beginTransaction, patientLimits, sessionSettingsOf, type TimeLimits } from './time-limits.ts';

/** int8 comes as text by default, and timestamptz as a Date in milliseconds: both are what the stores expect. */
export type Pool = pg.Pool;
export type Connection = pg.PoolClient;

/**
 * A pool of connections. `max` is 1 in a Lambda container: the sum over containers must stay under the database's own
 * limit (tests/infra adds it up). `limits` are the function's own (`timeLimits`). Tokens of RDS last 15 minutes and are
 * signed locally for each new connection. Its errors are those of `databaseError`, without values.
 *
 * A connection that nobody has used for minutes is not used again. While Lambda freezes a container, no timer runs in it
 * and nothing arrives: the server may have ended the session, and only the next statement would notice.
 *
 * A connection that has been idle for `keptMs` is closed.
 *
 * Where all connections of the role are taken, it tries again for half of the time that connecting may take.
 *
 * @example
 * const pool = createPool(databaseSettings(), 1, timeLimits('ingest')); // one per container, outside of the handler
 */
export function createPool(
  settings: DatabaseSettings,
  max = 1,
  limits: TimeLimits = patientLimits,
  keptMs = 60_000,
): Pool {
  const common = {
    max,
    application_name: 'quotron',
    connectionTimeoutMillis: limits.connect,
    idleTimeoutMillis: keptMs,
    lock_timeout: limits.lock,
    statement_timeout: limits.statement,
    idle_in_transaction_session_timeout: limits.idleInTransaction,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options: Object.entries(sessionSettingsOf(limits))
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
  };
  const pool =
    'url' in settings
      ? new pg.Pool({ ...common, ...byUrl(settings.url, common.options) })
      : new pg.Pool({
          ...common,
          host: settings.host,
          port: settings.port,
          database: settings.database,
          user: settings.user,
          password: iamToken(settings),
          ssl: { rejectUnauthorized: true, ca: settings.roots },
        });
  // An idle connection that breaks (a database restarted) must not end the process: the next query opens a new one.
  pool.on('error', () => undefined);
  pool.on('connect', (connection) => {
    // The same for one that breaks while it is in use: its query rejects, and that is where it is dealt with.
    connection.on('error', () => undefined);
    connection.query = answeredWithin(limits.query, connection);
  });
  const usedAt = new WeakMap<Connection, number>();
  pool.on('release', (_error, connection) => usedAt.set(connection, Date.now()));
  const checkOut = patient(translated(pool, pool.connect), limits.connect / 2);
  // By the clock on the wall, since the other one stands still while a container is frozen.
  const isStale = (connection: Connection) => Date.now() - (usedAt.get(connection) ?? Date.now()) > limits.idle;
  const connect = async (): Promise<Connection> => {
    let connection: Connection = await checkOut();
    while (isStale(connection)) {
      connection.release(true);
      connection = await checkOut();
    }
    return connection;
  };
  return Object.assign(pool, { connect, query: queryBy(connect) });
}

/**
 * A connection string as `pg` takes it. Its `options`, such as the search path of a schema of its own, come after those of
 * every session, which `pg` would drop for them. Its `sslmode` means what it means to `psql`: `require` encrypts and
 * checks no certificate, `verify-full` checks it.
 */
function byUrl(text: string, options: string): pg.PoolConfig {
  const url = new URL(text);
  const own = url.searchParams.get('options');
  const mode = url.searchParams.get('sslmode');
  url.searchParams.delete('options');
  url.searchParams.delete('sslmode');
  const encrypts = mode === 'require' || mode === 'verify-full';
  return {
    connectionString: url.href,
    options: own === null ? options : `${options} ${own}`,
    ...(encrypts && { ssl: { rejectUnauthorized: mode === 'verify-full' } }),
  };
}

/** SQLSTATE 53300: the role's connections, or all of them, are taken. */
const tooManyConnections = '53300';

/**
 * Tries again while all connections are taken, for at least so many milliseconds: a role's limit protects the database from a
 * storm of requests, and those that come late in it must not fail for that.
 */
function patient(connect: () => Promise<Connection>, withinMs: number): () => Promise<Connection> {
  return async () => {
    const until = performance.now() + withinMs;
    const mayTry = (error: unknown) => errorCode(error) === tooManyConnections && performance.now() < until;
    try {
      return await connect();
    } catch (error) {
      if (!mayTry(error)) throw error;
    }
    const backoff = new ExponentialBackoff({ initialDelay: 50, maxDelay: 500 });
    // Only here: each statement checks a connection out, and hardly one is refused.
    return retry(handleWhen(mayTry), { backoff }).execute(() => connect());
  };
}

/** One statement on a connection of the pool, which is dropped where it fails, as `pg-pool` does. */
function queryBy(connect: () => Promise<Connection>) {
  return async (...statement: Parameters<Connection['query']>) => {
    const connection = await connect();
    let failed = true;
    try {
      const result = await connection.query(...statement);
      failed = false;
      return result;
    } finally {
      connection.release(failed);
    }
  };
}

/**
 * `query` of a connection, with what it throws by `databaseError`, and an end to one that the server never answers:
 * `queryBy` and `inTransaction` drop its connection. The setting of `pg` for that, and its promises, let V8 keep the rows of
 * each query until it collects the whole heap, which takes a seventh of the time of an answer with 50 rows.
 */
function answeredWithin(ms: number, connection: Connection): Connection['query'] {
  const { query } = connection;
  const call = (statement: string | pg.QueryConfig, values?: unknown[]) =>
    new Promise<pg.QueryResult>((resolve, reject) => {
      const answered = (error: unknown, result: pg.QueryResult) => {
        clearTimeout(timer);
        if (error) reject(databaseError(error));
        else resolve(result);
      };
      const timer = setTimeout(() => reject(new DatabaseConnectionError('Query read timeout', undefined)), ms);
      Reflect.apply(query, connection, [statement, values, answered]);
    });
  return call as Connection['query'];
}

/** A method of `pg` that gives a promise, with what it throws by `databaseError`. */
function translated<M extends (...of: never[]) => unknown>(object: object, method: M): M {
  const call = (...of: never[]) => {
    const result: unknown = Reflect.apply(method, object, of);
    if (!(result instanceof Promise)) return result;
    return result.catch((error: unknown) => {
      throw databaseError(error);
    });
  };
  return call as M;
}

/**
 * Runs `work` in one transaction: committed when it returns, rolled back when it throws. A connection that is lost, or
 * whose query got no answer, is dropped: the server rolls back by itself.
 *
 * @example
 * await inTransaction(pool, async (connection) => {
 *   await connection.query('UPDATE …'); // on `connection`: a query on `pool` would be outside of the transaction
 *   publish(connection, events); // written as the last statement
 * });
 */
export async function inTransaction<T>(pool: Pool, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await pool.connect();
  let broken: Error | undefined;
  try {
    await connection.query(beginTransaction);
    collectEvents(connection);
    const result = await work(connection);
    await writeEvents(connection);
    await connection.query('COMMIT');
    return result;
  } catch (error) {
    if (error instanceof Error && isConnectionLost(error)) broken = error;
    else
      await connection.query('ROLLBACK').catch((rollback: unknown) => {
        broken = rollback instanceof Error ? rollback : new Error(String(rollback));
      });
    throw error;
  } finally {
    dropEvents(connection);
    connection.release(broken);
  }
}
