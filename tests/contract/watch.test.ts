import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { envelope, problemSchema } from '../../core/contracts/http/envelope.ts';
import { quoteSchema } from '../../core/contracts/http/market.ts';
import { watchAddedSchema, watchedSchema, watchRemovedSchema } from '../../core/contracts/http/watch.ts';
import { tickSchema } from '../../core/contracts/messages.ts';
import { makeKey } from '../support/api-fixture.ts';
import { runNow } from '../support/pipeline.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ sources: ['yahoo', 'coingecko', 'alpha-vantage'], listings: 600 });
let api: ReturnType<typeof world.api>;
let keys: Awaited<ReturnType<typeof world.keys>>;

beforeEach(async () => {
  // What is watched is only what a test adds.
  await world.all('DELETE FROM watch');
  api = world.api({ alwaysOpen: true, watchLimit: 1_000 });
  keys = await world.keys();
});

const put = (symbol: string, json?: unknown, asked = api) =>
  asked.ask(`/watch/${encodeURIComponent(symbol)}`, {
    method: 'PUT',
    key: keys.operate,
    ...(json === undefined ? {} : { json }),
  });
const added = async (answer: Response) => envelope(watchAddedSchema).parse(await answer.json()).data;
const look = async (symbol: string) =>
  envelope(watchedSchema).parse(await (await api.ask(`/watch/${symbol}`, { key: keys.read })).json()).data;
const problem = async (answer: Response) => problemSchema.parse(await answer.json());
const states = async (symbol: string) =>
  Object.fromEntries((await look(symbol)).sources.map(({ sourceId, state }) => [sourceId, state]));
const tick = () => ({ time: new Date().toISOString() });

/** Puts invented American symbols on the list, from `Q00006` on, as if they had been there for long. */
const watchMany = (count: number, sourceId = 'yahoo') =>
  world.all(
    `INSERT INTO watch (symbol, source_id, source_symbol, added_at, found_at)
     SELECT 'Q' || lpad(n::text, 5, '0'), $2, 'Q' || lpad(n::text, 5, '0'), now(), now() FROM generate_series(1, 2 * $1 + 10) n WHERE (n - 1) % 20 >= 5 ORDER BY n LIMIT $1`,
    [count, sourceId],
  );

describe('a symbol that is added', () => {
  it('is fetched at once beside the canary symbol, collected by the sources that have it, and has a price', async () => {
    const before = await api.ask('/quotes/SHOP', { key: keys.read });
    expect([before.status, (await problem(before)).command]).toEqual([404, 'quotron watch add SHOP']);

    const answer = await put('shop');
    expect([answer.status, answer.headers.get('location')]).toEqual([202, '/api/v1/watch/SHOP']);
    const data = await added(answer);
    expect(data).toMatchObject({ symbol: 'SHOP', added: true, state: 'waiting', list: { count: 1, limit: 1_000 } });
    // Alpha Vantage has shares, too, and nobody has set its key.
    expect(data.sources.map(({ sourceId }) => sourceId)).toEqual(['yahoo']);
    // The planner is told to send it now.
    expect(api.queue.take('ticks').map((message) => tickSchema.parse(message).run)).toEqual([undefined]);
    expect(
      await world.all("SELECT t.symbols FROM task t JOIN run r ON r.id = t.run_id WHERE r.slot LIKE 'watch/%'"),
    ).toEqual([{ symbols: ['SHOP', 'AAPL'] }]);

    const { cycle } = world.pipeline();
    await cycle(tick());
    expect(await states('SHOP')).toEqual({ yahoo: 'collected' });
    const price = await api.ask('/quotes/SHOP', { key: keys.read });
    expect(envelope(quoteSchema).parse(await price.json()).data.instrument.name).toBe('Shopify Inc.');
    const again = await put('SHOP');
    expect([again.status, (await added(again)).added]).toEqual([200, false]);
  });

  it('is one symbol however it is spelled, and no symbol is refused', async () => {
    for (const symbol of ['brk.b', 'BRK/B', 'BRK-B']) expect((await put(symbol)).status, symbol).toBe(202);
    expect(await world.all('SELECT symbol FROM watch')).toEqual([{ symbol: 'BRK-B' }]);
    for (const symbol of ['NO SUCH', 'A'.repeat(33), "A'; DROP TABLE watch", '.A', 'ſHOP'])
      expect((await problem(await put(symbol))).code, symbol).toMatch(/^invalid_(symbol|request)$/);
  });

  it('is unknown to a source that has others, fails no task, and is collected once the source knows it', async () => {
    // A task has 200 symbols: the next one is by itself, and there is none beside it that the source has.
    await watchMany(200);
    await world.all(
      `INSERT INTO planner_state (source_id, job, planned_to) SELECT 'yahoo', job, now() FROM unnest('{quotes,daily-bars}'::text[]) job`,
    );
    await put('Q00700');
    const pipeline = world.pipeline();
    await pipeline.cycle(tick());
    expect(await states('Q00700')).toEqual({ yahoo: 'unknown' });
    await pipeline.cycle(runNow('quotes'));
    const tasks = await world.all(
      `SELECT t.status, t.symbols FROM task t JOIN run r ON r.id = t.run_id WHERE 'Q00700' = ANY (t.symbols) ORDER BY r.created_at`,
    );
    expect(new Set(tasks.map(({ status }) => status))).toEqual(new Set(['succeeded']));
    expect(tasks.at(-1)?.['symbols']).toEqual(['Q00700', 'Q00006']);
    // Its bars, a request each, are not asked for.
    await pipeline.plan(runNow('daily-bars'));
    expect(
      await world.all(
        `SELECT count(*)::int AS all, count(*) FILTER (WHERE 'Q00700' = ANY (t.symbols))::int AS its
         FROM task t JOIN run r ON r.id = t.run_id WHERE r.job = 'daily-bars'`,
      ),
    ).toEqual([{ all: 20, its: 0 }]);
    pipeline.queue.take('scrape-yahoo');

    // The source learns of it.
    await world.all(`UPDATE watch SET source_symbol = 'Q00587' WHERE symbol = 'Q00700'`);
    await put('Q00700');
    await pipeline.cycle(tick());
    expect(await states('Q00700')).toEqual({ yahoo: 'collected' });
    expect((await api.ask('/quotes/Q00700', { key: keys.read })).status).toBe(200);
  });

  it('waits while its source is on hold, which says until when, and no request is planned', async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await world.all(`INSERT INTO source_state (source_id, held_until) VALUES ('yahoo', $1)`, [until]);
    const data = await added(await put('SHOP'));
    expect(data.sources).toMatchObject([{ state: 'on_hold', hold: 'asked_to_wait', until, runId: null }]);
    expect(await world.all('SELECT * FROM run')).toEqual([]);
    await world.all(`UPDATE source_state SET held_until = NULL, paused = true`);
    expect((await look('SHOP')).sources).toMatchObject([{ state: 'on_hold', hold: 'paused', until: null }]);
  });

  it('of which many are added at once waits for the next round: first fetches do not use up the quota', async () => {
    for (let number = 1; number <= 9; number++) await put(`Q0000${number}`);
    const [planned] = await world.all('SELECT count(*)::int AS runs FROM run');
    expect(planned).toEqual({ runs: 5 });
  });

  it('has the names that a person gives it at a source, and those that the rules of sources make', async () => {
    const coin = await put('PEPE-USD', { sources: [{ id: 'coingecko', symbol: 'pepe' }, { id: 'yahoo' }] });
    expect((await added(coin)).sources.map(({ sourceId, symbol }) => [sourceId, symbol])).toEqual([
      ['coingecko', 'pepe'],
      ['yahoo', 'PEPE-USD'],
    ]);
    expect((await problem(await put('DOGE-USD', { sources: [{ id: 'coingecko', symbol: 'pepe' }] }))).code).toBe(
      'not_collectable',
    );
    expect((await problem(await put('AAPL', { sources: [{ id: 'coingecko' }] }))).code).toBe('not_collectable');
    expect((await problem(await put('AAPL', { sources: [{ id: 'nobody' }] }))).code).toBe('unknown_source');
    const german = await added(await put('SAP.DE', { sources: [{ id: 'alpha-vantage' }] }));
    expect(german.sources).toMatchObject([{ symbol: 'SAP.DEX', hold: 'credentials_missing' }]);
  });
});

describe('room on the list', () => {
  it('of two symbols for the last place one has it, and the other a 409', async () => {
    await watchMany(9);
    const small = world.api({ alwaysOpen: true, watchLimit: 10 });
    const answers = await Promise.all(['SHOP', 'AAPL', 'MSFT'].map((symbol) => put(symbol, undefined, small)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([202, 409, 409]);
    expect(await world.all('SELECT count(*)::int AS count FROM watch')).toEqual([{ count: 10 }]);
    // One that is on it takes no place.
    expect((await put('Q00006', undefined, small)).status).toBe(200);
  });

  it('of the same symbol by several at once there is one row and one first fetch', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => put('SHOP')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    const datas = await Promise.all(answers.map(added));
    expect(datas.filter((each) => each.added)).toHaveLength(1);
    expect(await world.all('SELECT count(*)::int AS runs FROM run')).toEqual([{ runs: 1 }]);
  });

  it('costs freshness, and the answer says how much', async () => {
    await watchMany(449);
    const bars = { sourceId: 'yahoo', job: 'daily-bars', kind: 'bars', before: 21_600, after: 21_600 };
    expect((await added(await put('SHOP'))).freshness).toEqual([
      { sourceId: 'yahoo', job: 'quotes', kind: 'quotes', before: 60, after: 60 },
      bars,
    ]);
    expect((await added(await put('AAPL'))).freshness).toEqual([
      { sourceId: 'yahoo', job: 'quotes', kind: 'quotes', before: 60, after: 75 },
      bars,
    ]);
    await world.all('DELETE FROM watch');
    await watchMany(1_875);
    const large = world.api({ alwaysOpen: true, watchLimit: 100_000 });
    expect((await added(await put('MSFT', undefined, large))).freshness).toContainEqual({ ...bars, after: 86_400 });
  });

  it('ends where the quota of a source would ask for each too seldom', async () => {
    await world.all(
      `INSERT INTO source_credentials (source_id, is_set, changed_at) VALUES ('alpha-vantage', true, now())`,
    );
    await watchMany(2, 'alpha-vantage');
    const refused = await put('SHOP', { sources: [{ id: 'alpha-vantage' }] });
    expect([refused.status, (await problem(refused)).code]).toEqual([409, 'watch_full']);
    // Without a name it is for others that have room.
    const shop = await added(await put('SHOP'));
    expect([shop.sources.map(({ sourceId }) => sourceId), shop.withoutRoom]).toEqual([['yahoo'], ['alpha-vantage']]);
    await watchMany(7_500);
    const large = world.api({ alwaysOpen: true, watchLimit: 100_000 });
    for (const body of [{ sources: [{ id: 'yahoo' }] }, undefined]) {
      const { code, detail } = await problem(await put('MSFT', body, large));
      expect(code).toBe('watch_full');
      expect(detail).toContain('The quota of yahoo (60 requests a minute, 20000 a day) has no room');
    }
  });
});

describe('a symbol that is removed', () => {
  const remove = async (symbol: string) => {
    const answer = await api.ask(`/watch/${symbol}`, { method: 'DELETE', key: keys.operate });
    expect(answer.status).toBe(200);
    return envelope(watchRemovedSchema).parse(await answer.json()).data;
  };

  it('while its fetch is under way keeps what that brings, is asked for no more, and may be added again', async () => {
    await put('SHOP');
    const pipeline = world.pipeline();
    await pipeline.plan(tick());
    await pipeline.scrape();
    expect(await remove('SHOP')).toEqual({ symbol: 'SHOP', removed: true, list: { count: 0, limit: 1_000 } });
    await pipeline.monitor();
    await pipeline.ingest();
    await pipeline.monitor();
    expect(await world.all('SELECT * FROM watch')).toEqual([]);
    expect((await api.ask('/quotes/SHOP', { key: keys.read })).status).toBe(200);
    expect((await problem(await api.ask('/watch/SHOP', { key: keys.read }))).command).toBe('quotron watch add SHOP');

    await world.all('TRUNCATE planner_state');
    const { runs } = await pipeline.plan(tick());
    expect(runs).toEqual([]);
    expect(await remove('SHOP')).toMatchObject({ removed: false });
    expect((await put('SHOP')).status).toBe(202);
  });
});

describe('reading', () => {
  const rows = () =>
    world.all(
      `SELECT (SELECT count(*) FROM watch)::int AS watch, (SELECT count(*) FROM run)::int AS runs,
              (SELECT count(*) FROM task)::int AS tasks, (SELECT count(*) FROM symbol_alias)::int AS aliases`,
    );

  it('changes nothing, whatever is asked for', async () => {
    await watchMany(3);
    const before = await rows();
    for (const path of [
      '/quotes/SHOP',
      '/quotes?symbols=SHOP,NOPE',
      '/bars/SHOP',
      '/watch',
      '/watch/SHOP',
      '/quotes/SHOP/history',
    ])
      await api.ask(path, { key: keys.operate });
    expect(await rows()).toEqual(before);
    expect(api.queue.take('ticks')).toEqual([]);
  });

  it('is page by page, each symbol once', async () => {
    await watchMany(7);
    await world.all(
      `INSERT INTO watch (symbol, source_id, source_symbol, added_at) VALUES ('Q00008', 'coingecko', 'x', now())`,
    );
    const seen: string[] = [];
    let cursor = '';
    do {
      const answer = await api.ask(`/watch?limit=3${cursor}`, { key: keys.read });
      const { data, meta } = envelope(watchedSchema.array()).parse(await answer.json());
      seen.push(...data.map(({ symbol }) => symbol));
      cursor = meta.nextCursor === undefined ? '' : `&cursor=${meta.nextCursor}`;
    } while (cursor !== '');
    expect(seen).toEqual(Array.from({ length: 7 }, (_, at) => `Q${String(at + 6).padStart(5, '0')}`));
  });
});

it('shows a key how it stands only at the sources that it may see', async () => {
  await put('BTC-USD');
  await put('SHOP');
  const display = await makeKey(world.pool, 'operate', null, 'display');
  const ask = (path: string, method = 'GET') => api.ask(path, { method, key: display });
  const listed = envelope(watchedSchema.array()).parse(await (await ask('/watch')).json());
  expect(listed.data.map(({ symbol, sources }) => [symbol, ...sources.map(({ sourceId }) => sourceId)])).toEqual([
    ['BTC-USD', 'coingecko'],
  ]);
  expect(listed.warnings.map(({ code }) => code)).toEqual(['licence_forbids']);
  expect((await problem(await ask('/watch/SHOP'))).code).toBe('licence_forbids');
  // Nor does it collect from others.
  expect((await problem(await ask('/watch/MSFT', 'PUT'))).code).toBe('not_collectable');
  expect((await added(await ask('/watch/ETH-USD', 'PUT'))).sources.map(({ sourceId }) => sourceId)).toEqual([
    'coingecko',
  ]);
});

afterEach(() => world.all('DELETE FROM watch'));
