import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { batchItemSchema, quoteSchema, tickRowSchema } from '../../core/contracts/http/market.ts';
import { iso, makeBatch, makeListing, makeQuote, noon } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const one = envelope(quoteSchema);
const many = envelope(z.array(quoteSchema));
const batch = envelope(z.array(batchItemSchema));
const ticks = envelope(z.array(tickRowSchema));

const { world, api, keys, get } = useApi();
let batchId: string;
let aapl: number;

beforeAll(async () => {
  batchId = await makeBatch(world.pool);
  aapl = await makeListing(world.pool, 'AAPL', { name: 'Apple Inc.' });
  await makeQuote(world.pool, aapl, batchId);
  await makeQuote(world.pool, await makeListing(world.pool, 'BRK-B'), batchId, { price: '480.1' });
  await makeQuote(
    world.pool,
    await makeListing(world.pool, 'EURUSD=X', { assetClass: 'fx', mic: 'QFXS', zone: 'UTC' }),
    batchId,
    {
      price: '1.1617',
    },
  );
  await makeListing(world.pool, 'NEWCO');
}, 60_000);

describe('the price of one symbol', () => {
  it('has its instrument, its change, its provenance and its licence class', async () => {
    const response = await get('/quotes/AAPL');
    expect(response.status).toBe(200);
    const { data, meta, warnings } = one.parse(await response.json());
    expect(data).toMatchObject({
      instrument: { symbol: 'AAPL', name: 'Apple Inc.', exchange: 'Nasdaq', assetClass: 'equity', currency: 'USD' },
      price: 244.6,
      previousClose: 241.53,
      change: 3.07,
      source: 'yahoo',
      licence: 'internal',
      asOf: iso(-60),
      stale: false,
      ageSeconds: 30,
      confidence: 'single',
      rule: 'only_source',
      provenance: { batchId, part: 0, attempt: 1 },
    });
    expect(data.changeFraction).toBeCloseTo(0.0127106, 6);
    expect(meta).toMatchObject({ source: 'yahoo', asOf: iso(-60), fetchedAt: iso(-30), stale: false, ageSeconds: 30 });
    expect(warnings).toEqual([]);
  });

  it.each(['brk.b', 'BRK/B', 'BRK-B'])('accepts %s as people write it', async (text) => {
    const { data } = one.parse(await (await get(`/quotes/${encodeURIComponent(text)}`)).json());
    expect(data.instrument.symbol).toBe('BRK-B');
  });

  it('is stale when the source has not confirmed it for longer than three rounds', async () => {
    api.time.now = noon + 150_000;
    const fresh = one.parse(await (await get('/quotes/AAPL')).json());
    api.time.now = noon + 151_000;
    const stale = one.parse(await (await get('/quotes/AAPL')).json());
    api.time.now = noon;
    expect([fresh.data.stale, fresh.data.ageSeconds]).toEqual([false, 180]);
    expect([stale.data.stale, stale.meta.stale, stale.data.ageSeconds]).toEqual([true, true, 181]);
  });

  describe('by the calendar', () => {
    /** Whether a price of that time, confirmed at that time, is stale now. */
    async function isStale(of: { symbol: string; asOf: string; confirmedAt: string; now: string }) {
      await world.pool.query(
        `UPDATE latest_quote SET as_of = $2, fetched_at = $3, confirmed_at = $3
         WHERE listing_id = (SELECT listing_id FROM symbol_alias WHERE namespace = 'canonical' AND symbol = $1)`,
        [of.symbol, of.asOf, of.confirmedAt],
      );
      api.time.now = Date.parse(of.now);
      const { data } = one.parse(await (await get(`/quotes/${of.symbol}`)).json());
      api.time.now = noon;
      return data.stale;
    }
    const friday = { symbol: 'BRK-B', asOf: '2026-11-20T21:00:01Z', confirmedAt: '2026-11-20T21:30:10Z' };

    it.each([
      ['a quiet Sunday is not stale', friday, '2026-11-22T12:00:00Z', false],
      ['a Monday morning before the opening is not', friday, '2026-11-23T14:29:00Z', false],
      ['five minutes after the opening, nothing new from the source, is', friday, '2026-11-23T14:35:00Z', true],
      ['a quiet Tuesday at eleven is', friday, '2026-11-24T16:00:00Z', true],
      [
        'a Tuesday at eleven with a source that says Monday’s close again and again is',
        { ...friday, asOf: '2026-11-23T21:00:00Z', confirmedAt: '2026-11-24T15:59:30Z' },
        '2026-11-24T16:00:00Z',
        true,
      ],
      [
        'a name that has not traded for an hour, confirmed a minute ago, is not',
        { ...friday, asOf: '2026-11-24T14:45:00Z', confirmedAt: '2026-11-24T15:59:00Z' },
        '2026-11-24T16:00:00Z',
        false,
      ],
      [
        'a holiday is not stale',
        { ...friday, asOf: '2026-11-25T21:00:01Z', confirmedAt: '2026-11-25T21:30:00Z' },
        '2026-11-26T16:00:00Z',
        false,
      ],
      [
        'the evening of a half day is not',
        { ...friday, asOf: '2026-11-27T18:00:01Z', confirmedAt: '2026-11-27T18:30:00Z' },
        '2026-11-27T20:00:00Z',
        false,
      ],
      [
        'currencies on a Saturday are not',
        { symbol: 'EURUSD=X', asOf: '2026-11-20T21:59:00Z', confirmedAt: '2026-11-20T22:29:00Z' },
        '2026-11-21T12:00:00Z',
        false,
      ],
      [
        'currencies on a Sunday evening are, when nothing comes',
        { symbol: 'EURUSD=X', asOf: '2026-11-20T21:59:00Z', confirmedAt: '2026-11-20T22:29:00Z' },
        '2026-11-22T22:10:00Z',
        true,
      ],
    ])('%s', async (_what, of, now, stale) => {
      expect(await isStale({ ...of, now })).toBe(stale);
    });
  });

  it('of an unknown symbol is a 404 that guesses what was meant', async () => {
    const response = await get('/quotes/APPL');
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      code: 'unknown_symbol',
      retryable: false,
      instance: '/api/v1/quotes/APPL',
      detail: expect.stringContaining('Did you mean AAPL?'),
    });
  });

  it('that nobody has sent yet is a 404 worth trying again', async () => {
    const response = await get('/quotes/NEWCO');
    expect([response.status, await response.json()]).toMatchObject([404, { code: 'no_quote', retryable: true }]);
  });

  it('of another source bypasses the decision', async () => {
    const listing = await makeListing(world.pool, 'TWOSRC');
    await makeQuote(world.pool, listing, batchId, { price: '10.5', source: 'other' });
    await makeQuote(world.pool, listing, batchId, { price: '10.4', source: 'yahoo' });
    const consolidated = one.parse(await (await get('/quotes/TWOSRC?explain=1')).json());
    const asked = one.parse(await (await get('/quotes/TWOSRC?source=yahoo')).json());
    expect(consolidated.data.source).toBe('other');
    expect(consolidated.data.licence).toBe('unknown');
    expect(consolidated.data.candidates?.map(({ source, chosen, price }) => [source, chosen, price])).toEqual([
      ['other', true, 10.5],
      ['yahoo', false, 10.4],
    ]);
    expect(asked.data).toMatchObject({ source: 'yahoo', price: 10.4, confidence: null, rule: null });
    expect((await get('/quotes/AAPL?source=nope')).status).toBe(404);
  });
});

describe('decimals', () => {
  it.each([
    ['0.1', '0.1'],
    ['0.00000001', '0.00000001'],
    ['12345678901234567890.12345678901234567890', '12345678901234567890.12345678901234567890'],
    ['244.60', '244.60'],
  ])('%s comes out as it was stored, as a number and as text', async (price, wire) => {
    const symbol = `DEC${wire.length}${wire.charCodeAt(2)}`;
    await makeQuote(world.pool, await makeListing(world.pool, symbol), batchId, { price, previous: null });
    const number = await (await get(`/quotes/${symbol}`)).text();
    const text = await (await get(`/quotes/${symbol}?decimals=string`)).text();
    expect(number).toContain(`"price":${wire},`);
    expect(text).toContain(`"price":"${wire}",`);
    expect(number).toContain('"change":null');
  });

  it('refuses another way of writing them', async () => {
    expect((await get('/quotes/AAPL?decimals=roman')).status).toBe(400);
  });
});

describe('several symbols', () => {
  it('each have their own answer, in order, and one bad symbol spoils no other', async () => {
    const response = await get('/quotes?symbols=AAPL,nope,%00,NEWCO,eur/usd');
    expect(response.status).toBe(200);
    const { data, meta } = batch.parse(await response.json());
    expect(data.map((item) => [item.symbol, item.quote?.price ?? null, item.error?.code ?? null])).toEqual([
      ['AAPL', 244.6, null],
      ['NOPE', null, 'unknown_symbol'],
      ['\0', null, 'invalid_symbol'],
      ['NEWCO', null, 'no_quote'],
      ['EURUSD=X', 1.1617, null],
    ]);
    expect(meta.count).toBe(5);
  });

  it('may be posted, 500 of them and no more', async () => {
    const symbols = Array.from({ length: 500 }, (_, index) => `S${index}`);
    const many = await api.ask('/quotes/batch', { method: 'POST', key: keys.read, json: { symbols } });
    const tooMany = await api.ask('/quotes/batch', {
      method: 'POST',
      key: keys.read,
      json: { symbols: [...symbols, 'X'] },
    });
    expect(batch.parse(await many.json()).data).toHaveLength(500);
    expect([tooMany.status, await tooMany.json()]).toMatchObject([400, { errors: [{ path: 'body.symbols' }] }]);
    expect((await get('/quotes?symbols=')).status).toBe(400);
    expect((await get(`/quotes?symbols=${[...symbols, 'X'].join(',')}`)).status).toBe(400);
  });

  it('without any named are all that have a price, a page at a time', async () => {
    const seen: string[] = [];
    let cursor = '';
    for (let pages = 0; pages < 20; pages++) {
      const { data, meta } = many.parse(await (await get(`/quotes?limit=2${cursor}`)).json());
      seen.push(...data.map((quote) => quote.instrument.symbol));
      if (!meta.nextCursor) break;
      cursor = `&cursor=${meta.nextCursor}`;
    }
    const all = many.parse(await (await get('/quotes')).json()).data.map((quote) => quote.instrument.symbol);
    expect(seen).toEqual(all);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toContain('AAPL');
    expect(seen).not.toContain('NEWCO');
    const fx = many.parse(await (await get('/quotes?assetClass=fx')).json());
    expect(fx.data.map((quote) => quote.instrument.symbol)).toEqual(['EURUSD=X']);
  });

  it.each([
    'cursor=xyz',
    'cursor=W10',
    'cursor=WzFd',
    'limit=0',
    'limit=1001',
    'limit=1e2',
    'assetClass=house',
    'knownAt=2026-11-20',
  ])('refuse %s', async (query) => {
    const response = await get(`/quotes?${query}`);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });
});

describe('a known answer', () => {
  it('is 304 while the content is the same, though the price grows older', async () => {
    const first = await get('/quotes/AAPL');
    const etag = first.headers.get('etag') ?? '';
    api.time.now = noon + 5_000;
    const second = await get('/quotes/AAPL', { 'if-none-match': etag });
    const listed = await get('/quotes/AAPL', { 'if-none-match': `"x", ${etag.slice(2)}` });
    const other = await get('/quotes/AAPL?decimals=string', { 'if-none-match': etag });
    api.time.now = noon + 3_600_000;
    const stale = await get('/quotes/AAPL', { 'if-none-match': etag });
    api.time.now = noon;
    expect(etag).toMatch(/^W\/"/);
    expect(first.headers.get('cache-control')).toBe('private, max-age=1');
    expect(first.headers.get('vary')).toContain('x-api-key');
    expect([second.status, await second.text(), second.headers.get('etag')]).toEqual([304, '', etag]);
    expect(listed.status).toBe(304);
    expect(other.status).toBe(200);
    expect(stale.status, 'a price that became stale is another answer').toBe(200);
  });

  it('changes with the price', async () => {
    const listing = await makeListing(world.pool, 'MOVES');
    await makeQuote(world.pool, listing, batchId, { price: '1' });
    const etag = (await get('/quotes/MOVES')).headers.get('etag') ?? '';
    await makeQuote(world.pool, listing, batchId, { price: '2', asOf: iso(-10) });
    const response = await get('/quotes/MOVES', { 'if-none-match': etag });
    expect([response.status, response.headers.get('etag') === etag]).toEqual([200, false]);
  });
});

describe('a symbol', () => {
  it('means another listing after its date', async () => {
    const { rows } = await world.pool.query<{ listing_id: number }>(
      "SELECT listing_id FROM symbol_alias WHERE namespace = 'canonical' AND symbol = 'BRK-B'",
    );
    await world.pool.query("UPDATE symbol_alias SET valid_from = '2026-11-20' WHERE symbol = 'BRK-B'");
    await world.pool.query(
      "INSERT INTO symbol_alias (namespace, symbol, listing_id, valid_to) VALUES ('canonical', 'BRK-B', $1, '2026-11-20')",
      [aapl],
    );
    const now = one.parse(await (await get('/quotes/BRK-B')).json());
    expect(rows[0]?.listing_id).not.toBe(aapl);
    expect(now.data.price).toBe(480.1);
    const before = await get(`/quotes/BRK-B/history?to=2026-11-19`);
    expect(ticks.parse(await before.json()).meta.source).toBe('yahoo');
    await world.pool.query("DELETE FROM symbol_alias WHERE symbol = 'BRK-B' AND listing_id = $1", [aapl]);
  });

  it('that is SQL, a path, or no text at all is refused and harms nothing', async () => {
    for (const symbol of ["'; DROP TABLE quote; --", '../../etc/passwd', '%00', 'A'.repeat(40), '💥', '=1+1', ' ']) {
      const response = await get(`/quotes/${encodeURIComponent(symbol)}`);
      expect([400, 404], symbol).toContain(response.status);
      expect(await response.text()).not.toMatch(/SELECT|syntax error|at .*\.ts/);
    }
    expect((await get('/quotes/AAPL')).status).toBe(200);
  });
});

describe('a mistyped parameter', () => {
  it('is reported as a warning', async () => {
    const { warnings } = one.parse(await (await get('/quotes/AAPL?expalin=1')).json());
    expect(warnings).toEqual([{ code: 'unknown_parameter', message: expect.stringContaining('"expalin"') }]);
  });
});
