/** The pool of connections: what its errors tell, and what becomes of a connection while its container is frozen. */
import { execFileSync } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createPool, inTransaction, type Pool } from '../../core/adapters/postgres/database/pool.ts';
import { patientLimits, type TimeLimits, timeLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { DatabaseConnectionError, errorCode, isDatabaseUnavailable } from '../../core/ports/database-unavailable.ts';
import { logger } from '../../core/runtime/observe.ts';
import { everythingLogged } from '../support/planted-secrets.ts';
import { column } from '../support/quote-store-rows.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld();
const pools: Pool[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const pool of pools.splice(0)) await pool.end();
});

/** The pool of a container. */
function container(url = world.databaseUrl): Pool {
  const pool = createPool({ url }, 1);
  pools.push(pool);
  return pool;
}

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

describe('a container that was frozen', () => {
  const sessionOf = async (pool: Pool) => (await column(pool, 'SELECT pg_backend_pid()'))[0];
  const thawAfter = (ms: number) => {
    const thawed = Date.now() + ms;
    vi.spyOn(Date, 'now').mockImplementation(() => thawed);
  };

  it('works on with a new connection, and notices nothing of the one that the server has ended', async () => {
    const pool = container();
    const session = await sessionOf(pool);
    // Nothing of this reaches the container: its process stands still meanwhile.
    const end = `const pg = require('pg'); const c = new pg.Client(${JSON.stringify(world.databaseUrl)});
      c.connect().then(() => c.query('SELECT pg_terminate_backend(${session})')).then(() => c.end());`;
    execFileSync(process.execPath, ['-e', end]);
    thawAfter(patientLimits.idle + 60_000);
    expect(await sessionOf(pool)).not.toBe(session);
  });

  it('begins a transaction on a new connection, too, and one more when that was idle for as long', async () => {
    const pool = container();
    const sessions = [await sessionOf(pool)];
    for (const times of [1, 2]) {
      thawAfter(times * (patientLimits.idle + 60_000));
      sessions.push(
        await inTransaction(pool, async (db) =>
          String((await db.query('SELECT pg_backend_pid() AS pid')).rows[0]?.pid),
        ),
      );
      vi.restoreAllMocks();
    }
    expect(new Set(sessions).size).toBe(3);
    expect(pool.totalCount).toBe(1);
  });

  it('keeps its connection from one minute to the next, and lets it go before the server would end it', async () => {
    const pool = container();
    const session = await sessionOf(pool);
    thawAfter(61_000);
    expect(await sessionOf(pool)).toBe(session);
  });
});

describe('a role with fewer connections than there are containers', () => {
  const role = 'pool_test_api';
  let url: string;
  beforeAll(async () => {
    await world.pool.query(`DROP ROLE IF EXISTS ${role}`);
    await world.pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'p' CONNECTION LIMIT 15`);
    const of = new URL(world.databaseUrl);
    of.username = role;
    of.password = 'p';
    url = of.href;
  });
  const containers = (limits: Partial<TimeLimits>) =>
    Array.from({ length: 30 }, () => {
      const pool = createPool({ url }, 1, { ...timeLimits('api'), ...limits });
      pools.push(pool);
      return pool;
    });

  it('says that the database is away while frozen ones hold them all, and serves the others once the server has ended those', async () => {
    // The server ends what has been idle for ten seconds more.
    const all = containers({ idle: 1_000, idleInTransaction: 120_000 });
    const [frozen, late] = [all.slice(0, 15), all.slice(15)];
    const held = await Promise.all(frozen.map((pool) => pool.connect()));
    for (const connection of held) await connection.query('BEGIN');
    for (const error of await Promise.all(late.map((pool) => failureOf(pool.query('SELECT 1'))))) {
      expect(errorCode(error)).toBe('53300');
      expect(isDatabaseUnavailable(error)).toBe(true);
    }
    // From now on the fifteen do nothing, as in a frozen container.
    for (const connection of held) await connection.query('COMMIT');
    const open = 'SELECT count(*)::int FROM pg_stat_activity WHERE usename = $1';
    await vi.waitUntil(async () => (await column(world.pool, open, [role]))[0] === '0', { timeout: 60_000 });
    await Promise.all(late.map((pool) => pool.query('SELECT 1')));
    for (const connection of held) connection.release(true);
  });

  it('lets requests wait for each other where there are more at once than connections', async () => {
    const all = containers({ connect: 40_000 });
    const answers = await Promise.all(
      all.map(async (pool) => {
        const connection = await pool.connect();
        try {
          return Number((await connection.query('SELECT 1 AS one, pg_sleep(0.05)')).rows[0]?.one);
        } finally {
          connection.release(true);
        }
      }),
    );
    expect(answers).toEqual(Array.from({ length: 30 }, () => 1));
  });
});

describe('an error of the connection', () => {
  it('is one of the database, by its class', async () => {
    const proxy = await startTcpProxy(world.databaseUrl);
    const pool = container(proxy.through(world.databaseUrl));
    await pool.query('SELECT');
    const lost = failureOf(pool.query('SELECT pg_sleep(30)'));
    await expect
      .poll(() => column(world.pool, "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(30)'"))
      .toEqual(['1']);
    proxy.reset();
    expect(await lost).toBeInstanceOf(DatabaseConnectionError);
    await proxy.close();
    const refused = await failureOf(pool.query('SELECT'));
    expect(refused).toBeInstanceOf(DatabaseConnectionError);
    expect(errorCode(refused)).toBe('ECONNREFUSED');
    expect(isDatabaseUnavailable(await failureOf(inTransaction(pool, async () => null)))).toBe(true);
  });
});

describe('a query', () => {
  it('that the server never answers ends by the limit, and its connection is not used again', async () => {
    const proxy = await startTcpProxy(world.databaseUrl);
    const pool = createPool({ url: proxy.through(world.databaseUrl) }, 1, { ...patientLimits, query: 300 });
    pools.push(pool);
    const session = await column(pool, 'SELECT pg_backend_pid()');
    proxy.blackHole(true);
    const unanswered = await failureOf(pool.query('SELECT 1'));
    expect(unanswered).toBeInstanceOf(DatabaseConnectionError);
    expect(isDatabaseUnavailable(unanswered)).toBe(true);
    expect(pool.totalCount).toBe(0);
    proxy.blackHole(false);
    expect(await column(pool, 'SELECT pg_backend_pid()')).not.toEqual(session);
    const cut = failureOf(
      inTransaction(pool, async (db) => {
        proxy.blackHole(true);
        await db.query('SELECT 1');
      }),
    );
    expect(await cut).toBeInstanceOf(DatabaseConnectionError);
    expect(pool.totalCount).toBe(0);
    await proxy.close();
  });

  it('keeps none of its rows once it is answered, before the whole heap is collected', async () => {
    const pool = container();
    setFlagsFromString('--expose-gc');
    const collect = z
      .function({ input: [z.object({ type: z.enum(['minor', 'major']) })] })
      .parse(runInNewContext('gc'));
    const ask = async (times: number) => {
      for (let time = 0; time < times; time++)
        await pool.query(`SELECT 'some text ' || n AS text, n FROM generate_series(1, $1::int) n`, [500]);
    };
    await ask(50);
    collect({ type: 'major' });
    const before = process.memoryUsage().heapUsed;
    await ask(200);
    // Twice: what is new survives the first.
    for (const type of ['minor', 'minor'] as const) collect({ type });
    const kept = process.memoryUsage().heapUsed - before;
    // All rows have some 20 MB.
    expect(kept).toBeLessThan(5_000_000);
  });
});

describe('what Postgres refuses', () => {
  const secret = 'hunter2-planted';
  const statements: [string, string, string, (string | number)[]][] = [
    ['a key that is there', '23505', 'INSERT INTO planted VALUES ($1, 1, NULL)', [secret]],
    ['a value that fails a check', '23514', 'INSERT INTO planted VALUES ($1, -1, NULL)', [`${secret} 2`]],
    ['a value that is missing', '23502', 'INSERT INTO planted VALUES ($1, NULL, NULL)', [secret]],
    ['a text that is no number', '22P02', 'SELECT $1::int', [secret]],
    ['a text that is no time', '22007', 'SELECT $1::timestamptz', [secret]],
    ['a text that is no JSON', '22P02', 'SELECT $1::jsonb', [`{"a": ${secret}}`]],
    ['a text with quotes', '22P02', 'SELECT $1::numeric', [`x" and '${secret}`]],
    ['a text that is too long', '22001', 'INSERT INTO planted VALUES ($1, 1, $2)', ['long', secret]],
    ['a row that refers to nothing', '23503', 'INSERT INTO planted_child VALUES ($1)', [`other ${secret}`]],
    ['what a function of ours raises', 'P0001', 'SELECT planted_raise($1)', [secret]],
    ['a statement of no sense', '42601', 'SELEC 1', []],
  ];

  async function plant(): Promise<void> {
    await world.pool.query(
      `CREATE TABLE IF NOT EXISTS planted (id text PRIMARY KEY, n int NOT NULL CHECK (n > 0), short varchar(10));
       CREATE TABLE IF NOT EXISTS planted_child (id text REFERENCES planted);
       CREATE OR REPLACE FUNCTION planted_raise(what text) RETURNS void LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'refused "%"', what USING DETAIL = what, HINT = what; END $$`,
    );
    await world.pool.query("INSERT INTO planted VALUES ($1, 1, '') ON CONFLICT DO NOTHING", [secret]);
  }

  /** What a log has of an error, and of one that it caused. */
  const logged = (error: unknown) =>
    everythingLogged(async () => {
      logger.error('It failed', { error: new Error('Outer', { cause: error }) });
      logger.error('It failed', error instanceof Error ? error : new Error('no error'));
    });

  it.each(statements)('says nothing of the row: %s', async (_what, code, text, values) => {
    await plant();
    for (const error of [
      await failureOf(world.pool.query(text, values)),
      await failureOf(inTransaction(world.pool, (db) => db.query(text, values))),
      await failureOf(
        inTransaction(world.pool, (db) => db.query({ name: `planted ${text}`.slice(0, 40), text, values })),
      ),
    ]) {
      expect(errorCode(error)).toBe(code);
      const told = await logged(error);
      expect(told).toContain(code);
      expect(told).not.toContain('hunter2');
      expect(String(error)).not.toContain('hunter2');
    }
  });

  it('names the constraint, the table and the column', async () => {
    await plant();
    const error = await failureOf(world.pool.query('INSERT INTO planted VALUES ($1, NULL, NULL)', [secret]));
    expect(error).toMatchObject({ code: '23502', table: 'planted', column: 'n' });
    const again = await failureOf(world.pool.query('INSERT INTO planted VALUES ($1, 1, NULL)', [secret]));
    expect(again).toMatchObject({ code: '23505', constraint: 'planted_pkey' });
    expect(String(again)).toContain('duplicate key value violates unique constraint "planted_pkey"');
  });
});
