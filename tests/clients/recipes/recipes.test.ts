import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { newApiKeySchema } from '../../../core/contracts/http/api-keys.ts';
import { iso, makeBatch, makeKeys, makeListing, makeQuote, testApi } from '../../support/api-fixture.ts';
import { type SimulatedProxy, startSimulatedProxy } from '../../support/simulated-proxy.ts';
import { useWorld } from '../../support/use-world.ts';
import { closesOf, numbersIn } from './closes.ts';
import { clients, installPackages, type Packages, runRecipe } from './run-recipe.ts';

const key = 'a-key-that-clients-send';
const world = useWorld({ connections: 2, keepRows: true });
let packages: Packages;
let simulated: SimulatedProxy;
let api: Server | undefined;
const env = { YFINANCE_PROXY_URL: '', QUOTRON_FEED: '', QUOTRON_URL: '', QUOTRON_API_KEY: '' };

beforeAll(async () => {
  packages = await installPackages();
  simulated = await startSimulatedProxy({ key });
  env.YFINANCE_PROXY_URL = `${simulated.proxy.url}/yahoo/k/${key}`;
  const { url, token, readKey } = await startApi();
  Object.assign(env, { QUOTRON_FEED: `${url}/api/v1/k/${token}`, QUOTRON_URL: url, QUOTRON_API_KEY: readKey });
}, 900_000);
afterAll(async () => {
  api?.closeAllConnections();
  api?.close();
  await simulated?.stop();
});

/** The API with a bar and a quote of AAPL, over HTTP. Gives its address, a feed token for bars, and a key that reads. */
async function startApi() {
  const { app, ask } = testApi(world.pool);
  const { admin, read: readKey } = await makeKeys(world.pool);
  const [listing, batch] = [await makeListing(world.pool, 'AAPL'), await makeBatch(world.pool)];
  await world.pool.query(
    `INSERT INTO bar (listing_id, source, interval, starts_at, date, close, currency, basis, basis_at, stale, fetched_at, ingested_at, batch_id)
     VALUES ($1, 'yahoo', '1d', '2026-11-19T14:30:00Z', '2026-11-19', 241.53, 'USD', 'splits', $2, false, $2, $2, $3)`,
    [listing, iso(-60), batch],
  );
  await makeQuote(world.pool, listing, batch, { price: '241.87' });
  const made = await ask('/keys', { method: 'POST', key: admin, json: { name: 'pandas', feed: { routes: ['bars'] } } });
  const { data } = z.object({ data: newApiKeySchema }).parse(await made.json());
  const server = createServer(getRequestListener((request) => app.fetch(request)));
  api = server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  return { url, token: data.key, readKey };
}

/** What openbb-cli prints of a command. */
const answered = z.object({ ok: z.literal(true), result: z.unknown() });

const toldWhere = ['yfinance', 'yahooquery', 'yahoo-finance2'];
/** `tests/component/clients-of-the-api.test.ts` sends what they send. */
const sentOnly = ['Google Sheets', 'Excel', 'Portfolio Performance'];
const onTheApi = ['pandas', 'OpenBB CLI'];
/** `as-yahoo.test.ts` runs them; of the last, `tests/contract/as-yahoo.test.ts` sends what it sends. */
const underItsHosts = ['pricehist', 'beanprice', 'OpenBB', 'Finance::Quote', 'quantmod', 'Ghostfolio'];

it('of every client with a recipe there is a test', () => {
  expect(clients.toSorted()).toEqual([...toldWhere, ...onTheApi, ...sentOnly, ...underItsHosts].toSorted());
});

describe('the recipe of a client that is told where to connect, as it is printed,', () => {
  it.each(toldWhere)('prints what Yahoo says: %s', async (client) => {
    const printed = numbersIn(await runRecipe(client, { packages, env }));
    for (const close of await closesOf(simulated.upstreams.urlOf('yahoo'), 'AAPL'))
      expect(Math.min(...printed.map((number) => Math.abs(number - close))), String(close)).toBeLessThan(0.006);
  });

  it('prints what the API says: pandas', async () => {
    expect(await runRecipe('pandas', { packages, env })).toMatch(/2026-11-19\s+241\.53/);
  });

  it('prints what the API says, by commands that it makes of the OpenAPI document: OpenBB CLI', async () => {
    const lines = (await runRecipe('OpenBB CLI', { packages, env })).trim().split('\n');
    const [described, bars, quotes] = lines.map((line) => answered.parse(JSON.parse(line)).result);
    expect(lines).toHaveLength(3);
    expect(described).toMatchObject({
      name: 'bars',
      parameters: expect.arrayContaining([expect.objectContaining({ name: 'symbol', in: 'path' })]),
    });
    expect(bars).toMatchObject({ extra: { data: { bars: [{ date: '2026-11-19', close: 241.53 }] } } });
    expect(quotes).toMatchObject({ data: [{ symbol: 'AAPL', quote: { price: 241.87 } }] });
  });

  it('fails where the proxy refuses it', async () => {
    const YFINANCE_PROXY_URL = env.YFINANCE_PROXY_URL.replace(key, 'another-key');
    await expect(runRecipe('yahoo-finance2', { packages, env: { ...env, YFINANCE_PROXY_URL } })).rejects.toThrow(
      'the recipe for yahoo-finance2 failed',
    );
  });
});
