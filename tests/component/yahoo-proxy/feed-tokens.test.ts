import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryState } from '../../../core/adapters/memory/state.ts';
import { createApiKey } from '../../../core/auth/api-keys.ts';
import { chunked } from '../../../core/contracts/chunked.ts';
import { problemSchema } from '../../../core/contracts/http/envelope.ts';
import { stateResponseSchemas } from '../../../core/contracts/state.ts';
import type { FeedBinding, Scope } from '../../../core/contracts/words/access.ts';
import type { KeyUse } from '../../../core/contracts/words/licence.ts';
import { keyGate } from '../../../functions/yahoo-proxy/gate.ts';
import { type RunningUpstreams, startUpstreams } from '../../../localstack/upstreams/server.ts';
import { type TestProxy, testProxy } from '../../support/yahoo-proxy-fixture.ts';
import { oneOfEachRoute, type ProxyRequest } from '../../support/yahoo-proxy-requests.ts';

/** Routes whose requests here are about named symbols, written by hand; a token with symbols gets no other. */
const named = [
  ...[
    'quote',
    'chart',
    'spark',
    'spark-v7',
    'summary',
    'timeseries',
    'options',
    'insights',
    'insights-v3',
    'news-of-symbols',
  ],
  // By their bodies.
  ...['visualization', 'news'],
  ...['earnings-calendar', 'quote-type', 'quote-type-of-symbol', 'validate', 'esg-chart', 'esg-peers'],
];
/** The simulator has not all routes. */
const answered = [200, 404];
const ownQuote = { path: '/quote/AAPL', route: 'quote' };
const asks: readonly (ProxyRequest & { readonly route: string })[] = [...oneOfEachRoute, ownQuote];

interface Rights {
  readonly scope: Scope;
  readonly feed: FeedBinding | null;
  readonly use: KeyUse;
}

let upstreams: RunningUpstreams;
let test: TestProxy;
const keys = new Map<string, Rights>();
function newKey(rights: Partial<Rights>): string {
  const { key } = createApiKey(rights.feed ? 'feed' : 'key');
  keys.set(key, { scope: 'read', feed: null, use: 'internal', ...rights });
  return key;
}
const newToken = (routes: readonly string[], symbols: readonly string[] | null = null, perMinute = 1_000) =>
  newKey({ feed: { routes, symbols, perMinute } });

beforeAll(async () => {
  upstreams = await startUpstreams({ port: 0 });
  const state = memoryState(
    Date.now,
    (key) => (keys.has(key) ? key : null),
    (key) => keys.get(key)?.use ?? 'redistribute',
    (key) => keys.get(key) ?? { scope: 'read', feed: null },
  );
  test = await testProxy(upstreams, { gate: keyGate(state, { perSecond: 1_000, burst: 1_000 }, Date.now) });
});
afterAll(() => upstreams.stop());

/** The statuses in the address, in a header and as Bearer, and from memory where it is there. */
async function statusesOf(token: string, { path, body }: ProxyRequest): Promise<number[]> {
  const ask = (at: string, headers: Record<string, string> = {}) =>
    test.request({ path: at, ...(body === undefined ? {} : { body }) }, headers);
  const inPath = `/yahoo/k/${token}${path}`;
  const answers = [
    await ask(inPath),
    await ask(`/yahoo${path}`, { 'x-api-key': token }),
    await ask(`/yahoo${path}`, { authorization: `Bearer ${token}` }),
  ];
  const quick = body === undefined ? test.proxy.quick('GET', inPath, () => undefined) : null;
  return [...answers.map(({ status }) => status), ...(quick ? [quick.status] : [])];
}

/** The headers of an answer from memory, by name. */
function headersIn(quick: ReturnType<TestProxy['proxy']['quick']>): Record<string, string> {
  return Object.fromEntries(chunked(quick?.headers ?? [], 2).map(([name = '', value = '']) => [name, value]));
}

/** Has each answer cached by a key that may see it. */
async function cacheAll(): Promise<void> {
  const key = newKey({});
  for (const { path, body } of asks) {
    const request = { path: `/yahoo${path}`, ...(body === undefined ? {} : { body }) };
    expect([path, answered]).toEqual([
      path,
      expect.arrayContaining([(await test.request(request, { 'x-api-key': key })).status]),
    ]);
  }
}

describe.each(['yahoo', ...oneOfEachRoute.map(({ route }) => `yahoo/${route}`)])(
  'a token that is bound to %s',
  (word) => {
    const isOwn = (route: string) => word === 'yahoo' || word === `yahoo/${route}`;

    it('asks for that and nothing else, whatever another key has had cached', async () => {
      await cacheAll();
      const token = newToken([word]);
      for (const each of asks)
        for (const status of await statusesOf(token, each))
          expect([each.path, isOwn(each.route) ? answered : [403]]).toEqual([
            each.path,
            expect.arrayContaining([status]),
          ]);
      expect((await test.ask(`/yahoo/k/${token}/v1/test/getcrumb`)).status).toBe(200);
      expect((await test.ask(`/yahoo/k/${token}/metrics`)).status).toBe(403);
    });

    it('and to symbols, for those alone', async () => {
      const token = newToken([word], ['AAPL', 'MSFT', 'NO-SUCH', 'BRK-B']);
      for (const each of asks.filter(({ route }) => isOwn(route))) {
        for (const status of await statusesOf(token, each))
          expect([each.path, status === 403]).toEqual([each.path, !named.includes(each.route)]);
        const body = each.body?.replace('AAPL', 'NVDA');
        const other = { path: each.path.replace('AAPL', 'NVDA'), ...(body !== undefined && { body }) };
        for (const status of await statusesOf(token, other)) expect([other.path, status]).toEqual([other.path, 403]);
      }
    });
  },
);

it('a list with one other symbol is refused as a whole', async () => {
  const token = newToken(['yahoo/quote'], ['AAPL', 'BRK-B']);
  const of = async (symbols: string) =>
    (await test.ask(`/yahoo/k/${token}/v7/finance/quote?symbols=${symbols}`)).status;
  expect([await of('AAPL,BRK-B'), await of('AAPL,MSFT'), await of('aapl')]).toEqual([200, 403, 200]);
});

it('a token that is bound to the API only gets nothing, and one of a use without Yahoo neither', async () => {
  const ofApi = newToken(['quotes', 'bars']);
  const display = newKey({ use: 'display', feed: { routes: ['yahoo'], symbols: null, perMinute: 1_000 } });
  for (const each of asks)
    for (const token of [ofApi, display])
      for (const status of await statusesOf(token, each)) expect([each.path, status]).toEqual([each.path, 403]);
});

it('a token sends as many requests a minute as it may', async () => {
  const token = newToken(['yahoo'], null, 2);
  const statuses: number[] = [];
  for (let turn = 0; turn < 3; turn++) statuses.push((await test.ask(`/yahoo/k/${token}/quote/AAPL`)).status);
  expect(statuses).toEqual([200, 200, 429]);
});

describe('an answer to a key in an address', () => {
  it('is for no shared cache and no Referer, and never has the key in it', async () => {
    const token = newToken(['yahoo/quote']);
    for (const path of [
      '/quote/AAPL',
      '/quote/AAPL',
      '/v7/finance/quote?symbols=AAPL',
      '/v8/finance/chart/AAPL',
      '/nothing',
      '',
    ]) {
      const answer = await test.ask(`/yahoo/k/${token}${path}`);
      expect([path, answer.headers.get('referrer-policy')]).toEqual([path, 'no-referrer']);
      expect(answer.headers.get('cache-control')).toMatch(/^private\b/);
      expect(answer.headers.get('deprecation')).toBeNull();
      expect(JSON.stringify([await answer.text(), [...answer.headers]])).not.toContain(token.slice(9, 40));
    }
    const quick = test.proxy.quick('GET', `/yahoo/k/${token}/quote/AAPL`, () => undefined);
    expect(headersIn(quick)).toMatchObject({
      'referrer-policy': 'no-referrer',
      'cache-control': expect.stringMatching(/^private\b/),
    });
    expect(await (await test.ask('/yahoo/metrics', { 'x-api-key': newKey({}) })).text()).not.toContain('qtr_');
    expect(JSON.stringify(test.calls.map(({ url, headers }) => [url.href, headers]))).not.toContain('qtr_');
    expect(JSON.stringify(test.logged)).not.toContain('qtr_');
  });

  it.each(['operate', 'admin'] as const)('of scope %s is a 401 that says so, from memory too', async (scope) => {
    const key = newKey({ scope });
    expect((await test.ask('/yahoo/quote/AAPL', { 'x-api-key': key })).status).toBe(200);
    const answer = await test.ask(`/yahoo/k/${key}/quote/AAPL`);
    expect(answer.status).toBe(401);
    expect(problemSchema.parse(await answer.json())).toMatchObject({
      code: 'invalid_key',
      detail: expect.stringContaining('may not stand in an address'),
    });
    const yahoo = await test.ask(`/yahoo/k/${key}/v7/finance/quote?symbols=AAPL`);
    expect([yahoo.status, await yahoo.text()]).toEqual([401, expect.stringContaining('may not stand in an address')]);
    expect(test.proxy.quick('GET', `/yahoo/k/${key}/quote/AAPL`, () => undefined)).toBeNull();
  });

  it('of scope read is given for one more release, with a warning, from memory too', async () => {
    const key = newKey({});
    const answer = await test.ask(`/yahoo/k/${key}/quote/AAPL`);
    expect([answer.status, answer.headers.get('deprecation')]).toEqual([200, expect.stringMatching(/^@\d{10}$/)]);
    expect(answer.headers.get('warning')).toContain('299 quotron "');
    const quick = test.proxy.quick('GET', `/yahoo/k/${key}/quote/AAPL`, () => undefined);
    expect(headersIn(quick)['warning']).toContain('299 quotron "');
    expect((await test.ask('/yahoo/quote/AAPL', { 'x-api-key': key })).headers.get('deprecation')).toBeNull();
  });
});

it('a state function of the former release knows no feed token, and gives no scope', () => {
  expect(stateResponseSchemas.checkKey.parse({ ok: true, keyId: 'one' })).toMatchObject({ scope: 'read', feed: null });
});

it('an answer as of an instant is refused to whom the one of now is, and a token may stand before the instant', async () => {
  const chart = '/v8/finance/chart/AAPL?range=1d';
  const statusOf = async (key: string | null, path: string) =>
    (await test.ask(`/yahoo${key === null ? '' : `/k/${key}`}/at/2026-11-23T15:00:00Z${path}`)).status;
  const ofCharts = newToken(['yahoo/chart'], ['AAPL']);
  expect(await statusOf(null, chart)).toBe(401);
  expect(await statusOf(newKey({ use: 'redistribute' }), chart)).toBe(403);
  expect(await statusOf(ofCharts, chart.replace('AAPL', 'MSFT'))).toBe(403);
  expect(await statusOf(ofCharts, '/v7/finance/quote?symbols=AAPL')).toBe(403);
  // Admitted: this proxy has no database, and no record.
  expect(await statusOf(ofCharts, chart)).toBe(501);
});
