import * as z from 'zod';

/** A failure that Postgres reports has its SQLSTATE as `code`, one of Node its own. */
const codedError = z.object({ code: z.string() });

/**
 * SQLSTATE classes of a database that is away or busy: 08 connection, 28 login refused (a password is being changed, a
 * role or token does not exist yet), 53 out of resources (connections, memory, disk), 57 shut down or cancelled by a
 * time limit, 58 its own system. And codes: 55P03 a lock was not free in time, 25P03 the transaction was ended because
 * its container was silent, 40P01 a deadlock with another transaction.
 */
const unavailable = /^(?:08|28|53|57|58)[0-9A-Z]{3}$|^(?:55P03|25P03|40P01)$/;

/** 57014 a statement and 55P03 a lock took longer than they may. */
const endedByLimit: ReadonlySet<string> = new Set(['57014', '55P03']);

/**
 * The connection to the database could not be made, broke, or gave no answer. Only the adapter of the database throws it:
 * the same codes of Node on the way to a bucket or a queue say nothing of the database.
 */
export class DatabaseConnectionError extends Error {
  override readonly name = 'DatabaseConnectionError';
  /** Node's code, where there is one. */
  readonly code: string | undefined;
  constructor(message: string, code: string | undefined) {
    super(message);
    this.code = code;
  }
}

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

/** Whether the database answered, and ended a statement that took too long or waited too long for a lock. */
export function isStatementEnded(error: unknown): boolean {
  return endedByLimit.has(errorCode(error));
}

/** Whether an error came from the connection to the database and not from its server: nothing more can be said on it. */
export function isConnectionLost(error: unknown): boolean {
  return error instanceof DatabaseConnectionError;
}
