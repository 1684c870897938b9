import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { secretHash } from '../../core/auth/api-keys.ts';
import { iso, json, type Keys, makeKey, makeKeys, noon, testApi } from '../support/api-fixture.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ partitionsAt: new Date(noon), connections: 4, keepRows: true });
let keys: Keys;
let api: ReturnType<typeof testApi>;

beforeAll(async () => {
  keys = await makeKeys(world.pool);
  api = testApi(world.pool);
}, 60_000);

const signIn = (body: unknown, headers: Record<string, string> = {}) =>
  api.ask('/session', { method: 'POST', json: body, headers });

/** The cookie as a browser would send it back. */
async function cookieOf(key: string, headers: Record<string, string> = {}): Promise<string> {
  return (await signIn({ key }, headers)).headers.get('set-cookie')?.split(';')[0] ?? '';
}

const ours = { origin: 'https://quotron.example', host: 'quotron.example' };

describe('signing in', () => {
  it('with a key gives a cookie that no script reads, for twelve hours', async () => {
    const response = await signIn({ key: keys.operate });
    expect(response.status).toBe(200);
    expect(response.headers.get('set-cookie')).toMatch(
      /^qtr_session_80=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect((await json(response))['data']).toEqual({
      name: 'test operate',
      scopes: ['read', 'operate'],
      use: 'internal',
      expiresAt: iso(12 * 3600),
    });
  });

  it('by https makes the cookie Secure, and of this host alone', async () => {
    const proxied = await signIn({ key: keys.read }, { 'x-forwarded-proto': 'https' });
    const direct = await testApi(world.pool, { protocol: 'https' }).ask('/session', {
      method: 'POST',
      json: { key: keys.read },
    });
    for (const answer of [proxied, direct]) {
      const cookie = answer.headers.get('set-cookie');
      expect(cookie).toMatch(/^__Host-qtr_session=[\w-]{43}; Path=\/; .*; Secure$/);
      expect(cookie).not.toMatch(/domain/i);
    }
    expect(proxied.headers.get('strict-transport-security')).toMatch(/max-age/);
  });

  it('stores only the hash of the session', async () => {
    const cookie = await cookieOf(keys.read);
    const { rows } = await world.pool.query<{ text: string }>(
      'SELECT string_agg(w::text, $1) AS text FROM web_session w',
      [' '],
    );
    expect(rows[0]?.text).not.toContain(cookie.slice('qtr_session_80='.length));
  });

  it('ends no later than its key', async () => {
    const key = await makeKey(world.pool, 'read', new Date(noon + 60_000));
    expect((await json(await signIn({ key })))['data']).toMatchObject({ expiresAt: iso(60) });
  });

  it.each([
    ['an unknown key', { key: 'qtr_live_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA_000000' }, 401],
    ['an unknown token', { token: 'x'.repeat(43) }, 401],
    ['nothing', {}, 400],
    ['a number', { key: 5 }, 400],
    ['a very long key', { key: 'x'.repeat(201) }, 400],
  ])('is refused with %s', async (_, body, status) => {
    const response = await testApi(world.pool).ask('/session', { method: 'POST', json: body });
    expect(response.status).toBe(status);
    expect(response.headers.get('set-cookie')).toBeNull();
  });

  it('is slowed down after ten failures from one address, and only for that address', async () => {
    const fresh = testApi(world.pool);
    const attempt = (address: string, body: unknown) =>
      fresh.ask('/session', { method: 'POST', json: body, headers: { 'x-forwarded-for': address } });
    for (let turn = 0; turn < 10; turn++) expect((await attempt('198.51.100.1', { token: 'wrong' })).status).toBe(401);
    const refused = await attempt('198.51.100.1', { token: 'wrong' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5']);
    expect((await attempt('198.51.100.2', { token: 'wrong' })).status).toBe(401);
    fresh.time.now = noon + 5_000;
    expect((await attempt('198.51.100.1', { token: 'wrong' })).status).toBe(401);
  });

  it('with a right key works however often others have failed from the same address', async () => {
    const fresh = testApi(world.pool);
    const attempt = (body: unknown) => fresh.ask('/session', { method: 'POST', json: body });
    for (let turn = 0; turn < 30; turn++) await attempt({ token: 'wrong' });
    expect((await attempt({ token: 'wrong' })).status).toBe(429);
    for (let turn = 0; turn < 20; turn++) expect((await attempt({ key: keys.read })).status).toBe(200);
    expect((await attempt({ token: 'wrong' })).status).toBe(429);
  });

  it('from a page of another site is refused', async () => {
    const response = await signIn({ key: keys.read }, { origin: 'https://evil.example', host: 'quotron.example' });
    expect([response.status, await json(response)]).toMatchObject([403, { code: 'foreign_origin' }]);
  });
});

describe('a one-time token', () => {
  async function token(expiresAt = iso(600)): Promise<string> {
    const text = randomBytes(32).toString('base64url');
    await world.pool.query(
      'INSERT INTO sign_in_token (hash, key_id, expires_at) SELECT $1, id, $2 FROM api_key WHERE name = $3',
      [secretHash(text), expiresAt, 'test admin'],
    );
    return text;
  }

  it('works once', async () => {
    const text = await token();
    const first = await signIn({ token: text });
    const second = await signIn({ token: text });
    expect([first.status, second.status]).toEqual([200, 401]);
    expect((await json(first))['data']).toMatchObject({ name: 'test admin', scopes: ['read', 'operate', 'admin'] });
    expect(await json(second)).toMatchObject({
      code: 'sign_in_refused',
      detail: expect.stringContaining('used already'),
    });
  });

  it('works once also when it is used several times at the same moment', async () => {
    const text = await token();
    const fresh = testApi(world.pool);
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => fresh.ask('/session', { method: 'POST', json: { token: text } })),
    );
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
  });

  it('that is too old works no more', async () => {
    expect((await signIn({ token: await token(iso(-1)) })).status).toBe(401);
  });

  it('of a revoked key is not worth anything', async () => {
    const text = randomBytes(32).toString('base64url');
    const key = await makeKey(world.pool, 'admin');
    await world.pool.query(
      `WITH k AS (UPDATE api_key SET revoked_at = $2 WHERE prefix = $3 RETURNING id)
       INSERT INTO sign_in_token (hash, key_id, expires_at) SELECT $1, id, $4 FROM k`,
      [secretHash(text), iso(-5), key.slice(0, 17), iso(600)],
    );
    expect((await signIn({ token: text })).status).toBe(401);
    expect((await signIn({ key })).status).toBe(401);
  });
});

describe('a session', () => {
  it('reads, says who it is, and ends by signing out', async () => {
    const cookie = await cookieOf(keys.operate);
    const who = await api.ask('/session', { headers: { cookie } });
    expect((await json(who))['data']).toMatchObject({ name: 'test operate', scopes: ['read', 'operate'] });
    expect((await api.ask('/quotes', { headers: { cookie } })).status).toBe(200);
    expect((await api.ask('/keys', { headers: { cookie } })).status).toBe(403);

    const out = await api.ask('/session', { method: 'DELETE', headers: { cookie, ...ours } });
    expect([out.status, out.headers.get('set-cookie')]).toEqual([
      204,
      expect.stringContaining('qtr_session_80=; Path=/; Max-Age=0'),
    ]);
    const after = await api.ask('/session', { headers: { cookie } });
    expect([after.status, await json(after)]).toMatchObject([401, { code: 'session_ended' }]);
  });

  it('ends at once in every container', async () => {
    const elsewhere = testApi(world.pool);
    const cookie = await cookieOf(keys.read);
    const status = async () => (await elsewhere.ask('/session', { headers: { cookie } })).status;
    expect(await status()).toBe(200);
    await api.ask('/session', { method: 'DELETE', headers: { cookie, ...ours } });
    expect(await status()).toBe(401);
  });

  it('is told from that of another cloud on this machine: each port has a cookie of its own', async () => {
    const first = await cookieOf(keys.read, { host: '127.0.0.1:8080' });
    const second = await cookieOf(keys.operate, { host: 'emulator:4566', 'x-forwarded-host': '127.0.0.1:9090' });
    expect([first, second].map((cookie) => cookie.split('=')[0])).toEqual(['qtr_session_8080', 'qtr_session_9090']);
    const who = async (host: string) =>
      (await json(await api.ask('/session', { headers: { cookie: `${first}; ${second}`, host } })))['data'];
    expect(await who('127.0.0.1:8080')).toMatchObject({ name: 'test read' });
    expect(await who('127.0.0.1:9090')).toMatchObject({ name: 'test operate' });
    expect((await api.ask('/session', { headers: { cookie: first, host: '127.0.0.1:9090' } })).status).toBe(401);
  });

  it('ends after twelve hours', async () => {
    const cookie = await cookieOf(keys.read);
    api.time.now = noon + 12 * 3600_000;
    const { status } = await api.ask('/session', { headers: { cookie } });
    api.time.now = noon;
    expect(status).toBe(401);
  });

  it('ends with its key', async () => {
    const key = await makeKey(world.pool, 'read');
    const cookie = await cookieOf(key);
    const { rows } = await world.pool.query<{ id: string }>('SELECT id FROM api_key WHERE prefix = $1', [
      key.slice(0, 17),
    ]);
    expect((await api.ask('/session', { headers: { cookie } })).status).toBe(200);
    await api.ask(`/keys/${rows[0]?.id}`, { method: 'DELETE', key: keys.admin });
    expect((await api.ask('/session', { headers: { cookie } })).status).toBe(401);
  });

  it('that is made up is none', async () => {
    expect((await api.ask('/session', { headers: { cookie: 'qtr_session_80=made-up' } })).status).toBe(401);
  });

  it.each([
    ['no Origin', {}, 403],
    ['the Origin null', { origin: 'null' }, 403],
    ['another site', { origin: 'https://evil.example', host: 'quotron.example' }, 403],
    ['a host that only begins alike', { origin: 'https://quotron.example.evil.example', host: 'quotron.example' }, 403],
    ['another port', { origin: 'http://127.0.0.1:9999', host: '127.0.0.1:8080' }, 403],
    ['the same host, but a cross-site request', { ...ours, 'sec-fetch-site': 'cross-site' }, 403],
    ['its own host', ours, 200],
    [
      'the host that a proxy was asked for',
      { origin: 'http://127.0.0.1:8080', host: 'emulator:4566', 'x-forwarded-host': '127.0.0.1:8080' },
      200,
    ],
    [
      "a browser's word behind CloudFront",
      { origin: 'https://d1.cloudfront.net', host: 'x.execute-api.aws', 'sec-fetch-site': 'same-origin' },
      200,
    ],
  ])('changes something only from its own page: %s', async (_, headers, status) => {
    const names = Object.entries(headers).filter(([name]) => name.endsWith('host'));
    const cookie = await cookieOf(keys.operate, Object.fromEntries(names));
    const response = await api.ask('/sources/yahoo/start', { method: 'POST', headers: { cookie, ...headers } });
    expect(response.status).toBe(status);
  });

  it('does not matter beside a key, which needs no Origin', async () => {
    const cookie = await cookieOf(keys.read);
    const response = await api.ask('/sources/yahoo/start', { method: 'POST', key: keys.operate, headers: { cookie } });
    expect(response.status).toBe(200);
  });
});
