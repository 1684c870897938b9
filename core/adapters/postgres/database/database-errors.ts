/*
 * Errors of the database as the rest of the service gets them. What Postgres says of a row that it refuses holds the row's
 * values, which are texts from outside and may be secrets: none of that goes further, since every error can end in a log.
 */
import pg from 'pg';
import { DatabaseConnectionError, errorCode } from '../../../ports/database-unavailable.ts';

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
 * `pg` reports these without a code: no connection from the pool in time, a broken socket.
 */
const uncoded =
  /^(?:timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Client was closed)/;

/** Classes of SQLSTATE whose messages name what is in the schema and no value. */
const namesOnly = /^(?:0A|08|23|25|26|28|3D|40|42|53|55|57|58)/;

/** Postgres refused a statement. */
export class PostgresError extends Error {
  override readonly name = 'PostgresError';
  /** The SQLSTATE. */
  readonly code: string;
  readonly table: string | undefined;
  readonly column: string | undefined;
  readonly constraint: string | undefined;

  constructor({ code = '', message, table, column, constraint }: pg.DatabaseError) {
    super(namesOnly.test(code) ? message : message.replace(/["'].*$/s, '…'));
    this.code = code;
    this.table = table;
    this.column = column;
    this.constraint = constraint;
  }
}

/** What `pg` threw, without values, and with the trouble of the connection to be told from that of other connections. */
export function databaseError(error: unknown): unknown {
  if (error instanceof pg.DatabaseError) return new PostgresError(error);
  if (!(error instanceof Error)) return error;
  const code = errorCode(error);
  return networkCodes.has(code) || uncoded.test(error.message)
    ? new DatabaseConnectionError(error.message, code || undefined)
    : error;
}
