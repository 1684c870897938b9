import * as z from 'zod';

/** A failure of Postgres has its SQLSTATE as `code`, a failure of the connection the code of Node. */
const codedError = z.object({ code: z.string() });

/** Connection failures of Node, as `pg` passes them on. */
const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/**
 * SQLSTATE classes of a database that is away or busy: 08 connection, 28 login refused (a password is being changed, a
 * role or token does not exist yet), 53 out of resources (connections, memory, disk), 57 shut down or cancelled by a
 * time limit, 58 its own system. And codes: 55P03 a lock was not free in time, 25P03 the transaction was ended because
 * its container was silent, 40P01 a deadlock with another transaction.
 */
const unavailable = /^(?:08|28|53|57|58)[0-9A-Z]{3}$|^(?:55P03|25P03|40P01)$/;

/**
 * `pg` reports these without a code: a query without an answer, no connection from the pool in time, a broken socket.
 */
const uncoded =
  /^(?:Query read timeout|timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Client was closed)/;

/** The `state` function could not reach the database, or refused for it. Its caller tries again later. */
export class DatabaseUnavailableError extends Error {
  override readonly name = 'DatabaseUnavailableError';
  constructor(options?: ErrorOptions) {
    super('The database cannot be reached or is busy. Nothing was changed; try again shortly.', options);
  }
}

/** SQLSTATE or Node's code of an error, or an empty text. */
export function errorCode(error: unknown): string {
  return codedError.safeParse(error).data?.code ?? '';
}

/**
 * Whether an error says that the database is away, frozen, locked, full or busy: the same may work later, and nothing is
 * wrong with what was asked.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseUnavailableError) return true;
  return unavailable.test(errorCode(error)) || isConnectionLost(error);
}

/** Whether an error came from the connection and not from the server: nothing more can be said on it. */
export function isConnectionLost(error: unknown): boolean {
  return networkCodes.has(errorCode(error)) || (error instanceof Error && uncoded.test(error.message));
}
