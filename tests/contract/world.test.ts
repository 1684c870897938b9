import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Exchange } from '../../core/contracts/blob.ts';
import { clusterVariable } from '../support/postgres.ts';
import { type OpenWorld, openWorld, type World } from '../support/world.ts';

const root = new URL('../../', import.meta.url).pathname;
const noon = new Date('2026-11-24T17:00:00Z');
const later = (seconds: number, than = noon) => new Date(than.getTime() + seconds * 1000);

/** An answer of Yahoo's quote route. */
function quotes(rows: readonly Record<string, unknown>[], at = noon, status = 200): Exchange {
  const result = rows.map((row) => ({
    quoteType: 'EQUITY',
    exchange: 'NMS',
    currency: 'USD',
    regularMarketTime: at.getTime() / 1000 - 10,
    ...row,
  }));
  return {
    request: {
      method: 'GET',
      url: 'https://query2.finance.yahoo.com/v7/finance/quote',
      headers: {},
      symbols: rows.map((row) => String(row['symbol'])),
    },
    response: {
      status,
      headers: {},
      body: status === 200 ? JSON.stringify({ quoteResponse: { result, error: null } }) : 'no',
      truncated: false,
    },
    error: null,
    fetchedAt: at.toISOString(),
    latencyMs: 80,
  };
}

const ingest = (world: World, rows: readonly Record<string, unknown>[], at = noon) =>
  world.ingest({ source: 'yahoo', kind: 'quotes', job: 'quotes', exchanges: [quotes(rows, at)] });

describe('a world', () => {
  let world: OpenWorld;
  beforeAll(async () => {
    world = await openWorld({ now: noon });
  });
  afterEach(() => world.invariant());
  afterAll(() => world.stop());
  const count = async (from: string) => (await world.database.query(`SELECT count(*)::int FROM ${from}`)).rows[0];

  it('takes a blob through ingest and monitor, and serves it', async () => {
    expect(await ingest(world, [{ symbol: 'AAPL', regularMarketPrice: 271.49 }])).toEqual({
      status: 'succeeded',
      reason: null,
      detail: null,
      message: null,
      accepted: 1,
      rejected: 0,
      held: [],
    });
    const answer = await world.get('/quotes/AAPL');
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
    expect(answer.body).toMatchObject({ data: { price: 271.49 }, meta: { ageSeconds: 0 } });
    expect((await world.get('/api/v1/quotes/AAPL', { key: 'admin' })).status).toBe(200);
    expect((await world.get('/keys')).status).toBe(403);
    expect((await world.get('/quotes/AAPL/history?format=csv')).body).toEqual(
      expect.stringMatching(/^symbol,.+271.49/s),
    );
  });

  it('gives how a task failed and which rows of it are held', async () => {
    const held = await ingest(world, [
      { symbol: 'MSFT', regularMarketPrice: 500 },
      { symbol: 'NVDA', regularMarketPrice: 200, regularMarketTime: noon.getTime() / 1000 + 86_400 },
    ]);
    expect(held).toMatchObject({ status: 'succeeded', accepted: 1, rejected: 1 });
    expect(held.held).toEqual([
      {
        reason: 'future_time',
        symbol: 'NVDA',
        row: expect.objectContaining({ price: '200' }),
        detail: { code: 'future_time', seconds: 86_400, text: expect.any(String) },
      },
    ]);
    // On the connections that stored the row: the two statements must not share a name.
    expect(await world.get('/quarantine')).toMatchObject({ status: 200, body: { data: [{ symbol: 'NVDA' }] } });
    const failed = await world.ingest({ source: 'yahoo', kind: 'quotes', exchanges: [quotes([], noon, 429)] });
    expect(failed).toMatchObject({
      status: 'failed',
      reason: 'rate_limited',
      detail: { code: 'http_status', status: 429 },
      held: [],
    });
    expect(await world.get('/sources/yahoo/health')).toMatchObject({
      body: { data: { lastFailure: { reason: 'rate_limited', at: noon.toISOString() } } },
    });
  });

  it('takes more answers than the quota of a day has, and after one that asked to wait', async () => {
    const many = Array.from({ length: 30 }, (_, index) => later(index));
    for (const at of many) {
      const ended = await world.ingest({
        source: 'alpha-vantage',
        kind: 'quotes',
        exchanges: [{ ...quotes([], at, 429), request: { ...quotes([]).request, symbols: ['MSFT'] } }],
      });
      expect(ended.reason).toBe('rate_limited');
    }
  });

  it('moves the clock of the use cases and of the database, to the past as well', async () => {
    const past = new Date('2020-04-20T18:31:00Z');
    world.setClock(past);
    expect(await ingest(world, [{ symbol: 'OLD', regularMarketPrice: 12.5 }], past)).toMatchObject({ accepted: 1 });
    expect(await world.get('/quotes/OLD')).toMatchObject({
      body: { data: { price: 12.5, ingestedAt: past.toISOString() }, meta: { ageSeconds: 0, stale: false } },
    });
    world.setClock(later(3_600, past));
    expect(await world.get('/quotes/OLD')).toMatchObject({ body: { meta: { ageSeconds: 3_600 } } });
    expect((await world.database.query('SELECT now(), clock_timestamp(), statement_timestamp() AS of')).rows).toEqual([
      { now: later(3_600, past), clock_timestamp: later(3_600, past), of: later(3_600, past) },
    ]);
    // Defaults of columns too.
    expect(await count(`task WHERE planned_at = '${past.toISOString()}'`)).toEqual({ count: 1 });
    world.setClock(noon);
  });

  it('names what a source would ask for, without credentials', () => {
    const [quote, ...none] = world.requests('yahoo', 'quotes', 'quotes', ['AAPL', '^GSPC'], noon);
    expect(none).toEqual([]);
    expect(quote?.method).toBe('GET');
    expect(quote?.url).toMatch(/^https:\/\/query2\.finance\.yahoo\.com\/v7\/finance\/quote\?symbols=AAPL%2C%5EGSPC&/);
    const range = { from: '2026-11-02', to: '2026-11-06' };
    const bars = world.requests('yahoo', 'bars', 'daily-bars', ['AAPL', 'SPY'], noon, range);
    expect(bars.map(({ url }) => new URL(url).searchParams.get('period1'))).toEqual(['1793577600', '1793577600']);
    expect(world.requests('alpha-vantage', 'quotes', 'quotes', ['BTC-USD', 'MSFT'], noon)).toHaveLength(1);
    expect(world.requests('alpha-vantage', 'quotes', 'quotes', ['MSFT'], noon)[0]?.url).not.toMatch(/apikey/i);
    expect(() => world.requests('nobody', 'quotes', 'quotes', ['AAPL'], noon)).toThrow('no source nobody');
  });

  it('plans, sends and judges with a tick, once for one time', async () => {
    const time = later(60);
    const { runs, sent } = await world.tick(time);
    expect(runs.length).toBeGreaterThan(0);
    expect(sent).toBeGreaterThanOrEqual(runs.length);
    expect(await world.tick(time)).toMatchObject({ runs: [], sent: 0 });
    expect((await world.database.query('SELECT now()')).rows).toEqual([{ now: time }]);
    // What nobody worked on is overdue some minutes later, by the same clock.
    expect((await world.tick(later(1_200))).overdue).toContain('yahoo');
  });
});

it('runs in a plain Node script, which ends by itself: the example of its docstring', async () => {
  const text = readFileSync(new URL('../support/world.ts', import.meta.url), 'utf8');
  const example = /@example\n \* ```ts\n([\s\S]+?) \* ```/.exec(text)?.[1]?.replaceAll(/^ \* ?/gm, '') ?? '';
  const { [clusterVariable]: _shared, ...env } = process.env;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', example], { cwd: root, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect({ code, output: output.trim() }).toEqual({ code: 0, output: 'succeeded 200 271.49' });
});
