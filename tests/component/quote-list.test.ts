import { beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { quoteSchema } from '../../core/contracts/http/market.ts';
import { quoteOrders } from '../../core/prices/quote-order.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { iso, json, makeBatch, makeKey, makeListing, makeQuote, testApi } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const many = envelope(z.array(quoteSchema));
const { world, get } = useApi({ connections: 4 });
let batch: string;

/** With a licence that lets keys for display see Yahoo. */
const displayed = catalogue.map((source) =>
  source.id === 'yahoo' ? { ...source, terms: { ...source.terms, licence: 'display' as const } } : source,
);

/** Prices in an order that is none of the symbols', with two that are equal and values that are missing. */
const stored = [
  { symbol: 'AAA', name: 'Zeta', price: '5', previous: '4', volume: '10', mic: 'XNAS' },
  { symbol: 'BBB', name: '=cmd|calc', price: '100.5', previous: null, volume: null, mic: 'XNYS' },
  { symbol: 'CCC', name: 'Beta "x", y', price: '5', previous: '10', volume: '9007199254740993', mic: 'XNYS' },
  { symbol: 'DDD', name: null, price: '0.00012', previous: '0.00011', volume: '0', mic: 'XNAS' },
  {
    symbol: 'BTC-USD',
    name: 'Bitcoin',
    price: '90000',
    previous: '91000',
    volume: null,
    mic: 'QCRY',
    assetClass: 'crypto',
  },
] as const;

beforeAll(async () => {
  batch = await makeBatch(world.pool);
  for (const [index, { symbol, price, previous, volume, ...of }] of stored.entries()) {
    const listing = await makeListing(world.pool, symbol, of);
    await makeQuote(world.pool, listing, batch, { price, previous, volume, asOf: iso(-60 - index * 7) });
  }
}, 60_000);

const listOf = async (query: string) => many.parse(await (await get(`/quotes${query}`)).json());
const symbolsOf = async (query: string) => (await listOf(query)).data.map(({ instrument }) => instrument.symbol);

describe('the list of quotes', () => {
  it.each([
    ['symbol', 'AAA BBB BTC-USD CCC DDD'],
    ['-symbol', 'DDD CCC BTC-USD BBB AAA'],
    ['price', 'DDD AAA CCC BBB BTC-USD'],
    ['-price', 'BTC-USD BBB AAA CCC DDD'],
    ['change', 'BTC-USD CCC DDD AAA BBB'],
    ['-changeFraction', 'AAA DDD BTC-USD CCC BBB'],
    ['volume', 'DDD AAA CCC BBB BTC-USD'],
    ['-volume', 'CCC AAA DDD BBB BTC-USD'],
    ['asOf', 'BTC-USD DDD CCC BBB AAA'],
  ])('is sorted by %s, what is missing last, and by symbol where that is equal', async (sort, symbols) => {
    expect(await symbolsOf(`?sort=${sort}`)).toEqual(symbols.split(' '));
  });

  it.each(quoteOrders.flatMap((order) => [order, `-${order}`]))(
    'by %s gives each row once, page by page',
    async (sort) => {
      for (const key of [undefined, await makeKey(world.pool, 'read', null, 'display')]) {
        const api = testApi(world.pool, { catalogue: displayed });
        const read = async (query: string) =>
          many.parse(await (await (key === undefined ? get(query) : api.ask(query, { key }))).json());
        const whole = (await read(`/quotes?sort=${sort}`)).data.map(({ instrument }) => instrument.symbol);
        const seen: string[] = [];
        let cursor = '';
        for (let pages = 0; pages < 10; pages++) {
          const { data, meta } = await read(`/quotes?sort=${sort}&limit=2${cursor}`);
          seen.push(...data.map(({ instrument }) => instrument.symbol));
          expect(meta.total).toBe(pages === 0 && key === undefined ? stored.length : undefined);
          if (meta.nextCursor === undefined) break;
          cursor = `&cursor=${meta.nextCursor}`;
        }
        expect(seen).toEqual(whole);
        expect(seen).toHaveLength(stored.length);
      }
    },
  );

  it('is narrowed by text, exchange and class, with a total of what remains', async () => {
    expect(await symbolsOf('?filter=bet')).toEqual(['CCC']);
    expect(await symbolsOf('?filter=b')).toEqual(['BBB', 'BTC-USD', 'CCC']);
    expect(await symbolsOf('?exchange=XNYS&sort=-price')).toEqual(['BBB', 'CCC']);
    expect(await symbolsOf('?filter=%25')).toEqual([]);
    const { meta } = await listOf('?assetClass=equity&limit=1');
    expect([meta.count, meta.total]).toEqual([1, 4]);
    expect((await get('/quotes?exchange=nyse')).status).toBe(400);
    expect((await get('/quotes?sort=name')).status).toBe(400);
  });

  it('goes to a place in its order, for those who see all and for others, and names the total once', async () => {
    const shown = testApi(world.pool, { catalogue: displayed });
    const key = await makeKey(world.pool, 'read', null, 'display');
    for (const sort of ['symbol', '-price']) {
      const whole = await symbolsOf(`?sort=${sort}`);
      const { data, meta } = await listOf(`?sort=${sort}&limit=2&offset=2`);
      expect(data.map(({ instrument }) => instrument.symbol)).toEqual(whole.slice(2, 4));
      expect([meta.total, meta.nextCursor === undefined]).toEqual([undefined, false]);
      const others = many.parse(await (await shown.ask(`/quotes?sort=${sort}&limit=2&offset=2`, { key })).json());
      expect(others.data.map(({ instrument }) => instrument.symbol)).toEqual(whole.slice(2, 4));
      const rest = await listOf(`?sort=${sort}&limit=2&cursor=${meta.nextCursor}`);
      expect(rest.data.map(({ instrument }) => instrument.symbol)).toEqual(whole.slice(4));
    }
    expect(await symbolsOf('?offset=5')).toEqual([]);
    const { meta } = await listOf('?limit=2');
    const both = await get(`/quotes?limit=2&offset=2&cursor=${meta.nextCursor}`);
    expect([both.status, (await get('/quotes?offset=-1')).status]).toEqual([400, 400]);
  });

  it('leaves out what is named, and what nobody watches, and counts the classes', async () => {
    expect(await symbolsOf('?except=aaa,CCC,NOPE')).toEqual(['BBB', 'BTC-USD', 'DDD']);
    expect((await listOf('?except=AAA&limit=1')).meta.total).toBe(4);
    await world.pool.query('DELETE FROM watch');
    expect(await symbolsOf('?watched=1')).toEqual([]);
    await world.pool.query(
      `INSERT INTO watch (symbol, source_id, source_symbol, added_at)
       VALUES ('BBB', 'yahoo', 'BBB', now()), ('BBB', 'alpha-vantage', 'BBB', now()), ('NONE', 'yahoo', 'NONE', now())`,
    );
    expect(await symbolsOf('?watched=1&sort=-price')).toEqual(['BBB']);
    const classes = [
      { assetClass: 'equity', instruments: 4, watched: 1 },
      { assetClass: 'crypto', instruments: 1, watched: 0 },
    ];
    const { data } = z.object({ data: z.unknown() }).parse(await (await get('/asset-classes')).json());
    expect(data).toEqual(classes);
    const key = await makeKey(world.pool, 'read', null, 'display');
    const shown = await testApi(world.pool, { catalogue: displayed }).ask('/asset-classes', { key });
    expect(z.object({ data: z.unknown() }).parse(await shown.json()).data).toEqual(classes);
    const hidden = await testApi(world.pool).ask('/asset-classes', { key });
    expect(z.object({ data: z.unknown() }).parse(await hidden.json()).data).toEqual([]);
  });

  it('refuses the cursor of another order', async () => {
    const { meta } = await listOf('?sort=price&limit=1');
    const answer = await get(`/quotes?sort=-price&limit=1&cursor=${meta.nextCursor}`);
    expect([answer.status, (await json(answer))['code']]).toEqual([400, 'invalid_cursor']);
  });

  it('is CSV, page by page, with formulas that are none, and exact decimals', async () => {
    const answer = await get('/quotes?format=csv&limit=4');
    const lines = (await answer.text()).split('\r\n');
    expect(lines[0]).toMatch(/^symbol,name,assetClass,mic,exchange,price,.*,error$/);
    expect(lines[2]).toMatch(/^BBB,'=cmd\|calc,equity,XNYS,NYSE,100\.5,,/);
    expect(lines[4]).toMatch(/^CCC,"Beta ""x"", y",equity,XNYS,NYSE,5,10,-5,-0\.5,,,9007199254740993,USD,/);
    expect(lines).toHaveLength(6);
    expect(answer.headers.get('x-next-cursor')).toMatch(/^\w/);
    expect(answer.headers.get('x-next-changed-since')).toMatch(/^\w/);
    const some = await get('/quotes?symbols=DDD,NOPE&fields=symbol,price,error', { accept: 'text/csv' });
    expect(await some.text()).toBe('symbol,price,error\r\nDDD,0.00012,\r\nNOPE,,unknown_symbol\r\n');
  });
});

describe('what has changed', () => {
  const price = (symbol: string, value: string) =>
    world.pool.query(
      `UPDATE latest_quote SET price = $2, ingested_at = clock_timestamp() WHERE listing_id =
         (SELECT listing_id FROM symbol_alias WHERE namespace = 'canonical' AND symbol = $1)`,
      [symbol, value],
    );

  /** A mark after which nothing has changed. Transactions of other tests on this server hold marks back as long as they are open. */
  const quietMark = () =>
    vi.waitFor(
      async () => {
        const { nextChangedSince } = (await listOf('?limit=1')).meta;
        expect(await symbolsOf(`?changedSince=${nextChangedSince}`)).toEqual([]);
        return nextChangedSince;
      },
      { timeout: 30_000, interval: 100 },
    );

  it('is what was written after an answer, and nothing twice where nobody writes', async () => {
    const mark = await quietMark();
    await price('BBB', '101');
    const { data, meta } = await listOf(`?changedSince=${mark}`);
    expect(data.map(({ instrument, price: now }) => [instrument.symbol, now])).toEqual([['BBB', 101]]);
    expect(meta.total).toBe(1);
    const later = await quietMark();
    // A listing that takes another name, and a decision on a price, change the answer too.
    await world.pool.query(`UPDATE instrument SET name = 'Alpha' WHERE name = 'Zeta'`);
    await world.pool.query(
      `UPDATE consolidated_quote SET confidence = 'agreed' WHERE listing_id =
         (SELECT listing_id FROM symbol_alias WHERE symbol = 'DDD')`,
    );
    expect(await symbolsOf(`?changedSince=${later}`)).toEqual(['AAA', 'DDD']);
  });

  it('has what a transaction stored that began before and ended after the answer', async () => {
    const slow = await world.pool.connect();
    try {
      await slow.query('BEGIN');
      await slow.query(`UPDATE latest_quote SET price = 7 WHERE listing_id =
         (SELECT listing_id FROM symbol_alias WHERE namespace = 'canonical' AND symbol = 'AAA')`);
      // Another one that began later has ended already.
      await price('CCC', '6');
      const before = await listOf('');
      expect(before.data[0]?.price).toBe(5);
      await slow.query('COMMIT');
      const after = await listOf(`?changedSince=${before.meta.nextChangedSince}`);
      expect(after.data.map(({ instrument, price: now }) => [instrument.symbol, now])).toContainEqual(['AAA', 7]);
    } finally {
      slow.release();
    }
  });

  it('keeps the mark of its first page on all of them', async () => {
    await quietMark();
    const first = await listOf('?limit=2');
    await price('AAA', '8');
    const second = await listOf(`?limit=2&cursor=${first.meta.nextCursor}`);
    expect(second.meta.nextChangedSince).toBe(first.meta.nextChangedSince);
    expect(await symbolsOf(`?changedSince=${second.meta.nextChangedSince}`)).toEqual(['AAA']);
  });

  it('is sorted and narrowed as other lists, and goes by an instant too', async () => {
    const mark = await quietMark();
    await price('AAA', '9');
    await price('BBB', '3');
    expect(await symbolsOf(`?changedSince=${mark}&sort=price`)).toEqual(['BBB', 'AAA']);
    expect(await symbolsOf(`?changedSince=${mark}&exchange=XNAS`)).toEqual(['AAA']);
    expect(await symbolsOf('?changedSince=2026-11-21')).toEqual(expect.arrayContaining(['AAA', 'BBB']));
    expect(await symbolsOf('?changedSince=2999-01-01T00:00:00Z')).toEqual([]);
  });

  it('is for a key that sees some sources what it sees', async () => {
    const key = await makeKey(world.pool, 'read', null, 'display');
    const shown = testApi(world.pool, { catalogue: displayed });
    const read = async (query: string) => many.parse(await (await shown.ask(`/quotes${query}`, { key })).json());
    await quietMark();
    const mark = (await read('')).meta.nextChangedSince;
    expect((await read(`?changedSince=${mark}`)).data).toEqual([]);
    await price('DDD', '1');
    await world.pool.query(
      `INSERT INTO latest_quote (listing_id, source, as_of, price, currency, minor_factor, as_of_basis, fetched_at, batch_id, confirmed_at)
       SELECT listing_id, 'forgotten', now(), 1, 'USD', 1, 'fetched', now(), $1, now() FROM symbol_alias WHERE symbol = 'CCC'`,
      [batch],
    );
    expect((await read(`?changedSince=${mark}`)).data.map(({ instrument }) => instrument.symbol)).toEqual(['DDD']);
  });

  it('is everything for a mark of another database, and a 400 for what is no mark', async () => {
    expect(await symbolsOf('?changedSince=900000000000000000')).toHaveLength(stored.length);
    for (const bad of ['yesterday', '-1', '1.5', '9'.repeat(19), '0x10'])
      expect((await get(`/quotes?changedSince=${bad}`)).status).toBe(400);
  });

  it('leaves the ETag as it is while nothing of the answer changes', async () => {
    const first = await get('/quotes');
    await world.pool.query(`CREATE TABLE passing (id int)`);
    await world.pool.query(`DROP TABLE passing`);
    const { meta } = await json(first);
    await vi.waitFor(
      async () => {
        const again = await get('/quotes');
        expect(again.headers.get('etag')).toBe(first.headers.get('etag'));
        expect((await json(again))['meta']).not.toEqual(meta);
      },
      { timeout: 30_000, interval: 100 },
    );
  });
});

describe('a list of as many as a new installation has', () => {
  const count = 600;
  beforeAll(async () => {
    await world.pool.query(
      `WITH i AS (INSERT INTO instrument (asset_class, name) SELECT 'equity', 'Many' FROM generate_series(1, $2::int) RETURNING id),
            l AS (INSERT INTO listing (instrument_id, mic, currency, zone) SELECT id, 'XMNY', 'USD', 'UTC' FROM i RETURNING id),
            a AS (INSERT INTO symbol_alias (namespace, symbol, listing_id) SELECT 'canonical', 'MANY' || id, id FROM l),
            c AS (INSERT INTO consolidated_quote (listing_id, source, rule, confidence, candidates)
                  SELECT id, 'yahoo', 'only_source', 'single', 1 FROM l)
       INSERT INTO latest_quote (listing_id, source, as_of, price, currency, minor_factor, as_of_basis, fetched_at, batch_id, confirmed_at)
       SELECT id, 'yahoo', now(), 1, 'USD', 1, 'fetched', now(), $1, now() FROM l`,
      [batch, count],
    );
  });

  it('is whole on its first page, as CSV too', async () => {
    const { data, meta } = await listOf('?exchange=XMNY');
    expect([data.length, meta.total, meta.nextCursor]).toEqual([count, count, undefined]);
    const answer = await get('/quotes?exchange=XMNY&format=csv&fields=symbol');
    expect((await answer.text()).trimEnd().split('\r\n')).toHaveLength(1 + count);
    expect(answer.headers.get('x-next-cursor')).toBeNull();
  });
});
