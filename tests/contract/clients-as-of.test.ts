import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryState } from '../../core/adapters/memory/state.ts';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import type { CorporateAction } from '../../core/market/bar.ts';
import type { KnownListing } from '../../core/market/instrument.ts';
import { setQuotas } from '../../core/sources/catalogue.ts';
import { proxyListener } from '../../functions/yahoo-proxy/standalone.ts';
import { installYahooFinance2, installYfinanceHistory } from '../clients/yahoo-clients.ts';
import { quoteRow } from '../support/price-rows.ts';
import { databaseTime, registered, stored } from '../support/quote-store-rows.ts';
import { blobsInMemory } from '../support/recording-proxy.ts';
import { dividendOn, seriesOf, sessions, splitOn } from '../support/sessions-of-november.ts';
import { useWorld } from '../support/use-world.ts';
import { type TestProxy, testProxy } from '../support/yahoo-proxy-fixture.ts';

const world = useWorld({ connections: 8, sources: ['yahoo'], keepRows: true, partitionsAt: new Date('2026-11-20') });
let yfinance: Awaited<ReturnType<typeof installYfinanceHistory>>;
let yahooFinance2: Awaited<ReturnType<typeof installYahooFinance2>>;
let proxy: TestProxy;
let server: Server;
let base = '';

beforeAll(async () => {
  [yfinance, yahooFinance2] = await Promise.all([installYfinanceHistory(), installYahooFinance2()]);
  setQuotas(new Map([['yahoo', { perMinute: 4_000, perDay: 300_000 }]]));
  const [state, session] = [postgresState(world.pool), memoryState(Date.now)];
  proxy = await testProxy(
    world.upstreams,
    {
      state: { call: (request) => (/^record|AsOf$/.test(request.op) ? state : session).call(request) },
      blobs: blobsInMemory(),
    },
    10_000,
  );
  server = createServer(proxyListener(proxy.proxy));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/yahoo`;
}, 300_000);
afterAll(() => {
  server?.close();
  setQuotas(new Map());
});

const at = (instant: Date) => `${base}/at/${instant.toISOString()}`;

describe('clients whose base address has an instant in it', () => {
  it('read what Yahoo told them then, and nothing of what it has corrected, split and restated since', async () => {
    const first = await yfinance(base, 'AAPL');
    await proxy.proxy.past?.record.settled(30_000);
    const instant = await databaseTime(world.pool);
    // A split four sessions ago, which prices before it have not.
    world.fault({ fault: 'split-late', source: 'yahoo', symbol: 'AAPL', ratio: 3, sessions: 4 });
    proxy.pass(86_400);
    const now = await yfinance(base, 'AAPL');
    expect(first.history.length).toBeGreaterThan(15);
    expect(now.history.map(({ close }) => close)).not.toEqual(first.history.map(({ close }) => close));
    expect(now.history.map(({ split }) => split)).toContain(3);
    expect(await yfinance(at(instant), 'AAPL')).toEqual(first);
  }, 300_000);

  it('read of a share that nobody had asked Yahoo for what was stored of it then', async () => {
    const listing = await registered(world.pool, 'yahoo', 'THEN');
    const store = postgresIngestStore(world.pool);
    const fetched = Date.parse('2026-11-20T22:00:00Z');
    const told = async (
      of: KnownListing,
      day: string,
      price: string,
      actions: readonly CorporateAction[],
      hours: number,
    ) => {
      const closes = new Map([...sessions.map((date) => [date, price] as const), ['2026-11-06', day] as const]);
      const fetchedAt = fetched + hours * 3_600_000;
      await stored(store, 'yahoo', { bars: [seriesOf(of, closes, { fetchedAt, actions })] });
      const quote = quoteRow({ listing: of, price, previousClose: price, asOf: fetchedAt, fetchedAt });
      await stored(store, 'yahoo', { quotes: [quote] });
      return databaseTime(world.pool);
    };
    const paid = dividendOn('2026-11-09', '2');
    const first = await told(listing, '100', '100', [paid], 0);
    const corrected = await told(listing, '80', '100', [paid], 72);
    const split = await told(listing, '40', '50', [dividendOn('2026-11-09', '1'), splitOn('2026-11-19', '2')], 96);
    const read = async (instant: Date) => {
      const { lastPrice, currency, history } = await yfinance(at(instant), 'THEN');
      const ofDay = history.find(({ date }) => date === '2026-11-06');
      const [dividends, splits] = [history.map((row) => row.dividend), history.map((row) => row.split)];
      const sum = (values: readonly number[]) => values.reduce((total, each) => total + each, 0);
      return { lastPrice, currency, days: history.length, ofDay, paid: sum(dividends), split: sum(splits) };
    };
    const of = (close: number, adjusted: number) => ({ date: '2026-11-06', close, adjusted, dividend: 0, split: 0 });
    const always = { currency: 'USD', days: 15 };
    expect(await read(first)).toEqual({ ...always, lastPrice: 100, ofDay: of(100, 98), paid: 2, split: 0 });
    expect(await read(corrected)).toEqual({ ...always, lastPrice: 100, ofDay: of(80, 78), paid: 2, split: 0 });
    expect(await read(split)).toEqual({ ...always, lastPrice: 50, ofDay: of(40, 39), paid: 1, split: 2 });

    const other = async (instant: Date) => {
      const { price, splits, history } = await yahooFinance2.history(at(instant), 'THEN');
      return { price, splits, ofDay: history.find(({ date }) => date === '2026-11-06') };
    };
    const row = (close: number, adjusted: number) => ({ date: '2026-11-06', close, adjusted });
    expect(await other(first)).toEqual({ price: 100, splits: [], ofDay: row(100, 98) });
    expect(await other(split)).toEqual({ price: 50, splits: [2], ofDay: row(40, 39) });
  }, 300_000);
});
