import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { registerListings } from '../../core/adapters/postgres/listings/listing-store.ts';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import type { CorporateAction } from '../../core/market/bar.ts';
import type { KnownListing } from '../../core/market/instrument.ts';
import type { IngestStore } from '../../core/ports/ingest-store.ts';
import type { State } from '../../core/ports/state.ts';
import { setQuotas } from '../../core/sources/catalogue.ts';
import { chartAnswerSchema } from '../../core/sources/yahoo/schema.ts';
import type { Gate } from '../../functions/yahoo-proxy/gate.ts';
import { storeAnswer } from '../support/judged-answer.ts';
import { quoteRow } from '../support/price-rows.ts';
import { databaseTime, registered, stored } from '../support/quote-store-rows.ts';
import { blobsInMemory, recordingProxy } from '../support/recording-proxy.ts';
import { dividendOn, opening, seriesOf, sessions, splitOn } from '../support/sessions-of-november.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ connections: 8, sources: ['yahoo'], keepRows: true, partitionsAt: new Date('2026-11-20') });
let state: State;
let store: IngestStore;

beforeAll(() => {
  setQuotas(new Map([['yahoo', { perMinute: 4_000, perDay: 300_000 }]]));
  state = postgresState(world.pool);
  store = postgresIngestStore(world.pool);
});
afterAll(() => setQuotas(new Map()));

const day = 86_400_000;
const fetched = Date.parse('2026-11-20T22:00:00Z');
/** The sessions in words of the chart route: a range would end today. */
const november = `period1=${Date.parse('2026-11-01') / 1000}&period2=${Date.parse('2026-11-21') / 1000}`;
const everyDay = (close: string) => new Map(sessions.map((date) => [date, close]));

/** Stores an answer with daily bars, so many days after the first. Gives when it was known. */
async function told(
  listing: KnownListing,
  closes: ReadonlyMap<string, string>,
  days: number,
  actions: readonly CorporateAction[] = [],
): Promise<Date> {
  await storeAnswer(store, 'yahoo', seriesOf(listing, closes, { fetchedAt: fetched + days * day, actions }));
  return databaseTime(world.pool);
}

async function proxyOf(more: Partial<Parameters<typeof recordingProxy>[1]> = {}) {
  const proxy = await recordingProxy(world, { state, blobs: blobsInMemory(), start: Date.now(), ...more });
  proxy.goTo(Date.now() + 60_000);
  const asOf = (instant: Date, path: string) => proxy.asOf(instant.getTime(), path);
  return {
    ...proxy,
    asOf,
    /** The chart that is answered at an instant, as Quotron's own parser reads it. */
    async chart(instant: Date, symbol: string, query = `${november}&interval=1d&events=div%7Csplit`) {
      const { status, text, headers } = await asOf(instant, `/yahoo/v8/finance/chart/${symbol}?${query}`);
      expect([status, text.slice(0, 300)]).toEqual([200, expect.stringContaining('{"chart":{"result":[{"meta"')]);
      const result = chartAnswerSchema.parse(JSON.parse(text)).chart.result?.[0];
      if (!result) throw new Error('there is no chart');
      return { ...result, headers, text };
    },
  };
}

const rowsSchema = z.object({
  quoteResponse: z.object({ result: z.array(z.looseObject({ symbol: z.string() })), error: z.null() }),
});

describe('a chart that nobody asked for then', () => {
  it('is made of the bars, splits and dividends that were known then', async () => {
    const listing = await registered(world.pool, 'yahoo', 'REB');
    const before = await databaseTime(world.pool);
    const first = await told(listing, everyDay('100'), 0);
    const corrected = await told(listing, new Map([...everyDay('100'), ['2026-11-06', '104']]), 1);
    const paid = await told(listing, new Map([...everyDay('100'), ['2026-11-06', '104']]), 2, [
      dividendOn('2026-11-09', '2.08'),
    ]);
    const halved = new Map([...everyDay('50'), ['2026-11-06', '52']]);
    const split = await told(listing, halved, 3, [dividendOn('2026-11-09', '1.04'), splitOn('2026-11-19', '2')]);
    const { chart, asOf } = await proxyOf();

    expect((await asOf(before, `/yahoo/v8/finance/chart/REB?${november}`)).status).toBe(404);
    const closes = async (instant: Date) => {
      const { timestamp = [], indicators } = await chart(instant, 'REB');
      const at = timestamp.indexOf(opening('2026-11-06') / 1000);
      return {
        bars: timestamp.length,
        close: indicators.quote[0]?.close?.[at],
        first: indicators.quote[0]?.close?.[0],
        adjusted: indicators.adjclose?.[0]?.adjclose?.[at],
      };
    };
    expect(await closes(first)).toEqual({ bars: 15, close: 100, first: 100, adjusted: 100 });
    expect(await closes(corrected)).toEqual({ bars: 15, close: 104, first: 100, adjusted: 104 });
    expect(await closes(paid)).toEqual({ bars: 15, close: 104, first: 100, adjusted: 101.92 });
    expect(await closes(split)).toEqual({ bars: 15, close: 52, first: 50, adjusted: 50.96 });

    expect((await chart(corrected, 'REB')).events).toBeUndefined();
    const date = opening('2026-11-09') / 1000;
    expect((await chart(paid, 'REB')).events).toEqual({ dividends: { [date]: { amount: 2.08, date } } });
    const ex = opening('2026-11-19') / 1000;
    expect((await chart(split, 'REB')).events).toEqual({
      dividends: { [date]: { amount: 1.04, date } },
      splits: { [ex]: { date: ex, numerator: 2, denominator: 1 } },
    });
    // Only what was asked for.
    expect((await chart(split, 'REB', `${november}&interval=1d`)).events).toBeUndefined();
    const { headers, meta } = await chart(first, 'REB');
    expect(headers.get('x-quotron-source')).toBe('rebuilt');
    expect(meta).toMatchObject({
      symbol: 'REB',
      currency: 'USD',
      exchangeName: 'NMS',
      instrumentType: 'EQUITY',
      exchangeTimezoneName: 'America/New_York',
      dataGranularity: '1d',
      regularMarketPrice: 100,
    });
  });

  it('stays as it was where a split puts its bars in doubt, and a later answer confirms them unchanged', async () => {
    const listing = await registered(world.pool, 'yahoo', 'DOUBT');
    const first = await told(listing, everyDay('50'), 0);
    const { asOf } = await proxyOf();
    const path = `/yahoo/v8/finance/chart/DOUBT?${november}&interval=1d&includeAdjustedClose=false`;
    const { status, text } = await asOf(first, path);
    expect([status, text]).toEqual([200, expect.stringContaining('"close":[50,50')]);
    // The source had taken the split into its prices before it reported it.
    await told(listing, everyDay('50'), 3, [splitOn('2026-11-19', '2')]);
    expect((await asOf(first, path)).text).toBe(text);
    const confirmed = await told(listing, everyDay('50'), 4, [splitOn('2026-11-19', '2')]);
    expect(
      await world.all('SELECT count(*)::int AS stale FROM bar WHERE listing_id = $1 AND stale', [listing.id]),
    ).toEqual([{ stale: 0 }]);
    expect((await asOf(first, path)).text).toBe(text);
    expect((await asOf(confirmed, path)).text).toContain('"close":[50,50');
  });

  it('has no split before its day, though it is announced, and nothing of days without bars', async () => {
    const listing = await registered(world.pool, 'yahoo', 'AHEAD');
    const instant = await told(listing, everyDay('100'), 0, [splitOn('2099-03-02', '4')]);
    const { chart } = await proxyOf();
    const all = await chart(instant, 'AHEAD');
    expect([all.indicators.quote[0]?.close?.[0], all.events]).toEqual([100, undefined]);
    const from = Date.parse('2026-11-21T00:00:00Z') / 1000;
    const weekend = await chart(instant, 'AHEAD', `period1=${from}&period2=${from + 86_400}&interval=1d`);
    expect([weekend.timestamp, weekend.indicators]).toEqual([undefined, { quote: [{}], adjclose: [{}] }]);
    // From the beginning of time.
    expect((await chart(instant, 'AHEAD', 'period1=-2000000000&period2=4000000000')).timestamp).toHaveLength(15);
    expect((await chart(instant, 'AHEAD', 'range=5d')).meta).toMatchObject({ regularMarketPrice: 100 });
  });

  it('is in the units of its venue, and what is paid in another currency says so', async () => {
    const pence = { mic: 'XLON', currency: 'GBP', minorFactor: 100, zone: 'Europe/London' };
    const known = await registerListings(world.pool, 'yahoo', [
      { symbol: 'PNC.L', canonical: 'PNC.L', name: 'PNC', assetClass: 'equity', listing: pence },
    ]);
    const listing = known.get('PNC.L')?.at(-1)?.listing;
    if (!listing) throw new Error('PNC.L was not registered');
    const instant = await told(listing, everyDay('1.235'), 0, [dividendOn('2026-11-09', '0.0125', 'GBP')]);
    const { chart, asOf } = await proxyOf();
    const { meta, events, indicators } = await chart(instant, 'PNC.L');
    expect(meta).toMatchObject({ currency: 'GBp', exchangeName: 'LSE', regularMarketPrice: 123.5 });
    expect(indicators.quote[0]?.close?.[0]).toBe(123.5);
    expect(Object.values(events?.dividends ?? {}).map(({ amount }) => amount)).toEqual([1.25]);
    const abroad = await told(listing, everyDay('1.235'), 1, [dividendOn('2026-11-09', '0.02', 'USD')]);
    const path = `/yahoo/v8/finance/chart/PNC.L?${november}&events=div`;
    // In dollars they say nothing of pounds: the adjusted close cannot be known.
    expect((await asOf(abroad, path)).status).toBe(404);
    const raw = await asOf(abroad, `${path}&includeAdjustedClose=false`);
    expect(raw.text).toContain('"amount":0.02');
    expect(raw.text).toContain('"currency":"USD"');
    expect(raw.text).not.toContain('adjclose');
  });

  it('of bars within the day has the hours of their days', async () => {
    const listing = await registered(world.pool, 'yahoo', 'HOURS');
    const days = seriesOf(listing, new Map(sessions.slice(-2).map((date) => [date, '10'])), { fetchedAt: fetched });
    const bars = days.bars.map((bar) => ({ ...bar, interval: '1h' as const, date: null }));
    await stored(store, 'yahoo', { bars: [{ ...days, bars }] });
    const { chart, asOf } = await proxyOf();
    const instant = await databaseTime(world.pool);
    const { text, indicators } = await chart(instant, 'HOURS', `${november}&interval=60m`);
    expect(indicators.adjclose).toBeUndefined();
    const open = opening('2026-11-19') / 1000;
    expect(text).toContain(`"tradingPeriods":[[{"timezone":"EST","start":${open},"end":${open + 23_400}`);
    const outside = await chart(instant, 'HOURS', `${november}&interval=1h&includePrePost=true`);
    expect(outside.text).toContain('"tradingPeriods":{"pre":[[');
    expect((await asOf(instant, `/yahoo/v8/finance/chart/HOURS?${november}&interval=5m`)).status).toBe(404);
    expect((await asOf(instant, `/yahoo/v8/finance/chart/HOURS?${november}&interval=90m`)).status).toBe(404);
    expect((await asOf(instant, '/yahoo/v8/finance/chart/HOURS?range=soon&interval=1h')).status).toBe(404);
  });
});

describe('a quote that nobody asked for then', () => {
  const quotes = async (asOf: (path: string) => Promise<{ status: number; text: string }>, path: string) => {
    const { status, text } = await asOf(path);
    expect(status).toBe(200);
    return rowsSchema.parse(JSON.parse(text)).quoteResponse.result;
  };
  const path = (symbols: string) => `/yahoo/v7/finance/quote?symbols=${symbols}`;

  it('is the price that was known then, and what stood beside it', async () => {
    const listing = await registered(world.pool, 'yahoo', 'QRE');
    const said = async (price: string, seconds: number) => {
      const asOf = fetched + seconds * 1000;
      const row = quoteRow({ listing, price, previousClose: '80', asOf, fetchedAt: asOf + 1000 });
      await stored(store, 'yahoo', { quotes: [row] });
      return databaseTime(world.pool);
    };
    const before = await databaseTime(world.pool);
    const first = await said('100', 0);
    const second = await said('110', 60);
    const { asOf, sent, proxy } = await proxyOf();
    const price = async (instant: Date) => (await quotes((of) => asOf(instant, of), path('QRE')))[0];
    expect((await asOf(before, path('QRE'))).status).toBe(404);
    expect(await price(first)).toMatchObject({
      symbol: 'QRE',
      regularMarketPrice: 100,
      regularMarketPreviousClose: 80,
      regularMarketChange: 20,
      regularMarketChangePercent: 25,
      regularMarketTime: fetched / 1000,
      regularMarketVolume: 1000,
      currency: 'USD',
      quoteType: 'EQUITY',
      exchangeTimezoneName: 'America/New_York',
    });
    expect(await price(second)).toMatchObject({ regularMarketPrice: 110 });
    const { headers, text } = await asOf(first, `${path('QRE')}&formatted=true&fields=regularMarketPrice`);
    expect(text).toContain('"regularMarketPrice":{"raw":100,"fmt":"100.00"}');
    expect(text).not.toContain('regularMarketVolume');
    expect(headers.get('x-quotron-source')).toBe('rebuilt');
    expect(headers.get('cache-control')).toBe('private, no-cache');
    expect(sent).toEqual([]);
    expect(proxy.breaker.state).toBe('closed');
  });

  it('stands beside those that were recorded, which go before it', async () => {
    const [one, two] = [await registered(world.pool, 'yahoo', 'BOTH'), await registered(world.pool, 'yahoo', 'ONLY')];
    const start = Date.now();
    const rows = [one, two].map((listing) => quoteRow({ listing, price: '5', asOf: start - 60_000, fetchedAt: start }));
    await stored(store, 'yahoo', { quotes: rows });
    const { hear, says, asOf, goTo } = await proxyOf({ start });
    const heard = { symbol: 'BOTH', regularMarketPrice: 6, marketState: 'CLOSED' };
    says(Date.now(), JSON.stringify({ quoteResponse: { result: [heard], error: null } }));
    await hear(path('BOTH'));
    const instant = await databaseTime(world.pool);
    goTo(instant.getTime() + 1000);
    const answer = await asOf(instant, path('ONLY,BOTH,NOBODY'));
    expect(rowsSchema.parse(JSON.parse(answer.text)).quoteResponse.result).toEqual([
      expect.objectContaining({ symbol: 'ONLY', regularMarketPrice: 5 }),
      heard,
    ]);
    expect(answer.headers.get('x-quotron-source')).toBe('rebuilt, recorded');
    expect(answer.headers.get('x-quotron-rebuilt')).toBe('ONLY');
    expect(answer.headers.get('x-quotron-missing')).toBe('NOBODY');
  });

  it('takes the place of a recorded one that is too old, where it is newer, and of no other', async () => {
    const [aged, fresh] = [
      await registered(world.pool, 'yahoo', 'AGED'),
      await registered(world.pool, 'yahoo', 'KEPT'),
    ];
    const start = Date.now() - 20 * day;
    const { hear, says, asOf, goTo } = await proxyOf({ start });
    const heard = ['AGED', 'KEPT'].map((symbol) => ({ symbol, regularMarketPrice: 6, marketState: 'CLOSED' }));
    says(start, JSON.stringify({ quoteResponse: { result: heard, error: null } }));
    await hear(path('AGED,KEPT'));
    const fetchedAt = Date.now() - 3_600_000;
    await stored(store, 'yahoo', {
      quotes: [
        quoteRow({ listing: aged, price: '7', asOf: fetchedAt, fetchedAt }),
        quoteRow({ listing: fresh, price: '7', asOf: start - day, fetchedAt: start - day }),
      ],
    });
    const instant = await databaseTime(world.pool);
    goTo(instant.getTime() + 1000);
    const [first, second] = await quotes((of) => asOf(instant, of), path('AGED,KEPT'));
    expect([first, second]).toEqual([expect.objectContaining({ regularMarketPrice: 7 }), heard[1]]);
    expect((await asOf(instant, path('AGED'))).headers.get('x-cache')).toBe('HIT');
    expect((await asOf(instant, path('KEPT'))).headers.get('x-cache')).toBe('STALE');
  });
});

describe('who may have a rebuilt answer', () => {
  it('is decided by the use of a key, as for all that is stored', async () => {
    const listing = await registered(world.pool, 'yahoo', 'LICENSED');
    const instant = (await told(listing, everyDay('100'), 0)).toISOString();
    const row = quoteRow({ listing, asOf: fetched, fetchedAt: fetched });
    await stored(store, 'yahoo', { quotes: [row] });
    const at = (await databaseTime(world.pool)).toISOString();
    const span = { range: '1mo' };
    const chart = { op: 'barsAsOf', symbol: 'LICENSED', interval: '1d', span, totalReturn: true } as const;
    for (const use of ['display', 'redistribute'] as const) {
      expect(await state.call({ ...chart, at: instant, use })).toEqual({ found: 'nothing' });
      expect(await state.call({ op: 'quotesAsOf', symbols: ['LICENSED'], at, use })).toEqual({ quotes: [] });
    }
    expect(await state.call({ ...chart, at: instant, use: 'internal' })).toMatchObject({ found: 'bars' });
  });

  it('is bound by a feed token to its routes and symbols', async () => {
    const listing = await registered(world.pool, 'yahoo', 'BOUND');
    const instant = await told(listing, everyDay('100'), 0);
    const feed = { routes: ['yahoo/chart'], symbols: ['BOUND'], perMinute: 600 };
    const admitted = { admitted: true, caller: 'feed', use: 'internal', feed } as const;
    const gate: Gate = { quick: () => admitted, admit: async () => admitted };
    const { asOf } = await proxyOf({ gate });
    const statusOf = async (path: string) => (await asOf(instant, path)).status;
    expect(await statusOf(`/yahoo/v8/finance/chart/BOUND?${november}`)).toBe(200);
    expect(await statusOf(`/yahoo/v8/finance/chart/LICENSED?${november}`)).toBe(403);
    expect(await statusOf('/yahoo/v7/finance/quote?symbols=BOUND')).toBe(403);
  });
});
