import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { envelope, problemSchema } from '../../core/contracts/http/envelope.ts';
import {
  modelItemSchema,
  modelLimits,
  modelPreviewSchema,
  modelRemovedSchema,
  modelSchema,
} from '../../core/contracts/http/models.ts';
import { iso, makeBatch, makeKey, makeListing, makeQuote } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const { world, api, keys, get, read } = useApi();

beforeAll(async () => {
  const batch = await makeBatch(world.pool);
  const make = async (symbol: string, price: string, previous: string | null, more: Record<string, string> = {}) => {
    const listing = await makeListing(world.pool, symbol, { name: `${symbol} Inc.`, ...more });
    await makeQuote(world.pool, listing, batch, { price, previous, ...more });
  };
  await make('UP', '101', '100');
  await make('DOWN', '98', '100');
  await make('COIN', '50', '50', { assetClass: 'crypto', source: 'coingecko' });
  await make('LONDON', '5', '5', { currency: 'GBP' });
  await make('OLD', '10', '10', { asOf: iso(-90_000), fetchedAt: iso(-90_000) });
  await make('FIRST', '10', null);
  await makeListing(world.pool, 'SILENT');
}, 60_000);

const put = (path: string, given: unknown, key = keys.operate) =>
  typeof given === 'string'
    ? api.ask(path, { method: 'PUT', key, body: given, headers: { 'content-type': 'text/csv; charset=utf-8' } })
    : api.ask(path, { method: 'PUT', key, json: given });
const stored = async (answer: Response) => envelope(modelSchema).parse(await answer.json());
const refused = async (answer: Response) => problemSchema.parse(await answer.json());

describe('a model', () => {
  it('is stored by CSV, valued at the prices that are served, and replaced', async () => {
    const made = await put(
      '/models/basic?name=The%20basic%20one',
      'symbol,weight,sector\nUP,60,Tech\nDOWN,40,Energy\n',
    );
    expect(made.status).toBe(201);
    const { data, warnings } = await read(modelSchema, '/models/basic?amount=1000');
    expect(warnings).toEqual([]);
    expect(data).toMatchObject({ id: 'basic', name: 'The basic one', revision: 1, updatedAt: iso(), weightSum: 1 });
    expect(
      data.holdings.map(({ symbol, weight, price, contribution }) => [symbol, weight, price, contribution]),
    ).toEqual([
      ['UP', 0.6, 101, 0.006],
      ['DOWN', 0.4, 98, -0.008],
    ]);
    expect(data.value).toMatchObject({ amount: 1000, now: 998, change: -2, changeFraction: -0.002, missing: [] });
    expect(data.sectors.map(({ sector, weight }) => [sector, weight])).toEqual([
      ['Information Technology', 0.6],
      ['Energy', 0.4],
    ]);
    const again = await put('/models/basic', { holdings: [{ symbol: 'UP', weight: 1 }] });
    expect([again.status, (await stored(again)).data]).toMatchObject([200, { revision: 2, name: null }]);
  });

  it('does not change when the same comes again, in whichever form', async () => {
    await put('/models/same', {
      name: 'Same',
      holdings: [
        { symbol: 'up', weight: '0.60' },
        { symbol: 'DOWN', weight: 0.4 },
      ],
    });
    const before = (await read(modelSchema, '/models/same')).data;
    api.time.now += 60_000;
    for (const given of ['UP,60.0%\nDOWN,40%', 'UP;0,6\nDOWN;0,4'])
      expect((await stored(await put('/models/same?name=Same', given))).data).toMatchObject({
        revision: before.revision,
        updatedAt: before.updatedAt,
      });
    api.time.now -= 60_000;
  });

  it('has no value while a holding has no price: it is named, and its neighbours are shown', async () => {
    const answer = await put('/models/gaps', 'UP,25\nDWN,25\nSILENT,25\nFIRST,25');
    const { data, warnings } = await stored(answer);
    expect(data.holdings.map(({ symbol, gap, near }) => [symbol, gap, near])).toEqual([
      ['UP', null, []],
      ['DWN', 'unknown_symbol', ['DOWN']],
      ['SILENT', 'no_quote', []],
      ['FIRST', 'no_change', []],
    ]);
    expect(data.value).toMatchObject({ now: null, change: null, changeFraction: null, pricedWeight: 0.25 });
    expect(data.value.missing.map(({ symbol }) => symbol)).toEqual(['DWN', 'SILENT', 'FIRST']);
    expect(warnings.map(({ code }) => code)).toEqual(['prices_missing']);
  });

  it('says when weights are not 100 %, prices are stale, and currencies differ', async () => {
    const { data, warnings } = await stored(await put('/models/odd?unit=percent', 'OLD,30\nLONDON,20\nCOIN,10'));
    expect(warnings.map(({ code }) => code)).toEqual(['weights_sum', 'prices_stale', 'currencies']);
    expect(data).toMatchObject({ weightSum: 0.6, value: { stale: ['OLD'], currencies: ['GBP', 'USD'], now: 100 } });
    expect(data.sectors).toEqual([
      { sector: 'Crypto assets', weight: 0.1, holdings: ['COIN'], contribution: 0 },
      { sector: null, weight: 0.5, holdings: ['OLD', 'LONDON'], contribution: 0 },
    ]);
    expect(data.holdings.find(({ symbol }) => symbol === 'COIN')?.sectorFrom).toBe('instrument');
  });

  it('shows a key only what it may see, and no sum of that as the value', async () => {
    await put('/models/licensed', 'UP,50\nCOIN,50');
    const key = await makeKey(world.pool, 'operate', null, 'display');
    const { data, warnings } = await stored(await api.ask('/models/licensed', { key }));
    expect(data.holdings.map(({ symbol, price, name, gap }) => [symbol, price, name, gap])).toEqual([
      ['UP', null, null, 'licence_forbids'],
      ['COIN', 50, 'COIN Inc.', null],
    ]);
    expect(data.value.now).toBeNull();
    expect(warnings.map(({ code }) => code)).toEqual(['prices_missing', 'licence_forbids']);
    const said = envelope(modelPreviewSchema).parse(await (await put('/models/licensed?dryRun=1', 'UP,1', key)).json());
    expect(said.data.holdings).toMatchObject([{ symbol: 'UP', known: true, name: null }]);
  });

  it('is given as CSV that it takes back', async () => {
    await put('/models/round', 'UP,33.3\nDOWN,33.3\nDWN,33.3,"=cmd|\'x\'"');
    const text = await (await get('/models/round?format=csv')).text();
    expect(text.split('\r\n')[3]).toMatch(/^DWN,0\.333,'=cmd/);
    const { data } = await stored(await put('/models/round', text));
    expect(data.holdings.map(({ symbol, weight }) => [symbol, weight])).toEqual([
      ['UP', 0.333],
      ['DOWN', 0.333],
      ['DWN', 0.333],
    ]);
    expect(await (await get('/models/round?format=csv&fields=holdings.symbol,holdings.weight')).text()).toMatch(
      /^symbol,weight\r\nUP,0.333\r\n/,
    );
  });
});

describe('what cannot be stored', () => {
  it('is refused by line, and nothing of it is stored', async () => {
    const answer = await put('/models/broken', 'UP,50\nnot one!,50');
    expect([answer.status, await refused(answer)]).toMatchObject([
      400,
      { code: 'invalid_request', errors: [{ path: 'line 2' }] },
    ]);
    const json = await put('/models/broken', { unit: 'fraction', holdings: [{ symbol: 'UP', weight: 'x' }] });
    expect((await refused(json)).errors?.map(({ path }) => path)).toEqual(['body.holdings.0']);
    for (const given of ['', { holdings: [] }, 'UP,0.3']) expect((await put('/models/broken', given)).status).toBe(400);
    expect((await get('/models/broken')).status).toBe(404);
  });

  it('is shown before: with a dry run it is a 200 that says what is wrong', async () => {
    const answer = await put('/models/broken?dryRun=1', 'symbol,weight,note\nUP,50,x\nDWN,40,\nnot one!,10,');
    const { data } = envelope(modelPreviewSchema).parse(await answer.json());
    expect(data).toMatchObject({
      unit: 'percent',
      weightSum: 0.9,
      ignoredColumns: ['note'],
      faults: [{ line: 4, code: 'symbol_malformed', given: 'not one!' }],
      holdings: [
        { line: 2, symbol: 'UP', known: true, name: 'UP Inc.' },
        { line: 3, symbol: 'DWN', known: false, near: ['DOWN'] },
      ],
    });
    expect((await get('/models/broken')).status).toBe(404);
  });

  it('has another media type, is too long, or has no such id', async () => {
    const ask = (type: string, body: string) =>
      api.ask('/models/x', { method: 'PUT', key: keys.operate, body, headers: { 'content-type': type } });
    expect((await ask('text/plain', 'UP,1')).status).toBe(415);
    expect((await ask('text/csv', `UP,1\n${' '.repeat(70_000)}`)).status).toBe(413);
    const bytes = new Uint8Array([0x55, 0x50, 0x2c, 0x31, 0xff]);
    const broken = { method: 'PUT', key: keys.operate, body: bytes, headers: { 'content-type': 'text/csv' } };
    expect((await api.ask('/models/x', broken)).status).toBe(400);
    for (const id of ['Basic', '-a', 'a_b', 'a'.repeat(65)])
      expect((await put(`/models/${id}`, 'UP,1')).status).toBe(400);
    // No other route takes CSV.
    const watch = { method: 'PUT', key: keys.operate, body: 'UP,1', headers: { 'content-type': 'text/csv' } };
    expect((await api.ask('/watch/UP', watch)).status).toBe(415);
  });
});

describe('the models', () => {
  it('are a list with pages, and can be deleted twice', async () => {
    for (const id of ['page-a', 'page-b', 'page-c']) await put(`/models/${id}`, 'UP,0.5\nDOWN,0.5');
    const all = await read(z.array(modelItemSchema), '/models');
    expect(all.data.find(({ id }) => id === 'page-a')).toMatchObject({ holdings: 2, weightSum: 1, revision: 1 });
    const first = await read(z.array(modelItemSchema), '/models?limit=1');
    const second = await read(z.array(modelItemSchema), `/models?limit=1&cursor=${first.meta.nextCursor}`);
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(all.data.slice(0, 2).map(({ id }) => id));
    const removed = [];
    for (const _ of [1, 2]) {
      const answer = await api.ask('/models/page-a', { method: 'DELETE', key: keys.operate });
      removed.push(envelope(modelRemovedSchema).parse(await answer.json()).data.removed);
    }
    expect(removed).toEqual([true, false]);
  });

  it('have a limit, at which those that are there can still be changed', async () => {
    const { rows } = await world.pool.query<{ count: number }>('SELECT count(*)::int AS count FROM model');
    await world.pool.query(
      `INSERT INTO model (id, holdings, created_at, updated_at)
       SELECT 'fill-' || n, '[]', now(), now() FROM generate_series(1, $1::int) n`,
      [modelLimits.models - (rows[0]?.count ?? 0)],
    );
    const answers = await Promise.all([put('/models/one-more', 'UP,1'), put('/models/fill-1', 'UP,1')]);
    expect(answers.map(({ status }) => status)).toEqual([409, 200]);
    expect((await refused(answers[0])).code).toBe('models_full');
  });
});
