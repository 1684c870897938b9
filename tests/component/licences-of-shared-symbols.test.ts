import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { recoveryRecords } from '../../core/adapters/postgres/recovery/records.ts';
import type { VisibleSources } from '../../core/auth/visible-sources.ts';
import { apiKeySchema, newApiKeySchema } from '../../core/contracts/http/api-keys.ts';
import { envelope, problemSchema, warningSchema } from '../../core/contracts/http/envelope.ts';
import { barsSchema, quoteSchema, tickRowSchema } from '../../core/contracts/http/market.ts';
import { sessionSchema, sourceSchema } from '../../core/contracts/http/operations.ts';
import { replayAcceptedSchema } from '../../core/contracts/http/replays.ts';
import { type KeyUse, keyUses } from '../../core/contracts/words/licence.ts';
import { iso, json, makeBatch, makeKey, makeListing, makeQuote, noon, testApi } from '../support/api-fixture.ts';
import { licensedSources, makeThings, type SourceThings } from '../support/licensed-rows.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ partitionsAt: new Date(noon), connections: 2, keepRows: true });
const keys: Record<KeyUse, string> = { internal: '', display: '', redistribute: '' };
let api: ReturnType<typeof testApi>;
let things: SourceThings[];
let batchId: string;

/** What four sources say of one symbol: two that agree far above, and two whose licence is wider, far apart. */
const said: Record<string, string> = { yahoo: '200', 'alpha-vantage': '200.1', coingecko: '100', 'demo-broker': '150' };

beforeAll(async () => {
  api = testApi(world.pool);
  for (const use of keyUses) keys[use] = await makeKey(world.pool, 'admin', null, use);
  batchId = await makeBatch(world.pool);
  const listing = await makeListing(world.pool, 'SHARED', { assetClass: 'crypto' });
  for (const [source, price] of Object.entries(said)) {
    await makeQuote(world.pool, listing, batchId, { source, price });
    await world.pool.query("INSERT INTO symbol_alias (namespace, symbol, listing_id) VALUES ($1, 'SHARED', $2)", [
      source,
      listing,
    ]);
    await world.pool.query(
      `INSERT INTO corporate_action (listing_id, type, ex_date, source, amount, currency, known_at, batch_id)
       VALUES ($1, 'dividend', '2026-11-18', $2, 1.23, 'USD', $3, $4)`,
      [listing, source, iso(-60), batchId],
    );
    for (const day of ['2026-11-17', '2026-11-19'])
      await world.pool.query(
        `INSERT INTO bar (listing_id, source, interval, starts_at, date, close, currency, basis, basis_at, fetched_at, batch_id)
         VALUES ($1, $2, '1d', $3::date + interval '14 hours', $3::date, $4, 'USD', 'raw', $5, $5, $6)`,
        [listing, source, day, price, iso(-60), batchId],
      );
  }
  await world.pool.query(
    `UPDATE consolidated_quote SET source = 'yahoo', rule = 'majority', spread = 0.5, confidence = 'disputed', candidates = 4 WHERE listing_id = $1`,
    [listing],
  );
  things = [];
  for (const at of licensedSources.keys()) things.push(await makeThings(world.pool, at));
}, 60_000);

const ask = (path: string, use: KeyUse, init: Parameters<typeof api.ask>[1] = {}) =>
  api.ask(path, { ...init, key: keys[use] });
async function read<S extends z.ZodType>(schema: S, path: string, use: KeyUse) {
  return envelope(schema).parse(await (await ask(path, use)).json());
}
/** Whether a key of a use may see a source. */
const sees = (use: KeyUse, of: SourceThings) =>
  use === 'internal' || of.licence === 'redistribute' || (use === 'display' && of.licence === 'display');
const codeOf = async (answer: Response) => [answer.status, problemSchema.parse(await answer.json()).code];

describe('the price of a symbol that several sources have', () => {
  it.each([
    ['internal', 'yahoo', 200, 'disputed', 0.5, 4],
    ['display', 'coingecko', 100, 'disputed', 0.5, 2],
    ['redistribute', 'demo-broker', 150, 'single', null, 1],
  ] as const)('for %s is that of %s', async (use, source, price, confidence, spread, candidates) => {
    const { data } = await read(quoteSchema, '/quotes/SHARED?explain=1', use);
    expect(data).toMatchObject({ source, price, confidence, spread });
    expect(data.candidates?.map((each) => each.source)).toHaveLength(candidates);
    expect(data.candidates?.filter((each) => each.chosen).map((each) => each.source)).toEqual([source]);
    expect(data.licence).toBe(use);

    const inList = (await read(z.array(quoteSchema), '/quotes', use)).data.find(
      (each) => each.instrument.symbol === 'SHARED',
    );
    expect(inList).toMatchObject({ source, price, confidence, spread });
    const history = await read(z.array(tickRowSchema), '/quotes/SHARED/history', use);
    expect([history.meta.source, ...history.data.map((tick) => tick.source)]).toEqual([source, source]);
    const bars = await read(barsSchema, '/bars/SHARED', use);
    expect([bars.data.source, bars.data.licence]).toEqual([source, use]);
    expect(bars.data.bars.map((bar) => [bar.close, bar.licence])).toEqual([
      [price, use],
      [price, use],
    ]);
    expect(bars.data.actions.map((action) => action.source)).toEqual([source]);
  });

  it('as it was known is decided among what the key sees, too', async () => {
    const { data } = await read(quoteSchema, `/quotes/SHARED?knownAt=${iso()}&explain=1`, 'redistribute');
    expect(data).toMatchObject({ source: 'demo-broker', price: 150, confidence: 'single', spread: null });
    expect(data.candidates).toHaveLength(1);
  });

  it('of a source that the key may not see is refused, though the symbol is not', async () => {
    for (const path of ['/quotes/SHARED', '/quotes/SHARED/history', '/bars/SHARED'])
      for (const more of ['', `&knownAt=${iso()}`])
        expect(await codeOf(await ask(`${path}?source=yahoo${more}`, 'display'))).toEqual([403, 'licence_forbids']);
    expect((await ask('/quotes/SHARED?source=demo-broker', 'display')).status).toBe(200);
    const items = await json(await ask('/quotes?symbols=SHARED,NOBODY&source=yahoo', 'display'));
    expect(items['data']).toMatchObject([
      { symbol: 'SHARED', quote: null, error: { code: 'licence_forbids' } },
      { symbol: 'NOBODY', error: { code: 'unknown_symbol' } },
    ]);
    expect(await json(await ask('/quotes?source=yahoo', 'display'))).toMatchObject({
      data: [],
      warnings: [{ code: 'licence_forbids' }],
    });
    expect((await json(await ask('/quotes?source=coingecko', 'display')))['warnings']).toEqual([]);
  });

  it('pages through all that may be seen, once', async () => {
    const found: string[] = [];
    let cursor = '';
    do {
      const { data, meta } = await read(z.array(quoteSchema), `/quotes?limit=1${cursor}`, 'display');
      found.push(...data.map((each) => each.instrument.symbol));
      cursor = meta.nextCursor === undefined ? '' : `&cursor=${encodeURIComponent(meta.nextCursor)}`;
    } while (cursor !== '');
    const [, coingecko, broker] = things;
    const own = [coingecko, broker].flatMap((of) => [of?.symbol, of?.index]);
    expect(found).toEqual([...own, 'SHARED'].sort());
  });
});

describe('what a key may not see', () => {
  it('is no suggestion for a mistyped symbol either', async () => {
    for (const use of keyUses)
      for (const of of things) {
        const { detail } = problemSchema.parse(await (await ask(`/quotes/${of.symbol}Q`, use)).json());
        expect([use, of.id, new RegExp(`${of.symbol}\\b`).test(detail)]).toEqual([use, of.id, sees(use, of)]);
      }
  });

  it('is not reached with the cursor of a key that may', async () => {
    const index = encodeURIComponent('^PARTLY');
    const listing = await makeListing(world.pool, '^PARTLY', { assetClass: 'index' });
    for (const source of ['yahoo', 'coingecko']) {
      await world.pool.query(
        `INSERT INTO constituent_snapshot (index_listing_id, source, date, fetched_at, confirmed_at, batch_id)
         VALUES ($1, $2, '2026-11-20', $3, $3, $4)`,
        [listing, source, source === 'yahoo' ? iso(-30) : iso(-60), batchId],
      );
      for (const rank of [1, 2])
        await world.pool.query(
          `INSERT INTO constituent (index_listing_id, source, date, listing_id, rank, weight, currency, fetched_at, ingested_at, batch_id)
           SELECT $1, $2, '2026-11-20', listing_id, $3, 0.5, 'USD', $4, $4, $5 FROM symbol_alias
           WHERE namespace = 'canonical' AND symbol = $6`,
          [listing, source, rank, iso(-60), batchId, things[rank]?.symbol],
        );
    }
    const first = await json(await ask(`/indices/${index}/constituents?limit=1`, 'internal'));
    const { nextCursor } = z.object({ nextCursor: z.string() }).parse(first['meta']);
    const next = `/indices/${index}/constituents?limit=1&cursor=${encodeURIComponent(nextCursor)}`;
    expect((await ask(next, 'internal')).status).toBe(200);
    for (const use of ['display', 'redistribute'] as const)
      expect(await codeOf(await ask(next, use))).toEqual([403, 'licence_forbids']);
    const own = await json(await ask(`/indices/${index}/constituents?limit=1`, 'display'));
    expect(own['data']).toMatchObject({ source: 'coingecko', licence: 'display' });
  });
});

describe('splits and dividends', () => {
  it('of a source that the key may not see adjust no bars of others', async () => {
    const listing = await makeListing(world.pool, 'LENT');
    for (const day of ['2026-11-10', '2026-11-17', '2026-11-19'])
      for (const source of ['yahoo', 'demo-broker'])
        await world.pool.query(
          `INSERT INTO bar (listing_id, source, interval, starts_at, date, close, currency, basis, basis_at, fetched_at, batch_id)
           VALUES ($1, $2, '1d', $3::date + interval '14 hours', $3::date, 100, 'USD', 'raw', $4, $4, $5)`,
          [listing, source, day, iso(-60), batchId],
        );
    await world.pool.query(
      `INSERT INTO corporate_action (listing_id, type, ex_date, source, ratio, known_at, batch_id)
       VALUES ($1, 'split', '2026-11-18', 'yahoo', 4, $2, $3)`,
      [listing, iso(-60), batchId],
    );
    const closes = async (use: KeyUse) =>
      (await read(barsSchema, '/bars/LENT?source=demo-broker&adjustment=splits', use)).data.bars.map(
        (bar) => bar.close,
      );
    expect(await closes('internal')).toEqual([25, 25, 100]);
    expect(await closes('redistribute')).toEqual([100, 100, 100]);
  });
});

it('a route that says it shows nothing gets no source to read, for a key of internal use either', async () => {
  const given: VisibleSources[] = [];
  const watched = testApi(world.pool, {
    recoveries: (visible) => {
      given.push(visible);
      return recoveryRecords(world.pool)(visible);
    },
  });
  const answer = await watched.ask('/sources/coingecko/recover', { method: 'POST', key: keys.internal });
  expect([answer.status, given.map((visible) => visible.ids)]).toEqual([202, [[]]]);
});

describe('findings that rest on what other sources said', () => {
  it('are for keys that see every source, on rows of all sources', async () => {
    const broker = things[2];
    const ids: string[] = [];
    for (const evidence of [
      { code: 'unlike_sources', ratio: 1.8, sources: 2 },
      { code: 'price_off', ratio: 1.8, rows: 1, witness: 'other_source' },
    ]) {
      const { rows } = await world.pool.query<{ id: string }>(
        `INSERT INTO finding (listing_id, source, row_key, rule, severity, kind, evidence, batch_id)
         SELECT listing_id, 'demo-broker', $1, 'sources', 'doubt', 'quote', $2, $3 FROM symbol_alias
         WHERE namespace = 'canonical' AND symbol = $4 RETURNING id`,
        [`sources ${evidence.code}`, evidence, batchId, broker?.symbol],
      );
      ids.push(rows[0]?.id ?? '');
    }
    const listed = async (use: KeyUse) =>
      z
        .array(z.object({ id: z.string() }))
        .parse((await json(await ask('/findings?rule=sources', use)))['data'])
        .map(({ id }) => id);
    for (const use of ['display', 'redistribute'] as const) {
      expect(await listed(use)).toEqual([]);
      for (const id of ids)
        expect(await codeOf(await ask(`/findings/${id}/dismiss`, use, { method: 'POST' }))).toEqual([
          403,
          'licence_forbids',
        ]);
    }
    expect((await listed('internal')).sort()).toEqual(ids.sort());
  });
});

describe('what is cached', () => {
  it('of one use is not taken for that of another, though the body is the same', async () => {
    const broker = things[2]?.symbol ?? '';
    const [internal, display] = await Promise.all(
      (['internal', 'display'] as const).map((use) => ask(`/quotes/${broker}`, use)),
    );
    const [first, second] = [internal?.headers.get('etag') ?? '', display?.headers.get('etag') ?? ''];
    expect((await json(internal ?? new Response()))['data']).toEqual((await json(display ?? new Response()))['data']);
    expect(first).not.toBe(second);
    expect(internal?.headers.get('vary')).toContain('x-api-key');
    const again = (etag: string) => ask(`/quotes/${broker}`, 'display', { headers: { 'if-none-match': etag } });
    expect([(await again(first)).status, (await again(second)).status]).toEqual([200, 304]);
    const csv = await ask(`/bars/${broker}?format=csv`, 'display', { headers: { 'if-none-match': '*' } });
    expect(csv.status).toBe(304);
    expect((await ask(`/bars/${things[0]?.symbol}`, 'display', { headers: { 'if-none-match': '*' } })).status).toBe(
      403,
    );
  });
});

describe('orders of a key that may not see every source', () => {
  it('are refused where their answer would show it: a backfill of such a source', async () => {
    const body = { sourceId: 'yahoo', symbols: ['AAPL'], interval: '1d', from: '2026-01-01', to: '2026-02-01' };
    expect(await codeOf(await ask('/backfills', 'display', { method: 'POST', json: body }))).toEqual([
      403,
      'licence_forbids',
    ]);
    expect(api.queue.take('ticks')).toEqual([]);
    expect((await ask('/backfills', 'internal', { method: 'POST', json: body })).status).toBe(202);
    const refused = await ask(`/backfills/${things[0]?.backfillId}`, 'display', { method: 'DELETE' });
    expect(await codeOf(refused)).toEqual([403, 'licence_forbids']);
    const { rows } = await world.pool.query('SELECT cancelled_at FROM backfill WHERE run_id = $1', [
      things[0]?.backfillId,
    ]);
    expect(rows).toEqual([{ cancelled_at: null }]);
  });

  it('read again what it may see, and only keys that see as much hear how far that is', async () => {
    const replay = async (use: KeyUse, body: unknown) =>
      envelope(replayAcceptedSchema).parse(
        await (await ask('/quarantine/replay', use, { method: 'POST', json: body })).json(),
      ).data;
    const all = { reason: 'unit_suspect' };
    const [internal, display] = [await replay('internal', all), await replay('display', all)];
    expect([internal.rows, display.rows]).toEqual([4, 2]);
    const hidden = await ask('/quarantine/replay', 'display', {
      method: 'POST',
      json: { ids: [things[0]?.quarantineId] },
    });
    expect(await codeOf(hidden)).toEqual([404, 'nothing_to_replay']);
    const statuses = async (id: string) =>
      Promise.all(keyUses.map(async (use) => (await ask(`/replays/${id}`, use)).status));
    expect(await statuses(internal.id)).toEqual([200, 403, 403]);
    expect(await statuses(display.id)).toEqual([200, 200, 403]);
    expect(await statuses(randomUUID())).toEqual([404, 404, 404]);
  });

  it('on sources are done, and answered without what the source said', async () => {
    for (const [path, method] of [
      ['/sources/yahoo', 'GET'],
      ['/sources/yahoo/stop', 'POST'],
      ['/sources/yahoo/start', 'POST'],
    ] as const) {
      const { data } = envelope(sourceSchema).parse(await (await ask(path, 'display', { method })).json());
      expect(data.health.message).toBeNull();
      expect(data.health.lastFailure?.message ?? null).toBeNull();
      expect([data.lastRun, data.health.incidents]).toEqual([null, []]);
      expect(data.terms.licence).toBe('internal');
    }
    const { data } = await read(sourceSchema, '/sources/yahoo', 'internal');
    expect(data.health.message).toBe(`said ${things[0]?.marks[1]}`);
    expect(data.lastRun).not.toBeNull();
    expect((await json(await ask('/sources/yahoo/health', 'display')))['data']).toMatchObject({ message: null });
    expect((await ask('/sources/yahoo/run', 'display', { method: 'POST' })).status).toBe(202);
  });
});

describe('the use of a key', () => {
  const create = (body: object) =>
    ask('/keys', 'internal', { method: 'POST', json: { name: 'of a use', scope: 'read', ...body } });

  it('is internal unless it is said, and stands in the list', async () => {
    const made = await Promise.all(
      [{}, { use: 'display' }, { use: 'redistribute' }].map(
        async (body) => envelope(newApiKeySchema).parse(await (await create(body)).json()).data,
      ),
    );
    expect(made.map((key) => key.use)).toEqual(['internal', 'display', 'redistribute']);
    const { data } = await read(z.array(apiKeySchema), '/keys', 'internal');
    for (const { id, use } of made) expect(data.find((key) => key.id === id)?.use).toBe(use);
    expect((await create({ use: 'resale' })).status).toBe(400);
    expect((await create({ licence: 'display' })).status).toBe(400);
  });

  it('is no more than that of the key that makes it, which is the default', async () => {
    const makes = async (by: KeyUse, use?: KeyUse) => {
      const key = await makeKey(world.pool, 'admin', null, by);
      const json = { name: 'of a use', scope: 'read', ...(use && { use }) };
      const answer = await api.ask('/keys', { method: 'POST', key, json });
      return answer.status === 201 ? envelope(newApiKeySchema).parse(await answer.json()).data.use : codeOf(answer);
    };
    const refused = [403, 'licence_forbids'];
    expect(await Promise.all(keyUses.map((use) => makes('internal', use)))).toEqual(keyUses);
    expect(await Promise.all(keyUses.map((use) => makes('display', use)))).toEqual([
      refused,
      'display',
      'redistribute',
    ]);
    expect(await Promise.all(keyUses.map((use) => makes('redistribute', use)))).toEqual([
      ...[refused, refused],
      'redistribute',
    ]);
    expect(await Promise.all(keyUses.map((by) => makes(by)))).toEqual(keyUses);
  });

  it('holds for the session on it', async () => {
    const signedIn = await api.ask('/session', { method: 'POST', json: { key: keys.display } });
    expect(envelope(sessionSchema).parse(await signedIn.clone().json()).data.use).toBe('display');
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
    const asked = (path: string) => api.ask(path, { headers: { cookie } });
    expect(envelope(sessionSchema).parse(await (await asked('/session')).json()).data.use).toBe('display');
    expect(await codeOf(await asked(`/quotes/${things[0]?.symbol}`))).toEqual([403, 'licence_forbids']);
    expect((await asked('/quotes/SHARED')).status).toBe(200);
  });

  it('of a key that was made before there were uses is internal', async () => {
    const key = await makeKey(world.pool, 'read', null, 'display');
    await world.pool.query('UPDATE api_key SET use = DEFAULT WHERE prefix = $1', [key.slice(0, 17)]);
    expect((await api.ask(`/quotes/${things[0]?.symbol}`, { key })).status).toBe(200);
  });
});

it('an index of which one part may be seen has that part, and a warning', async () => {
  const listing = await makeListing(world.pool, '^PART', { assetClass: 'index' });
  await makeQuote(world.pool, listing, batchId, { source: 'yahoo', price: '7777.7' });
  await world.pool.query(
    `INSERT INTO constituent_snapshot (index_listing_id, source, date, fetched_at, confirmed_at, batch_id)
     VALUES ($1, 'slickcharts', '2026-11-20', $2, $2, $3)`,
    [listing, iso(-60), batchId],
  );
  const answer = await json(await ask('/indices/%5EPART', 'display'));
  expect(answer).toMatchObject({ data: { quote: null, constituents: { source: 'slickcharts', licence: 'display' } } });
  expect(z.array(warningSchema).parse(answer['warnings'])).toMatchObject([{ code: 'licence_forbids' }]);
  expect((await json(await ask('/indices/%5EPART', 'internal')))['warnings']).toEqual([]);
  expect(await codeOf(await ask('/indices/%5EPART', 'redistribute'))).toEqual([403, 'licence_forbids']);
});
