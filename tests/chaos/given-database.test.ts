/* `npm start` on a PostgreSQL that exists: a second one, of the same binaries, whose owner is no superuser. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { localFileSchema } from '../../localstack/cloud.ts';
import { type RunningDatabase, startDatabase } from '../../localstack/database.ts';
import { stateFolder } from '../support/cli-process.ts';
import { expectNothingLost } from '../support/invariants/expect-nothing-lost.ts';

const place = stateFolder();
const folder = mkdtempSync(join(tmpdir(), 'quotron-given-'));
const password = "s3cret p@ss:w/rd%25?#&'$";
const readySchema = localFileSchema.extend({ signInUrl: z.string() });

/** How long a start may take on a busy machine: it deploys. */
const startMs = 400_000;

let server: RunningDatabase;
let admin: pg.Client;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  server = await startDatabase({ dir: join(folder, 'postgres'), persistent: false, fsync: false });
  admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`CREATE ROLE market LOGIN CREATEROLE PASSWORD ${admin.escapeLiteral(password)}`);
  await admin.query('CREATE DATABASE market OWNER market');
  env = {
    ...{ DB_HOST: '127.0.0.1', DB_PORT: String(server.port), DB_NAME: 'market', DB_USER: 'market' },
    ...{ DB_PASSWORD: password, QUOTRON_SYMBOLS: 'GOOGL,OCDO.L' },
  };
});
afterEach(({ task }) => (task.result?.state === 'fail' ? place.endAll() : undefined));
afterAll(async () => {
  await admin?.end();
  await server?.stop();
  place.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function inMarket(statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.url.replace(/\/quotron$/, '/market') });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

async function started() {
  const running = place.run('start.ts', ['--json'], env);
  await running.untilSaid('signInUrl', startMs);
  const ready = readySchema.parse(JSON.parse(running.stdout()));
  const answer = await fetch(`${ready.apiUrl}/quotes`, { headers: { 'x-api-key': ready.apiKeys.read } });
  expect(answer.status).toBe(200);
  expect(JSON.stringify(await answer.json())).toContain('OCDO.L');
  const stop = async () => {
    running.signal('SIGINT');
    return (await running.finished).code;
  };
  return { running, ready, stop };
}

/** The password as it is, and as it stands in addresses. */
const secrets = [password, encodeURIComponent(password)];

/** Files below a folder that others may read, on a way that others may go. */
function readable(path: string): string[] {
  const { mode } = statSync(path);
  if (!statSync(path).isDirectory()) return (mode & 0o004) === 0 ? [] : [path];
  return (mode & 0o001) === 0 ? [] : readdirSync(path).flatMap((name) => readable(join(path, name)));
}

function logs(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.log'))
    .map((entry) => join(entry.parentPath, entry.name));
}

it('collects into a schema of its own, with roles for functions, and the password is nowhere', {
  timeout: 2 * startMs,
}, async () => {
  await inMarket("CREATE TABLE public.quote (mine text); INSERT INTO public.quote VALUES ('untouched')");
  const { running, ready, stop } = await started();
  expect(ready.databaseGiven).toBe(true);
  expect(existsSync(join(place.folder, 'postgres'))).toBe(false);
  expect(await inMarket('SELECT count(*) > 0 AS collected FROM quotron.quote')).toEqual([{ collected: true }]);
  expect(await inMarket('SELECT * FROM public.quote')).toEqual([{ mine: 'untouched' }]);
  const users = await inMarket(
    "SELECT DISTINCT usename::text AS name FROM pg_stat_activity WHERE datname = 'market' AND usename LIKE 'quotron_a%'",
  );
  expect(users.length).toBeGreaterThan(0);

  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'latin1')];
      } catch {
        return [];
      }
    });
  expect(processes.length).toBeGreaterThan(5);
  const texts = new Map([
    ['stdout', running.stdout()],
    ['stderr', running.stderr()],
    ['processes', processes.join('\n')],
    ["the server's log", readFileSync(server.logFile, 'latin1')],
    ...[...readable(place.folder), ...logs(place.folder)].map((path): [string, string] => [
      path,
      readFileSync(path, 'latin1'),
    ]),
  ]);
  expect([...texts].flatMap(([name, text]) => (secrets.some((secret) => text.includes(secret)) ? [name] : []))).toEqual(
    [],
  );
  expect(readFileSync(join(place.folder, 'local.json'), 'utf8')).toContain(encodeURIComponent(password));
  expect(statSync(join(place.folder, 'local.json')).mode & 0o077).toBe(0);
  const pool = createPool({ url: JSON.parse(readFileSync(join(place.folder, 'local.json'), 'utf8')).databaseUrl });
  await expectNothingLost(ready, pool).finally(() => pool.end());
  expect(await stop()).toBe(0);
  expect(await place.nothingLeft()).toEqual([]);
});

it('goes on where it was, with all functions as the owner when that may make no roles any more', {
  timeout: 2 * startMs,
}, async () => {
  const before = await inMarket('SELECT count(*)::int AS count FROM quotron.run');
  await admin.query('ALTER ROLE market NOCREATEROLE');
  const { running, stop } = await started();
  expect(running.stderr()).toContain('ALTER ROLE market CREATEROLE');
  const after = await inMarket('SELECT count(*)::int AS count FROM quotron.run');
  expect(JSON.stringify(after)).not.toBe(JSON.stringify(before));
  const second = await place.run('start.ts', ['--once'], env).finished;
  expect(second.code).toBe(1);
  expect(await stop()).toBe(0);
});

it('refuses real prices among made-up ones', async () => {
  const { code, stderr } = await place.run('start.ts', ['--live', '--once'], env).finished;
  expect(code).toBe(1);
  expect(stderr).toMatch(/\nSchema quotron of database market holds made-up prices[^\n]*\n/);
});

it('is reset only as far as one says', async () => {
  const tables =
    "SELECT count(*)::int AS count FROM pg_class WHERE relnamespace = 'quotron'::regnamespace AND relkind = 'r'";
  const before = await inMarket(tables);
  const plain = await place.run('reset.ts', [], env).finished;
  expect(plain.code).toBe(0);
  expect(plain.stdout).toContain('Nothing was deleted in schema quotron of database market');
  expect(existsSync(join(place.folder, 'local.json'))).toBe(false);
  expect(await inMarket(tables)).toEqual(before);
  const emptied = await place.run('reset.ts', ['--empty-schema'], env).finished;
  expect(emptied.stdout).toContain('Emptied schema quotron of database market');
  // It has lost the right to drop them.
  expect(emptied.stdout).toContain('could not drop the roles quotron_');
  expect(await inMarket(tables)).toEqual([{ count: 0 }]);
  expect(await inMarket('SELECT * FROM public.quote')).toEqual([{ mine: 'untouched' }]);
  const without = await place.run('reset.ts', ['--empty-schema']).finished;
  expect(without.code).toBe(1);
  expect(without.stderr).toContain('DB_HOST');
});
