/**
 * A PostgreSQL that exists already, named by `DB_HOST` and the like. Quotron lives in a schema of its own there, as the role
 * that it is given, and changes nothing outside of it. Whatever is wrong is said in one line before anything else starts.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import { z } from 'zod';
import {
  dropOwnRoles,
  type MadeRole,
  makeOwnRoles,
  OwnRolesError,
  ownRoleNames,
} from '../core/adapters/postgres/database/own-roles.ts';
import {
  type DatabaseFacts,
  databaseFacts,
  emptySchema,
  holdSchema,
  oldestServer,
  ownSchema,
  type PricesKind,
  serverVersion,
  takeSchema,
} from '../core/adapters/postgres/database/own-schema.ts';
import type { DatabaseUrls } from '../core/contracts/migrate.ts';
import { addressOf, connectionProblem, type DatabaseLogin, inOneLine, urlOf } from './database-login.ts';
import { LocalCloudError } from './problem.ts';
import { until } from './processes.ts';
import { readState, writeState } from './state-folder.ts';

/** A connection that holds the schema, and what was found by it. */
export interface GivenDatabase {
  readonly login: DatabaseLogin;
  readonly facts: DatabaseFacts;
  readonly versionText: string;
  readonly client: pg.Client;
  /** Whether the connection is encrypted. */
  readonly encrypted: boolean;
}

/** How long the schema may still be held by a start that has just ended. */
const holdPatienceMs = 5_000;

/** Connects, and checks what can be checked without a change. Throws in one line what is wrong. */
export async function openGivenDatabase(login: DatabaseLogin): Promise<GivenDatabase> {
  const { client, encrypted } = await connect(login);
  try {
    const { version, text: versionText } = await serverVersion(client);
    if (version < oldestServer)
      throw new LocalCloudError(
        `The server at ${addressOf(login)} is PostgreSQL ${inOneLine(versionText)}, and Quotron needs version ${oldestServer / 10_000} or newer.`,
      );
    const facts = await databaseFacts(client);
    const problem = problemOf(facts, login);
    if (problem !== null) throw new LocalCloudError(problem);
    if (!(await until(() => holdSchema(client), holdPatienceMs, 250)))
      throw new LocalCloudError(
        `Another Quotron runs on schema ${ownSchema} of database ${facts.database} at ${addressOf(login)}: stop that one, or set DB_NAME to another database.`,
      );
    return { login, facts, versionText, client, encrypted };
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error instanceof LocalCloudError ? error : new LocalCloudError(connectionProblem(error, login));
  }
}

/** Why a database cannot be used; `null` where it can. */
function problemOf(facts: DatabaseFacts, login: DatabaseLogin): string | null {
  const { database, user, owner, owns, mark, objects } = facts;
  const where = `database ${database} at ${addressOf(login)}`;
  if (facts.standby)
    return `The server at ${addressOf(login)} is a standby, which takes no writes: set DB_HOST to the primary.`;
  if (facts.encoding !== 'UTF8')
    return `The encoding of ${where} is ${facts.encoding}, and names of shares need UTF8: create a database with ENCODING 'UTF8'.`;
  if (owner !== null && mark === null && objects > 0)
    return `There is a schema ${ownSchema} in ${where} that is not Quotron's, and it is left as it is: set DB_NAME to another database, or rename that schema.`;
  if (owner !== null && owns !== true)
    return `Schema ${ownSchema} of ${where} belongs to role ${owner}, not to ${user}: log in as ${owner} (DB_USER), or run ALTER SCHEMA ${ownSchema} OWNER TO ${user}.`;
  if (owner === null && !facts.mayCreate)
    return `Role ${user} may not create a schema in ${where}: run GRANT CREATE ON DATABASE ${database} TO ${user}, or CREATE SCHEMA ${ownSchema} AUTHORIZATION ${user}.`;
  if (!facts.mayTemp)
    return `Role ${user} may not create temporary tables in ${where}, which migrations need: run GRANT TEMPORARY ON DATABASE ${database} TO ${user}.`;
  return null;
}

/** The database of a local cloud. */
export interface LocalDatabase {
  /** For this process: as its superuser, or as the owner of the schema. */
  readonly url: string;
  /** For functions. */
  readonly urls: DatabaseUrls;
  /** What and where it is, in words. */
  readonly place: string;
  readonly logFile: string | null;
  /** What the user should know of it. */
  readonly notes: readonly string[];
  /** Resolves when it has ended, or its schema is in other hands: true if it was stopped on purpose. */
  readonly ended: Promise<boolean>;
  stop(): Promise<void>;
}

const passwordsSchema = z.object({ app: z.string(), api: z.string(), state: z.string() });

/** Takes the schema for prices of one kind, and makes the roles of functions where the given role may. */
export async function prepareGivenDatabase(
  { login, facts, versionText, client, encrypted }: GivenDatabase,
  folder: string,
  prices: PricesKind,
): Promise<LocalDatabase> {
  const { database, user, mark } = facts;
  if (mark !== null && mark.prices !== prices)
    throw new LocalCloudError(
      mark.prices === 'simulated'
        ? `Schema ${ownSchema} of database ${database} holds made-up prices, and real ones would mix with them: for --live set DB_NAME to another database, or empty this one (npm run reset -- --empty-schema).`
        : `Schema ${ownSchema} of database ${database} holds real prices, and made-up ones would mix with them: start with --live, or set DB_NAME to another database.`,
    );
  const ownerUrl = urlOf(login, encrypted);
  let urls: DatabaseUrls = { owner: ownerUrl, app: ownerUrl, api: ownerUrl, state: ownerUrl };
  const notes: string[] = [];
  if (facts.superuser)
    notes.push(`Role ${user} (DB_USER) is a superuser, which Quotron does not need: an owner of the database will do.`);
  try {
    await takeSchema(client, prices);
    if (facts.createRole || facts.superuser) {
      const file = join(folder, 'database-roles.json');
      const passwords = readState(file, passwordsSchema) ?? newPasswords();
      writeState(file, passwords);
      await makeOwnRoles(client, database, passwords, mostConnections);
      const names = ownRoleNames(database);
      const urlAs = (role: MadeRole) => urlOf({ ...login, user: names[role], password: passwords[role] }, encrypted);
      urls = { owner: ownerUrl, app: urlAs('app'), api: urlAs('api'), state: urlAs('state') };
      await tryLogin({ ...login, user: names.api, password: passwords.api });
    } else {
      notes.push(
        `Role ${user} (DB_USER) may not create roles, so all functions log in as it: ALTER ROLE ${user} CREATEROLE gives them roles of their own, with fewer rights.`,
      );
    }
  } catch (error) {
    if (error instanceof LocalCloudError) throw error;
    if (error instanceof OwnRolesError)
      throw new LocalCloudError(
        `The roles of functions cannot be made: ${error.message}. Rename it, or take CREATEROLE from ${user}.`,
      );
    throw new LocalCloudError(connectionProblem(error, login));
  }
  let asked = false;
  const held = hold(client, login, () => asked);
  return {
    url: ownerUrl,
    urls,
    place: `PostgreSQL ${inOneLine(versionText)} at ${addressOf(login)}, schema ${ownSchema} of database ${database}`,
    logFile: null,
    notes,
    ended: held.ended,
    stop: async () => {
      asked = true;
      await held.stop();
    },
  };
}

/** The connections of a role: as many as the functions of a laptop may need. */
const mostConnections = 100;

function newPasswords() {
  const make = () => randomBytes(18).toString('base64url');
  return { app: make(), api: make(), state: make() };
}

/** Whether a role that was made gets in: rules of `pg_hba.conf` may name roles. */
async function tryLogin(login: DatabaseLogin): Promise<void> {
  const { client } = await connect(login);
  await client.end();
}

/** Keeps the schema held: a connection that is lost, as when the server restarts, is made again. */
function hold(first: pg.Client, login: DatabaseLogin, asked: () => boolean) {
  let client = first;
  let resolve: (asked: boolean) => void = () => undefined;
  const ended = new Promise<boolean>((settle) => {
    resolve = settle;
  });
  const watch = () => {
    client.once('end', () => {
      if (asked()) resolve(true);
      else void again();
    });
  };
  const again = async () => {
    await until(
      async () => {
        if (asked()) return true;
        const connected = await connect(login).catch(() => null);
        if (connected === null) return false;
        client = connected.client;
        return true;
      },
      Number.POSITIVE_INFINITY,
      2_000,
    );
    if (asked()) return resolve(true);
    if (await until(() => holdSchema(client), holdPatienceMs, 250)) watch();
    else resolve(false);
  };
  watch();
  return { ended, stop: () => client.end().catch(() => undefined) };
}

/** Encrypted where the server can, unless `DB_SSLMODE` says otherwise. */
async function connect(login: DatabaseLogin): Promise<{ client: pg.Client; encrypted: boolean }> {
  if (login.sslMode === 'disable') return { client: await connectBy(login, false), encrypted: false };
  try {
    return { client: await connectBy(login, true), encrypted: true };
  } catch (error) {
    if (login.sslMode !== 'prefer' || !refusesEncryption(error))
      throw new LocalCloudError(connectionProblem(error, login));
    return { client: await connectBy(login, false), encrypted: false };
  }
}

/** `pg` reports it without a code. */
function refusesEncryption(error: unknown): boolean {
  return error instanceof Error && error.message === 'The server does not support SSL connections';
}

async function connectBy(login: DatabaseLogin, encrypted: boolean): Promise<pg.Client> {
  const { host, port, database, user, password } = login;
  const client = new pg.Client({
    ...{ host, port, database, user },
    // Without one, `pg` would take PGPASSWORD of the shell, which functions do not have.
    password:
      password ??
      (() =>
        Promise.reject(new LocalCloudError(`The server at ${addressOf(login)} asks for a password: set DB_PASSWORD.`))),
    ssl: encrypted && { rejectUnauthorized: login.sslMode === 'verify-full' },
    connectionTimeoutMillis: 10_000,
    application_name: 'quotron local cloud',
    keepAlive: true,
  });
  // A connection that breaks must not end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    // Of a role or database whose sessions end when nothing is asked for a while; older servers do not know it.
    await client.query("SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'");
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    if (encrypted && refusesEncryption(error)) throw error;
    throw error instanceof LocalCloudError ? error : new LocalCloudError(connectionProblem(error, login));
  }
}

/**
 * Empties the schema of a database that is ours, and drops the roles that were made for it. Gives the roles that stay, and
 * `null` where there is nothing to empty. Throws in one line.
 */
export async function emptyGivenDatabase(login: DatabaseLogin): Promise<readonly string[] | null> {
  const { client, facts } = await openGivenDatabase(login);
  try {
    if (facts.owner === null || facts.mark === null) return null;
    await emptySchema(client);
    return await dropOwnRoles(client, facts.database);
  } catch (error) {
    throw new LocalCloudError(connectionProblem(error, login));
  } finally {
    await client.end().catch(() => undefined);
  }
}
