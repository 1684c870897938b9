import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryState } from '../../../core/adapters/memory/state.ts';
import { createApiKey } from '../../../core/auth/api-keys.ts';
import { problemSchema } from '../../../core/contracts/http/envelope.ts';
import { stateResponseSchemas } from '../../../core/contracts/state.ts';
import { type KeyUse, keyUses } from '../../../core/contracts/words/licence.ts';
import { routes } from '../../../core/proxy/routes.ts';
import { keyGate } from '../../../functions/yahoo-proxy/gate.ts';
import { type RunningUpstreams, startUpstreams } from '../../../localstack/upstreams/server.ts';
import { type TestProxy, testProxy } from '../../support/yahoo-proxy-fixture.ts';
import { oneOfEachRoute, type ProxyRequest } from '../../support/yahoo-proxy-requests.ts';

type Case = ProxyRequest & { readonly shows: 'yahoo' | 'nothing' };

/** What the proxy answers of its own, and whether it shows what Yahoo gave, whose licence class is `internal`. */
const own: Readonly<Record<string, Case>> = {
  // It opens nothing. Clients ask for it before they ask for Yahoo's data, which such a key does not get.
  '/yahoo/v1/test/getcrumb': { path: '/v1/test/getcrumb', shows: 'yahoo' },
  '/yahoo/quote/:symbol': { path: '/quote/AAPL', shows: 'yahoo' },
  '/yahoo/market/:index': { path: '/market/sp500', shows: 'yahoo' },
  '/yahoo/health': { path: '/health', shows: 'nothing' },
  '/yahoo/metrics': { path: '/metrics', shows: 'nothing' },
};
/** Pages that give a cookie and nothing else, to anybody. */
const cookies = ['/yahoo', '/yahoo/'];
const cases: readonly Case[] = [
  ...oneOfEachRoute.map((each) => ({ ...each, shows: 'yahoo' as const })),
  ...Object.values(own),
];

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
  test = await testProxy(upstreams, { gate: keyGate(state, { perSecond: 1_000, burst: 1_000 }, Date.now) }, 10_000);
});
afterAll(() => upstreams.stop());

it('knows of every route what it shows', () => {
  const served = test.proxy.app.routes.filter(({ method }) => ['GET', 'POST'].includes(method)).map(({ path }) => path);
  const ofYahoo = routes.flatMap(({ paths }) => paths.map((path) => `/yahoo${path.replace(/\{(\w+)\}/, ':$1')}`));
  expect([...new Set(served)].sort()).toEqual([...ofYahoo, ...cookies, ...Object.keys(own)].sort());
});

describe.each(cases)('$path, which shows $shows', ({ path, body, shows }) => {
  const ask = (at: string, headers: Record<string, string> = {}) =>
    test.request({ path: at, ...(body === undefined ? {} : { body }) }, headers);

  it('is answered to a key of internal use', async () => {
    expect((await ask(`/yahoo${path}`, { 'x-api-key': keyOf('internal') })).status).toBe(200);
  });

  it.each(['display', 'redistribute'] as const)('to a key of use %s only where it shows nothing', async (use) => {
    const asked = [
      await ask(`/yahoo${path}`, { 'x-api-key': keyOf(use) }),
      await ask(`/yahoo/k/${keyOf(use)}${path}`),
      await ask(`/yahoo${path}`, { 'x-api-key': keyOf(use), 'if-none-match': '*' }),
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
    const internal = await ask(`/yahoo${path}`, { 'x-api-key': keyOf('internal') });
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
