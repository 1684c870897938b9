/*
 * Roles for functions in a database that is somebody else's. They belong to the whole server, so their names are made of the
 * database's, and a comment says whose they are: one without it is not touched.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import type pg from 'pg';
import * as z from 'zod';
import { type DatabaseRole, databaseRoles } from '../../../contracts/migrate.ts';
import { errorCode } from '../../../ports/database-unavailable.ts';
import { ownSchema } from './own-schema.ts';
import { onlyRow, rowsOf } from './rows.ts';

/** The roles that are made. The owner of the schema is the role that makes them. */
const madeRoles = ['app', 'api', 'state'] as const satisfies readonly DatabaseRole[];
export type MadeRole = (typeof madeRoles)[number];

/** A role of the name that is needed is not ours, or may not do what it must. */
export class OwnRolesError extends Error {
  override readonly name = 'OwnRolesError';
}

const roleRow = z.object({ name: z.string(), comment: z.string().nullable() });
const mayRow = z.object({ may: z.boolean() });

/** The names of the roles for a database. */
export function ownRoleNames(database: string): Readonly<Record<MadeRole, string>> {
  const suffix = createHash('sha256').update(database).digest('hex').slice(0, 10);
  const nameOf = (role: MadeRole) => `${databaseRoles[role]}_${suffix}`;
  return { app: nameOf('app'), api: nameOf('api'), state: nameOf('state') };
}

const commentFor = (database: string) => JSON.stringify({ application: 'quotron', database });

/**
 * Makes the roles that functions log in as, with the rights that they have on AWS, and gives them their passwords: `app` for
 * rows, `api` and `state` as members of it. For a role with CREATEROLE that owns the schema. Safe to run again.
 */
export async function makeOwnRoles(
  client: pg.Client,
  database: string,
  passwords: Readonly<Record<MadeRole, string>>,
  connections: number,
): Promise<void> {
  const names = ownRoleNames(database);
  const comment = commentFor(database);
  const existing = await rolesNamed(client, Object.values(names));
  const foreign = existing.find((role) => role.comment !== comment);
  if (foreign)
    throw new OwnRolesError(`a role ${foreign.name} exists already, and its comment does not say that it is Quotron's`);
  await client.query('BEGIN');
  try {
    for (const role of madeRoles) {
      const name = names[role];
      if (!existing.some((each) => each.name === name)) {
        await client.query(`CREATE ROLE ${name} LOGIN`);
        await client.query(`COMMENT ON ROLE ${name} IS ${client.escapeLiteral(comment)}`);
      }
      // Its verifier: the statement may stand in the server's log.
      await client.query(`ALTER ROLE ${name} PASSWORD ${client.escapeLiteral(scramVerifier(passwords[role]))}`);
    }
    for (const role of ['api', 'state'] as const)
      await client.query(`ALTER ROLE ${names[role]} CONNECTION LIMIT ${Math.trunc(connections)}`);
    await client.query(`GRANT ${names.app} TO ${names.api}, ${names.state}`);
    await client.query(`GRANT USAGE ON SCHEMA ${ownSchema} TO ${names.app}`);
    for (const [what, rights] of [
      ['TABLES', 'SELECT, INSERT, UPDATE, DELETE'],
      ['SEQUENCES', 'USAGE, SELECT'],
      ['ROUTINES', 'EXECUTE'],
    ]) {
      await client.query(`ALTER DEFAULT PRIVILEGES IN SCHEMA ${ownSchema} GRANT ${rights} ON ${what} TO ${names.app}`);
      await client.query(`GRANT ${rights} ON ALL ${what} IN SCHEMA ${ownSchema} TO ${names.app}`);
    }
    const may = await client.query("SELECT has_database_privilege($1, current_database(), 'CONNECT') AS may", [
      names.api,
    ]);
    if (!onlyRow(mayRow, may).may)
      await client.query(`GRANT CONNECT ON DATABASE ${client.escapeIdentifier(database)} TO ${names.app}`);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

/**
 * Drops the roles of a database whose schema is empty. Gives those that stay because the role that is logged in may not drop
 * them, or because something else depends on them. Those that are not ours are left as they are.
 */
export async function dropOwnRoles(client: pg.Client, database: string): Promise<readonly string[]> {
  const names = ownRoleNames(database);
  const existing = await rolesNamed(client, Object.values(names));
  if (existing.length === 0 || existing.some((role) => role.comment !== commentFor(database))) return [];
  await client.query('BEGIN');
  try {
    for (const what of ['TABLES', 'SEQUENCES', 'ROUTINES'])
      await client.query(`ALTER DEFAULT PRIVILEGES IN SCHEMA ${ownSchema} REVOKE ALL ON ${what} FROM ${names.app}`);
    await client.query(`REVOKE ALL ON SCHEMA ${ownSchema} FROM ${names.app}`);
    await client.query(`REVOKE ALL ON DATABASE ${client.escapeIdentifier(database)} FROM ${names.app}`);
    for (const role of [...madeRoles].reverse()) await client.query(`DROP ROLE ${names[role]}`);
    await client.query('COMMIT');
    return [];
  } catch (error) {
    await client.query('ROLLBACK');
    if (errorCode(error) === '42501' || errorCode(error) === '2BP01') return existing.map(({ name }) => name);
    throw error;
  }
}

async function rolesNamed(client: pg.Client, names: readonly string[]) {
  const found = await client.query(
    `SELECT rolname::text AS name, shobj_description(oid, 'pg_authid') AS comment FROM pg_roles WHERE rolname = ANY($1)`,
    [names],
  );
  return rowsOf(roleRow, found);
}

/** What Postgres keeps of a password (RFC 5803), so that the password itself need not be sent to it. */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  const iterations = 4096;
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, 32, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const stored = createHash('sha256').update(hmac('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${hmac('Server Key').toString('base64')}`;
}
