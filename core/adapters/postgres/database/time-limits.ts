import { type FunctionName, timeoutSeconds } from '../../../contracts/functions.ts';

/**
 * How long a pool waits for the database, in milliseconds. Each ends a wait where the one before it did not: the lock,
 * then the statement, both by the server, then the query by the client, for a server that does not answer at all.
 */
export interface TimeLimits {
  /** For a connection, login included, and for one of the pool to be free. */
  readonly connect: number;
  /** For one lock. Advisory locks count. */
  readonly lock: number;
  readonly statement: number;
  readonly query: number;
  /** Between two statements of a transaction: after it the server ends the session, and others get its locks. */
  readonly idleInTransaction: number;
  /** Without a statement. After it a connection is replaced instead of used, and soon after that the server ends it. */
  readonly idle: number;
}

const second = 1_000;

/**
 * Before the server's keepalive (`sessionSettings`) would end the session of a container that is frozen. A function that is
 * called each minute keeps its connection.
 */
const usualIdle = 4 * 60 * second;

/**
 * Of the functions whose roles have few connections: a burst leaves frozen containers behind, and each holds one that the
 * others wait for.
 */
const shortIdle = 50 * second;

/** Between the end of a connection by the client, and by the server for a client that is frozen. */
const idleMargin = 10 * second;

/**
 * The time limits of a function's pool, made of its own timeout: connecting and one query that gets no answer end before
 * Lambda would end the function, so that an API answers 503 and a message goes back to its queue. A statement gets two
 * fifths of the time, or all but 30 s where that is more; a lock half of it, and never more than a minute.
 */
export function timeLimits(name: FunctionName): TimeLimits {
  // A stream lasts for minutes; what it asks the database in them is asked as the API does.
  const like = name === 'stream-events' ? 'api' : name;
  const timeout = timeoutSeconds[like] * second;
  const statement = Math.max(timeout * 0.4, timeout - 30 * second);
  return {
    connect: Math.min(5 * second, timeout / 4),
    lock: Math.min(60 * second, statement / 2),
    statement,
    query: statement + second,
    idleInTransaction: 10 * second,
    idle: like === 'api' || like === 'state' ? shortIdle : usualIdle,
  };
}

/** The settings of the sessions of a pool with these limits. */
export function sessionSettingsOf({ idle }: TimeLimits): Readonly<Record<string, string>> {
  return idle < usualIdle ? { ...sessionSettings, idle_session_timeout: String(idle + idleMargin) } : sessionSettings;
}

/** For processes that no Lambda ends: the commands of a laptop, tests. */
export const patientLimits: TimeLimits = {
  connect: 5 * second,
  lock: 60 * second,
  statement: 270 * second,
  query: 271 * second,
  idleInTransaction: 10 * second,
  idle: usualIdle,
};

/**
 * Settings of a session. The server looks every two seconds whether the client of a running statement is still there.
 * The keepalive of a session outside of a transaction is long: Lambda freezes containers between invocations, and a
 * frozen one answers no probe.
 */
export const sessionSettings = {
  timezone: 'UTC',
  // As texts of instants are read here, whatever a database or role has for its own.
  datestyle: 'ISO',
  client_connection_check_interval: '2s',
  tcp_keepalives_idle: '300',
  tcp_keepalives_interval: '10',
  tcp_keepalives_count: '3',
} as const;

/**
 * Begins a transaction, in one round trip. While it runs, a host that vanished without a word is noticed within ten
 * seconds even where the session waits for a lock and is not idle: four seconds, and three probes.
 */
export const beginTransaction =
  'BEGIN; SET LOCAL tcp_keepalives_idle = 4; SET LOCAL tcp_keepalives_interval = 2; SET LOCAL tcp_user_timeout = 10000';
