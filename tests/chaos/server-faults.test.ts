import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { migrate } from '../../core/adapters/postgres/database/migrate.ts';
import { createPool, type Pool } from '../../core/adapters/postgres/database/pool.ts';
import { iamToken } from '../../core/adapters/rds/iam-token.ts';
import { type RunningDatabase, startDatabase } from '../../localstack/database.ts';
import { isAlive } from '../../localstack/processes.ts';
import { makeKeys, testApi } from '../support/api-fixture.ts';
import { type LoadOptions, type QueuedLoad, queueLoad } from '../support/load-through-queue.ts';
import { migrationsDirectory } from '../support/postgres.ts';

/* What breaks in Postgres itself. Each test has a server of its own. */

let folder = '';
let database: RunningDatabase | undefined;
const pools: Pool[] = [];
const loads: QueuedLoad[] = [];

afterEach(async () => {
  for (const load of loads.splice(0)) await load.stop();
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
  await database?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function startServer(maxConnections = 100): Promise<RunningDatabase> {
  folder = mkdtempSync(join(tmpdir(), 'quotron-server-'));
  database = await startDatabase({ dir: join(folder, 'postgres'), persistent: true, maxConnections });
  return database;
}

/** The same data, after the server has ended. Its port is the same. */
async function restart(ended: RunningDatabase): Promise<RunningDatabase> {
  await ended.ended;
  database = await startDatabase({ dir: join(folder, 'postgres'), persistent: true, port: ended.port });
  return database;
}

function poolOf({ url }: { url: string }, max = 3): Pool {
  const pool = createPool({ url }, max);
  pools.push(pool);
  return pool;
}

async function newLoad(pool: Pool, options: LoadOptions): Promise<QueuedLoad> {
  const load = await queueLoad(pool, options);
  loads.push(load);
  return load;
}

it('kill -9 of the postmaster and a restart: the containers go on by themselves, and no message loses a try [fault 6]', async () => {
  const server = await startServer();
  const pool = poolOf(server);
  await migrate(pool, migrationsDirectory, new Date());
  const load = await newLoad(pool, { ticks: 16, containers: 4 });
  const reading = load.read(server.url, 90_000);
  await expect.poll(() => load.counts.done, { interval: 5, timeout: 20_000 }).toBeGreaterThan(10);
  // The whole group: backends that outlive their postmaster would keep its memory.
  process.kill(-server.pid, 'SIGKILL');
  expect(await server.ended).toBe(false);
  await expect.poll(() => load.counts.held, { timeout: 20_000 }).toBeGreaterThan(0);
  const left = load.queue.size;
  expect(left).toBeGreaterThan(0);
  await restart(server);
  await reading;
  expect(isAlive(server.pid)).toBe(false);
  expect(load.counts.failed).toBe(0);
  await load.expectStored();
});

describe('more clients than connections', () => {
  it('50 loaders at 10 connections all get through, and the API says 503 meanwhile [fault 12]', async () => {
    // Three of the ten are for superusers, such as this test.
    const server = await startServer(10);
    const setup = poolOf(server, 1);
    await migrate(setup, migrationsDirectory, new Date());
    const keys = await makeKeys(setup);
    await setup.query("CREATE ROLE loader LOGIN PASSWORD 'loader' IN ROLE pg_read_all_data, pg_write_all_data");
    await setup.query('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO loader');
    const url = new URL(server.url);
    url.username = 'loader';
    url.password = 'loader';
    const load = await newLoad(setup, { ticks: 15, containers: 50, batchSize: 1 });
    let mostConnections = 0;
    const reading = load.read(url.href, 90_000);
    const statuses = new Set<number>();
    while (load.queue.size > 0 && load.counts.done < load.load.length) {
      const { rows } = await setup.query<{ count: number }>(
        "SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = 'loader'",
      );
      mostConnections = Math.max(mostConnections, rows[0]?.count ?? 0);
      // A container of the API that has no connection yet, among the loaders.
      const own = createPool({ url: url.href }, 1);
      const answer = await testApi(own).ask('/sources', { key: keys.read });
      statuses.add(answer.status);
      await own.end();
    }
    await reading;
    expect(load.counts.held).toBeGreaterThan(0);
    expect(mostConnections).toBeGreaterThan(3);
    expect(mostConnections).toBeLessThanOrEqual(10);
    expect(statuses).toContain(503);
    expect([...statuses].filter((status) => status !== 503 && status !== 200)).toEqual([]);
    const after = poolOf({ url: url.href }, 1);
    expect((await testApi(after).ask('/sources', { key: keys.read })).status).toBe(200);
    expect(load.counts.failed).toBe(0);
    await load.expectStored();
  });
});

describe('a full disk', () => {
  it('is a failure of each write (SQLSTATE 53100): reads go on, nothing half is stored, and all is read once there is room [fault 15]', async () => {
    const server = await startServer();
    const pool = poolOf(server);
    await migrate(pool, migrationsDirectory, new Date());
    const keys = await makeKeys(pool);
    // What Postgres raises when a table cannot grow, in the middle of the transaction, on every machine. A real file system
    // that is full is in disk-full.test.ts.
    const full = (on: boolean) =>
      pool.query(`CREATE OR REPLACE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN ${on ? "RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';" : ''} RETURN NULL; END $$`);
    await full(true);
    await pool.query('CREATE TRIGGER no_room AFTER INSERT ON quote FOR EACH STATEMENT EXECUTE FUNCTION no_room()');
    await pool.query(
      'CREATE TRIGGER no_room AFTER INSERT ON batch_statistics FOR EACH STATEMENT EXECUTE FUNCTION no_room()',
    );
    const load = await newLoad(pool, { ticks: 10, containers: 3 });
    const reading = load.read(server.url);
    await expect.poll(() => load.counts.held, { timeout: 20_000 }).toBeGreaterThan(5);
    const api = testApi(pool);
    expect((await api.ask('/sources', { key: keys.read })).status).toBe(200);
    for (const table of ['quote', 'latest_quote'])
      expect((await pool.query(`SELECT FROM ${table}`)).rowCount, table).toBe(0);
    expect((await pool.query('SELECT FROM batch WHERE accepted > 0')).rowCount).toBe(0);
    await full(false);
    await reading;
    expect(load.counts.failed).toBe(0);
    await load.expectStored();
  });
});

describe('a password that is changed while containers work', () => {
  it('costs waiting until they have the new one [fault 39]', async () => {
    const server = await startServer();
    const pool = poolOf(server);
    await migrate(pool, migrationsDirectory, new Date());
    const keys = await makeKeys(pool);
    await pool.query("CREATE ROLE loader LOGIN PASSWORD 'before' IN ROLE pg_read_all_data, pg_write_all_data");
    await pool.query('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO loader');
    const urlWith = (password: string) => {
      const own = new URL(server.url);
      own.username = 'loader';
      own.password = password;
      return own.href;
    };
    const load = await newLoad(pool, { ticks: 10, containers: 3 });
    const reading = load.read(urlWith('before'), 30_000);
    await expect.poll(() => load.counts.done, { interval: 5, timeout: 20_000 }).toBeGreaterThan(5);
    await pool.query("ALTER ROLE loader PASSWORD 'after'");
    // Open connections would go on; new ones are refused.
    await pool.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'loader'");
    await expect.poll(() => load.counts.held, { timeout: 20_000 }).toBeGreaterThan(3);
    const refused = poolOf({ url: urlWith('before') }, 1);
    const api = await testApi(refused).ask('/sources', { key: keys.read });
    expect([api.status, api.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await refused.query('SELECT 1').catch((error: unknown) => error)).toMatchObject({ code: '28P01' });
    expect(load.queue.size).toBeGreaterThan(0);
    // New containers get the new password, as a deployment does it; the old ones are gone.
    await load.stop();
    await reading.catch(() => undefined);
    await load.read(urlWith('after'));
    expect(load.counts.failed).toBe(0);
    await load.expectStored();
  });

  it('is no matter where each login signs a token of its own: a refused one does not spoil the next [fault 39]', async () => {
    const server = await startServer();
    const admin = poolOf(server, 1);
    await admin.query("CREATE ROLE tokens LOGIN PASSWORD 'first'");
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIATEST');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    const sign = iamToken({ host: 'db.example', port: 5432, user: 'tokens', region: 'us-east-1' });
    const tokens: string[] = [];
    let accepted = 'first';
    // RDS would check the token; here each login signs one, and what this server takes goes along in its place.
    const pool = new pg.Pool({
      ...{ host: '127.0.0.1', port: server.port, database: 'quotron', user: 'tokens', max: 1 },
      password: async () => {
        tokens.push(await sign());
        return accepted;
      },
    });
    pool.on('error', () => undefined);
    const login = () =>
      pool.query('SELECT 1').then(
        ({ rowCount }) => rowCount,
        (error: unknown) => error,
      );
    expect(await login()).toBe(1);
    await admin.query("ALTER ROLE tokens PASSWORD 'second'");
    await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'tokens'");
    await expect.poll(() => pool.totalCount).toBe(0);
    // A token has its second in it.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await login()).toMatchObject({ code: '28P01' });
    accepted = 'second';
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await login()).toBe(1);
    expect(new Set(tokens).size).toBe(3);
    for (const token of tokens) expect(new URL(`https://${token}`).searchParams.get('X-Amz-Expires')).toBe('900');
    await pool.end();
    vi.unstubAllEnvs();
  });
});
