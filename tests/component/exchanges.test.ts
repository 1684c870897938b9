import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { barsItemSchema, exchangeSchema } from '../../core/contracts/http/market.ts';
import { sourceSchema, sourceSymbolSchema } from '../../core/contracts/http/operations.ts';
import { iso, json, makeBatch, makeKey, makeListing, makeQuote, noon } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const { world, api, get, read } = useApi();

beforeAll(async () => {
  const batch = await makeBatch(world.pool);
  const london = { mic: 'XLON', zone: 'Europe/London', currency: 'GBP' };
  for (const [symbol, of, asOf] of [
    ['AAA', {}, iso(-60)],
    ['BBB', {}, iso(-7 * 86_400)],
    ['VOD.L', london, iso(-120)],
    ['BTC-USD', { mic: 'QCRY', zone: 'UTC', assetClass: 'crypto' }, iso(-30)],
  ] as const) {
    const listing = await makeListing(world.pool, symbol, of);
    await makeQuote(world.pool, listing, batch, { asOf });
    for (const day of ['2026-11-17', '2026-11-18', '2026-11-19'])
      if (symbol !== 'BTC-USD')
        await world.pool.query(
          `INSERT INTO bar (listing_id, source, interval, starts_at, date, close, currency, basis, basis_at, fetched_at, batch_id)
           VALUES ($1, 'yahoo', '1d', ($2 || 'T14:30Z')::timestamptz, $2::date, 1.5, 'USD', 'splits', now(), now(), $3)`,
          [listing, day, batch],
        );
  }
}, 60_000);

describe('exchanges', () => {
  it('are summed up: whether they trade, their session, and how fresh their prices are', async () => {
    const { data, meta } = await read(z.array(exchangeSchema), '/exchanges');
    expect(meta.count).toBe(3);
    expect(data.map(({ mic, open, instruments, stale }) => [mic, open, instruments, stale])).toEqual([
      ['XNAS', true, 2, 1],
      ['QCRY', true, 1, 0],
      ['XLON', true, 1, 0],
    ]);
    expect(data[0]).toMatchObject({ name: 'Nasdaq', newestAsOf: iso(-60), newestSession: 'regular' });
    expect(data[0]?.session).toEqual({
      date: '2026-11-20',
      opensAt: '2026-11-20T14:30:00.000Z',
      closesAt: '2026-11-20T21:00:00.000Z',
    });
    expect(data[1]?.session).toBeNull();
  });

  it('are summed up once for all who ask within five seconds', async () => {
    const newest = async () => (await read(z.array(exchangeSchema), '/exchanges')).data.map((each) => each.newestAsOf);
    const before = await newest();
    await world.pool.query(`UPDATE latest_quote SET as_of = as_of - interval '1 s'`);
    try {
      expect(await newest()).toEqual(before);
      api.time.now = noon + 5_000;
      expect(await newest()).toEqual(before.map((at) => new Date(Date.parse(at) - 1_000).toISOString()));
    } finally {
      await world.pool.query(`UPDATE latest_quote SET as_of = as_of + interval '1 s'`);
      api.time.now = noon;
    }
  });

  it('have their next session while they are closed', async () => {
    api.time.now = Date.parse('2026-11-21T12:00:00Z');
    try {
      const { data } = await read(z.array(exchangeSchema), '/exchanges');
      expect(data.map(({ mic, open, session }) => [mic, open, session?.date])).toEqual([
        ['XNAS', false, '2026-11-23'],
        ['QCRY', true, undefined],
        ['XLON', false, '2026-11-23'],
      ]);
    } finally {
      api.time.now = noon;
    }
  });

  it('count what the key may see, and say that something is left out', async () => {
    const key = await makeKey(world.pool, 'read', null, 'display');
    const answer = await json(await api.ask('/exchanges', { key }));
    expect(answer).toMatchObject({ data: [], warnings: [{ code: 'licence_forbids' }] });
  });
});

describe('the symbols of a source', () => {
  it('are counted with the source, and listed page by page', async () => {
    const source = (await read(sourceSchema, '/sources/yahoo')).data;
    const seen: string[] = [];
    let cursor = '';
    do {
      const { data, meta } = await read(z.array(sourceSymbolSchema), `/sources/yahoo/symbols?limit=10${cursor}`);
      seen.push(...data.map(({ symbol }) => symbol));
      expect(meta.total === undefined).toBe(cursor !== '');
      cursor = meta.nextCursor === undefined ? '' : `&cursor=${meta.nextCursor}`;
    } while (cursor !== '');
    expect(seen).toEqual([...new Set(seen)].toSorted());
    expect(Math.max(...source.jobs.map(({ symbolCount }) => symbolCount))).toBe(seen.length);
    expect((await get('/sources/nope/symbols')).status).toBe(404);
  });
});

describe('the bars of several symbols', () => {
  it('come symbol by symbol, each with its own error', async () => {
    const { data, meta } = await read(z.array(barsItemSchema), '/bars?symbols=AAA,NOPE,BTC-USD,vod.l');
    expect(data.map(({ symbol, bars, error }) => [symbol, bars?.bars.length, error?.code])).toEqual([
      ['AAA', 3, undefined],
      ['NOPE', undefined, 'unknown_symbol'],
      ['BTC-USD', undefined, 'no_bars'],
      ['VOD.L', 3, undefined],
    ]);
    expect(meta).toMatchObject({ count: 6 });
  });

  it.each([1, 2, 3, 4, 5, 6])('are all there once in pages of %i, as JSON and as CSV', async (limit) => {
    const seen: string[] = [];
    const lines: string[] = [];
    let cursor = '';
    for (let pages = 0; pages < 12; pages++) {
      const path = `/bars?symbols=AAA,NOPE,VOD.L&limit=${limit}${cursor}`;
      const { data, meta } = await read(z.array(barsItemSchema), path);
      seen.push(...data.flatMap(({ symbol, bars }) => (bars?.bars ?? []).map(({ date }) => `${symbol},${date}`)));
      const csv = await get(path, { accept: 'text/csv' });
      expect(csv.headers.get('x-next-cursor') ?? undefined).toBe(meta.nextCursor);
      lines.push(...(await csv.text()).split('\r\n').slice(1, -1));
      if (meta.nextCursor === undefined) break;
      cursor = `&cursor=${meta.nextCursor}`;
    }
    const days = ['2026-11-17', '2026-11-18', '2026-11-19'];
    expect(seen).toEqual(['AAA', 'VOD.L'].flatMap((symbol) => days.map((day) => `${symbol},${day}`)));
    expect(lines.map((line) => line.split(',').slice(0, 2).join())).toEqual(seen);
  });

  it('are a 400 for too many symbols, none, or a source that there is not', async () => {
    for (const query of [`symbols=${'A,'.repeat(51)}`, 'symbols=,', '', 'symbols=AAA&interval=1y'])
      expect((await get(`/bars?${query}`)).status).toBe(400);
    expect(await json(await get('/bars?symbols=AAA&source=nope'))).toMatchObject({ code: 'unknown_source' });
  });
});
