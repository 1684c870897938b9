import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryState } from '../../../core/adapters/memory/state.ts';
import { createApiKey } from '../../../core/auth/api-keys.ts';
import { problemSchema } from '../../../core/contracts/http/envelope.ts';
import { stateResponseSchemas } from '../../../core/contracts/state.ts';
import { type KeyUse, keyUses } from '../../../core/contracts/words/licence.ts';
import { keyGate } from '../../../functions/yahoo-proxy/gate.ts';
import { type RunningUpstreams, startUpstreams } from '../../../localstack/upstreams/server.ts';
import { type TestProxy, testProxy } from '../../support/yahoo-proxy-fixture.ts';

/** Every route of the proxy and whether it shows what Yahoo gave, whose licence class is `internal`. */
const routes: Record<string, { readonly path: string; readonly shows: 'yahoo' | 'nothing' }> = {
  '/yahoo/v7/finance/quote': { path: '/v7/finance/quote?symbols=AAPL', shows: 'yahoo' },
  '/yahoo/v8/finance/chart/:symbol': { path: '/v8/finance/chart/AAPL', shows: 'yahoo' },
  '/yahoo/v10/finance/quoteSummary/:symbol': { path: '/v10/finance/quoteSummary/AAPL?modules=price', shows: 'yahoo' },
  '/yahoo/ws/fundamentals-timeseries/v1/finance/timeseries/:symbol': {
    path: '/ws/fundamentals-timeseries/v1/finance/timeseries/AAPL?type=trailingPegRatio',
    shows: 'yahoo',
  },
  '/yahoo/v1/finance/search': { path: '/v1/finance/search?q=apple', shows: 'yahoo' },
  // It opens nothing. Clients ask for it before they ask for Yahoo's data, which such a key does not get.
  '/yahoo/v1/test/getcrumb': { path: '/v1/test/getcrumb', shows: 'yahoo' },
  '/yahoo/quote/:symbol': { path: '/quote/AAPL', shows: 'yahoo' },
  '/yahoo/market/:index': { path: '/market/sp500', shows: 'yahoo' },
  '/yahoo/health': { path: '/health', shows: 'nothing' },
  '/yahoo/metrics': { path: '/metrics', shows: 'nothing' },
};

let upstreams: RunningUpstreams;
let test: TestProxy;
const keys = new Map(keyUses.map((use) => [createApiKey().key, use]));
const keyOf = (use: KeyUse) => [...keys].find(([, each]) => each === use)?.[0] ?? '';

beforeAll(async () => {
  upstreams = await startUpstreams({ port: 0 });
  const state = memoryState(
    Date.now,
    (key) => (keys.has(key) ? key : null),
    (key) => keys.get(key) ?? 'redistribute',
  );
  test = await testProxy(upstreams, { gate: keyGate(state, { perSecond: 1_000, burst: 1_000 }, Date.now) });
});
afterAll(() => upstreams.stop());

it('knows of every route what it shows', () => {
  const served = test.proxy.app.routes.filter(({ method }) => method === 'GET').map(({ path }) => path);
  expect([...new Set(served)].sort()).toEqual(Object.keys(routes).sort());
});

describe.each(Object.values(routes))('$path, which shows $shows', ({ path, shows }) => {
  it('is answered to a key of internal use', async () => {
    const answer = await test.ask(`/yahoo${path}`, { 'x-api-key': keyOf('internal') });
    expect(answer.status).toBe(200);
  });

  it.each(['display', 'redistribute'] as const)('to a key of use %s only where it shows nothing', async (use) => {
    const asked = [
      await test.ask(`/yahoo${path}`, { 'x-api-key': keyOf(use) }),
      await test.ask(`/yahoo/k/${keyOf(use)}${path}`),
      await test.ask(`/yahoo${path}`, { 'x-api-key': keyOf(use), 'if-none-match': '*' }),
    ];
    for (const answer of asked) {
      const text = await answer.text();
      if (shows === 'nothing') {
        expect([200, 304]).toContain(answer.status);
        continue;
      }
      expect([path, answer.status]).toEqual([path, 403]);
      expect(answer.headers.get('etag')).toBeNull();
      expect(text).not.toMatch(/regularMarketPrice|"price"|Apple/);
      if (answer.headers.get('content-type') === 'application/problem+json')
        expect(problemSchema.parse(JSON.parse(text)).code).toBe('licence_forbids');
      else expect(JSON.parse(text)).toMatchObject({ finance: { result: null, error: { code: 'Forbidden' } } });
    }
    // What was kept for the key that may see it is not given to the one that may not.
    const internal = await test.ask(`/yahoo${path}`, { 'x-api-key': keyOf('internal') });
    expect(internal.status).toBe(200);
    const again = test.proxy.quick('GET', `/yahoo${path}`, (name) => (name === 'x-api-key' ? keyOf(use) : undefined));
    if (shows === 'yahoo') expect(again).toBeNull();
  });
});

it('a state function of the former release, which tells no use, is of a time when all keys were internal', async () => {
  const { key } = createApiKey();
  const former = stateResponseSchemas.checkKey.parse({ ok: true, keyId: 'one' });
  const state = memoryState(Date.now, (asked) => (asked === key ? 'one' : null));
  expect(former.use).toBe('internal');
  expect(await state.call({ op: 'checkKey', key, scope: 'read' })).toEqual(former);
});
