import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { problemSchema } from '../../core/contracts/http/envelope.ts';
import { healthSchema } from '../../core/contracts/http/health.ts';
import { AnswerStoreError } from '../../core/ports/answer-store.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { json, type Keys, makeBatch, makeKeys, makeListing, makeQuote, noon, testApi } from '../support/api-fixture.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ partitionsAt: new Date(noon), connections: 2, keepRows: true });
let keys: Keys;
let api: ReturnType<typeof testApi>;

beforeAll(async () => {
  keys = await makeKeys(world.pool);
  api = testApi(world.pool);
  await makeQuote(world.pool, await makeListing(world.pool, 'AAPL'), await makeBatch(world.pool));
}, 60_000);

const problemOf = async (response: Response) => {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.headers.get('cache-control')).toBe('no-store');
  return problemSchema.parse(await response.json());
};
const post = (
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = { 'content-type': 'application/json' },
) => api.ask(path, { method: 'POST', key: keys.admin, headers, body });

describe('a problem', () => {
  it('names its code, its status, whether to try again, and the request', async () => {
    const response = await api.ask('/quotes/NOPE', { key: keys.read, headers: { 'x-request-id': 'abc-1' } });
    expect(response.headers.get('x-request-id')).toBe('abc-1');
    expect(await problemOf(response)).toEqual({
      type: 'urn:quotron:problem:unknown_symbol',
      title: 'The symbol is not known',
      status: 404,
      detail: expect.stringContaining('NOPE'),
      instance: '/api/v1/quotes/NOPE',
      code: 'unknown_symbol',
      retryable: false,
      requestId: 'abc-1',
      command: 'quotron watch add NOPE',
    });
  });

  it('gives a request an id of its own when the one sent is no id', async () => {
    const response = await api.ask('/livez', { headers: { 'x-request-id': 'a b<script>' } });
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('a request for what there is not', () => {
  it.each(['/nothing', '/quotes/AAPL/history/more', '/../etc'])('%s is a 404', async (path) => {
    const response = await api.ask(path, { key: keys.read });
    expect([response.status, (await problemOf(response)).code]).toEqual([404, 'not_found']);
  });

  it.each([
    ['DELETE', '/quotes', 'GET, HEAD'],
    ['PUT', '/session', 'POST, GET, HEAD, DELETE'],
    ['GET', '/quotes/batch/', null],
    ['GET', '/quotes/batch', 'POST'],
    ['GET', '/sources/recover', 'POST'],
    ['DELETE', '/quarantine/replay', 'POST'],
    ['PATCH', '/sources/yahoo/start', 'POST'],
    ['OPTIONS', '/quotes', 'GET, HEAD'],
  ])('%s %s tells the methods that there are', async (method, path, allow) => {
    const response = await api.ask(path, { method, key: keys.read });
    if (allow === null) return expect(response.status).toBe(404);
    expect([response.status, response.headers.get('allow')]).toEqual([405, allow]);
    expect((await problemOf(response)).code).toBe('method_not_allowed');
    return undefined;
  });

  it('tells nothing to pages of other sites: no CORS', async () => {
    const response = await api.ask('/quotes/AAPL', { key: keys.read, headers: { origin: 'https://other.example' } });
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('a body', () => {
  it.each([
    ['that is not JSON', '{"symbols": [', 400],
    ['that is empty', '', 400],
    ['that is null', 'null', 400],
    ['that is an array', '[]', 400],
    ['with a number for text', '{"symbols":[1]}', 400],
    ['without symbols', '{"symbols":[]}', 400],
    ['that would pollute a prototype', '{"__proto__":{"symbols":["A"]}}', 400],
    ['nested a thousand deep', '['.repeat(1000) + ']'.repeat(1000), 400],
    ['that is not UTF-8', new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), 400],
    ['of more than 64 KB', JSON.stringify({ symbols: ['A'.repeat(70_000)] }), 413],
  ])('%s is refused', async (_, body, status) => {
    const response = await post('/quotes/batch', body);
    expect(response.status).toBe(status);
    const problem = await problemOf(response);
    expect(problem.code).toBe(status === 413 ? 'payload_too_large' : 'invalid_request');
  });

  it('of another type is refused', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx']) {
      const response = await post('/quotes/batch', '{"symbols":["AAPL"]}', { 'content-type': type });
      expect([response.status, (await problemOf(response)).code]).toEqual([415, 'unsupported_media_type']);
    }
    expect(
      (await post('/quotes/batch', '{"symbols":["AAPL"]}', { 'content-type': 'application/json; charset=utf-8' }))
        .status,
    ).toBe(200);
  });
});

describe('an answer', () => {
  it('carries headers that keep a browser from sniffing, framing or running it', async () => {
    const response = await api.ask('/quotes/AAPL', { key: keys.read });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'content-type': 'application/json',
    });
  });

  it('to HEAD has the headers and no body', async () => {
    const response = await api.ask('/quotes/AAPL', { method: 'HEAD', key: keys.read });
    expect([response.status, await response.text(), response.headers.get('etag')]).toEqual([
      200,
      '',
      expect.stringMatching(/^W\//),
    ]);
  });

  describe('over 4 MB', () => {
    beforeAll(async () => {
      const listing = await makeListing(world.pool, 'HUGE', { name: 'x'.repeat(5_000_000) });
      await makeQuote(world.pool, listing, await makeBatch(world.pool));
    });
    afterAll(() => world.pool.query('UPDATE instrument SET name = NULL WHERE length(name) > 100'));

    it.each([
      ['a read', '/quotes/HUGE', undefined],
      ['a batch', '/quotes/batch', { symbols: ['HUGE'] }],
    ])(
      'of %s is a 303 to a link that gives the same answer, and says nothing of it itself',
      async (_name, path, json) => {
        const response = await api.ask(path, {
          key: keys.read,
          redirect: 'manual',
          ...(json && { method: 'POST', json }),
        });
        expect([response.status, await response.text()]).toEqual([303, '']);
        const link = response.headers.get('location') ?? '';
        expect(link).toMatch(/^https:\/\/bucket\.invalid\/answers\//);
        expect(Object.fromEntries(response.headers)).toMatchObject({
          'cache-control': 'no-store',
          'x-content-type-options': 'nosniff',
        });
        const kept = api.kept.get(link);
        expect(kept?.headers).toEqual({ 'content-type': 'application/json' });
        expect(kept?.body.length).toBeGreaterThan(5_000_000);
        expect(Object.keys(JSON.parse(kept?.body ?? ''))).toEqual(['data', 'meta', 'warnings']);
      },
    );

    it('needs a key like any other', async () => {
      const before = api.kept.size;
      expect((await api.ask('/quotes/HUGE')).status).toBe(401);
      expect(api.kept.size).toBe(before);
    });

    it('to HEAD has its headers, and is kept nowhere', async () => {
      const before = api.kept.size;
      const response = await api.ask('/quotes/HUGE', { method: 'HEAD', key: keys.read });
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
      expect(api.kept.size).toBe(before);
    });

    it('is a 503 to be tried again when it cannot be kept', async () => {
      const failing = testApi(world.pool, {
        longAnswers: { keep: () => Promise.reject(new AnswerStoreError('no bucket')) },
      });
      const response = await failing.ask('/quotes/HUGE', { key: keys.read });
      expect(response.status).toBe(503);
      expect(await problemOf(response)).toMatchObject({
        retryable: true,
        detail: expect.stringContaining('request less'),
      });
      expect(failing.logged).toHaveLength(1);
    });
  });
});

describe('with the database down', () => {
  let down: ReturnType<typeof testApi>;
  let deadPool: Pool;
  beforeAll(() => {
    deadPool = createPool({ url: `postgres://nobody:secret@127.0.0.1:1/none` }, 1);
    down = testApi(deadPool);
  });
  afterAll(() => deadPool.end());

  it.each(['/quotes/AAPL', '/quotes', '/bars/AAPL', '/sources', '/runs', '/keys'])(
    '%s is a 503 to try again, without a word of it',
    async (path) => {
      const response = await down.ask(path, { key: keys.admin });
      const problem = await problemOf(response);
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
      expect(problem).toMatchObject({ code: 'unavailable', retryable: true });
      expect(JSON.stringify(problem)).not.toMatch(/ECONNREFUSED|127\.0\.0\.1|secret|SELECT|\.ts/);
      expect(down.logged.length).toBeGreaterThan(0);
    },
  );

  it('the API lives, is not ready, and is not well', async () => {
    const live = await down.ask('/livez');
    const ready = await down.ask('/readyz');
    const health = await down.ask('/health');
    expect([live.status, await json(live)]).toEqual([200, { status: 'pass' }]);
    expect([ready.status, (await problemOf(ready)).code]).toEqual([503, 'unavailable']);
    expect([health.status, health.headers.get('content-type'), await json(health)]).toMatchObject([
      503,
      'application/health+json',
      { status: 'fail', checks: {} },
    ]);
  });

  it('a database that went away in the middle and came back does not affect later requests', async () => {
    const watched = createPool({ url: world.databaseUrl }, 1);
    const one = testApi(watched);
    expect((await one.ask('/quotes/AAPL', { key: keys.read })).status).toBe(200);
    await world.pool.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = $1 AND datname = current_database()',
      ['client backend'],
    );
    const statuses = [];
    for (let turn = 0; turn < 3; turn++) statuses.push((await one.ask('/quotes/AAPL', { key: keys.read })).status);
    expect(statuses.at(-1)).toBe(200);
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
    await watched.end();
  });
});

describe('a database without tables', () => {
  it('is not ready, and says why', async () => {
    await world.pool.query('CREATE DATABASE bare');
    const bare = createPool({ url: world.databaseUrl.replace(/\/[^/?]*(\?|$)/, '/bare$1') }, 1);
    const empty = testApi(bare);
    const ready = await empty.ask('/readyz');
    const quotes = await empty.ask('/quotes/AAPL', { key: keys.read });
    await bare.end();
    expect([ready.status, (await problemOf(ready)).detail]).toEqual([503, expect.stringContaining('migrations')]);
    expect([quotes.status, (await problemOf(quotes)).code]).toEqual([503, 'unavailable']);
  });
});

describe('/health', () => {
  it('passes with a key that shows the checks, and hides them without', async () => {
    const open = healthSchema.parse(await json(await api.ask('/health')));
    const shown = healthSchema.parse(await json(await api.ask('/health', { key: keys.read })));
    expect(open).toEqual({
      status: 'pass',
      version: '9.9.9',
      simulated: false,
      simulatedSources: [],
      sources: { total: catalogue.length, healthy: 0 },
      system: null,
      checks: {},
    });
    expect(Object.keys(shown.checks)).toContain('tasks:overdue');
    expect((await api.ask('/readyz')).status).toBe(200);
  });

  it('warns of a failed source, of overdue tasks and of rows without a partition', async () => {
    const at = new Date(noon - 3600_000);
    await world.pool.query("INSERT INTO source_health (source_id, status, updated_at) VALUES ('yahoo', 'failed', $1)", [
      at,
    ]);
    await world.pool.query(
      "INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at) VALUES (gen_random_uuid(), 'yahoo', 'quotes', 'quotes', 'schedule', 's', $1)",
      [at],
    );
    await world.pool.query(
      "INSERT INTO task (run_id, part, source_id, symbols, due_at) SELECT id, 0, 'yahoo', '{A}', due_at FROM run",
      [],
    );
    // One that waits for its quota is not overdue.
    await world.pool.query(
      "INSERT INTO task (run_id, part, source_id, symbols, due_at, waits_until) SELECT id, 1, 'yahoo', '{B}', due_at, $1 FROM run",
      [new Date(noon)],
    );
    await world.pool.query(
      "INSERT INTO incident (source_id, reason, opened_at, last_seen_at) VALUES ('yahoo', 'down', $1, $1)",
      [at],
    );
    await world.pool.query("INSERT INTO planner_state (source_id, job, planned_to) VALUES ('yahoo', 'quotes', $1)", [
      at,
    ]);
    const response = await api.ask('/health', { key: keys.read });
    const view = healthSchema.parse(await json(response));
    // The one source that was judged fails, and nothing is planned.
    expect([response.status, view.status]).toEqual([503, 'fail']);
    expect(view.checks['sources:health']?.[0]).toMatchObject({
      status: 'warn',
      observedValue: { failed: ['yahoo'], unwell: [] },
    });
    expect(view.checks['tasks:overdue']?.[0]).toMatchObject({ status: 'warn', observedValue: 1 });
    expect(view.checks['incidents:open']?.[0]).toMatchObject({ status: 'warn', observedValue: 1 });
    expect(view.checks['scheduler:plannedTo']?.[0]).toMatchObject({ status: 'warn' });
    await world.pool.query("INSERT INTO service_state (service_id, running) VALUES ('scheduler', false)");
    const stopped = healthSchema.parse(await json(await api.ask('/health', { key: keys.read })));
    expect(stopped.checks['scheduler:plannedTo']?.[0]).toMatchObject({ status: 'pass' });
  });
});
