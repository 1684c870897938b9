import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { envelope, problemSchema } from '../../core/contracts/http/envelope.ts';
import { addChannel, opener } from '../support/alerts.ts';
import { makeBatch, makeKey, noon, testApi } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const { world, api, keys } = useApi();

/** Routes are data: this needs no database. */
const specs = testApi(createPool({ url: 'postgres://nobody@127.0.0.1:1/none' }, 1)).app.specs;
const changes = specs.filter((spec) => spec.method !== 'get');
const pathOf = (path: string) =>
  path
    .replaceAll('{id}', '0198a7c0-0000-5000-8000-000000000001')
    .replaceAll('{symbol}', 'AAPL')
    .replaceAll('{part}', '0');

describe('a field that a route does not know', () => {
  it.each(changes.map((spec) => [`${spec.method} ${spec.path}`, spec] as const))(
    '%s: is refused by name',
    async (_, spec) => {
      const answer = await api.ask(pathOf(spec.path), {
        method: spec.method.toUpperCase(),
        key: keys.admin,
        json: { untill: '2026-12-01T00:00:00Z' },
      });
      const problem = problemSchema.parse(await answer.json());
      expect([answer.status, problem.code]).toEqual([400, 'invalid_request']);
      expect(problem.errors).toContainEqual({ path: 'body.untill', message: 'is not known here' });
    },
  );

  it.each([
    [
      'of a request with one form',
      '/keys',
      { name: 'a', scope: 'read', expires: 1, admin: true },
      ['expires', 'admin'],
    ],
    ['of a request with several forms', '/session', { key: 'x', remember: true }, ['remember']],
    ['of the second form', '/session', { token: 'x', remember: true }, ['remember']],
    ['of a list of sources', '/sources/recover', { ids: ['yahoo'], force: true }, ['force']],
    [
      'that is called like one of Object',
      '/sources/yahoo/stop',
      { constructor: 1, toString: 2 },
      ['constructor', 'toString'],
    ],
  ])('%s is named, and nothing else', async (_, path, body, names) => {
    const answer = await api.ask(path, { method: 'POST', key: keys.admin, json: body });
    const { errors } = problemSchema.parse(await answer.json());
    expect(errors?.map((error) => error.path)).toEqual(names.map((name) => `body.${name}`));
  });

  it('does nothing: the source runs on, no key is made', async () => {
    const before = await world.pool.query('SELECT FROM api_key');
    await api.ask('/sources/yahoo/stop', { method: 'POST', key: keys.operate, json: { untill: null } });
    await api.ask('/keys', { method: 'POST', key: keys.admin, json: { name: 'x', scope: 'read', scopes: [] } });
    expect((await world.pool.query('SELECT FROM source_state WHERE paused')).rowCount).toBe(0);
    expect((await world.pool.query('SELECT FROM api_key')).rowCount).toBe(before.rowCount);
  });

  it('a route without a body takes none, or an empty object', async () => {
    for (const init of [{}, { json: {} }])
      expect((await api.ask('/sources/yahoo/start', { method: 'POST', key: keys.operate, ...init })).status).toBe(200);
  });
});

const schemaOf = z.looseObject({ additionalProperties: z.unknown().optional(), type: z.unknown().optional() });

it('the document closes every object of a request, nested ones too', async () => {
  const document = z
    .object({
      paths: z.record(z.string(), z.record(z.string(), z.object({ requestBody: z.unknown().optional() }))),
      components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
    })
    .parse(await (await api.ask('/openapi.json')).json());
  const objects: unknown[] = [];
  const visit = (node: unknown): void => {
    for (const each of Array.isArray(node) ? node : []) visit(each);
    const parsed = schemaOf.safeParse(node);
    if (!parsed.success) return;
    const { $ref: named } = parsed.data;
    if (typeof named === 'string') visit(document.components.schemas[named.replace('#/components/schemas/', '')]);
    if (parsed.data.type === 'object') objects.push(parsed.data.additionalProperties);
    for (const each of Object.values(parsed.data)) visit(each);
  };
  for (const operations of Object.values(document.paths))
    for (const operation of Object.values(operations)) visit(operation.requestBody);
  expect(objects.length).toBeGreaterThan(12);
  expect(new Set(objects)).toEqual(new Set([false]));
});

describe('an Idempotency-Key', () => {
  const runId = '0198a7c0-0000-5000-8000-000000000001';
  /** For each route that takes one: two requests that differ in their body, where it has one. */
  const requests = new Map<string, readonly unknown[]>([
    ['/backfills', [backfill('2026-01-01'), backfill('2025-01-01')]],
    ['/exports', [{ from: '2026-01-01' }, { from: '2025-01-01' }]],
    ['/sources/{id}/run', [{ job: 'quotes' }, {}]],
    ['/sources/{id}/recover', [undefined, undefined]],
    ['/sources/recover', [{ ids: ['coingecko'] }, { ids: ['slickcharts'] }]],
    ['/quarantine/replay', [{ sourceId: 'yahoo' }, { sourceId: 'yahoo', believe: true }]],
    ['/runs/{id}/replay', [undefined, undefined]],
    [
      '/imports',
      [
        { kind: 'bars', licence: 'internal' },
        { kind: 'quotes', licence: 'internal' },
      ],
    ],
    ['/alerts/channels', ['a', 'b'].map(webhook)],
    ['/alerts/channels/{id}/test', [undefined, undefined]],
    ['/alerts/rules', ['a', 'b'].map((name) => ({ name, when: { kind: 'source_failed' }, channelIds: [runId] }))],
  ]);
  const routeOf = (path: string) => path.replace('/sources/{id}', '/sources/yahoo').replace('{id}', runId);
  const idSchema = z.union([z.object({ id: z.string() }), z.array(z.object({ id: z.string() })).length(1)]);

  async function send(path: string, key: string, body: unknown, idempotencyKey?: string, headers = {}) {
    const answer = await api.ask(routeOf(path), {
      method: 'POST',
      key,
      ...(body === undefined ? {} : { json: body }),
      headers: { ...headers, ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }) },
    });
    // Another request must not find the recovery of this one under way.
    await world.pool.query("UPDATE recovery SET status = 'failed', finished_at = now() WHERE finished_at IS NULL");
    return answer;
  }
  const idOf = async (answer: Response) => {
    // What is opened is there at once, and no order.
    expect([201, 202]).toContain(answer.status);
    const data = idSchema.parse(envelope(z.unknown()).parse(await answer.json()).data);
    return Array.isArray(data) ? data[0]?.id : data.id;
  };

  beforeAll(async () => {
    const batch = await makeBatch(world.pool);
    await world.pool.query(
      `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at) VALUES ($1, 'yahoo', 'quotes', 'quotes', 'manual', 'x', now())`,
      [runId],
    );
    await world.pool.query(
      `INSERT INTO task (run_id, part, source_id, symbols, due_at) VALUES ($1, 0, 'yahoo', '{AAPL}', now())`,
      [runId],
    );
    await world.pool.query(
      `INSERT INTO task_attempt (run_id, part, attempt, worker, blob_key) SELECT $1, 0, 1, 'w', blob_key FROM batch WHERE id = $2`,
      [runId, batch],
    );
    await world.pool.query(
      `INSERT INTO quarantine (source_id, reason, detail, path, run_id, part, blob_key, batch_id)
       SELECT source_id, 'schema', 'x', '/0', run_id, part, blob_key, id FROM batch WHERE id = $1`,
      [batch],
    );
    await addChannel(world.pool, webhook('kept'), new Date(noon), runId);
    await world.pool.query('INSERT INTO alert_sealing_key (public_key, set_at) VALUES ($1, now())', [opener.publicKey]);
  });

  it('is documented for these routes and no others', () => {
    expect(
      specs
        .filter((spec) => spec.idempotent)
        .map((spec) => spec.path)
        .toSorted(),
    ).toEqual([...requests.keys()].toSorted());
  });

  describe.each([...requests])('at %s', (path, [body, other]) => {
    it('is the same request with the same body, by the same API key or a session of it', async () => {
      const first = await idOf(await send(path, keys.operate, body, 'k1'));
      expect(await idOf(await send(path, keys.operate, body, 'k1'))).toBe(first);
      expect(await idOf(await send(path, keys.operate, body, 'k2'))).not.toBe(first);
      expect(await idOf(await send(path, keys.operate, body))).not.toBe(first);
      const signedIn = await api.ask('/session', { method: 'POST', json: { key: keys.operate } });
      const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
      const session = { method: 'POST', ...(body === undefined ? {} : { json: body }) };
      const ours = { cookie, origin: 'https://quotron.example', host: 'quotron.example', 'idempotency-key': 'k1' };
      expect(await idOf(await api.ask(routeOf(path), { ...session, headers: ours }))).toBe(first);
    });

    it('of another API key has nothing to do with it', async () => {
      const another = await makeKey(world.pool, 'operate');
      const first = await idOf(await send(path, keys.operate, body, 'shared'));
      expect(await idOf(await send(path, another, body, 'shared'))).not.toBe(first);
      expect([201, 202]).toContain((await send(path, another, body, 'mine')).status);
      expect([201, 202]).toContain((await send(path, keys.operate, other, 'mine')).status);
    });

    it.skipIf(body === other)('with another body is a 422, and starts nothing', async () => {
      await send(path, keys.operate, body, 'once');
      for (const queue of ['ticks', 'ingest', 'recoveries']) api.queue.take(queue);
      const refused = await send(path, keys.operate, other, 'once');
      expect([refused.status, problemSchema.parse(await refused.json()).code]).toEqual([422, 'idempotency_key_reused']);
      expect(['ticks', 'ingest', 'recoveries'].flatMap((queue) => api.queue.take(queue))).toEqual([]);
    });

    it.each(['', 'x'.repeat(129), 'a b', 'é'])('that is malformed (%j) is a 400', async (key) => {
      expect((await send(path, keys.operate, body, key)).status).toBe(400);
    });
  });

  it('is still free when its request was refused', async () => {
    const wrong = await send('/backfills', keys.operate, { ...backfill('2026-01-01'), sourceId: 'nobody' }, 'fix');
    expect(wrong.status).toBe(404);
    expect((await send('/backfills', keys.operate, backfill('2026-01-01'), 'fix')).status).toBe(202);
  });

  it('of requests that arrive together is that of one of them', async () => {
    const bodies = ['2026-01-01', '2026-02-01', '2026-03-01', '2026-04-01'].map(backfill);
    const answers = await Promise.all(bodies.map((body) => send('/backfills', keys.operate, body, 'race')));
    expect(answers.map((answer) => answer.status).toSorted()).toEqual([202, 422, 422, 422]);
  });
});

function webhook(name: string) {
  return { name, kind: 'webhook' as const, url: `https://example.com/${name}` };
}

function backfill(from: string) {
  return { sourceId: 'yahoo', symbols: ['AAPL'], interval: '1d', from, to: '2026-06-01' };
}
