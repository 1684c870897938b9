import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parserOf } from '../../../core/sources/catalogue.ts';
import { type RunningUpstreams, startUpstreams } from '../../../localstack/upstreams/server.ts';
import { pricesOf } from '../../../localstack/upstreams/yahoo/prices.ts';
import { allInstruments } from '../../../localstack/upstreams/yahoo/universe.ts';

const minute = 60_000;
const quotesSchema = z.object({
  quoteResponse: z.object({ result: z.array(z.record(z.string(), z.unknown())), error: z.null() }),
});
const chartSchema = z.object({
  chart: z.object({
    result: z.array(
      z.object({
        meta: z.record(z.string(), z.unknown()),
        timestamp: z.array(z.int()).optional(),
        events: z.record(z.string(), z.unknown()).optional(),
        indicators: z.object({ quote: z.array(z.record(z.string(), z.array(z.number()))) }),
      }),
    ),
  }),
});

let upstreams: RunningUpstreams;
beforeAll(async () => {
  upstreams = await startUpstreams({ port: 0, seed: 'test', controlKey: () => controlKey });
});
afterAll(() => upstreams.stop());
beforeEach(() => {
  upstreams.control.clear();
  upstreams.control.requests(true);
});

async function signIn(): Promise<{ cookie: string; crumb: string }> {
  const page = await fetch(`${upstreams.urlOf('yahoo')}/`);
  const cookie = page.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ');
  const crumb = await (await fetch(`${upstreams.urlOf('yahoo')}/v1/test/getcrumb`, { headers: { cookie } })).text();
  return { cookie, crumb };
}

async function askQuotes(symbols: string, more = '', session = signIn()): Promise<Response> {
  const { cookie, crumb } = await session;
  const query = `symbols=${encodeURIComponent(symbols)}&crumb=${encodeURIComponent(crumb)}${more}`;
  return await fetch(`${upstreams.urlOf('yahoo')}/v7/finance/quote?${query}`, { headers: { cookie } });
}

async function quotes(symbols: string, more = ''): Promise<Record<string, unknown>[]> {
  return quotesSchema.parse(await (await askQuotes(symbols, more)).json()).quoteResponse.result;
}

async function chart(symbol: string, query: string) {
  const answer = await fetch(`${upstreams.urlOf('yahoo')}/v8/finance/chart/${encodeURIComponent(symbol)}?${query}`);
  const [result] = chartSchema.parse(await answer.json()).chart.result;
  if (result === undefined) throw new Error('the chart has no result');
  return result;
}

const controlKey = 'qtr_control';

async function switchFault(fault: Record<string, unknown>): Promise<Response> {
  return await fetch(`${upstreams.url}/_control/faults`, {
    method: 'POST',
    headers: { 'x-api-key': controlKey },
    body: JSON.stringify(fault),
  });
}

describe('prices walk', () => {
  const start = Date.UTC(2026, 10, 20, 14, 30);

  it('the same for a seed, a symbol and a minute, and otherwise not', () => {
    for (const instrument of allInstruments()) {
      expect(pricesOf('a')(instrument, start + 59_999)).toBe(pricesOf('a')(instrument, start));
      expect(pricesOf('b')(instrument, start)).not.toBe(pricesOf('a')(instrument, start));
    }
  });

  it('positive, and never by more than 2 % within a minute, for a month', () => {
    const priceOf = pricesOf('a');
    for (const instrument of allInstruments()) {
      let before = priceOf(instrument, start);
      for (let at = start; at < start + 30 * 1440 * minute; at += 61 * minute) {
        before = priceOf(instrument, at);
        const after = priceOf(instrument, at + minute);
        expect(after).toBeGreaterThan(0);
        expect(Math.abs(after / before - 1)).toBeLessThan(0.02);
      }
    }
  });
});

describe('quotes', () => {
  it('need a cookie and its crumb', async () => {
    const bare = await fetch(`${upstreams.urlOf('yahoo')}/v7/finance/quote?symbols=AAPL`);
    expect(bare.status).toBe(401);
    expect(await bare.json()).toEqual({
      finance: { result: null, error: { code: 'Unauthorized', description: 'Invalid Crumb' } },
    });
    const { cookie } = await signIn();
    expect((await askQuotes('AAPL', '', Promise.resolve({ cookie, crumb: 'Too Many Requests' }))).status).toBe(401);
    expect((await fetch(`${upstreams.urlOf('yahoo')}/v1/test/getcrumb`)).status).toBe(401);
  });

  it('leave out unknown symbols without a word', async () => {
    expect(await quotes('NO-SUCH')).toEqual([]);
    expect((await quotes('AAPL,NO-SUCH,VOD.L')).map((quote) => quote['symbol'])).toEqual(['AAPL', 'VOD.L']);
  });

  it('give the fields that were asked for, and those that are always sent', async () => {
    const [quote] = await quotes('AAPL', '&fields=regularMarketPrice');
    expect(quote).toHaveProperty('regularMarketPrice');
    expect(quote).toHaveProperty('exchangeTimezoneName', 'America/New_York');
    expect(quote).not.toHaveProperty('bid');
  });

  it('are in pence in London and in cents in Johannesburg', async () => {
    const found = await quotes('OCDO.L,NPN.JO,7203.T');
    expect(found.map((quote) => quote['currency'])).toEqual(['GBp', 'ZAc', 'JPY']);
  });

  it('are all read by the parser, none rejected', async () => {
    const symbols = allInstruments().map(({ symbol }) => symbol);
    const answer = await askQuotes(symbols.join(','));
    const parsed = (await parserOf('yahoo')).parse('quotes', {
      request: { symbols },
      response: { status: 200, headers: {}, body: await answer.text(), truncated: false },
      error: null,
      fetchedAt: new Date().toISOString(),
    });
    expect(parsed.failure).toBeNull();
    expect(parsed.rejections).toEqual([]);
    expect(parsed.quotes.length).toBe(symbols.length);
  });
});

describe('charts', () => {
  it('give the close that the quote calls the previous one', async () => {
    const seen = await startUpstreams({ port: 0, seed: 'test', clock: '2026-11-20T18:00:00Z' });
    try {
      const period = `period1=${Date.UTC(2026, 10, 19) / 1000}&period2=${Date.UTC(2026, 10, 20) / 1000}`;
      const answer = await fetch(`${seen.urlOf('yahoo')}/v8/finance/chart/AAPL?${period}&interval=1d`);
      const [result] = chartSchema.parse(await answer.json()).chart.result;
      const close = result?.indicators.quote[0]?.['close']?.[0];
      const page = await fetch(`${seen.urlOf('yahoo')}/`);
      const cookie = page.headers.getSetCookie()[0]?.split(';')[0] ?? '';
      const crumb = await (await fetch(`${seen.urlOf('yahoo')}/v1/test/getcrumb`, { headers: { cookie } })).text();
      const url = `${seen.urlOf('yahoo')}/v7/finance/quote?symbols=AAPL&crumb=${encodeURIComponent(crumb)}`;
      const [quote] = quotesSchema.parse(await (await fetch(url, { headers: { cookie } })).json()).quoteResponse.result;
      expect(Math.fround(Number(quote?.['regularMarketPreviousClose']))).toBe(close);
      expect(quote?.['marketState']).toBe('REGULAR');
    } finally {
      await seen.stop();
    }
  });

  it('have a bar for each session, with the split and the dividends in between', async () => {
    const year = `period1=${Date.UTC(2020, 6, 1) / 1000}&period2=${Date.UTC(2020, 11, 1) / 1000}&interval=1d`;
    const apple = await chart('AAPL', `${year}&events=div%7Csplit`);
    // 109 weekdays, without the third of July, Labor Day and Thanksgiving.
    expect(apple.timestamp?.length).toBe(106);
    expect(Object.keys(apple.events ?? {}).sort()).toEqual(['dividends', 'splits']);
    expect(Object.values(apple.events?.['splits'] ?? {})).toEqual([
      { date: 1598880600, numerator: 4, denominator: 1, splitRatio: '4:1' },
    ]);
    expect((await chart('AAPL', year)).events).toBeUndefined();
  });

  it('have no timestamps where nothing traded: a weekend by the minute', async () => {
    const weekend = await chart('AAPL', 'period1=1738368000&period2=1738454400&interval=1m');
    expect(weekend.timestamp).toBeUndefined();
    expect(weekend.indicators.quote).toEqual([{}]);
  });

  it('of an unknown symbol are a 404 in the real format', async () => {
    const answer = await fetch(`${upstreams.urlOf('yahoo')}/v8/finance/chart/NOSUCH`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({
      chart: { result: null, error: { code: 'Not Found', description: 'No data found, symbol may be delisted' } },
    });
  });
});

describe('the market', () => {
  it('is closed on a weekend when a clock is set, with the last trade of Friday', async () => {
    const seen = await startUpstreams({ port: 0, clock: '2026-11-22T12:00:00Z' });
    try {
      const answer = await fetch(`${seen.urlOf('yahoo')}/v8/finance/chart/AAPL`);
      const [result] = chartSchema.parse(await answer.json()).chart.result;
      expect(result?.meta['regularMarketTime']).toBe(Date.UTC(2026, 10, 20, 21) / 1000);
    } finally {
      await seen.stop();
    }
  });
});

describe('faults', () => {
  it('429: plain text, and when to come back', async () => {
    await switchFault({ source: 'yahoo', fault: '429', on: true, kinds: ['quote'], retryAfterSeconds: 7 });
    const answer = await askQuotes('AAPL');
    expect(answer.status).toBe(429);
    expect(answer.headers.get('retry-after')).toBe('7');
    expect(await answer.text()).toMatch(/^Too Many Requests/);
  });

  it('403 and 500: pages', async () => {
    await switchFault({ source: 'yahoo', fault: '403', on: true, kinds: ['chart'], times: 1 });
    const url = `${upstreams.urlOf('yahoo')}/v8/finance/chart/AAPL`;
    const refused = await fetch(url);
    expect([refused.status, refused.headers.get('content-type')]).toEqual([403, 'text/html; charset=utf-8']);
    expect((await fetch(url)).status).toBe(200);
    await switchFault({ source: 'yahoo', fault: '500', on: true });
    expect((await fetch(url)).status).toBe(500);
    await switchFault({ source: 'yahoo', fault: '500', on: false });
    expect((await fetch(url)).status).toBe(200);
  });

  it('malformed: truncated JSON', async () => {
    await switchFault({ source: 'yahoo', fault: 'malformed', kinds: ['quote'] });
    const text = await (await askQuotes('AAPL')).text();
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
  });

  it('hang: no answer until the client goes', async () => {
    await switchFault({ source: 'yahoo', fault: 'hang' });
    await expect(fetch(`${upstreams.urlOf('yahoo')}/`, { signal: AbortSignal.timeout(200) })).rejects.toThrow(
      /timeout/,
    );
  });

  it('slow: the right answer, late', async () => {
    const past = 'period1=1795000000&period2=1795100000&interval=1h';
    const usual = await chart('AAPL', past);
    await switchFault({ source: 'yahoo', fault: 'slow', delayMs: 600_000 });
    await expect(
      fetch(`${upstreams.urlOf('yahoo')}/v8/finance/chart/AAPL?${past}`, { signal: AbortSignal.timeout(200) }),
    ).rejects.toThrow(/timeout/);
    await switchFault({ source: 'yahoo', fault: 'slow', delayMs: 1 });
    const late = await chart('AAPL', past);
    expect(late.timestamp?.length).toBeGreaterThan(5);
    expect([late.timestamp, late.indicators]).toEqual([usual.timestamp, usual.indicators]);
  });

  it('expired: the session is refused until it is over', async () => {
    await switchFault({ source: 'yahoo', fault: 'expired', kinds: ['quote'], times: 1 });
    const session = signIn();
    expect((await askQuotes('AAPL', '', session)).status).toBe(401);
    expect((await askQuotes('AAPL', '', session)).status).toBe(200);
  });

  it('consent: a walk through the form, after which quotes are given', async () => {
    await switchFault({ source: 'yahoo', fault: 'consent' });
    const base = upstreams.urlOf('yahoo');
    const first = await fetch(`${base}/quote/AAPL`, { redirect: 'manual' });
    expect(first.status).toBe(307);
    const toForm = await fetch(first.headers.get('location') ?? '', { redirect: 'manual' });
    const formUrl = toForm.headers.get('location') ?? '';
    expect(await (await fetch(formUrl)).text()).toContain('name="csrfToken"');
    const given = await fetch(formUrl, { method: 'POST', body: 'agree=agree&namespace=yahoo', redirect: 'manual' });
    const copied = await fetch(given.headers.get('location') ?? '', { redirect: 'manual' });
    const cookie = copied.headers
      .getSetCookie()
      .map((each) => each.split(';')[0])
      .join('; ');
    const crumb = await (await fetch(`${base}/v1/test/getcrumb`, { headers: { cookie } })).text();
    expect((await askQuotes('AAPL', '', Promise.resolve({ cookie, crumb }))).status).toBe(200);
  });

  it('unit, stale, drift and price change what is said of a symbol, and of no other', async () => {
    const [usual, other] = await quotes('AAPL,MSFT');
    const price = Number(usual?.['regularMarketPrice']);
    await switchFault({ source: 'yahoo', fault: 'unit', symbol: 'AAPL' });
    const [tooHigh, same] = await quotes('AAPL,MSFT');
    expect(Number(tooHigh?.['regularMarketPrice']) / price).toBeGreaterThan(90);
    expect(Number(same?.['regularMarketPrice']) / Number(other?.['regularMarketPrice'])).toBeCloseTo(1, 1);
    upstreams.control.clear();

    await switchFault({ source: 'yahoo', fault: 'stale', symbol: 'AAPL' });
    const [old] = await quotes('AAPL');
    expect(Number(usual?.['regularMarketTime']) - Number(old?.['regularMarketTime'])).toBeGreaterThan(2 * 86_400);
    upstreams.control.clear();

    await switchFault({ source: 'yahoo', fault: 'drift' });
    expect((await quotes('AAPL'))[0]).not.toHaveProperty('regularMarketPrice');
    upstreams.control.clear();

    await switchFault({ source: 'yahoo', fault: 'price', symbol: 'AAPL', price: 250.5, asOf: '2026-11-20T15:00:00Z' });
    expect((await quotes('AAPL'))[0]).toMatchObject({
      regularMarketPrice: 250.5,
      regularMarketTime: Date.UTC(2026, 10, 20, 15) / 1000,
    });
  });

  it('echo: an error that repeats the cookie in three spellings', async () => {
    await switchFault({ source: 'yahoo', fault: 'echo', kinds: ['quote'] });
    const session = await signIn();
    const text = await (await askQuotes('AAPL', '', Promise.resolve(session))).text();
    for (const spelling of [
      session.cookie,
      encodeURIComponent(session.cookie),
      Buffer.from(session.cookie).toString('base64'),
    ])
      expect(text).toContain(spelling);
  });

  it('of an unknown kind are refused with the kinds that there are', async () => {
    const answer = await switchFault({ source: 'yahoo', fault: 'nonsense' });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('malformed');
    expect((await switchFault({ source: 'yahoo', fault: 'price', symbol: 'AAPL' })).status).toBe(400);
  });
});

it('requests are counted by source and kind, until the count is reset', async () => {
  await quotes('AAPL');
  const counts = async (query: string) =>
    (await fetch(`${upstreams.url}/_control/requests${query}`, { headers: { 'x-api-key': controlKey } })).json();
  const expected = { requests: { yahoo: { session: 1, crumb: 1, quote: 1, total: 3 } } };
  expect(await counts('?reset=1')).toEqual(expected);
  expect(await counts('')).toEqual({ requests: {} });
});
