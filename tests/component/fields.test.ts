import { beforeAll, describe, expect, it } from 'vitest';
import { json, makeBatch, makeListing, makeQuote } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const { world, api, keys, get } = useApi();

beforeAll(async () => {
  const batch = await makeBatch(world.pool);
  const aapl = await makeListing(world.pool, 'AAPL', { name: '=Apple' });
  await makeQuote(world.pool, aapl, batch);
  await world.pool.query(
    `INSERT INTO bar (listing_id, source, interval, starts_at, date, open, high, low, close, volume, currency, basis, basis_at, fetched_at, batch_id)
     VALUES ($1, 'yahoo', '1d', '2026-11-19T14:30Z', '2026-11-19', 1, 2, 0.5, 1.5, 100, 'USD', 'splits', '2026-11-20T03:00Z', '2026-11-20T03:00Z', $2)`,
    [aapl, batch],
  );
}, 60_000);

const dataOf = async (path: string) => (await json(await get(path)))['data'];

describe('fields', () => {
  it('of one thing, of each row of a list, and of what lies within', async () => {
    expect(await dataOf('/quotes/AAPL?fields=price,instrument.symbol')).toEqual({
      instrument: { symbol: 'AAPL' },
      price: 244.6,
    });
    expect(await dataOf('/quotes?fields=instrument.symbol,change')).toEqual([
      { instrument: { symbol: 'AAPL' }, change: 3.07 },
    ]);
    expect(await dataOf('/bars/AAPL?fields=basis,bars.date,bars.close')).toEqual({
      basis: 'splits',
      bars: [{ date: '2026-11-19', close: 1.5 }],
    });
    // The whole of a field and a part of it is the whole; twice is once; several parameters are one list.
    const whole = await dataOf('/quotes/AAPL?fields=instrument.symbol,instrument&fields=price,price');
    expect(whole).toMatchObject({ instrument: { symbol: 'AAPL', mic: 'XNAS' }, price: 244.6 });
    expect(await dataOf('/quotes?symbols=AAPL,NOPE&fields=symbol,quote.price,error.code')).toEqual([
      { symbol: 'AAPL', quote: { price: 244.6 }, error: null },
      { symbol: 'NOPE', quote: null, error: { code: 'unknown_symbol' } },
    ]);
  });

  it('keep every digit, and the form of decimals', async () => {
    const text = await (await get('/quotes/AAPL?fields=price')).text();
    expect(text).toContain('"data":{"price":244.60}');
    expect(await dataOf('/quotes/AAPL?fields=price&decimals=string')).toEqual({ price: '244.60' });
  });

  it('are for a batch and for other lists too, and leave meta and warnings as they are', async () => {
    const batch = await api.ask('/quotes/batch?fields=quote.price', {
      method: 'POST',
      key: keys.read,
      json: { symbols: ['AAPL'] },
    });
    expect(await json(batch)).toMatchObject({ data: [{ quote: { price: 244.6 } }], meta: { count: 1 }, warnings: [] });
    expect(Object.keys(await json(await get('/quotes/AAPL?fields=price')))).toEqual(['data', 'meta', 'warnings']);
    const sources = await dataOf('/sources?fields=id,health.status');
    expect(sources).toContainEqual({ id: 'yahoo', health: { status: 'unknown' } });
  });

  it('have an ETag of their own', async () => {
    const tags = await Promise.all(
      ['/quotes/AAPL', '/quotes/AAPL?fields=price', '/quotes/AAPL?fields=change'].map(async (path) =>
        (await get(path)).headers.get('etag'),
      ),
    );
    expect(new Set(tags).size).toBe(3);
  });

  it.each([
    ['/quotes/AAPL?fields=pric', 'pric'],
    ['/quotes/AAPL?fields=price,instrument.isin2', 'instrument.isin2'],
    ['/quotes/AAPL?fields=price.digits', 'price.digits'],
    ['/quotes/AAPL?fields=constructor', 'constructor'],
    ['/quotes?fields=quote.pric', 'quote.pric'],
    ['/quotes/AAPL/history?format=csv&fields=price,pric', 'pric'],
    ['/bars/AAPL?format=csv&fields=bars.clos', 'bars.clos'],
  ])('%s: a field that there is not is a 400 that names it', async (path, name) => {
    const answer = await get(path);
    expect(answer.status).toBe(400);
    expect(await json(answer)).toMatchObject({ code: 'invalid_request', errors: [{ path: 'query.fields' }] });
    expect((await json(await get(path)))['detail']).toContain(name);
  });

  it.each(['', ',', '__proto__', 'price,', 'a b', '.price', 'price.', 'a'.repeat(1_001)])(
    '%j is no list of names',
    async (text) => {
      expect((await get(`/quotes/AAPL?fields=${encodeURIComponent(text)}`)).status).toBe(400);
    },
  );

  it('name columns of CSV, in the order that is asked for', async () => {
    const history = await (await get('/quotes/AAPL/history?format=csv&fields=price,symbol')).text();
    expect(history).toBe('price,symbol\r\n244.60,AAPL\r\n');
    const bars = await (await get('/bars/AAPL?format=csv&fields=instrument.symbol,bars.close,adjustment,basis')).text();
    expect(bars).toBe('symbol,close,adjustment,basis\r\nAAPL,1.5,none,splits\r\n');
  });

  it('of a change are not known: it would have been made all the same', async () => {
    const answer = await api.ask('/sources/yahoo/start?fields=id', { method: 'POST', key: keys.operate });
    expect(await json(answer)).toMatchObject({ data: { id: 'yahoo', title: 'Yahoo Finance' } });
    const again = await api.ask('/sources/yahoo/start?fields=id', { method: 'POST', key: keys.operate });
    expect((await json(again))['warnings']).toMatchObject([{ code: 'unknown_parameter' }]);
  });
});
