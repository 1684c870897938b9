import { beforeAll, describe, expect, it } from 'vitest';
import { inTransaction } from '../../core/adapters/postgres/database/pool.ts';
import { storeConstituents } from '../../core/adapters/postgres/prices/constituent-store.ts';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { constituentsSchema, indexBatchItemSchema, indexSchema } from '../../core/contracts/http/indices.ts';
import type { KnownListing } from '../../core/market/instrument.ts';
import { iso, json, makeBatch, makeListing, makeQuote, noon } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const members = envelope(constituentsSchema);

const { world, api, keys, get } = useApi();
let batchId: string;
const ids: Record<string, number> = {};

const listing = (symbol: string): KnownListing => ({
  id: ids[symbol] ?? 0,
  assetClass: symbol.startsWith('^') ? 'index' : 'equity',
  mic: 'XNAS',
  currency: 'USD',
  minorFactor: 1,
  zone: 'America/New_York',
});

type Member = readonly [symbol: string, weight: string, price: string | null, previousClose: string | null];

async function store(index: string, fetchedAt: number, rows: readonly Member[], source = 'slickcharts') {
  return inTransaction(world.pool, (db) =>
    storeConstituents(db, source, batchId, [
      {
        index: listing(index),
        fetchedAt,
        members: rows.map(([symbol, weight, price, previousClose], at) => ({
          listing: listing(symbol),
          rank: at + 1,
          weight,
          price,
          previousClose,
        })),
      },
    ]),
  );
}

const day = 86_400_000;
const yesterday: readonly Member[] = [
  ['AAPL', '0.6', '240', '239'],
  ['MSFT', '0.3', '400', '401'],
  ['KO', '0.1', '70', '70'],
];
const today: readonly Member[] = [
  ['MSFT', '0.55', '410.5', '408.2'],
  ['AAPL', '0.45', null, null],
];

beforeAll(async () => {
  batchId = await makeBatch(world.pool);
  for (const symbol of ['AAPL', 'MSFT', 'KO'])
    ids[symbol] = await makeListing(world.pool, symbol, { name: `${symbol} Inc.` });
  for (const symbol of ['^GSPC', '^NDX'])
    ids[symbol] = await makeListing(world.pool, symbol, { assetClass: 'index', mic: 'QIDX', name: `Index ${symbol}` });
  await makeQuote(world.pool, ids['^GSPC'] ?? 0, batchId, { price: '6013.1' });
  await store('^GSPC', noon - day, yesterday);
  await store('^GSPC', noon - 600_000, today);
}, 60_000);

describe('an index', () => {
  it('has its level, and what is known of its members', async () => {
    const { data, meta } = envelope(indexSchema).parse(await json(await get('/indices/%5EGSPC')));
    expect(data.instrument).toMatchObject({ symbol: '^GSPC', assetClass: 'index' });
    expect(data.quote).toMatchObject({ price: 6013.1, source: 'yahoo' });
    expect(data.constituents).toEqual({
      source: 'slickcharts',
      date: '2026-11-20',
      count: 2,
      weight: 1,
      fetchedAt: iso(-600),
      confirmedAt: iso(-600),
      licence: 'display',
    });
    expect(meta).toMatchObject({ source: 'yahoo', stale: false });
  });

  it('is asked for in a batch, each with an answer of its own', async () => {
    const answer = await api.ask('/indices/batch', {
      method: 'POST',
      key: keys.read,
      json: { symbols: ['^GSPC', '^NDX', 'AAPL', '^NONE', 'no symbol'] },
    });
    const { data } = envelope(indexBatchItemSchema.array()).parse(await json(answer));
    expect(data.map(({ index, error }) => error?.code ?? index?.constituents?.count ?? null)).toEqual([
      2,
      null,
      'not_an_index',
      'unknown_symbol',
      'invalid_symbol',
    ]);
    expect(data[1]?.index).toMatchObject({ quote: null, constituents: null });
  });

  it('that is a share is a 404 which says where its price is', async () => {
    for (const path of ['/indices/AAPL', '/indices/AAPL/constituents']) {
      const answer = await get(path);
      expect(answer.status).toBe(404);
      expect(await json(answer)).toMatchObject({
        code: 'not_an_index',
        detail: expect.stringContaining('/quotes/AAPL'),
      });
    }
  });
});

describe('the members of an index', () => {
  it('are the newest snapshot, heaviest first, with weights and changes as fractions', async () => {
    const answer = await get('/indices/%5EGSPC/constituents?decimals=string');
    expect(answer.headers.get('etag')).toMatch(/^W\//);
    const { data, meta } = members.parse(await json(answer));
    expect(data).toMatchObject({ date: '2026-11-20', source: 'slickcharts', index: { symbol: '^GSPC' } });
    expect(meta).toMatchObject({ count: 2, source: 'slickcharts' });
    expect(data.constituents.map(({ instrument, ...row }) => ({ symbol: instrument.symbol, ...row }))).toEqual([
      {
        symbol: 'MSFT',
        rank: 1,
        weight: '0.55',
        price: '410.5',
        previousClose: '408.2',
        change: '2.3',
        changeFraction: '0.0056344929',
        currency: 'USD',
      },
      {
        symbol: 'AAPL',
        rank: 2,
        weight: '0.45',
        price: null,
        previousClose: null,
        change: null,
        changeFraction: null,
        currency: 'USD',
      },
    ]);
    const etag = answer.headers.get('etag') ?? '';
    expect((await get('/indices/%5EGSPC/constituents?decimals=string', { 'if-none-match': etag })).status).toBe(304);
  });

  it('of a day are those of the newest snapshot that is not later', async () => {
    const on = async (date: string) => members.parse(await json(await get(`/indices/^GSPC/constituents?date=${date}`)));
    expect((await on('2026-11-19')).data).toMatchObject({ date: '2026-11-19', count: 3 });
    expect((await on('2026-12-31')).data).toMatchObject({ date: '2026-11-20', count: 2 });
    const before = await get('/indices/^GSPC/constituents?date=2026-11-01');
    expect(before.status).toBe(404);
    expect(await json(before)).toMatchObject({ code: 'no_constituents' });
  });

  it('come in pages of one snapshot, whatever is stored meanwhile', async () => {
    const first = members.parse(await json(await get('/indices/^GSPC/constituents?date=2026-11-19&limit=2')));
    expect(first.data.constituents.map(({ instrument }) => instrument.symbol)).toEqual(['AAPL', 'MSFT']);
    const next = members.parse(
      await json(await get(`/indices/^GSPC/constituents?limit=2&cursor=${first.meta.nextCursor}`)),
    );
    expect(next.data).toMatchObject({ date: '2026-11-19', constituents: [{ instrument: { symbol: 'KO' } }] });
    expect(next.meta.nextCursor).toBeUndefined();
    expect((await get('/indices/^GSPC/constituents?cursor=nonsense')).status).toBe(400);
  });

  it('come as CSV', async () => {
    const answer = await get('/indices/^GSPC/constituents?date=2026-11-19&limit=2&format=csv');
    expect(answer.headers.get('content-type')).toContain('text/csv');
    expect(answer.headers.get('content-disposition')).toContain('_GSPC-constituents-2026-11-19.csv');
    expect(answer.headers.get('link')).toContain('cursor=');
    expect((await answer.text()).split('\r\n').slice(0, 3)).toEqual([
      'index,date,rank,symbol,name,weight,price,previousClose,change,changeFraction,currency,source,licence',
      '^GSPC,2026-11-19,1,AAPL,AAPL Inc.,0.6,240,239,1,0.0041841004,USD,slickcharts,display',
      '^GSPC,2026-11-19,2,MSFT,MSFT Inc.,0.3,400,401,-1,-0.0024937656,USD,slickcharts,display',
    ]);
  });

  it('need a key, and a source that exists', async () => {
    expect((await api.ask('/indices/^GSPC/constituents')).status).toBe(401);
    expect(await json(await get('/indices/^GSPC/constituents?source=nobody'))).toMatchObject({
      code: 'unknown_source',
    });
    expect(await json(await get('/indices/^GSPC/constituents?source=yahoo'))).toMatchObject({
      code: 'no_constituents',
    });
  });
});

describe('a snapshot', () => {
  const at = noon - 5 * day;
  const count = async (table: string) =>
    Number(
      (await world.pool.query(`SELECT count(*) FROM ${table} WHERE index_listing_id = $1`, [ids['^NDX']])).rows[0]
        .count,
    );

  it('is written once when it is told twice, and replaced by a later one with what it replaced kept', async () => {
    expect(await store('^NDX', at, yesterday)).toEqual({ written: 3, revised: 0 });
    expect(await store('^NDX', at + 1_000, yesterday)).toEqual({ written: 0, revised: 0 });
    expect(await count('constituent_revision')).toBe(0);
    const known = new Date().toISOString();
    expect(
      await store('^NDX', at + 2_000, [
        ['AAPL', '0.7', '241', '239'],
        ['MSFT', '0.3', '400', '401'],
      ]),
    ).toEqual({
      written: 1,
      revised: 1,
    });
    expect(await count('constituent')).toBe(2);
    expect(await count('constituent_revision')).toBe(2);
    const then = members.parse(await json(await get(`/indices/^NDX/constituents?date=2026-11-15&knownAt=${known}`)));
    expect(then.data.constituents.map(({ instrument, weight }) => [instrument.symbol, weight])).toEqual([
      ['AAPL', 0.6],
      ['MSFT', 0.3],
      ['KO', 0.1],
    ]);
  });

  it('is not overwritten by one that was fetched before it', async () => {
    expect(await store('^NDX', at - 60_000, yesterday)).toEqual({ written: 0, revised: 0 });
    expect(await count('constituent')).toBe(2);
  });
});

describe('what a page looked like that failed', () => {
  const runId = '0198a7c0-0000-5000-8000-00000000000a';
  const key = `artifacts/slickcharts/2026-11-20/${runId}/0-1-screenshot.png`;

  it('is named by its run and reached by a link that is signed', async () => {
    await world.pool.query(
      `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at) VALUES ($1, 'slickcharts', 'constituents', 'constituents', 'manual', 'a', now())`,
      [runId],
    );
    await world.pool.query(
      `INSERT INTO task (run_id, part, source_id, symbols, due_at, attempt) VALUES ($1, 0, 'slickcharts', '{sp500}', now(), 1)`,
      [runId],
    );
    await world.pool.query(
      `INSERT INTO task_attempt (run_id, part, attempt, worker, ok, reason, artifacts) VALUES ($1, 0, 1, 'test', false, 'blocked', $2)`,
      [runId, [key]],
    );
    const run = await json(await get(`/runs/${runId}`));
    expect(run['data']).toMatchObject({
      parts: [
        {
          attempts: [
            {
              artifacts: [{ name: '0-1-screenshot.png', url: `/api/v1/runs/${runId}/artifacts/0-1-screenshot.png` }],
            },
          ],
        },
      ],
    });
    const link = await get(`/runs/${runId}/artifacts/0-1-screenshot.png`);
    expect(link.status).toBe(303);
    expect(link.headers.get('location')).toBe(`https://bucket.invalid/${key}?signed`);
    expect(link.headers.get('cache-control')).toBe('no-store');
  });

  it('is only what the run has', async () => {
    expect(await json(await get(`/runs/${runId}/artifacts/0-2-screenshot.png`))).toMatchObject({
      code: 'unknown_artifact',
    });
    expect((await get(`/runs/${runId}/artifacts/..%2F..%2Fraw`)).status).toBe(400);
    expect((await api.ask(`/runs/${runId}/artifacts/0-1-screenshot.png`)).status).toBe(401);
  });
});
