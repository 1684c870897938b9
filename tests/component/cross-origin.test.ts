import { beforeAll, describe, expect, it } from 'vitest';
import { makeBatch, makeListing, makeQuote, testApi } from '../support/api-fixture.ts';
import { lookalikesOf, preflightMethods } from '../support/foreign-origins.ts';
import { useApi } from '../support/use-api.ts';

/*
 * Pages of other origins try everything that a browser lets them send. Only an origin that is listed, to the letter, may read
 * answers, and never with the cookie of a visitor.
 */

const listed = 'https://notebook.example';
const { world, keys } = useApi();
const asks = { 'access-control-request-method': 'GET', 'access-control-request-headers': 'x-api-key' };

beforeAll(async () => {
  await makeQuote(world.pool, await makeListing(world.pool, 'ACME'), await makeBatch(world.pool), { price: '10' });
});

/** Answers of each kind: data, unchanged, problems with and without a key, and addresses that are none. */
const requests: [what: string, path: string, init: { method?: string; as?: 'read' | null; json?: unknown }][] = [
  ['data', '/quotes/ACME', {}],
  ['a list', '/quotes', {}],
  ['what needs no key', '/livez', { as: null }],
  ['the answer to a HEAD', '/quotes/ACME', { method: 'HEAD' }],
  ['a 401', '/quotes/ACME', { as: null }],
  ['a 403', '/keys', {}],
  ['a 404', '/quotes/NOPE', {}],
  ['an address that is none', '/no-such-route', {}],
  ['a 405', '/quotes', { method: 'DELETE' }],
  ['a body that is none', '/quotes/batch', { method: 'POST', json: 'no object' }],
];

const forbidden = (headers: Headers) => [...headers.keys()].filter((name) => name.startsWith('access-control-'));

describe.each([
  ['an installation that lists an origin', [listed]],
  ['one that lists none', []],
])('%s', (_what, corsOrigins) => {
  const lists = corsOrigins.length > 0;
  const open = () => testApi(world.pool, { corsOrigins });
  const send = (path: string, init: (typeof requests)[number][2], headers: Record<string, string>) => {
    const { as = 'read', ...rest } = init;
    return open().ask(path, { ...rest, ...(as === null ? {} : { key: keys.read }), headers });
  };

  it.each(lookalikesOf(listed))('lets %s read nothing: %s', async (_name, origin) => {
    for (const [what, path, init] of requests) {
      const plain = await send(path, init, {});
      const answer = await send(path, init, { origin });
      expect([what, answer.status, forbidden(answer.headers)]).toEqual([what, plain.status, []]);
      if (lists) expect(answer.headers.get('vary')?.toLowerCase(), what).toContain('origin');
    }
    for (const method of preflightMethods) {
      const headers = { origin, ...asks, 'access-control-request-method': method };
      const answer = await send('/quotes', { method: 'OPTIONS', as: null }, headers);
      expect([method, answer.ok, forbidden(answer.headers)]).toEqual([method, false, []]);
    }
  });

  it.each(requests)('answers the listed origin %s with its own name, or not at all', async (_name, path, init) => {
    const { headers } = await send(path, init, { origin: listed });
    expect(headers.get('access-control-allow-origin')).toBe(lists ? listed : null);
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    if (lists) expect(headers.get('vary')?.toLowerCase()).toContain('origin');
  });

  it.each(preflightMethods)('grants a preflight for %s no more than it lists', async (method) => {
    for (const wanted of ['x-api-key', 'cookie', 'x-forwarded-host, x-quotron-gate', '*', 'x'.repeat(4_000)]) {
      const headers = {
        origin: listed,
        'access-control-request-method': method,
        'access-control-request-headers': wanted,
        'access-control-request-private-network': 'true',
      };
      const answer = await send('/quotes', { method: 'OPTIONS', as: null }, headers);
      if (!lists) expect(forbidden(answer.headers)).toEqual([]);
      const granted = (name: string) => (answer.headers.get(name) ?? '').split(', ').filter((each) => each !== '');
      const never = /^(\*|cookie|patch|trace|options|x-forwarded-.*|x-quotron-.*|sec-.*)$/i;
      expect(granted('access-control-allow-methods').filter((each) => never.test(each))).toEqual([]);
      expect(granted('access-control-allow-headers').filter((each) => never.test(each))).toEqual([]);
      expect(forbidden(answer.headers)).not.toContain('access-control-allow-credentials');
      expect(forbidden(answer.headers)).not.toContain('access-control-allow-private-network');
    }
  });

  it('lets no page use the cookie of a visitor', async () => {
    const api = open();
    const signedIn = await api.ask('/session', { method: 'POST', json: { key: keys.operate } });
    const cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    expect(cookie).not.toBe('');
    for (const [what, origin] of [['the listed one', listed] as const, ...lookalikesOf(listed)]) {
      const changed = await api.ask('/sources/yahoo/stop', { method: 'POST', headers: { origin, cookie } });
      // Without an origin it is no page that asks.
      if (origin !== '') expect([what, changed.status]).toEqual([what, 403]);
      const readBack = await api.ask('/quotes/ACME', { headers: { origin, cookie } });
      expect([what, readBack.headers.get('access-control-allow-credentials')]).toEqual([what, null]);
    }
  });
});
