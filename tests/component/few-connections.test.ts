import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPool, type Pool } from '../../core/adapters/postgres/database/pool.ts';
import { timeLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { testApi } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

/* Thirty containers of the API on a role that may have fifteen connections, as in `dev`. */

const role = 'few_connections_api';
const used = useApi();
const pools: Pool[] = [];

beforeAll(async () => {
  await used.world.pool.query(`DROP ROLE IF EXISTS ${role}`);
  await used.world.pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'p' CONNECTION LIMIT 15`);
  await used.world.pool.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`);
  await used.world.pool.query(`GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${role}`);
  const url = new URL(used.world.databaseUrl);
  url.username = role;
  url.password = 'p';
  for (let each = 0; each < 30; each++)
    pools.push(createPool({ url: url.href }, 1, { ...timeLimits('api'), connect: 2_000 }));
});
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await used.world.pool.query(`DROP OWNED BY ${role}`);
  await used.world.pool.query(`DROP ROLE ${role}`);
});

it('a request without a connection gets a 503 that says when to try again, and none fails once one is free', async () => {
  const containers = pools.map((pool) => testApi(pool));
  const ask = async ({ app }: ReturnType<typeof testApi>) => {
    const answer = await app.request('/api/v1/session', { headers: { 'x-api-key': used.keys.read } });
    await answer.text();
    return [answer.status, Number(answer.headers.get('retry-after')) > 0];
  };
  const [frozen, late] = [pools.slice(0, 15), containers.slice(15)];
  const held = await Promise.all(frozen.map((pool) => pool.connect()));
  expect(await Promise.all(late.map(ask))).toEqual(late.map(() => [503, true]));

  for (const connection of held) connection.release(true);
  await expect.poll(() => Promise.all(late.map(ask)), { timeout: 30_000 }).toEqual(late.map(() => [200, false]));

  // All at once: a container that finds none says so, and nothing else goes wrong.
  const all = await Promise.all(containers.map(ask));
  expect(all.filter(([status, again]) => !(status === 200 || (status === 503 && again)))).toEqual([]);
});
