/** A login to a PostgreSQL that exists already: read from the environment, written as an address, and what goes wrong with it. */
import { createHash } from 'node:crypto';
import { ownSchema } from '../core/adapters/postgres/database/own-schema.ts';
import { codeOf, LocalCloudError, messageOf } from './problem.ts';

/** As `psql` has them; `prefer` encrypts where the server can, without a look at its certificate. */
const sslModes = ['disable', 'prefer', 'require', 'verify-full'] as const;

export interface DatabaseLogin {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | undefined;
  readonly sslMode: (typeof sslModes)[number];
}

/** The settings of a login. With `DB_HOST`, `DB_NAME` and `DB_USER` there is one. */
export const loginNames = ['DB_HOST', 'DB_PORT', 'DB_NAME', 'DB_USER', 'DB_PASSWORD', 'DB_SSLMODE'] as const;

/** The login in the environment; `undefined` where none of the settings is set. Throws with the name of what is wrong. */
export function readLogin(env: NodeJS.ProcessEnv): DatabaseLogin | undefined {
  const given = (name: (typeof loginNames)[number]) => env[name]?.trim() || undefined;
  // Spaces may be part of it.
  const password = env['DB_PASSWORD'] || undefined;
  const set = loginNames.filter((name) => (name === 'DB_PASSWORD' ? password : given(name)) !== undefined);
  if (set.length === 0) return undefined;
  const [host, database, user] = [given('DB_HOST'), given('DB_NAME'), given('DB_USER')];
  if (host === undefined || database === undefined || user === undefined) {
    const missing = (['DB_HOST', 'DB_NAME', 'DB_USER'] as const).filter((name) => given(name) === undefined);
    throw new LocalCloudError(
      `${inWords(set)} ${set.length === 1 ? 'is' : 'are'} set and ${inWords(missing)} ${missing.length === 1 ? 'is' : 'are'} not: set DB_HOST, DB_NAME and DB_USER to use a PostgreSQL that exists, or unset them all to have one started.`,
    );
  }
  // Without its value: in the address of a connection stands the password.
  if (/[/\s@?#]/.test(host))
    throw new LocalCloudError(
      'DB_HOST is not the name or address of a host, such as db.example.com: the port is DB_PORT, the database DB_NAME, the login DB_USER and DB_PASSWORD.',
    );
  const port = given('DB_PORT') ?? '5432';
  if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535)
    throw new LocalCloudError(`DB_PORT is "${port}", which is not a port. Use 1 to 65535, or unset it for 5432.`);
  const mode = given('DB_SSLMODE') ?? 'prefer';
  const sslMode = sslModes.find((each) => each === mode);
  if (sslMode === undefined)
    throw new LocalCloudError(`DB_SSLMODE is "${mode}". Use ${sslModes.join(', ')}, or unset it for prefer.`);
  return { host: host.replace(/^\[(.+)\]$/, '$1'), port: Number(port), database, user, password, sslMode };
}

function inWords(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** Host and port, as they are written. */
export function addressOf({ host, port }: DatabaseLogin): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Identifies a database in the name of a folder. */
export function databaseId(login: DatabaseLogin): string {
  return createHash('sha256')
    .update(`${addressOf(login)}/${login.database}`)
    .digest('hex')
    .slice(0, 10);
}

/**
 * The connection string of a login, with the schema of its own as the search path. It has the form that `psql` and `pg_dump`
 * read, too.
 */
export function urlOf(login: DatabaseLogin, encrypted: boolean): string {
  const { user, password, database, sslMode } = login;
  const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`;
  const ssl = encrypted ? `&sslmode=${sslMode === 'verify-full' ? sslMode : 'require'}` : '';
  const path = encodeURIComponent(`-c search_path=${ownSchema}`);
  return `postgres://${encodeURIComponent(user)}${secret}@${addressOf(login)}/${encodeURIComponent(database)}?options=${path}${ssl}`;
}

/** What is wrong, in one line that names the settings. The password is never part of it. */
export function connectionProblem(error: unknown, login: DatabaseLogin): string {
  if (error instanceof LocalCloudError) return error.message;
  const { host, database, user } = login;
  const at = addressOf(login);
  const code = codeOf(error) ?? '';
  const said = withoutPassword(inOneLine(messageOf(error)), login);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `DB_HOST is ${host}, and no host of that name is found (${code}). Correct it, or look at the network.`;
  if (code === 'ECONNREFUSED')
    return `Nothing listens at ${at} (DB_HOST, DB_PORT). Start the server, or correct the address.`;
  if (
    /^(?:ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ECONNRESET|EPIPE)$/.test(code) ||
    /^(?:timeout exp|Connection term)/.test(said)
  )
    return `${at} (DB_HOST, DB_PORT) does not answer as a PostgreSQL (${code || said}). Correct the address, or look at the network and its firewall.`;
  if (code === '28P01') return `The server at ${at} refuses the password of role ${user} (DB_USER, DB_PASSWORD).`;
  if (code === '28000') return `The server at ${at} does not let role ${user} in (DB_USER): ${said}.`;
  if (code === '3D000') return `There is no database ${database} at ${at} (DB_NAME). Create it, or correct the name.`;
  if (code === '2BP01')
    return `Something outside of schema ${ownSchema} depends on it, and nothing was dropped: ${said}${detailOf(error)}.`;
  if (/^(?:CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|ERR_TLS)/.test(code))
    return `The certificate of ${at} is not accepted (${code}). Name its authority in NODE_EXTRA_CA_CERTS, or set DB_SSLMODE to require, which does not check it.`;
  if (said === 'The server does not support SSL connections')
    return `The server at ${at} does not encrypt connections, and DB_SSLMODE is ${login.sslMode}.`;
  return `The database ${database} at ${at} cannot be used by role ${user}: ${said}.`;
}

function detailOf(error: unknown): string {
  return error instanceof Error && 'detail' in error && typeof error.detail === 'string'
    ? ` (${inOneLine(error.detail)})`
    : '';
}

function withoutPassword(text: string, { password }: DatabaseLogin): string {
  return password === undefined ? text : text.replaceAll(password, '[redacted]');
}

/** A text of the server on one line, without its full stop. */
export function inOneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().replace(/\.$/, '');
}
