import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { addAdminKey } from '../../core/adapters/postgres/access/admin-key.ts';
import { apiKeyStore } from '../../core/adapters/postgres/access/api-key-store.ts';
import { createPool, type Pool } from '../../core/adapters/postgres/database/pool.ts';
import { prepareRoles } from '../../core/adapters/postgres/database/prepare.ts';
import { rowsOf } from '../../core/adapters/postgres/database/rows.ts';
import { postgresPlanStore } from '../../core/adapters/postgres/work/plan-store.ts';
import { readWatchList } from '../../core/adapters/postgres/work/watch-list.ts';
import { createApiKey } from '../../core/auth/api-keys.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { migrateDatabase } from '../../functions/migrate/standalone.ts';
import { planRuns } from '../../functions/schedule/plan-runs.ts';
import { type RunningDatabase, startDatabase } from '../../localstack/database.ts';
import { databaseAccount, homeFor } from '../../localstack/database-home.ts';
import { migrationsDirectory } from '../support/postgres.ts';

/*
 * A restore of RDS, as far as it goes without RDS: the files of a running server, copied as a snapshot copies a disk, are
 * started as another server. It is of an earlier schema, its master user gets another password, and the functions' roles
 * come with it.
 */

const now = new Date();
let folder: string;
let lost: RunningDatabase;
let restored: RunningDatabase;
const running: RunningDatabase[] = [];
const pools: Pool[] = [];
const poolOf = (url: string) => {
  const pool = createPool({ url }, 1);
  pools.push(pool);
  return pool;
};
const key = createApiKey();
/** The migration that the next release has beside those of this one: what runs here needs all that this one has. */
const newest = '9999_of-the-next-release';
let next: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quotron-restore-'));
  const [one, other] = ['lost', 'restored'].map((name) => join(folder, name));
  if (!one || !other) throw new Error('there are two folders');
  next = join(folder, 'migrations');
  cpSync(migrationsDirectory, next, { recursive: true });
  writeFileSync(join(next, `${newest}.sql`), '-- Up Migration\n\nCREATE TABLE of_the_next_release (id int);\n');
  lost = await startDatabase({ dir: one, persistent: false, roles: true });
  running.push(lost);
  await migrateDatabase({}, { url: lost.urls.owner }, migrationsDirectory, now);
  await addAdminKey(
    poolOf(lost.urls.owner),
    { name: 'kept', prefix: key.prefix, hash: key.hash.toString('hex'), onlyIfNone: false },
    now,
  );
  await plan(lost);
  await snapshotTo(other);
  // What comes after the snapshot is not in it.
  await poolOf(lost.urls.owner).query('DELETE FROM api_key');
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
  restored = await startDatabase({ dir: other, persistent: false, roles: false });
  running.push(restored);
}, 180_000);

afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await Promise.all(running.map((database) => database.stop()));
  rmSync(folder, { recursive: true, force: true });
});

/** Copies the files of the server while it runs, and what a start needs to make them consistent. */
async function snapshotTo(dir: string): Promise<void> {
  mkdirSync(dir);
  const client = new pg.Client({ connectionString: lost.url });
  await client.connect();
  try {
    const shown = await client.query('SHOW data_directory');
    const [from] = rowsOf(z.object({ data_directory: z.string() }), shown);
    const home = await homeFor(dir, databaseAccount());
    const data = join(home.dir, 'data');
    await databaseAccount().makeFolder(data);
    await client.query(`SELECT pg_backup_start('snapshot', true)`);
    execFileSync('cp', ['-a', `${from?.data_directory}/.`, data]);
    const [stopped] = rowsOf(
      z.object({ labelfile: z.string() }),
      await client.query('SELECT labelfile FROM pg_backup_stop(false)'),
    );
    const label = join(data, 'backup_label');
    writeFileSync(label, stopped?.labelfile ?? '');
    await databaseAccount().own(label);
    execFileSync('cp', ['-a', `${from?.data_directory}/pg_wal/.`, join(data, 'pg_wal')]);
    rmSync(join(data, 'postmaster.pid'), { force: true });
    const { password } = new URL(lost.url);
    writeFileSync(join(dir, 'connection.json'), JSON.stringify({ port: lost.port + 1, password, owner: null }));
  } finally {
    await client.end();
  }
}

/** One tick of the planner, with the role that functions have. */
async function plan({ urls }: Pick<RunningDatabase, 'urls'>) {
  const pool = poolOf(urls.app);
  const sent: string[] = [];
  return await planRuns(
    { time: now.toISOString() },
    {
      store: postgresPlanStore(pool),
      queue: {
        send: async (name) => {
          sent.push(name);
        },
      },
      sources: catalogue,
      watched: () => readWatchList(pool),
      alwaysOpen: true,
    },
  );
}

/** The functions' addresses: other server, same roles. */
function urlsOfRestored(): RunningDatabase['urls'] {
  const moved = (text: string) => {
    const url = new URL(text);
    url.port = String(restored.port);
    return url.href;
  };
  const { owner, app, api, state } = lost.urls;
  return { owner: moved(owner), app: moved(app), api: moved(api), state: moved(state) };
}

it('the deployment’s preparation finds the roles and keeps them, with a new master password', async () => {
  const master = new pg.Client({ connectionString: restored.url });
  await master.connect();
  try {
    await master.query(`ALTER ROLE quotron PASSWORD 'of the new secret'`);
    await prepareRoles(master, { masterUser: 'quotron', apiConnections: 7, stateConnections: 9 });
    const limits = await master.query(
      `SELECT rolname AS role, rolconnlimit AS connections FROM pg_roles WHERE rolname IN ('quotron_api', 'quotron_state') ORDER BY 1`,
    );
    expect(rowsOf(z.object({ role: z.string(), connections: z.number() }), limits)).toEqual([
      { role: 'quotron_api', connections: 7 },
      { role: 'quotron_state', connections: 9 },
    ]);
  } finally {
    await master.end();
  }
});

it('it is migrated to a newer release, and what was stored before the snapshot is there', async () => {
  const done = await migrateDatabase({}, { url: urlsOfRestored().owner }, next, now);
  expect(done.applied).toEqual([newest]);
  expect(done.adminKeys).toBe(1);
  // Its watch list is not begun again.
  expect(done.watched?.started).toEqual([]);
  const held = await apiKeyStore(poolOf(urlsOfRestored().api)).findKey(key.hash, now);
  expect(held).toMatchObject({ name: 'kept', scope: 'admin' });
  expect(await apiKeyStore(poolOf(lost.urls.api)).findKey(key.hash, now)).toBeNull();
});

it('functions work there by their roles, and have no more rights than before', async () => {
  const urls = urlsOfRestored();
  // Slots that were planned before the snapshot are not planned twice.
  const again = await plan({ urls });
  expect(again.runs).toEqual([]);
  for (const url of [urls.app, urls.api, urls.state]) {
    const pool = poolOf(url);
    await expect(pool.query('CREATE TABLE intruder (id int)')).rejects.toThrow(/permission denied/);
    await expect(pool.query('DROP TABLE quote')).rejects.toThrow(/must be owner/);
    const counted = rowsOf(z.object({ runs: z.number() }), await pool.query('SELECT count(*)::int AS runs FROM run'));
    expect(counted[0]?.runs).toBeGreaterThan(0);
  }
});
