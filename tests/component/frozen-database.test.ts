import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createPool, type Pool } from '../../core/adapters/postgres/database/pool.ts';
import { problemSchema } from '../../core/contracts/http/envelope.ts';
import { type Keys, makeKeys, noon, testApi } from '../support/api-fixture.ts';
import { shortLimits } from '../support/short-limits.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ partitionsAt: new Date(noon), connections: 2, keepRows: true });
const { limits, timeoutMs } = shortLimits('api');
let keys: Keys;
let proxy: TcpProxy;
let pools: Pool[] = [];

beforeAll(async () => {
  keys = await makeKeys(world.pool);
  proxy = await startTcpProxy(world.databaseUrl);
});
// Two tests' containers, one for each read, would be more than the database takes.
afterEach(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  pools = [];
});
afterAll(() => proxy.close());

/** The reads of the API that ask for a key; each needs the database. */
function reads(): string[] {
  const { specs } = testApi(world.pool).app;
  return specs
    .filter(({ method, access }) => method === 'get' && access !== 'public')
    .map(({ path }) => path.replace('{symbol}', 'AAPL').replace('{id}', 'yahoo').replace('{name}', 'page.html'));
}

/** One container of the API each, that has answered before and so has its connection. */
async function warmContainers(count: number) {
  const apis: ReturnType<typeof testApi>[] = [];
  // In turn: a login is work for the processor.
  while (apis.length < count) {
    const pool = createPool({ url: proxy.through(world.databaseUrl) }, 1, limits);
    pools.push(pool);
    await pool.query('SELECT 1');
    apis.push(testApi(pool));
  }
  return apis;
}

/** What each container answers now, in turn for the same reason. */
async function statusesOf(apis: readonly ReturnType<typeof testApi>[]): Promise<number[]> {
  const statuses: number[] = [];
  for (const api of apis) statuses.push((await api.ask('/sources', { key: keys.read })).status);
  return statuses;
}

async function answersOf(apis: readonly ReturnType<typeof testApi>[], paths: readonly string[]) {
  return Promise.all(
    paths.map(async (path, at) => {
      const started = performance.now();
      const response = await apis[at]?.ask(path, { key: keys.admin });
      const problem = problemSchema.parse(await response?.json());
      return {
        path,
        status: response?.status,
        type: response?.headers.get('content-type'),
        retryAfter: Number(response?.headers.get('retry-after')) > 0,
        code: problem.code,
        inTime: performance.now() - started < timeoutMs,
      };
    }),
  );
}

const unavailable = (path: string) => ({
  path,
  status: 503,
  type: 'application/problem+json',
  retryAfter: true,
  code: 'unavailable',
  inTime: true,
});

it('a database that is frozen under open connections gives 503 in time, on every read, and is asked again after [fault 10]', {
  timeout: 60_000,
}, async () => {
  const paths = reads();
  expect(paths.length).toBeGreaterThan(20);
  const apis = await warmContainers(paths.length);
  const before = proxy.counts.swallowed;
  proxy.blackHole(true);
  const answers = await answersOf(apis, paths);
  expect(proxy.counts.swallowed - before).toBeGreaterThanOrEqual(paths.length);
  expect(answers).toEqual(paths.map(unavailable));
  proxy.blackHole(false);
  // Its connection was dropped; the next request makes a new one.
  expect(await statusesOf(apis)).toEqual(apis.map(() => 200));
});

it('a database that is frozen before a container has a connection gives 503 in time [fault 10]', {
  timeout: 60_000,
}, async () => {
  const pool = createPool({ url: proxy.through(world.databaseUrl) }, 1, limits);
  pools.push(pool);
  const accepted = proxy.counts.accepted;
  proxy.blackHole(true);
  expect(await answersOf([testApi(pool)], ['/quotes'])).toEqual([unavailable('/quotes')]);
  proxy.blackHole(false);
  expect(proxy.counts.accepted).toBeGreaterThan(accepted);
});

it('locked tables give 503 in time, and the answer as soon as they are free [fault 13]', {
  timeout: 60_000,
}, async () => {
  const paths = reads();
  const apis = await warmContainers(paths.length);
  const blocker = await world.pool.connect();
  try {
    await blocker.query('BEGIN');
    const tables = await blocker.query<{ name: string }>(
      "SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace",
    );
    await blocker.query(`LOCK TABLE ${tables.rows.map(({ name }) => name).join(', ')} IN ACCESS EXCLUSIVE MODE`);
    const asked = answersOf(apis, paths);
    await expect
      .poll(async () => {
        const { rows } = await blocker.query<{ count: number }>(
          "SELECT count(*)::int AS count FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
        );
        return rows[0]?.count;
      })
      .toBeGreaterThan(0);
    expect(await asked).toEqual(paths.map(unavailable));
  } finally {
    await blocker.query('ROLLBACK');
    blocker.release();
  }
  expect(await statusesOf(apis)).toEqual(apis.map(() => 200));
});

it('/health and /readyz say in time that the database is away [fault 10]', { timeout: 60_000 }, async () => {
  const [api] = await warmContainers(1);
  proxy.blackHole(true);
  const started = performance.now();
  const ready = await api?.ask('/readyz');
  const health = await api?.ask('/health', { key: keys.read });
  proxy.blackHole(false);
  expect([ready?.status, health?.status]).toEqual([503, 503]);
  expect(performance.now() - started).toBeLessThan(2 * timeoutMs);
});
