import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chartAnswerSchema } from '../../core/sources/yahoo/schema.ts';
import { startStandalone } from '../../functions/yahoo-proxy/standalone.ts';
import { installYahooFinance2, installYfinance } from '../clients/yahoo-clients.ts';
import { type SimulatedProxy, startSimulatedProxy } from '../support/simulated-proxy.ts';

const key = 'a-key-that-clients-send';
let simulated: SimulatedProxy;
let upstreams: SimulatedProxy['upstreams'];
let proxy: SimulatedProxy['proxy'];
let yfinance: Awaited<ReturnType<typeof installYfinance>>;
let yahooFinance2: Awaited<ReturnType<typeof installYahooFinance2>>;

beforeAll(async () => {
  [yfinance, yahooFinance2] = await Promise.all([installYfinance(), installYahooFinance2()]);
  simulated = await startSimulatedProxy({ key });
  ({ upstreams, proxy } = simulated);
}, 180_000);
afterAll(() => simulated?.stop());

/** Closes of the last month by date, from the simulator itself. */
async function closes(symbol: string): Promise<Map<string, number | null>> {
  const answer = await fetch(`${upstreams.urlOf('yahoo')}/v8/finance/chart/${symbol}?range=1mo&interval=1d`);
  const chart = chartAnswerSchema.parse(await answer.json()).chart.result?.[0];
  const values = chart?.indicators.quote[0]?.close ?? [];
  return new Map(
    chart?.timestamp?.map((at, index) => [new Date(at * 1000).toISOString().slice(0, 10), values[index] ?? null]),
  );
}

describe('clients that know nothing of Quotron, unchanged but for where they connect', () => {
  it('yfinance reads a quote and daily history', async () => {
    const read = await yfinance(`${proxy.url}/yahoo/k/${key}`, 'AAPL');
    expect(read).toMatchObject({ currency: 'USD', name: 'Apple Inc.', sector: 'Technology' });
    const expected = await closes('AAPL');
    expect(read.price).toBeGreaterThan(0);
    expect(read.history.length).toBeGreaterThan(15);
    // All but today's, which is still moving.
    for (const bar of read.history.slice(0, -1)) expect(bar.close, bar.date).toBe(expected.get(bar.date));
  }, 60_000);

  it('yahoo-finance2 reads quotes, daily history, a summary and a search', async () => {
    const read = await yahooFinance2(`${proxy.url}/yahoo`, key, 'AAPL');
    expect(read).toMatchObject({ currency: 'USD', symbols: ['AAPL', 'VOD.L', '^GSPC'], found: ['AAPL'] });
    expect(Math.abs(read.summaryPrice / read.price - 1)).toBeLessThan(0.05);
    const expected = await closes('AAPL');
    expect(read.history.length).toBeGreaterThan(15);
    for (const bar of read.history.slice(0, -1)) expect(bar.close, bar.date).toBe(expected.get(bar.date.slice(0, 10)));
  }, 60_000);

  it('without the key they are told so, and Yahoo hears nothing of it', async () => {
    upstreams.control.requests(true);
    await expect(yahooFinance2(`${proxy.url}/yahoo`, '', 'AAPL')).rejects.toThrow(/Failed to get crumb, status 401/);
    expect(upstreams.control.requests(false)).toEqual({});
  }, 60_000);
});

describe('a proxy without a key', () => {
  let open: SimulatedProxy['proxy'];
  beforeAll(async () => {
    const upstream = upstreams.urlOf('yahoo');
    open = await startStandalone({ port: 0, host: '127.0.0.1', upstream, log: () => undefined, heartbeatMs: 0 });
  });
  afterAll(() => open?.stop());

  it('serves the clients of this machine as they are', async () => {
    expect(await yfinance(`${open.url}/yahoo`, 'AAPL')).toMatchObject({ currency: 'USD' });
    expect(await yahooFinance2(`${open.url}/yahoo`, 'none', 'AAPL')).toMatchObject({ currency: 'USD' });
  }, 120_000);

  it.each([
    ['under another name that points here', { host: 'evil.example:5000' }],
    ['that reads the answer of another origin', { origin: 'https://evil.example' }],
    ['that loads it as a picture', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
    ['of another port of this machine', { 'sec-fetch-site': 'same-site' }],
  ])('refuses a page %s, and Yahoo hears nothing of it', async (_what, headers) => {
    upstreams.control.requests(true);
    const target = `${open.url}/yahoo/v8/finance/chart/AAPL?range=5d`;
    expect(await statusOf(target, headers)).toBe(403);
    expect(await statusOf(`${open.url}/yahoo/health`, headers)).toBe(403);
    expect(upstreams.control.requests(false)).toEqual({});
    expect(await statusOf(target)).toBe(200);
    // What is in memory neither.
    expect(await statusOf(target, headers)).toBe(403);
  });
});

/** The status of a GET with headers that `fetch` would not send. */
function statusOf(url: string, headers: Readonly<Record<string, string>> = {}): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const call = request(url, { headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    call.once('error', reject);
    call.end();
  });
}
