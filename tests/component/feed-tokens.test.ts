import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { newApiKeySchema } from '../../core/contracts/http/api-keys.ts';
import { problemSchema } from '../../core/contracts/http/envelope.ts';
import { apiFeedRoutes } from '../../core/contracts/words/feed-routes.ts';
import { type KeyUse, keyUses } from '../../core/contracts/words/licence.ts';
import { iso, type Keys, makeBatch, makeKeys, makeListing, makeQuote, noon, testApi } from '../support/api-fixture.ts';
import { useWorld } from '../support/use-world.ts';

/** What feed tokens may ask, by the group that they are bound to, written by hand; nothing else is for any of them. */
const groups: Record<string, readonly string[]> = {
  quotes: ['GET /quotes', 'GET /quotes/{symbol}', 'GET /quotes/{symbol}/history'],
  bars: ['GET /bars', 'GET /bars/{symbol}'],
  coverage: ['GET /coverage'],
  indices: ['GET /indices/{symbol}', 'GET /indices/{symbol}/constituents'],
  instruments: ['GET /instruments'],
  exchanges: ['GET /exchanges'],
  events: ['GET /events', 'GET /events/schemas'],
};
/** What nobody needs a key for. */
const open = [
  ...['GET /health', 'GET /livez', 'GET /readyz', 'GET /openapi.json', 'GET /events/asyncapi.json', 'GET /'],
  ...['GET /public/status', 'GET /public/badges/{badge}'],
];
/** Of the groups, what names no symbol and so is not for a token that is bound to some. */
const withoutSymbol = ['GET /instruments', 'GET /exchanges', 'GET /events/schemas'];

const world = useWorld({ partitionsAt: new Date(noon), connections: 2, keepRows: true });
const read = z.object({ data: newApiKeySchema });
let keys: Keys;
let api: ReturnType<typeof testApi>;

async function newToken(feed: Record<string, unknown>, more: Record<string, unknown> = {}): Promise<string> {
  const made = await api.ask('/keys', { method: 'POST', key: keys.admin, json: { name: 'sheet', feed, ...more } });
  expect(made.status).toBe(201);
  return read.parse(await made.json()).data.key;
}

beforeAll(async () => {
  keys = await makeKeys(world.pool);
  api = testApi(world.pool);
  const batch = await makeBatch(world.pool);
  for (const symbol of ['AAPL', 'MSFT']) await makeQuote(world.pool, await makeListing(world.pool, symbol), batch);
}, 60_000);

const problemOf = async (response: Response) => problemSchema.parse(await response.json());
const inPath = (token: string, path: string, init: RequestInit = {}) => api.ask(`/k/${token}${path}`, init);

describe('every route', () => {
  const specs = () => api.app.specs.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  const pathOf = (route: string) =>
    (route.split(' ')[1] ?? '')
      .replace('{symbol}', 'AAPL')
      .replace('{id}', 'none')
      .replace('{badge}', 'yahoo.svg')
      .concat(route === 'GET /quotes' || route === 'GET /bars' ? '?symbols=AAPL' : '')
      .concat(route === 'GET /coverage' ? '?symbol=AAPL' : '');

  it('of a group that is named here is one that the app serves', () => {
    expect(Object.keys(groups).sort()).toEqual([...apiFeedRoutes].sort());
    expect(specs()).toEqual(expect.arrayContaining([...Object.values(groups).flat(), ...open]));
  });

  it.each([...apiFeedRoutes, 'yahoo'])(
    'is asked by a token that is bound to %s only where it is of that',
    async (group) => {
      const token = await newToken({ routes: [group], ratePerMinute: 3_000 });
      const own = [...(Object.hasOwn(groups, group) ? (groups[group] ?? []) : []), ...open];
      for (const route of specs()) {
        const [method = ''] = route.split(' ');
        const answers = [
          await inPath(token, pathOf(route), { method }),
          await api.ask(pathOf(route), { method, key: token }),
          await api.ask(pathOf(route), { method, headers: { authorization: `Bearer ${token}` } }),
        ];
        for (const [at, answer] of answers.entries()) {
          const said = [route, at, answer.status];
          if (own.includes(route)) expect([200, 404, 303], said.join()).toContain(answer.status);
          else if (at === 0 && method !== 'GET') expect(said).toEqual([route, at, 405]);
          else if (route.endsWith('/session')) expect([204, 400, 403], said.join()).toContain(answer.status);
          else
            expect([route, at, answer.status, (await problemOf(answer)).code]).toEqual([route, at, 403, 'forbidden']);
        }
      }
    },
  );

  it('is asked by a token with symbols for those alone, however they are written', async () => {
    const token = await newToken({
      routes: [...apiFeedRoutes],
      symbols: ['aapl', 'brk.b', '^gspc'],
      ratePerMinute: 3_000,
    });
    for (const route of Object.values(groups).flat()) {
      const [, template = ''] = route.split(' ');
      const status = async (symbol: string) => {
        const list = { '/quotes': '?symbols=', '/bars': '?symbols=', '/events': '?symbols=', '/coverage': '?symbol=' }[
          template
        ];
        const asked = template.replace('{symbol}', encodeURIComponent(symbol));
        return (await inPath(token, list === undefined ? asked : `${asked}${list}${symbol}`)).status;
      };
      const named = !withoutSymbol.includes(route);
      for (const symbol of ['AAPL', 'aapl', 'BRK/B', '^GSPC'])
        expect([route, symbol, (await status(symbol)) === 403]).toEqual([route, symbol, !named]);
      for (const symbol of ['MSFT', 'AAPL.L', 'x y', ''])
        expect([route, symbol, await status(symbol)]).not.toEqual([route, symbol, 200]);
    }
    for (const path of ['/quotes', '/quotes?symbols=AAPL,MSFT', '/quotes?symbols=AAPL&symbols=MSFT', '/coverage'])
      expect([path, (await inPath(token, path)).status]).toEqual([path, 403]);
    expect((await inPath(token, '/quotes?symbols=AAPL,brk.b')).status).toBe(200);
  });
});

describe('an answer to a token in an address', () => {
  it('is kept by nobody else, and no page passes its address on', async () => {
    const token = await newToken({ routes: ['quotes'] });
    const answers = [
      await inPath(token, '/quotes/AAPL'),
      await inPath(token, '/quotes/AAPL?decimals=roman'),
      await inPath(token, '/bars/AAPL'),
      await inPath(token, '/nothing'),
      await inPath(`${token}x`, '/quotes/AAPL'),
      await inPath(token, ''),
      await inPath('', '/quotes/AAPL'),
    ];
    for (const { headers } of answers) {
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toMatch(/^private\b/);
      expect(headers.get('deprecation')).toBeNull();
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 403, 404, 401, 200, 401]);
  });

  it('and no log line repeats the token, whatever is wrong with the request', async () => {
    const token = await newToken({ routes: ['quotes'] });
    const broken = testApi(world.pool, {
      quotes: () => {
        throw new Error(`cannot read for ${token}`);
      },
    });
    const asked = ['/quotes/AAPL', '/bars/AAPL', `/nothing/${token}`, `/quotes/${token}`, '/%00', `/k/${token}/quotes`];
    const texts: string[] = [];
    for (const path of asked) {
      for (const each of [api, broken]) {
        const answer = await each.ask(`/k/${token}${path}`);
        texts.push(JSON.stringify([await answer.text(), [...answer.headers]]));
      }
      texts.push(await (await api.ask(path, { key: `${token}x` })).text());
    }
    for (const text of texts) expect(text).not.toContain(token.slice(9, 40));
  });

  it('of another use shows what the licences allow to that use', async () => {
    const statusOf = async (use: KeyUse) =>
      (await inPath(await newToken({ routes: ['quotes'] }, { use }), '/quotes/AAPL')).status;
    expect(await Promise.all(keyUses.map(statusOf))).toEqual([200, 403, 403]);
  });
});

describe('a token', () => {
  it('ends after a year, unless it says another time', async () => {
    const made = await api.ask('/keys', {
      method: 'POST',
      key: keys.admin,
      json: { name: 'x', feed: { routes: ['bars'] } },
    });
    expect(read.parse(await made.json()).data).toMatchObject({
      scope: 'read',
      prefix: expect.stringMatching(/^qtr_feed_.{8}$/),
      expiresAt: iso(365 * 86_400),
      feed: { routes: ['bars'], symbols: null, ratePerMinute: 60 },
    });
    const token = await newToken({ routes: ['bars'] }, { expiresAt: iso(5) });
    const at = async (seconds: number) => {
      api.time.now = noon + seconds * 1_000;
      const { status } = await inPath(token, '/bars?symbols=AAPL');
      api.time.now = noon;
      return status;
    };
    expect([await at(0), await at(5)]).toEqual([200, 401]);
  });

  it('sends as many requests a minute as it may, and no other key fewer', async () => {
    const token = await newToken({ routes: ['exchanges'], ratePerMinute: 3 });
    const statuses: number[] = [];
    for (let turn = 0; turn < 4; turn++) statuses.push((await inPath(token, '/exchanges')).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    const refused = await inPath(token, '/exchanges');
    expect([refused.headers.get('retry-after'), refused.headers.get('ratelimit-policy')]).toEqual([
      '20',
      '"key";q=3;w=60',
    ]);
    expect((await api.ask('/exchanges', { key: keys.read })).status).toBe(200);
    api.time.now = noon + 20_000;
    expect((await inPath(token, '/exchanges')).status).toBe(200);
    api.time.now = noon;
  });

  it('signs nobody in', async () => {
    const token = await newToken({ routes: [...apiFeedRoutes] });
    const answer = await api.ask('/session', { method: 'POST', json: { key: token } });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([401, null]);
    const hash = await world.pool.query<{ hash: Buffer }>('SELECT hash FROM api_key WHERE prefix = $1', [
      token.slice(0, 17),
    ]);
    const [row] = hash.rows;
    const until = new Date(noon + 60_000);
    expect(row && (await api.keys.signInWithKey(row.hash, Buffer.alloc(32), new Date(noon), until))).toBeNull();
  });

  it('that is revoked is one no more', async () => {
    const token = await newToken({ routes: ['exchanges'] });
    const { rows } = await world.pool.query<{ id: string }>('SELECT id FROM api_key WHERE prefix = $1', [
      token.slice(0, 17),
    ]);
    expect((await inPath(token, '/exchanges')).status).toBe(200);
    await api.ask(`/keys/${rows[0]?.id}`, { method: 'DELETE', key: keys.admin });
    expect((await inPath(token, '/exchanges')).status).toBe(401);
  });

  it.each([
    [{ feed: { routes: [] } }, 'body.feed.routes'],
    [{ feed: { routes: ['keys'] } }, 'body.feed.routes.0'],
    [{ feed: { routes: ['bars', 'yahoo/no-such'] } }, 'body.feed.routes.1'],
    [{ feed: { routes: ['quotes'], symbols: [] } }, 'body.feed.symbols'],
    [{ feed: { routes: ['quotes'], symbols: ['not a symbol!'] } }, 'body.feed.symbols.0'],
    [{ feed: { routes: ['quotes'], ratePerMinute: 0 } }, 'body.feed.ratePerMinute'],
    [{ feed: { routes: ['quotes'], more: 1 } }, 'body.feed.more'],
    [{ feed: { routes: ['quotes'] }, scope: 'operate' }, 'body.scope'],
    [{ feed: { routes: ['quotes'] }, expiresAt: null }, 'body.expiresAt'],
    [{}, 'body.scope'],
  ])('is not made of %j', async (json, path) => {
    const answer = await api.ask('/keys', { method: 'POST', key: keys.admin, json: { name: 'x', ...json } });
    expect([answer.status, (await problemOf(answer)).errors?.[0]?.path]).toEqual([400, path]);
  });
});

describe('another key in an address', () => {
  it.each(['operate', 'admin'] as const)('of scope %s is a 401 that says so, on open routes too', async (scope) => {
    for (const path of ['/quotes/AAPL', '/keys', '/health', '/openapi.json']) {
      const answer = await inPath(keys[scope], path);
      const text = await answer.text();
      expect([path, answer.status]).toEqual([path, 401]);
      expect(problemSchema.parse(JSON.parse(text))).toMatchObject({
        code: 'invalid_key',
        detail: expect.stringContaining('may not stand in an address'),
      });
      expect(text).not.toContain(keys[scope].slice(9, 40));
    }
  });

  it('of scope read is taken for one more release, with a warning', async () => {
    const answer = await inPath(keys.read, '/quotes/AAPL');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('deprecation')).toMatch(/^@\d{10}$/);
    expect(answer.headers.get('warning')).toMatch(/^299 quotron "/);
    expect((await api.ask('/quotes/AAPL', { key: keys.read })).headers.get('deprecation')).toBeNull();
  });

  it('changes nothing', async () => {
    for (const key of [keys.read, keys.admin])
      for (const method of ['POST', 'PUT', 'DELETE'])
        expect([405, 404]).toContain((await inPath(key, '/watch/AAPL', { method })).status);
  });
});

it('Authorization: Bearer is as good as x-api-key, which goes before it', async () => {
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
  expect((await api.ask('/keys', { headers: bearer(keys.admin) })).status).toBe(200);
  expect((await api.ask('/keys', { headers: bearer(keys.read) })).status).toBe(403);
  expect((await api.ask('/keys', { headers: { authorization: `bearer  ${keys.admin}` } })).status).toBe(200);
  expect((await api.ask('/keys', { key: keys.admin, headers: bearer('else') })).status).toBe(200);
  for (const authorization of ['Bearer', 'Bearer ', 'Basic dXNlcjpwYXNz', `Bearer ${keys.admin} x`])
    expect([authorization, (await api.ask('/keys', { headers: { authorization } })).status]).toEqual([
      authorization,
      401,
    ]);
  const answer = await api.ask('/quotes/AAPL', { headers: bearer(keys.read) });
  expect(answer.headers.get('vary')).toContain('authorization');
  expect((await api.ask('/keys')).headers.get('www-authenticate')).toContain('Bearer');
});
