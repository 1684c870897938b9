import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { allInstruments } from '../../localstack/upstreams/yahoo/universe.ts';
import { installYahooFinance2, installYfinance } from '../clients/yahoo-clients.ts';
import { eventually, sharedCloud } from '../support/shared-cloud.ts';

const cloud = sharedCloud();
// The minute's quota is smaller than what these tests ask within a minute; each begins with a whole one.
beforeEach(() => cloud.rows(`DELETE FROM permit WHERE source_id = 'yahoo'`));
afterEach(() => cloud.noFaults());

/** Asks the deployed proxy, through the dashboard's server as CloudFront does it. */
function ask(path: string, headers: Record<string, string> = { 'x-api-key': cloud.apiKeys.read }): Promise<Response> {
  return fetch(`${cloud.dashboardUrl}/yahoo${path}`, { headers });
}

/** Of many callers at once, some meet functions that a busy machine has not started when the gateway stops waiting. */
async function askOnceStarted(path: string): Promise<Response> {
  const answer = await ask(path);
  return answer.status === 504 ? ask(path) : answer;
}

const counts = z.object({ requests: z.record(z.string(), z.record(z.string(), z.number())) });
/** Requests of a kind that came in at the simulator. Searches are the proxy's alone, and charts are between full cycles. */
async function asked(kind: 'chart' | 'search'): Promise<number> {
  const answer = await fetch(`${cloud.upstreamsUrl}/_control/requests`, {
    headers: { 'x-api-key': cloud.apiKeys.operate },
  });
  return counts.parse(await answer.json()).requests['yahoo']?.[kind] ?? 0;
}
beforeAll(async () => {
  // Scrapers share the minute's quota: a full cycle of theirs would leave these callers without a permit.
  await cloud.ask('/services/scrapers/stop', { method: 'POST', as: 'operate', body: {} });
  await eventually('the scrapers to rest', async () => {
    const [busy] = await cloud.rows(`SELECT 1 FROM task WHERE source_id = 'yahoo' AND lease_until > now() LIMIT 1`);
    return busy ? undefined : true;
  });
  await cloud.rows(`DELETE FROM permit WHERE source_id = 'yahoo'`);
  // The first request meets cold functions and makes the session.
  let refused = '';
  await eventually('the proxy to answer', async () => {
    const answer = await ask('/quote/AAPL');
    if (answer.ok) return true;
    refused = `${answer.status}: ${(await answer.text()).slice(0, 500)}`;
    return undefined;
  }).catch((error: unknown) => {
    throw new Error(`the proxy answered ${refused}`, { cause: error });
  });
});
afterAll(() => cloud.ask('/services/scrapers/start', { method: 'POST', as: 'operate', body: {} }));

describe('the deployed proxy', () => {
  it('answers on its own routes and on Yahoo’s', async () => {
    expect(await (await ask('/quote/VOD.L')).json()).toMatchObject({ data: { symbol: 'VOD.L', currency: 'GBP' } });
    expect(await (await ask('/market/%5EGSPC')).json()).toMatchObject({ data: { symbol: '^GSPC' } });
    expect(await (await ask('/v7/finance/quote?symbols=AAPL,EURUSD%3DX')).json()).toMatchObject({
      quoteResponse: { result: [{ symbol: 'AAPL' }, { symbol: 'EURUSD=X' }], error: null },
    });
    expect(await (await ask('/v10/finance/quoteSummary/AAPL?modules=price&formatted=false')).json()).toMatchObject({
      quoteSummary: { result: [{ price: { symbol: 'AAPL' } }] },
    });
  });

  it('answers as of an instant what Yahoo told it then, and for what it was not asked what was stored', async () => {
    const path = '/v7/finance/quote?symbols=AAPL,MSFT,NVDA';
    // A refresh behind a client's back may bring a newer answer than the client's.
    const { heard, at } = await eventually('answers that are recorded as they are given', async () => {
      const body = await (await ask(path)).text();
      const instant = new Date().toISOString();
      const then = await ask(`/at/${instant}${path}`);
      return (await then.text()) === body ? { heard: body, at: instant } : undefined;
    });
    const rows = z.object({ quoteResponse: z.object({ result: z.array(z.looseObject({ symbol: z.string() })) }) });
    const [, second] = rows.parse(JSON.parse(heard)).quoteResponse.result;
    // Alone, of the blob that it shares with the others.
    const one = await ask(`/at/${at}/v7/finance/quote?symbols=${second?.symbol}`);
    expect(one.headers.get('x-quotron-source')).toBe('recorded');
    expect(rows.parse(await one.json()).quoteResponse.result).toEqual([second]);
    // In a language in which nobody has asked for it: what the scrapers have stored by then, if they have come that far.
    const made = await ask(`/at/${at}/v7/finance/quote?symbols=MSFT&lang=it-IT`);
    const [{ stored } = { stored: null }] = z.array(z.object({ stored: z.boolean() })).parse(
      await cloud.rows(`SELECT EXISTS (SELECT FROM quote q JOIN symbol_alias a USING (listing_id)
                                         WHERE a.symbol = 'MSFT' AND q.ingested_at <= '${at}') AS stored`),
    );
    const expected = stored ? [200, 'rebuilt'] : [404, null];
    expect([made.status, made.headers.get('x-quotron-source')]).toEqual(expected);
  });

  it('wants a key, in a header or in the path', async () => {
    const none = await ask('/v8/finance/chart/AAPL', {});
    expect(none.status).toBe(401);
    expect(await none.json()).toMatchObject({ finance: { result: null, error: { code: 'Unauthorized' } } });
    expect((await ask(`/k/${cloud.apiKeys.read}/v1/test/getcrumb`, {})).status).toBe(200);
  });

  it('gives 304 for the ETag that it gave', async () => {
    const path = '/v8/finance/chart/KO?range=1mo&interval=1d';
    const etag = (await ask(path)).headers.get('etag') ?? '';
    const again = await ask(path, { 'x-api-key': cloud.apiKeys.read, 'if-none-match': etag });
    expect(again.status).toBe(304);
  });

  it('makes one call of 50 cold ones at once, and at most 20 of 50 for 20 questions', async () => {
    const search = (word: string) => askOnceStarted(`/v1/finance/search?q=${word}`);
    const before = await asked('search');
    const same = await Promise.all(Array.from({ length: 50 }, () => search('apple')));
    expect(same.map(({ status }) => status)).toEqual(Array(50).fill(200));
    expect((await asked('search')) - before).toBe(1);

    const middle = await asked('search');
    const mixed = await Promise.all(Array.from({ length: 50 }, (_, at) => search(`word${at % 20}`)));
    expect(mixed.map(({ status }) => status)).toEqual(Array(50).fill(200));
    expect((await asked('search')) - middle).toBeLessThanOrEqual(20);
  });

  it('reaches Yahoo at most 20 times for 50 callers of quotes of 20 symbols, as long as quotes are fresh', async () => {
    const begun = performance.now();
    const symbols = allInstruments()
      .slice(0, 20)
      .map(({ symbol }) => encodeURIComponent(symbol));
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) => askOnceStarted(`/v7/finance/quote?symbols=${symbols[at % 20]}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
    // A busy machine may take longer than the five seconds that a quote is fresh, and the late ones ask again.
    const times = Math.ceil((performance.now() - begun) / 5_000);
    // Scrapers ask for quotes as well, so these are told apart by the permits that they took.
    const [used] = await cloud.rows(
      `SELECT count(*)::int AS count FROM permit WHERE purpose = 'proxy' AND used_at IS NOT NULL`,
    );
    expect(used?.['count']).toBeGreaterThan(0);
    expect(used?.['count']).toBeLessThanOrEqual(20 * times);
  });

  it('refreshes behind a stale answer, in an invocation of its own', async () => {
    const path = '/v7/finance/quote?symbols=MC.PA';
    expect((await ask(path)).headers.get('x-cache')).toBe('MISS');
    const seen: string[] = [];
    await eventually('a fresh answer after a stale one', async () => {
      const answer = await ask(path);
      seen.push(answer.headers.get('x-cache') ?? '');
      return seen.includes('STALE') && seen.at(-1) === 'HIT' ? true : undefined;
    });
    // Nobody waited for Yahoo: neither the one with the stale answer nor the next.
    expect(new Set(seen)).toEqual(new Set(['HIT', 'STALE']));
  });

  it('goes on answering, marked stale, when Yahoo goes down, and freshly when it is back', async () => {
    const path = '/v7/finance/quote?symbols=MC.PA';
    expect((await ask(path)).status).toBe(200);
    await cloud.fault({ source: 'yahoo', fault: '500', on: true });
    // A quote is fresh for five seconds.
    await eventually('a stale answer', async () => {
      const answer = await ask(path);
      expect(answer.status).toBe(200);
      return answer.headers.get('x-cache') === 'STALE' ? true : undefined;
    });
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(path)));
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-cache')).toBe('STALE');
      expect(answer.headers.get('warning')).toMatch(/^11[01] /);
    }
    await cloud.noFaults();
    // As soon as the breaker tries again.
    await eventually('a fresh answer', async () =>
      (await ask(path)).headers.get('x-cache') === 'STALE' ? undefined : true,
    );
  });

  it('keeps its session and its health by a heartbeat', async () => {
    const beat = await cloud.functions.invoke('yahoo-proxy', {
      source: 'aws.events',
      'detail-type': 'Scheduled Event',
      time: new Date().toISOString(),
    });
    expect(beat).toMatchObject({ canary: 'well', swept: { removed: expect.any(Number) } });
    expect(await (await ask('/health')).json()).toMatchObject({
      status: expect.stringMatching(/pass|warn/),
      checks: { 'yahoo:lastAnswer': [{ status: 'pass' }] },
    });
    expect(await (await ask('/health', {})).json()).not.toHaveProperty('checks');
    expect(await (await ask('/metrics')).text()).toContain('quotron_proxy_requests_total');
  });

  it('is stopped like any service, and then makes no call', async () => {
    await cloud.ask('/services/proxy/stop', { method: 'POST', as: 'operate', body: {} });
    const before = await asked('chart');
    const answer = await ask('/v8/finance/chart/6758.T?range=1mo&interval=1d');
    expect(answer.status).toBe(503);
    expect(await asked('chart')).toBe(before);
    await cloud.ask('/services/proxy/start', { method: 'POST', as: 'operate', body: {} });
    await eventually('an answer', async () =>
      (await ask('/v8/finance/chart/6758.T?range=1mo&interval=1d')).ok ? true : undefined,
    );
  });
});

describe('clients that know nothing of Quotron', () => {
  it('yfinance reads through the deployed proxy', async () => {
    const read = await (await installYfinance())(`${cloud.dashboardUrl}/yahoo/k/${cloud.apiKeys.read}`, 'MSFT');
    expect(read).toMatchObject({ currency: 'USD', name: expect.stringContaining('Microsoft') });
    expect(read.history.length).toBeGreaterThan(15);
  }, 180_000);

  it('yahoo-finance2 reads through the deployed proxy', async () => {
    const read = await (await installYahooFinance2())(`${cloud.dashboardUrl}/yahoo`, cloud.apiKeys.read, 'MSFT');
    expect(read).toMatchObject({ currency: 'USD', symbols: ['MSFT', 'VOD.L', '^GSPC'] });
    expect(read.history.length).toBeGreaterThan(15);
  }, 180_000);
});
