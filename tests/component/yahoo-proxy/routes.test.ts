import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { httpUpstream } from '../../../core/adapters/http/upstream.ts';
import { memoryState } from '../../../core/adapters/memory/state.ts';
import { createApiKey } from '../../../core/auth/api-keys.ts';
import { envelope, problemSchema, simulatedHeader } from '../../../core/contracts/http/envelope.ts';
import { proxyQuoteSchema } from '../../../core/contracts/http/proxy.ts';
import { routes } from '../../../core/proxy/routes.ts';
import { keyGate } from '../../../functions/yahoo-proxy/gate.ts';
import { type RunningUpstreams, startUpstreams } from '../../../localstack/upstreams/server.ts';
import { type TestProxy, testProxy } from '../../support/yahoo-proxy-fixture.ts';
import { oneOfEachRoute, type ProxyRequest } from '../../support/yahoo-proxy-requests.ts';

let upstreams: RunningUpstreams;
let test: TestProxy;
beforeAll(async () => {
  upstreams = await startUpstreams({ port: 0 });
});
afterAll(() => upstreams.stop());
beforeEach(async () => {
  test = await testProxy(upstreams, {}, 10_000);
});
afterEach(() => upstreams.control.clear());

const ownPaths = ['/v1/test/getcrumb', '/quote/AAPL', '/market/sp500', '/metrics'];
const everyRoute: readonly ProxyRequest[] = [...oneOfEachRoute, ...ownPaths.map((path) => ({ path }))].map((each) => ({
  ...each,
  path: `/yahoo${each.path}`,
}));
const yahooErrorSchema = z.object({ result: z.null(), error: z.object({ code: z.string(), description: z.string() }) });

describe('every answer of the proxy', () => {
  const others = ['/yahoo/', '/yahoo/v7/finance/quote', '/yahoo/nothing'].map((path) => ({ path }));
  it.each<ProxyRequest>([...everyRoute, ...others])(
    '$path may not be run, framed or named elsewhere',
    async (request) => {
      for (const again of [1, 2]) {
        const answer = await test.request(request);
        expect(Object.fromEntries(answer.headers), `${again}`).toMatchObject({
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        });
      }
    },
  );
});

describe('what a simulator answers in Yahoo’s place', () => {
  const others = ['/yahoo/health', '/yahoo/nothing'].map((path) => ({ path }));
  it.each<ProxyRequest>([...everyRoute, ...others])('$path is marked as simulated', async (request) => {
    for (const _again of [1, 2]) expect((await test.request(request)).headers.get(simulatedHeader)).toBe('yahoo');
  });

  it('is marked in the envelope and in the health, and not where Yahoo itself answers', async () => {
    expect(await (await test.ask('/yahoo/quote/AAPL')).json()).toMatchObject({ meta: { simulated: true } });
    expect(await (await test.ask('/yahoo/health')).json()).toMatchObject({ simulated: true });
    const real = await testProxy(upstreams, { simulated: false });
    const answer = await real.ask('/yahoo/quote/AAPL');
    expect(answer.headers.get(simulatedHeader)).toBeNull();
    expect(await answer.json()).toMatchObject({ meta: { simulated: false } });
  });
});

const quoteEnvelope = envelope(proxyQuoteSchema);

describe('the proxy’s own routes', () => {
  it('give a quote in major units, in the envelope of the API', async () => {
    const answer = await test.ask('/yahoo/quote/vod.l');
    const { data, meta, warnings } = quoteEnvelope
      .omit({ meta: true })
      .extend({ meta: quoteEnvelope.shape.meta.partial() })
      .parse(await answer.json());
    expect(data).toMatchObject({ symbol: 'VOD.L', currency: 'GBP', minorFactor: 100, mic: 'XLON', session: 'regular' });
    expect(Number(data.price)).toBeLessThan(5);
    expect(meta).toMatchObject({ source: 'yahoo', stale: false });
    expect(warnings).toEqual([]);
  });

  it('write decimals as text on request', async () => {
    expect(await (await test.ask('/yahoo/quote/AAPL?decimals=string')).json()).toMatchObject({
      data: { price: expect.stringMatching(/^\d+(\.\d+)?$/), changeFraction: expect.any(String) },
    });
  });

  it('take a symbol and an index as people write them', async () => {
    expect(await (await test.ask('/yahoo/quote/brk.b')).json()).toMatchObject({ data: { symbol: 'BRK-B' } });
    for (const index of ['sp500', '%5EGSPC', 'S%26P%20500'])
      expect(await (await test.ask(`/yahoo/market/${index}`)).json()).toMatchObject({
        data: { symbol: '^GSPC', assetClass: 'index' },
      });
  });

  it.each([
    ['/yahoo/quote/NO-SUCH', 404, 'unknown_symbol'],
    ['/yahoo/quote/%20%20', 400, 'invalid_symbol'],
    ['/yahoo/quote/a%2Fb%2Fc', 400, 'invalid_symbol'],
    ['/yahoo/market/nothing', 404, 'unknown_symbol'],
  ])('%s is a %i, %s', async (path, status, code) => {
    const answer = await test.ask(path);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(problemSchema.parse(await answer.json())).toMatchObject({ code, status });
  });

  it('say on a stale quote that it is one, and why', async () => {
    await test.ask('/yahoo/quote/AAPL');
    test.pass(600);
    upstreams.control.switch({ source: 'yahoo', on: true, fault: '403' });
    expect(await (await test.ask('/yahoo/quote/AAPL')).json()).toMatchObject({
      meta: { stale: true },
      warnings: [{ code: 'stale', message: expect.stringContaining('blocked') }],
    });
  });

  it('count requests and calls for Prometheus', async () => {
    await test.ask('/yahoo/quote/AAPL');
    await test.ask('/yahoo/quote/AAPL');
    const text = await (await test.ask('/yahoo/metrics')).text();
    expect(text).toContain('quotron_proxy_requests_total{route="own-quote",cache="HIT",status="200"} 1');
    expect(text).toContain('quotron_proxy_upstream_requests_total{route="quote",outcome="ok"} 1');
    for (const line of text.trim().split('\n'))
      expect(line).toMatch(/^# (HELP|TYPE) |^[a-z_]+(\{([a-z]+="[^"]*",?)*\})? -?\d+(\.\d+)?$/);
  });

  it('tell their health by the last answer to the canary', async () => {
    expect(await (await test.ask('/yahoo/health')).json()).toMatchObject({ status: 'warn' });
    await test.ask('/yahoo/quote/AAPL');
    const well = await test.ask('/yahoo/health');
    expect(well.headers.get('content-type')).toBe('application/health+json');
    expect(await well.json()).toMatchObject({ status: 'pass' });
    test.pass(45 * 60);
    const ill = await test.ask('/yahoo/health');
    expect(ill.status).toBe(503);
    expect(await ill.json()).toMatchObject({ status: 'fail' });
  });
});

describe('what comes in', () => {
  it('sends no header and no parameter of a client upstream', async () => {
    await test.ask('/yahoo/v8/finance/chart/AAPL?crumb=stolen&evil=1', {
      cookie: 'A3=of-the-client',
      authorization: 'Bearer of-the-client',
      'x-forwarded-for': '10.0.0.1',
      'user-agent': 'of-the-client',
    });
    const sent = JSON.stringify(test.calls.map(({ headers, url }) => ({ headers, url: url.href })));
    expect(sent).not.toMatch(/of-the-client|stolen|evil|10\.0\.0\.1/);
  });

  it.each(routes.flatMap(({ method, paths }) => paths.map((path) => [path, method] as const)))(
    '%s takes %s and no other method',
    async (path, method) => {
      const filled = path.replace('{region}', 'US').replace(/\{\w+\}/, 'AAPL');
      for (const other of ['POST', 'GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'].filter((each) => each !== method)) {
        const answer = await test.ask(`/yahoo${filled}`, {}, other);
        expect([other, answer.status]).toEqual([other, 405]);
        expect(answer.headers.get('allow')).toBe(method === 'GET' ? 'GET, HEAD' : 'POST');
      }
      expect(test.calls).toEqual([]);
    },
  );

  it('by HEAD calls Yahoo as a GET does', async () => {
    expect((await test.ask('/yahoo/v7/finance/quote?symbols=AAPL', {}, 'HEAD')).status).toBe(200);
    expect(test.calls.map(({ method, url }) => [method, url.pathname.replace(/^\/yahoo/, '')])).toEqual([
      ['GET', '/'],
      ['GET', '/v1/test/getcrumb'],
      ['GET', '/v7/finance/quote'],
    ]);
  });

  it.each([
    ['/yahoo/v9/finance/quote', '/v9/finance/quote'],
    ['/yahoo/v8/finance/chart/', '/v8/finance/chart/'],
    ['/yahoo/../etc/passwd', 'docs/proxy.md'],
    ['/yahoo/v8/finance/chart/a/b', '/v8/finance/chart/a/b'],
    ['/yahoo/v1/finance/%3Cscript%3E', 'of that path'],
  ])('has no route at %s, and says whose no it is', async (path, named) => {
    for (const method of ['GET', 'POST', 'DELETE']) {
      const answer = await test.ask(path, {}, method);
      expect(answer.status).toBe(501);
      const { finance } = z.object({ finance: yahooErrorSchema }).parse(await answer.json());
      expect(finance.error.code).toBe('Not Implemented');
      for (const words of [named, 'Quotron', 'docs/proxy.md']) expect(finance.error.description).toContain(words);
    }
    expect(test.calls).toEqual([]);
  });

  it.each(['/yahoo/', '/yahoo', '/yahoo/v8/finance/chart/AAPL'])('serves no live prices at %s', async (path) => {
    const answer = await test.ask(`${path}?version=2`, { upgrade: 'websocket', connection: 'Upgrade' });
    expect(answer.status).toBe(501);
    expect(await answer.text()).toContain('WebSocket');
    expect(test.calls).toEqual([]);
  });

  it.each(['/yahoo', '/yahoo/', '/yahoo/k/any'])(
    'at %s clients get their cookie, as from fc.yahoo.com',
    async (path) => {
      const answer = await test.ask(path);
      expect(answer.status).toBe(404);
      expect(answer.headers.get('set-cookie')).toMatch(/^A3=/);
    },
  );

  it.each([
    '/yahoo/v8/finance/chart/%E0%A4%A',
    '/yahoo/v8/finance/chart/%00',
    '/yahoo/v7/finance/quote?symbols=%E0%A4%A',
  ])('survives %s', async (path) => {
    expect((await test.ask(path)).status).toBeLessThan(500);
  });

  it('clients that are after a cookie get one that opens nothing, and a crumb to go with it', async () => {
    const page = await test.ask('/yahoo/quote/AAPL', { accept: 'text/html,application/xhtml+xml,application/xml' });
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('set-cookie')).toMatch(/^A3=/);
    expect(await (await test.ask('/yahoo/v1/test/getcrumb')).text()).toMatch(/^[\w.]{11}$/);
    expect(test.calls).toEqual([]);
  });
});

describe('secrets', () => {
  it('of the session are masked in an answer that is otherwise good', async () => {
    const inner = httpUpstream({ origins: [upstreams.url], allowPrivate: true, timeoutMs: 1_000, maxBytes: 1e6 });
    const sent: string[] = [];
    const careless = await testProxy(upstreams, {
      upstream: () => async (call) => {
        const answer = await inner(call);
        const secrets = [call.headers['cookie'] ?? '', call.url.searchParams.get('crumb') ?? ''];
        if (!call.url.pathname.includes('quoteSummary') || !answer.response) return answer;
        sent.push(...secrets);
        const added = `{"debug":${JSON.stringify([...secrets, ...secrets.map(encodeURIComponent)])},`;
        return { ...answer, response: { ...answer.response, body: answer.response.body.replace('{', added) } };
      },
    });
    const answer = await careless.ask('/yahoo/v10/finance/quoteSummary/AAPL?modules=price');
    const text = await answer.text();
    expect(answer.status).toBe(200);
    expect(text).toContain('"debug"');
    expect(sent.every((secret) => secret.length > 6)).toBe(true);
    for (const secret of sent)
      for (const form of [secret, encodeURIComponent(secret)]) expect(text).not.toContain(form);
  });

  it('of the session are in no answer, even when Yahoo sends them back', async () => {
    await test.ask('/yahoo/v7/finance/quote?symbols=AAPL');
    const call = test.calls.find(({ url }) => url.pathname.endsWith('/v7/finance/quote'));
    const crumb = call?.url.searchParams.get('crumb') ?? '';
    const cookie = /A3=([^;]+)/.exec(call?.headers['cookie'] ?? '')?.[1] ?? '';
    expect(crumb.length).toBeGreaterThan(6);
    expect(cookie.length).toBeGreaterThan(20);
    upstreams.control.switch({ source: 'yahoo', on: true, fault: 'echo' });
    for (const { path, body } of everyRoute) {
      const elsewhere = { path: path.replace('AAPL', 'MSFT'), ...(body && { body: body.replace('AAPL', 'MSFT') }) };
      const answer = await test.request(elsewhere);
      const text = (await answer.text()) + JSON.stringify([...answer.headers]);
      for (const secret of [crumb, cookie])
        for (const form of [
          secret,
          encodeURIComponent(secret),
          Buffer.from(secret).toString('base64').replace(/=+$/, ''),
        ])
          expect(text, path).not.toContain(form);
    }
  });
});

describe('keys', () => {
  const { key } = createApiKey();
  let checks: string[];
  const gated = (limit = { perSecond: 50, burst: 500 }) => {
    checks = [];
    const state = memoryState(Date.now, (asked) => {
      checks.push(asked);
      return asked === key ? 'one' : null;
    });
    return testProxy(upstreams, { gate: keyGate(state, limit, Date.now) }, 10_000);
  };

  it.each(everyRoute)('$path wants one, in a header or in the path', async (request) => {
    test = await gated();
    const status = async (headers: Record<string, string>, inPath = '') =>
      (await test.request({ ...request, path: request.path.replace('/yahoo/', `/yahoo/${inPath}`) }, headers)).status;
    const none = await test.request(request);
    expect(none.status).toBe(401);
    expect(none.headers.get('www-authenticate') ?? (await none.clone().text())).toMatch(/x-api-key/);
    expect(await status({ 'x-api-key': createApiKey().key })).toBe(401);
    expect(await status({ 'x-api-key': 'qtr_live_mistyped' })).toBe(401);
    expect(test.calls).toEqual([]);
    expect(await status({ 'x-api-key': key })).toBe(200);
    expect(await status({}, `k/${key}/`)).toBe(200);
    expect(await status({}, 'k/wrong/')).toBe(401);
  });

  it('are looked up once in half a minute, and a mistyped one never', async () => {
    test = await gated();
    for (let at = 0; at < 10; at++) {
      await test.ask('/yahoo/quote/AAPL', { 'x-api-key': key });
      await test.ask('/yahoo/quote/AAPL', { 'x-api-key': `${key.slice(0, -1)}x` });
    }
    expect(checks).toEqual([key]);
  });

  it('in a path are in no answer', async () => {
    test = await gated();
    for (const path of ['/quote/%20', '/nothing', '/v8/finance/chart/NOPE', '/quote/AAPL']) {
      const answer = await test.ask(`/yahoo/k/${key}${path}`);
      expect((await answer.text()) + JSON.stringify([...answer.headers])).not.toContain(key.slice(0, 20));
    }
    expect(JSON.stringify(test.logged)).not.toContain(key.slice(0, 20));
  });

  it('have a limit, on hits too, that clients hear as they would hear it from Yahoo', async () => {
    test = await gated({ perSecond: 0.001, burst: 5 });
    const statuses: number[] = [];
    for (let at = 0; at < 8; at++)
      statuses.push((await test.ask('/yahoo/v7/finance/quote?symbols=AAPL', { 'x-api-key': key })).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
    const limited = await test.ask('/yahoo/v7/finance/quote?symbols=AAPL', { 'x-api-key': key });
    expect(await limited.text()).toBe('Too Many Requests\r\n');
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(problemSchema.parse(await (await test.ask('/yahoo/quote/AAPL', { 'x-api-key': key })).json()).code).toBe(
      'rate_limited',
    );
  });

  it('are not needed to hear whether it is well, but to hear why not', async () => {
    test = await gated();
    expect(Object.keys(JSON.parse(await (await test.ask('/yahoo/health')).text()))).toEqual([
      'status',
      'version',
      'simulated',
    ]);
    expect(await (await test.ask('/yahoo/health', { 'x-api-key': key })).json()).toHaveProperty('checks');
  });
});
