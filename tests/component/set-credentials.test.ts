import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { createApiKey } from '../../core/auth/api-keys.ts';
import { problemSchema } from '../../core/contracts/http/envelope.ts';
import type { SecretWriter } from '../../core/ports/secret-store.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { createCredentialsApp } from '../../functions/set-credentials/set-credentials.ts';
import { type Keys, makeKeys } from '../support/api-fixture.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ connections: 2, keepRows: true });
let keys: Keys;
const held = new Map<string, string>();
const logged: unknown[] = [];

beforeAll(async () => {
  keys = await makeKeys(world.pool);
}, 60_000);
beforeEach(async () => {
  held.clear();
  logged.length = 0;
  await world.pool.query('TRUNCATE source_credentials, auth_session, lease');
});

const remember: SecretWriter = {
  put: async (id, value) => {
    held.set(id, value);
  },
};
const path = '/api/v1/sources/alpha-vantage/credentials';

function ask(
  init: { method?: string; key?: string; json?: unknown; body?: string; path?: string; secrets?: SecretWriter } = {},
): Promise<Response> {
  const app = createCredentialsApp({
    state: postgresState(world.pool),
    secrets: init.secrets ?? remember,
    secretIds: { 'alpha-vantage': 'arn:av', 'demo-broker': 'arn:broker' },
    catalogue,
    simulated: ['alpha-vantage'],
    clock: Date.now,
    log: (error) => logged.push(error),
  });
  const headers = new Headers();
  const key = init.key ?? keys.admin;
  if (key !== '') headers.set('x-api-key', key);
  const body = init.json === undefined ? init.body : JSON.stringify(init.json);
  if (body !== undefined) headers.set('content-type', 'application/json');
  return Promise.resolve(
    app.request(init.path ?? path, { method: init.method ?? 'GET', headers, ...(body === undefined ? {} : { body }) }),
  );
}

const secret = 'PLANTEDSECRETKEY';

describe('credentials of a source', () => {
  it('are set, are said to be set, and are taken away; what they are is never told', async () => {
    const none = await ask();
    expect(await none.json()).toMatchObject({
      data: { sourceId: 'alpha-vantage', form: 'api-key', fields: ['apiKey'], isSet: false, changedAt: null },
    });
    const put = await ask({ method: 'PUT', json: { apiKey: secret } });
    const text = await put.text();
    expect([put.status, put.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(JSON.parse(text)).toMatchObject({ data: { isSet: true, hint: null, changedAt: expect.any(String) } });
    expect(text).not.toContain(secret);
    expect(held.get('arn:av')).toBe(JSON.stringify({ apiKey: secret }));
    expect(await (await ask()).json()).toMatchObject({ data: { isSet: true } });
    expect((await world.pool.query('SELECT is_set, changed_by FROM source_credentials')).rows).toEqual([
      { is_set: true, changed_by: expect.any(String) },
    ]);
    expect(await (await ask({ method: 'DELETE' })).json()).toMatchObject({
      data: { isSet: false, hint: expect.stringContaining('quotron credentials set') },
    });
    expect(held.get('arn:av')).toBe('{}');
  });

  it('drop the session that was made with the former ones, and a renewal under way', async () => {
    const state = postgresState(world.pool);
    const sourceId = 'alpha-vantage';
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const first = await state.call({ op: 'acquireRenewal', sourceId, ttlSeconds: 60 });
    await state.call({ op: 'putSession', sourceId, token: first.token ?? 0, sealed: 'old', expiresAt });
    const second = await state.call({ op: 'acquireRenewal', sourceId, ttlSeconds: 60 });
    await ask({ method: 'PUT', json: { apiKey: secret } });
    expect(await state.call({ op: 'getSession', sourceId })).toEqual({ session: null, held: null });
    const late = await state.call({ op: 'putSession', sourceId, token: second.token ?? 0, sealed: 'old', expiresAt });
    expect(late).toEqual({ kept: false });
    expect((await state.call({ op: 'acquireRenewal', sourceId, ttlSeconds: 60 })).token).not.toBeNull();
  });

  it.each([
    [{}, 'body.apiKey'],
    [{ apiKey: '' }, 'body.apiKey'],
    [{ apiKey: `${secret}\r\nx-evil: 1` }, 'body.apiKey'],
    [{ apiKey: `${secret} ü` }, 'body.apiKey'],
    [{ apiKey: secret.repeat(50) }, 'body.apiKey'],
    [{ apiKey: secret, extra: secret }, 'body.extra'],
    [{ apiKey: 'abcde' }, 'body.apiKey'],
    [{ username: 'a', password: secret }, 'body.apiKey'],
    [[secret], 'body'],
  ])('refuse %j without repeating it', async (json, at) => {
    const answer = await ask({ method: 'PUT', json });
    const text = await answer.text();
    expect(answer.status).toBe(400);
    expect(problemSchema.parse(JSON.parse(text))).toMatchObject({
      code: 'invalid_request',
      errors: expect.arrayContaining([expect.objectContaining({ path: at })]),
    });
    expect(text).not.toContain(secret);
    expect(held.size).toBe(0);
  });

  it('are not taken away by a request that says more than it can mean', async () => {
    await ask({ method: 'PUT', json: { apiKey: secret } });
    const answer = await ask({ method: 'DELETE', json: { until: '2h' } });
    expect(answer.status).toBe(400);
    expect(problemSchema.parse(await answer.json()).errors?.[0]?.path).toBe('body.until');
    expect(held.get('arn:av')).toBe(JSON.stringify({ apiKey: secret }));
    expect(await (await ask()).json()).toMatchObject({ data: { isSet: true } });
  });

  it.each(['GET', 'PUT', 'DELETE'])('take no other decimals than number and string: %s', async (method) => {
    const answer = await ask({
      method,
      path: `${path}?decimals=AAA`,
      ...(method === 'PUT' && { json: { apiKey: secret } }),
    });
    expect(answer.status).toBe(400);
    expect(problemSchema.parse(await answer.json()).errors?.[0]?.path).toBe('query.decimals');
    expect(held.size).toBe(0);
  });

  it('take `fields` as any read does, and name parameters that they do not know', async () => {
    const some = await (await ask({ path: `${path}?fields=isSet,fields&tail=1` })).json();
    expect(some).toMatchObject({
      data: { isSet: false, fields: ['apiKey'] },
      warnings: [{ code: 'unknown_parameter' }],
    });
    expect(Object.keys(Object(some).data).sort()).toEqual(['fields', 'isSet']);
    for (const fields of ['', '0', '0.5', 'a'.repeat(1_001), 'nothing']) {
      const answer = await ask({ path: `${path}?fields=${fields}` });
      expect([answer.status, problemSchema.parse(await answer.json()).errors?.[0]?.path], fields).toEqual([
        400,
        'query.fields',
      ]);
    }
  });

  it('of a login are a user name and a password', async () => {
    const broker = path.replace('alpha-vantage', 'demo-broker');
    expect((await ask({ method: 'PUT', path: broker, json: { username: 'ann', password: secret } })).status).toBe(200);
    expect(held.get('arn:broker')).toBe(JSON.stringify({ username: 'ann', password: secret }));
  });

  it.each([
    ['without a key', '', 401, 'unauthenticated'],
    ['with a mistyped one', 'qtr_live_x', 401, 'invalid_key'],
    ['with one that was never given out', createApiKey().key, 401, 'invalid_key'],
  ])('are out of reach %s', async (_name, key, status, code) => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await ask({ method, key, ...(method === 'PUT' ? { json: { apiKey: secret } } : {}) });
      expect([answer.status, await answer.json()]).toMatchObject([status, { code }]);
    }
    expect(held.size).toBe(0);
  });

  it.each(['read', 'operate'] as const)('are out of reach of a key of scope %s', async (scope) => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await ask({ method, key: keys[scope], ...(method === 'PUT' ? { json: { apiKey: secret } } : {}) });
      expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'forbidden' }]);
    }
    expect(held.size).toBe(0);
  });

  it.each([
    ['/api/v1/sources/nope/credentials', 'GET', 404, 'unknown_source'],
    ['/api/v1/sources/coingecko/credentials', 'GET', 404, 'no_credentials'],
    [path, 'POST', 405, 'method_not_allowed'],
    ['/api/v1/elsewhere', 'GET', 404, 'not_found'],
  ])('%s %s is a %i', async (at, method, status, code) => {
    const answer = await ask({ path: at, method });
    expect([answer.status, await answer.json()]).toMatchObject([status, { code }]);
  });

  it('that cannot be stored are an error that says nothing of them, and are not said to be set', async () => {
    const broken: SecretWriter = {
      put: async () => {
        throw new Error('Secret arn:av could not be set (ValidationException).');
      },
    };
    const answer = await ask({ method: 'PUT', json: { apiKey: secret }, secrets: broken });
    const text = await answer.text();
    expect(answer.status).toBe(500);
    expect(text + String(logged)).not.toContain(secret);
    expect((await world.pool.query('SELECT 1 FROM source_credentials WHERE is_set')).rows).toEqual([]);
  });
});
