import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type RunningUpstreams, startUpstreams } from '../../../localstack/upstreams/server.ts';
import { allInstruments } from '../../../localstack/upstreams/yahoo/universe.ts';
import { type TestProxy, testProxy } from '../../support/yahoo-proxy-fixture.ts';

let upstreams: RunningUpstreams;
let test: TestProxy;
// One of its own for each test: what the test before still asks for would use up a fault, or be counted.
beforeEach(async () => {
  upstreams = await startUpstreams({ port: 0 });
  test = await testProxy(upstreams);
});
afterEach(() => upstreams.stop());

const symbols = allInstruments()
  .slice(0, 20)
  .map(({ symbol }) => symbol);
const asked = (kind: 'quote' | 'chart' | 'total') => upstreams.control.requests(false)['yahoo']?.[kind] ?? 0;
const quoteBody = z.object({
  quoteResponse: z.object({ result: z.array(z.looseObject({ symbol: z.string(), regularMarketPrice: z.number() })) }),
});
const listBody = z.object({ quoteResponse: z.object({ result: z.array(z.looseObject({ symbol: z.string() })) }) });
const one = (symbol: string) => `/yahoo/v7/finance/quote?symbols=${encodeURIComponent(symbol)}`;
const twenty = `/yahoo/v7/finance/quote?symbols=${symbols.map(encodeURIComponent).join(',')}`;

async function until(condition: () => Promise<boolean>): Promise<void> {
  await expect.poll(condition, { timeout: 5_000, interval: 10 }).toBe(true);
}

describe('many askers', () => {
  it('1,000 requests for 20 symbols at once reach Yahoo at most 20 times', async () => {
    const answers = await Promise.all(Array.from({ length: 1_000 }, (_, at) => test.ask(one(symbols[at % 20] ?? ''))));
    expect(answers.map(({ status }) => status)).toEqual(Array(1_000).fill(200));
    for (const [at, answer] of answers.entries()) {
      const { result } = quoteBody.parse(await answer.json()).quoteResponse;
      expect(result.map(({ symbol }) => symbol)).toEqual([symbols[at % 20]]);
    }
    expect(asked('quote')).toBeGreaterThan(0);
    expect(asked('quote')).toBeLessThanOrEqual(20);
  });

  it('the same 1,000 are all answered, marked stale, when Yahoo goes down', async () => {
    await test.ask(twenty);
    upstreams.control.switch({ source: 'yahoo', on: true, fault: '500' });
    test.pass(600);
    const answers = await Promise.all(Array.from({ length: 1_000 }, (_, at) => test.ask(one(symbols[at % 20] ?? ''))));
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-cache')).toBe('STALE');
      expect(answer.headers.get('warning')).toMatch(/^111 /);
      expect(Number(answer.headers.get('age'))).toBeGreaterThanOrEqual(600);
    }
    expect(asked('quote')).toBeLessThanOrEqual(20);
  });

  it('50 cold callers of one chart make one call', async () => {
    const path = '/yahoo/v8/finance/chart/AAPL?range=1mo&interval=1d';
    const bodies = await Promise.all(Array.from({ length: 50 }, async () => (await test.ask(path)).text()));
    expect(new Set(bodies).size).toBe(1);
    expect(asked('chart')).toBe(1);
  });

  it('a symbol that one request brought is there for the next one with others', async () => {
    await test.ask(one('AAPL'));
    const answer = await test.ask('/yahoo/v7/finance/quote?symbols=AAPL,MSFT&fields=bid');
    expect(answer.headers.get('x-cache')).toBe('MISS');
    const sent = test.calls
      .filter(({ url }) => url.pathname.endsWith('/quote'))
      .map(({ url }) => url.searchParams.get('symbols'));
    expect(sent).toEqual(['AAPL', 'MSFT']);
  });

  it('a symbol that Yahoo does not know is asked for once a minute', async () => {
    for (let at = 0; at < 5; at++) {
      const answer = await test.ask(one('NO-SUCH'));
      expect(answer.status).toBe(200);
      expect(await answer.text()).toBe('{"quoteResponse":{"result":[],"error":null}}');
    }
    expect(asked('quote')).toBe(1);
    test.pass(61);
    await test.ask(one('NO-SUCH'));
    expect(asked('quote')).toBe(2);
  });
});

describe('an answer’s age', () => {
  it('fresh is a hit, with how old it is and how long it holds', async () => {
    expect((await test.ask(one('AAPL'))).headers.get('x-cache')).toBe('MISS');
    test.pass(3);
    const answer = await test.ask(one('AAPL'));
    expect(answer.headers.get('x-cache')).toBe('HIT');
    expect(answer.headers.get('age')).toBe('3');
    expect(answer.headers.get('cache-control')).toBe('private, max-age=5');
    expect(asked('quote')).toBe(1);
  });

  it('a little older is given out at once, marked stale, and refreshed behind it', async () => {
    await test.ask(one('AAPL'));
    test.pass(10);
    upstreams.control.switch({ source: 'yahoo', on: true, fault: 'slow', delayMs: 800, kinds: ['quote'] });
    const startedAt = performance.now();
    const answer = await test.ask(one('AAPL'));
    expect(performance.now() - startedAt).toBeLessThan(700);
    expect(answer.headers.get('x-cache')).toBe('STALE');
    expect(answer.headers.get('warning')).toMatch(/^110 /);
    await until(async () => (await test.ask(one('AAPL'))).headers.get('x-cache') === 'HIT');
    expect(asked('quote')).toBe(2);
  });

  it('older than that is asked again, and the client waits', async () => {
    await test.ask(one('AAPL'));
    test.pass(60);
    const answer = await test.ask(one('AAPL'));
    expect(answer.headers.get('x-cache')).toBe('REVALIDATED');
    expect(answer.headers.get('age')).toBe('0');
  });

  it('older than that, with a Yahoo that hangs, stands in before the client gives up', async () => {
    test = await testProxy(upstreams, { wait: () => Promise.resolve() });
    await test.ask(one('AAPL'));
    test.pass(60);
    upstreams.control.switch({ source: 'yahoo', on: true, fault: 'hang', kinds: ['quote'] });
    const answer = await test.ask(one('AAPL'));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-cache')).toBe('STALE');
    upstreams.control.clear();
  });

  it('is not given out at all when it is over', async () => {
    await test.ask(one('AAPL'));
    upstreams.control.switch({ source: 'yahoo', on: true, fault: '500' });
    test.pass(5 * 86_400);
    const answer = await test.ask(one('AAPL'));
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({ quoteResponse: { result: null, error: { code: 'Bad Gateway' } } });
  });

  it('the same content has the same ETag, and is not sent twice', async () => {
    const first = await test.ask('/yahoo/v8/finance/chart/AAPL?range=5d');
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^W\/"/);
    for (const given of [etag, `"x", ${etag}`, etag.slice(2), '*']) {
      const answer = await test.ask('/yahoo/v8/finance/chart/AAPL?range=5d', { 'if-none-match': given });
      expect(answer.status).toBe(304);
      expect(await answer.text()).toBe('');
      expect(answer.headers.get('etag')).toBe(etag);
    }
    expect((await test.ask('/yahoo/v8/finance/chart/AAPL?range=5d', { 'if-none-match': '"other"' })).status).toBe(200);
  });
});

describe('a failing Yahoo', () => {
  it.each([
    ['429', 429, 'Too Many Requests\r\n'],
    ['403', 502, '"quoteResponse"'],
    ['500', 502, '"quoteResponse"'],
    ['malformed', 502, '"quoteResponse"'],
    ['hang', 504, '"quoteResponse"'],
  ] as const)('with nothing kept, %s is a %i', async (fault, status, body) => {
    upstreams.control.switch(
      fault === '429'
        ? { source: 'yahoo', on: true, fault, retryAfterSeconds: 30, kinds: ['quote'] }
        : { source: 'yahoo', on: true, fault, kinds: ['quote'] },
    );
    const answer = await test.ask(one('AAPL'));
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain(body);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    if (fault === '429') expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('whose rows have mostly drifted, answers with a 502, or with what is kept', async () => {
    await test.ask(one('AAPL'));
    test.pass(60);
    upstreams.control.switch({ source: 'yahoo', on: true, fault: 'drift', kinds: ['quote'] });
    const kept = await test.ask(one('AAPL'));
    expect(await kept.json()).toMatchObject({ quoteResponse: { result: [{ symbol: 'AAPL' }] } });
    const answer = await test.ask(one('MSFT,NVDA,GOOGL'));
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({ quoteResponse: { result: null } });
    test.pass(61);
    const twentyKept = await testProxy(upstreams);
    upstreams.control.clear();
    await twentyKept.ask(twenty);
    twentyKept.pass(600);
    upstreams.control.switch({ source: 'yahoo', on: true, fault: 'drift', kinds: ['quote'] });
    const stale = await twentyKept.ask(twenty);
    expect(stale.headers.get('x-cache')).toBe('STALE');
    expect(quoteBody.parse(await stale.json()).quoteResponse.result).toHaveLength(20);
  });

  it('one of whose symbols drifts for a minute fails nobody else', async () => {
    upstreams.control.switch({ source: 'yahoo', on: true, fault: 'drift', symbol: 'NFLX' });
    for (let second = 0; second < 60; second += 2) {
      const odd = await test.ask(one('NFLX'));
      expect(odd.status).toBe(200);
      expect(await odd.json()).toMatchObject({ quoteResponse: { result: [{ symbol: 'NFLX', lastPrice: {} }] } });
      expect((await test.ask('/yahoo/v8/finance/chart/NFLX')).status).toBe(502);
      const list = await test.ask(one('AAPL,NFLX,MSFT'));
      expect(list.status).toBe(200);
      const { result } = listBody.parse(await list.json()).quoteResponse;
      expect(result.map(({ symbol }) => symbol)).toEqual(['AAPL', 'NFLX', 'MSFT']);
      expect((await test.ask('/yahoo/v8/finance/chart/QQQ')).status).toBe(200);
      test.pass(2);
    }
    expect(await (await test.ask('/yahoo/health')).json()).toMatchObject({
      checks: { 'yahoo:pause': [{ observedValue: null }], 'yahoo:breaker': [{ observedValue: 'closed' }] },
    });
  });

  it('gets no call for as long as it says', async () => {
    upstreams.control.switch({
      source: 'yahoo',
      on: true,
      fault: '429',
      retryAfterSeconds: 30,
      times: 1,
      kinds: ['quote'],
    });
    expect((await test.ask(one('AAPL'))).status).toBe(429);
    for (const symbol of symbols) expect((await test.ask(one(symbol))).status).toBe(429);
    expect(asked('quote')).toBe(1);
    test.pass(31);
    expect((await test.ask(one('AAPL'))).status).toBe(200);
  });

  it('is called no more once the breaker is open, and again after its time', async () => {
    test = await testProxy(upstreams, {
      breaker: { threshold: 2, openMs: 10_000, maxOpenMs: 10_000, random: () => 0 },
    });
    upstreams.control.switch({ source: 'yahoo', on: true, fault: '500', kinds: ['chart'] });
    for (const symbol of symbols) await test.ask(`/yahoo/v8/finance/chart/${encodeURIComponent(symbol)}`);
    expect(asked('chart')).toBe(2);
    expect(await (await test.ask('/yahoo/health')).json()).toMatchObject({
      status: 'warn',
      checks: { 'yahoo:breaker': [{ observedValue: 'open' }] },
    });
  });

  it('that refuses the session gets a new one, once', async () => {
    await test.ask(one('AAPL'));
    test.pass(60);
    upstreams.control.switch({ source: 'yahoo', on: true, fault: 'expired', times: 1, kinds: ['quote'] });
    expect((await test.ask(one('AAPL'))).headers.get('x-cache')).toBe('REVALIDATED');
    expect(upstreams.control.requests(false)['yahoo']).toMatchObject({ crumb: 2, quote: 3 });
  });

  it('is asked no more than its quota allows, and clients hear it as from Yahoo', async () => {
    const answers: number[] = [];
    for (let at = 0; at < 60; at++) answers.push((await test.ask(`/yahoo/v1/finance/search?q=word${at}`)).status);
    // The minute has 60 requests, a quarter of which is for the scrapers.
    expect(answers.filter((status) => status === 200)).toHaveLength(45);
    expect(new Set(answers.slice(45))).toEqual(new Set([429]));
    expect(asked('total')).toBe(45);
  });
});
