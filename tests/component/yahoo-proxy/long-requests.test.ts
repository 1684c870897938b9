import { createServer, type RequestListener, type Server } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { setQuotas } from '../../../core/sources/catalogue.ts';
import { type StandaloneProxy, startStandalone } from '../../../functions/yahoo-proxy/standalone.ts';
import { type RunningUpstreams, startUpstreams } from '../../../localstack/upstreams/server.ts';
import { inventedSymbol } from '../../../localstack/upstreams/yahoo/listings.ts';
import { type TestProxy, testProxy } from '../../support/yahoo-proxy-fixture.ts';

let upstreams: RunningUpstreams;
let test: TestProxy;
beforeAll(async () => {
  upstreams = await startUpstreams({ port: 0, listings: 2_000 });
});
afterAll(() => upstreams.stop());
beforeEach(async () => {
  setQuotas(new Map([['yahoo', { perMinute: 400, perDay: 20_000 }]]));
  test = await testProxy(upstreams, {}, 20_000);
});
afterEach(() => {
  upstreams.control.clear();
  setQuotas(new Map());
});

const quotes = z.object({ quoteResponse: z.object({ result: z.array(z.looseObject({ symbol: z.string() })) }) });

describe('quotes of many symbols', () => {
  const names = Array.from({ length: 1_500 }, (_, at) => inventedSymbol(at + 1));

  it('are asked for in fifties, and come in the order of the request', async () => {
    // Some that Yahoo does not know, some twice.
    const asked = [...names.slice(0, 700), 'NO-SUCH', ...names.slice(700, 1_498).toReversed()];
    const answer = await test.ask(`/yahoo/v7/finance/quote?symbols=${[...asked, 'Q00001.L'].join(',')}`);
    expect(answer.status).toBe(200);
    const { result } = quotes.parse(await answer.json()).quoteResponse;
    expect(result.map(({ symbol }) => symbol)).toEqual(asked.filter((symbol) => symbol !== 'NO-SUCH'));
    const sent = test.calls.flatMap(({ url }) => url.searchParams.get('symbols')?.split(',').length ?? []);
    expect(sent).toHaveLength(Math.ceil(asked.length / 50));
    expect(Math.max(...sent)).toBe(50);
    // What one request brought is there for the next ones.
    const one = await test.ask(`/yahoo/v7/finance/quote?symbols=${names[3]}`);
    expect(['HIT', 'STALE']).toContain(one.headers.get('x-cache'));
  });

  it('that find no room in the minute are a 429, and all there the next time', async () => {
    setQuotas(new Map([['yahoo', { perMinute: 20, perDay: 20_000 }]]));
    const path = `/yahoo/v7/finance/quote?symbols=${names.slice(0, 1_000).join(',')}`;
    const limited = await test.ask(path);
    expect(limited.status).toBe(429);
    test.pass(Number(limited.headers.get('retry-after')));
    const again = await test.ask(path);
    expect(again.status).toBe(200);
    expect(quotes.parse(await again.json()).quoteResponse.result).toHaveLength(1_000);
  });

  it('of more than Yahoo takes are refused', async () => {
    const many = Array.from({ length: 1_501 }, (_, at) => inventedSymbol(at + 1)).join(',');
    expect((await test.ask(`/yahoo/v7/finance/quote?symbols=${many}`)).status).toBe(400);
  });
});

it('fields are picked as Yahoo does it: what it sends anyway stays', async () => {
  const answer = await test.ask('/yahoo/v7/finance/quote?symbols=AAPL,MSFT&fields=bid');
  const { result } = quotes.parse(await answer.json()).quoteResponse;
  for (const row of result) {
    expect(Object.keys(row)).toEqual(
      expect.arrayContaining(['symbol', 'quoteType', 'marketState', 'regularMarketPrice', 'regularMarketTime', 'bid']),
    );
    expect(Object.keys(row)).not.toContain('ask');
  }
});

describe('answers are packed as the client likes it', () => {
  const path = '/yahoo/v8/finance/chart/AAPL?range=1y&interval=1d';

  it.each([
    ['gzip, deflate', 'gzip', gunzipSync],
    ['gzip, deflate, br, zstd', 'br', brotliDecompressSync],
  ] as const)('%s: %s', async (wanted, coding, unpack) => {
    const plain = await (await test.ask(path)).text();
    for (const cache of ['HIT', 'HIT']) {
      const answer = await test.ask(path, { 'accept-encoding': wanted });
      expect(answer.headers.get('x-cache')).toBe(cache);
      expect(answer.headers.get('content-encoding')).toBe(coding);
      expect(answer.headers.get('vary')).toBe('accept-encoding');
      const bytes = Buffer.from(await answer.arrayBuffer());
      expect(bytes.length).toBeLessThan(plain.length / 2);
      expect(unpack(bytes).toString()).toBe(plain);
    }
  });

  it('and not where it is short, an error, a HEAD or not wanted', async () => {
    const packed = { 'accept-encoding': 'gzip' };
    for (const [asked, headers, method] of [
      [path, {}, 'GET'],
      [path, { 'accept-encoding': 'identity' }, 'GET'],
      [path, packed, 'HEAD'],
      ['/yahoo/v7/finance/quote?symbols=AAPL&fields=bid', packed, 'GET'],
      ['/yahoo/v8/finance/chart/NO-SUCH', packed, 'GET'],
      ['/yahoo/metrics', packed, 'GET'],
    ] as const)
      for (const _again of [1, 2])
        expect((await test.ask(asked, headers, method)).headers.get('content-encoding'), asked).toBeNull();
  });
});

describe('quotron proxy', () => {
  const types = Array.from({ length: 400 }, (_, at) => `quarterlyTypeOfFinancialStatements${at}`);
  const heard: string[] = [];
  let yahoo: Server;
  let proxy: StandaloneProxy;
  beforeAll(async () => {
    const listener: RequestListener = (request, response) => {
      heard.push(request.url ?? '');
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"timeseries":{"result":[],"error":null}}');
    };
    yahoo = createServer({ maxHeaderSize: 64 * 1024 }, listener);
    await new Promise<void>((resolve) => yahoo.listen(0, '127.0.0.1', resolve));
    const address = yahoo.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    proxy = await startStandalone({
      port: 0,
      host: '127.0.0.1',
      upstream: `http://127.0.0.1:${port}`,
      log: () => undefined,
      heartbeatMs: 0,
    });
  });
  afterAll(async () => {
    await proxy.stop();
    yahoo.close();
    yahoo.closeAllConnections();
  });

  it('takes every type of statement in one address, and asks Yahoo for as many', async () => {
    const query = `type=${types.join('%2C')}&period1=1&period2=2`;
    expect(query.length).toBeGreaterThan(15_000);
    const path = `/ws/fundamentals-timeseries/v1/finance/timeseries/AAPL`;
    const answer = await fetch(`${proxy.url}/yahoo${path}?${query}`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ timeseries: { result: [], error: null } });
    const [sent = ''] = heard;
    expect(new URL(sent, 'http://yahoo').searchParams.get('type')).toBe(types.join(','));
    // The same from memory, past the request object, packed or not.
    const again = await fetch(`${proxy.url}/yahoo${path}?${query}`, { headers: { 'accept-encoding': 'identity' } });
    expect(again.headers.get('x-cache')).toBe('HIT');
    expect(again.headers.get('content-length')).toBe(String((await again.arrayBuffer()).byteLength));
  });

  it('names a type that is no word, in the form in which yfinance looks for it', async () => {
    const path = '/yahoo/ws/fundamentals-timeseries/v1/finance/timeseries/AAPL';
    const answer = await fetch(`${proxy.url}${path}?type=<script>`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ finance: { result: null, error: { code: 'Bad Request' } } });
    expect((await fetch(`${proxy.url}${path}?type=${'a'.repeat(70_000)}`)).status).toBe(431);
  });
});
