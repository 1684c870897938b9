import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { allows } from '../../core/auth/api-keys.ts';
import { problemSchema } from '../../core/contracts/http/envelope.ts';
import { type Scope, scopes } from '../../core/contracts/words/access.ts';
import { basePath } from '../../core/http/serve-routes.ts';
import { type Keys, makeKey, makeKeys, noon, testApi } from '../support/api-fixture.ts';
import { useWorld } from '../support/use-world.ts';

const createdSchema = z.object({ data: z.object({ id: z.string(), key: z.string(), prefix: z.string() }) });

/**
 * Who may ask what, written by hand: a new route fails here until someone has said who may use it. Paths have values
 * that exist or do not; what matters is whether the request gets past the guard.
 */
const access: Record<string, Scope | 'public'> = {
  'POST /session': 'public',
  'GET /session': 'read',
  'DELETE /session': 'public',
  'GET /quotes': 'read',
  'GET /quotes/{symbol}': 'read',
  'GET /quotes/{symbol}/history': 'read',
  'POST /quotes/batch': 'read',
  'GET /bars/{symbol}': 'read',
  'GET /coverage': 'read',
  'GET /events': 'read',
  'GET /events/schemas': 'read',
  'GET /events/asyncapi.json': 'public',
  'GET /alerts/rules': 'read',
  'GET /alerts/rules/{id}': 'read',
  'POST /alerts/rules': 'operate',
  'DELETE /alerts/rules/{id}': 'operate',
  'POST /alerts/rules/{id}/start': 'operate',
  'POST /alerts/rules/{id}/stop': 'operate',
  'GET /alerts/channels': 'read',
  'POST /alerts/channels': 'operate',
  'DELETE /alerts/channels/{id}': 'operate',
  'POST /alerts/channels/{id}/start': 'operate',
  'POST /alerts/channels/{id}/stop': 'operate',
  'POST /alerts/channels/{id}/test': 'operate',
  'GET /alerts/deliveries': 'read',
  'GET /alerts/deliveries/{id}': 'read',
  'POST /alerts/deliveries/{id}/retry': 'operate',
  'GET /instruments': 'read',
  'GET /bars': 'read',
  'GET /exchanges': 'read',
  'GET /asset-classes': 'read',
  'GET /sparklines': 'read',
  'POST /instruments/{symbol}/change': 'operate',
  'GET /indices/{symbol}': 'read',
  'POST /indices/batch': 'read',
  'GET /indices/{symbol}/constituents': 'read',
  'GET /runs/{id}/artifacts/{name}': 'read',
  'GET /runs/{id}/answers': 'operate',
  'GET /runs/{id}/answers/{n}': 'operate',
  'GET /sources': 'read',
  'GET /sources/{id}': 'read',
  'GET /sources/{id}/symbols': 'read',
  'GET /sources/{id}/health': 'read',
  'GET /sources/{id}/health/history': 'read',
  'GET /incidents': 'read',
  'GET /incidents/{id}': 'read',
  'POST /sources/{id}/start': 'operate',
  'POST /sources/{id}/stop': 'operate',
  'POST /sources/{id}/continue': 'operate',
  'POST /sources/{id}/run': 'operate',
  'POST /sources/{id}/recover': 'operate',
  'POST /sources/recover': 'operate',
  'GET /recoveries': 'read',
  'GET /recoveries/{id}': 'read',
  'GET /settings': 'operate',
  'GET /services': 'read',
  'POST /services/{id}/start': 'operate',
  'POST /services/{id}/stop': 'operate',
  'GET /runs': 'read',
  'GET /runs/{id}': 'read',
  'GET /batches/{id}/statistics': 'read',
  'GET /watch': 'read',
  'GET /watch/{symbol}': 'read',
  'PUT /watch/{symbol}': 'operate',
  'DELETE /watch/{symbol}': 'operate',
  'POST /backfills': 'operate',
  'GET /backfills': 'read',
  'GET /backfills/{id}': 'read',
  'DELETE /backfills/{id}': 'operate',
  'POST /exports': 'operate',
  'GET /exports': 'read',
  'GET /exports/{id}': 'read',
  'GET /exports/{id}/files': 'read',
  'DELETE /exports/{id}': 'operate',
  'POST /imports': 'operate',
  'PUT /imports/{id}/parts/{part}': 'operate',
  'POST /imports/{id}/finish': 'operate',
  'GET /imports': 'read',
  'GET /imports/{id}': 'read',
  'GET /imports/{id}/rows': 'read',
  'GET /models': 'read',
  'GET /models/{id}': 'read',
  'PUT /models/{id}': 'operate',
  'DELETE /models/{id}': 'operate',
  'GET /quarantine': 'read',
  'GET /findings': 'read',
  'POST /findings/{id}/accept': 'operate',
  'POST /findings/{id}/dismiss': 'operate',
  'POST /findings/accept': 'operate',
  'POST /findings/dismiss': 'operate',
  'GET /quarantine/{id}': 'read',
  'POST /quarantine/replay': 'operate',
  'POST /quarantine/discard': 'operate',
  'POST /runs/{id}/replay': 'operate',
  'GET /replays/{id}': 'read',
  'POST /diagnostics': 'operate',
  'GET /diagnostics': 'read',
  'GET /diagnostics/{id}': 'read',
  'GET /dead-letters': 'read',
  'POST /dead-letters/redrive': 'operate',
  'GET /keys': 'admin',
  'POST /keys': 'admin',
  'DELETE /keys/{id}': 'admin',
  'GET /health': 'public',
  'GET /health/history': 'read',
  'GET /health/flow': 'read',
  'GET /public/status': 'public',
  'GET /public/badges/{badge}': 'public',
  'GET /livez': 'public',
  'GET /readyz': 'public',
  'GET /openapi.json': 'public',
  'GET /': 'public',
};

const world = useWorld({ partitionsAt: new Date(noon), connections: 2, keepRows: true });
let keys: Keys;
let api: ReturnType<typeof testApi>;

beforeAll(async () => {
  keys = await makeKeys(world.pool);
  api = testApi(world.pool);
}, 60_000);

const problemOf = async (response: Response) => problemSchema.parse(await response.json());

describe('every route', () => {
  it('that the app answers is declared, and asks for the scope that is written here', () => {
    const served = api.app.routes.map(
      (route) => `${route.method} ${route.path.slice(basePath.length).replaceAll(/:(\w+)/g, '{$1}')}`,
    );
    const declared = Object.fromEntries(
      api.app.specs.map((spec) => [`${spec.method.toUpperCase()} ${spec.path}`, spec.access]),
    );
    expect(declared).toEqual(access);
    // The start of the API is served with and without its slash.
    expect(served.filter((each) => each !== 'GET ').sort()).toEqual(Object.keys(access).sort());
  });

  function asking(route: string) {
    const [method = '', template = ''] = route.split(' ');
    const path = template.replace('{symbol}', 'AAPL').replace('{id}', 'none');
    return (key?: string) => api.ask(path, { method, ...(key === undefined ? {} : { key }) });
  }

  describe.each(Object.entries(access).filter(([, needed]) => needed !== 'public'))('%s (%s)', (route) => {
    const ask = asking(route);

    it('refuses who has no key, a mistyped one, or one that was never given out', async () => {
      const never = await makeKey(world.pool, 'admin');
      await world.pool.query('DELETE FROM api_key WHERE prefix = $1', [never.slice(0, 17)]);
      const answers = await Promise.all([ask(), ask(`${keys.admin.slice(0, -1)}x`), ask(never), ask('')]);
      expect(answers.map((answer) => answer.status)).toEqual([401, 401, 401, 401]);
      expect((await Promise.all(answers.map(problemOf))).map((problem) => problem.code)).toEqual([
        'unauthenticated',
        'invalid_key',
        'invalid_key',
        'invalid_key',
      ]);
    });
  });

  describe.each(Object.entries(access))('%s (%s)', (route, needed) => {
    const ask = asking(route);

    it.each(scopes)('with a key of scope %s', async (scope) => {
      const response = await ask(keys[scope]);
      if (needed === 'public' || allows(scope, needed)) expect([401, 403]).not.toContain(response.status);
      else expect([response.status, (await problemOf(response)).code]).toEqual([403, 'forbidden']);
    });
  });
});

describe('a key', () => {
  it('is noted as used, at most once a minute', async () => {
    const key = await makeKey(world.pool, 'read');
    const used = async () =>
      (
        await world.pool.query<{ at: Date | null }>('SELECT last_used_at AS at FROM api_key WHERE prefix = $1', [
          key.slice(0, 17),
        ])
      ).rows[0]?.at?.getTime();
    expect(await used()).toBeUndefined();
    await api.ask('/sources', { key });
    expect(await used()).toBe(noon);
    api.time.now = noon + 31_000;
    await api.ask('/sources', { key });
    expect(await used()).toBe(noon);
    api.time.now = noon + 62_000;
    await api.ask('/sources', { key });
    expect(await used()).toBe(noon + 62_000);
    api.time.now = noon;
  });

  it('ends at its expiry, to the second, though it is believed for longer', async () => {
    const key = await makeKey(world.pool, 'read', new Date(noon + 10_000));
    const at = async (ms: number) => {
      api.time.now = noon + ms;
      const { status } = await api.ask('/sources', { key });
      api.time.now = noon;
      return status;
    };
    expect([await at(0), await at(9_999), await at(10_000)]).toEqual([200, 200, 401]);
  });

  it('that is revoked ends at once here, and within 30 s in another container', async () => {
    const key = await makeKey(world.pool, 'read');
    const other = testApi(world.pool);
    expect([(await api.ask('/sources', { key })).status, (await other.ask('/sources', { key })).status]).toEqual([
      200, 200,
    ]);
    const { rows } = await world.pool.query<{ id: string }>('SELECT id FROM api_key WHERE prefix = $1', [
      key.slice(0, 17),
    ]);
    const revoked = await api.ask(`/keys/${rows[0]?.id}`, { method: 'DELETE', key: keys.admin });
    expect(revoked.status).toBe(200);
    expect((await api.ask('/sources', { key })).status).toBe(401);
    expect((await other.ask('/sources', { key })).status).toBe(200);
    other.time.now = noon + 30_000;
    expect((await other.ask('/sources', { key })).status).toBe(401);
  });

  it('is checked in memory while it is believed', async () => {
    const key = await makeKey(world.pool, 'read');
    let asked = 0;
    const fresh = testApi(world.pool, {});
    const counting = testApi(world.pool, {
      keys: {
        ...fresh.keys,
        findKey: (...of) => {
          asked += 1;
          return fresh.keys.findKey(...of);
        },
      },
    });
    for (let turn = 0; turn < 5; turn++) await counting.ask('/services', { key });
    await counting.ask('/services', { key: `${key.slice(0, -6)}000000` });
    expect(asked, 'five requests and a wrong checksum').toBe(1);
  });

  it('is made, shown once, listed without its secret, and works', async () => {
    const created = await api.ask('/keys', { method: 'POST', key: keys.admin, json: { name: 'ci', scope: 'operate' } });
    const { data } = createdSchema.parse(await created.json());
    expect([created.status, created.headers.get('cache-control')]).toEqual([201, 'no-store']);
    expect(data.key.startsWith(data.prefix)).toBe(true);
    expect((await api.ask('/services', { key: data.key })).status).toBe(200);
    const listed = await (await api.ask('/keys', { key: keys.admin })).text();
    expect(listed).toContain(data.prefix);
    expect(listed).not.toContain(data.key);
    expect(listed).not.toContain('hash');
    const stored = await world.pool.query<{ row: string }>(
      'SELECT row_to_json(k)::text AS row FROM api_key k WHERE id = $1',
      [data.id],
    );
    expect(stored.rows[0]?.row).not.toContain(data.key.slice(17));
  });

  it.each([
    [{ name: '', scope: 'read' }, 'body.name'],
    [{ name: 'x', scope: 'root' }, 'body.scope'],
    [{ name: 'x', scope: 'read', expiresAt: 'tomorrow' }, 'body.expiresAt'],
    [{ name: 'x', scope: 'read', expiresAt: '2020-01-01T00:00:00Z' }, 'body.expiresAt'],
    [{ name: 'a\u0000b', scope: 'read' }, 'body.name'],
  ])('is not made of %j', async (json, path) => {
    const response = await api.ask('/keys', { method: 'POST', key: keys.admin, json });
    expect([response.status, (await problemOf(response)).errors?.[0]?.path]).toEqual([400, path]);
  });

  it('that asks too much is told to wait, and others are not', async () => {
    const limited = testApi(world.pool, { rateLimit: { perSecond: 0.5, burst: 3 } });
    const statuses: number[] = [];
    for (let turn = 0; turn < 4; turn++) statuses.push((await limited.ask('/services', { key: keys.read })).status);
    const refused = await limited.ask('/services', { key: keys.read });
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(await problemOf(refused)).toMatchObject({ code: 'rate_limited', retryable: true });
    expect((await limited.ask('/services', { key: keys.operate })).status).toBe(200);
    limited.time.now = noon + 2_000;
    expect((await limited.ask('/services', { key: keys.read })).status).toBe(200);
  });
});
