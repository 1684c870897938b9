/** The function `stream-events` as Lambda runs it: its answer by metadata and bytes, its slots, and how it ends. */
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryStreamSlots } from '../../core/adapters/memory/stream-slots.ts';
import { postgresStreamSlots } from '../../core/adapters/postgres/events/stream-slots.ts';
import type { StreamSlot } from '../../core/ports/stream-slots.ts';
import { makeKey } from '../support/api-fixture.ts';
import { invoke, lambdaRuntime } from '../support/lambda-stream.ts';
import { incident, quotes, relayEvents, tellEvents } from '../support/told-events.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ connections: 3, keepRows: true });
const freeSlots = () => world.pool.query("UPDATE lease SET expires_at = '-infinity' WHERE name LIKE 'event-stream:%'");

describe.each([
  ['memory', (most: number) => memoryStreamSlots(most)],
  ['Postgres', (most: number) => postgresStreamSlots(world.pool, most)],
])('slots of streams in %s', (_, slotsOf) => {
  beforeEach(freeSlots);

  it('are as many as there may be, and one that is freed is another’s', async () => {
    const slots = slotsOf(2);
    const [first, second] = [await slots.take(null, 60_000), await slots.take(null, 60_000)];
    expect([first, second]).not.toContain(null);
    expect(await slots.take(null, 60_000)).toBeNull();
    await first?.free();
    const third = await slots.take(null, 60_000);
    expect(third).not.toBeNull();
    await first?.free();
    expect(await slots.take(null, 60_000), 'the first holder frees nothing of the third').toBeNull();
    await third?.free();
    await second?.free();
    expect(await slots.take(null, 60_000)).not.toBeNull();
  });

  it('are as many when all want one at once', async () => {
    const slots = slotsOf(3);
    const taken = await Promise.all(Array.from({ length: 8 }, () => slots.take(null, 60_000)));
    expect(taken.filter((slot) => slot !== null)).toHaveLength(3);
  });

  it('are one for each client that is named, whose former stream loses its own at once', async () => {
    const slots = slotsOf(2);
    const held = (...of: (StreamSlot | null)[]) => Promise.all(of.map((slot) => slot?.held()));
    const [reloaded, other] = [await slots.take('a', 60_000), await slots.take('b', 60_000)];
    expect(await held(reloaded, other)).toEqual([true, true]);
    const again = await slots.take('a', 60_000);
    expect(await held(reloaded, other, again)).toEqual([false, true, true]);
    await reloaded?.free();
    expect(await held(again), 'what was left frees nothing of the new one').toEqual([true]);
    expect(await slots.take('c', 60_000), 'no more than before').toBeNull();
    await again?.free();
    expect(await held(again, other)).toEqual([false, true]);
  });

  it('are one for a client that asks several times at once', async () => {
    const slots = slotsOf(3);
    const taken = await Promise.all(Array.from({ length: 6 }, () => slots.take('a', 60_000)));
    const held = await Promise.all(taken.map((slot) => slot?.held()));
    expect(held.filter((each) => each === true)).toHaveLength(1);
    expect(await Promise.all(['b', 'c'].map((name) => slots.take(name, 60_000)))).not.toContain(null);
  });
});

describe('slots in Postgres', () => {
  beforeEach(freeSlots);

  it('are one number for all processes, and end by themselves where a process is gone', async () => {
    const [one, other] = [postgresStreamSlots(world.pool, 1), postgresStreamSlots(world.pool, 1)];
    const slot = await one.take(null, 1);
    expect(slot).not.toBeNull();
    await expect.poll(() => other.take(null, 60_000), { timeout: 20_000 }).not.toBeNull();
    await slot?.free();
    expect(await one.take(null, 60_000), 'a slot that ended is not given back by its former holder').toBeNull();
  });
});

describe('the function stream-events', () => {
  let handler: typeof import('../../functions/stream-events/handler.ts')['handler'];
  let key: string;
  const keys: string[] = [];
  const left: Promise<void>[] = [];

  beforeAll(async () => {
    vi.stubGlobal('awslambda', lambdaRuntime);
    vi.stubEnv('DATABASE_URL', world.databaseUrl);
    vi.stubEnv('QUOTRON_STAGE', 'dev');
    vi.stubEnv('QUOTRON_EVENT_STREAMS', '2');
    vi.stubEnv('AWS_REGION', 'us-east-1');
    ({ handler } = await import('../../functions/stream-events/handler.ts'));
  }, 60_000);
  afterAll(async () => {
    await revoke(...keys);
    await Promise.all(left);
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
  }, 60_000);
  beforeEach(async () => {
    await freeSlots();
    await world.pool.query("UPDATE lease SET expires_at = '-infinity' WHERE name = 'relay-events'");
    key = await makeKey(world.pool, 'read');
    keys.push(key);
  });

  const happens = async (...events: Parameters<typeof tellEvents>[1][number][]) => {
    await tellEvents(world.pool, events);
    await relayEvents(world.pool);
  };
  /** A request as a REST API (v1) sends it. */
  const ask = (path: string, headers: Record<string, string> = {}, query: Record<string, string> = {}) =>
    invoke(handler, {
      ...{ resource: '/api/v1/events', path: `/api/v1${path}`, httpMethod: 'GET', headers },
      multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
      queryStringParameters: query,
      multiValueQueryStringParameters: Object.fromEntries(
        Object.entries(query).map(([name, value]) => [name, [value]]),
      ),
      ...{ pathParameters: null, stageVariables: null, body: null, isBase64Encoded: false },
      requestContext: { requestId: 'gateway-1', identity: { sourceIp: '192.0.2.1' }, domainName: 'x.example' },
    });
  const stream = { accept: 'text/event-stream' };
  const revoke = (...of: string[]) =>
    world.pool.query(
      'UPDATE api_key SET revoked_at = now() WHERE EXISTS (SELECT FROM unnest($1::text[]) AS each WHERE starts_with(each, prefix))',
      [of],
    );

  it('streams what comes while slots are free, gives the short form to who comes later, and ends with its key', async () => {
    const all = ask('/events', { ...stream, 'x-api-key': key });
    await expect.poll(all.text, { timeout: 20_000 }).toMatch(/^retry: 2000\n\nid: \d+\n\n/);
    expect(all.answer()).toMatchObject({
      statusCode: 200,
      headers: {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store, no-transform',
        'strict-transport-security': 'max-age=31536000',
        'x-request-id': 'gateway-1',
      },
    });
    const some = ask(`/k/${key}/events`, stream, { symbols: 'AAPL' });
    await expect.poll(some.text, { timeout: 20_000 }).toMatch(/^retry: 2000/);

    const third = ask('/events', { ...stream, 'x-api-key': key });
    await third.ended;
    expect([third.answer()?.statusCode, third.text()]).toEqual([200, expect.stringMatching(/^retry: 15000\n/)]);

    await happens(incident('yahoo', 81), quotes('yahoo', 'AAPL', 'MSFT'));
    await expect.poll(all.text, { timeout: 20_000 }).toContain('"symbol":"MSFT"');
    expect(all.text()).toContain('"count":81');
    await expect.poll(some.text, { timeout: 20_000 }).toContain('"symbol":"AAPL"');
    expect(some.text()).not.toMatch(/MSFT|incident/);

    const position = /id: (\d+)\nevent: quotron\.incident\.opened/.exec(all.text())?.[1] ?? 'none';
    const resumed = ask('/events', { ...stream, 'x-api-key': key, 'last-event-id': position });
    await resumed.ended;
    expect(resumed.text(), 'the short form resumes, too').toContain('"symbol":"MSFT"');
    expect(resumed.text()).not.toContain('"count":81');

    expect([all.over(), some.over()]).toEqual([false, false]);
    await revoke(key);
    await Promise.all([all.ended, some.ended]);
    const held = await world.all(
      "SELECT name FROM lease WHERE name LIKE 'event-stream:%' AND expires_at > clock_timestamp()",
    );
    expect(held, 'both slots are free').toEqual([]);
    expect(all.text()).not.toContain('Error');
  }, 60_000);

  it('ends the stream that a client has left once the client has its next, and none of other clients or keys', async () => {
    const open = async (name: string, by = key) => {
      const opened = ask('/events', { ...stream, 'x-api-key': by }, { client: name });
      await expect.poll(opened.text, { timeout: 20_000 }).toMatch(/^retry: \d+\n\n(id: \d+\n\n)/);
      left.push(opened.ended);
      return opened;
    };
    const [page, other] = [await open('page'), await open('other')];
    for (const reload of [1, 2, 3]) {
      const next = await open('page');
      expect(next.text(), `reload ${reload}`).toMatch(/^retry: 2000/);
    }
    await page.ended;
    expect(page.text(), 'whole, and to come back later, should it be there').toMatch(/\n\nretry: 15000\n\n$/);
    expect(other.over()).toBe(false);
    keys.push(await makeKey(world.pool, 'read'));
    expect((await open('page', keys.at(-1))).text(), 'a name is of its key').toMatch(/^retry: 15000/);
    expect(other.over()).toBe(false);
    const wrong = ask('/events', { ...stream, 'x-api-key': key }, { client: 'a/b' });
    await wrong.ended;
    expect(wrong.answer()?.statusCode).toBe(400);
  }, 60_000);

  it('ends a stream that breaks after a whole block, and counts it for the alarm', async () => {
    const written: string[] = [];
    const spies = [process.stdout, process.stderr].map((to) =>
      vi.spyOn(to, 'write').mockImplementation((text) => written.push(String(text)) > 0),
    );
    const ofHono = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const broken = ask('/events', { ...stream, 'x-api-key': key });
    await expect.poll(broken.text, { timeout: 20_000 }).toContain('id: ');
    await happens(incident('yahoo', 91));
    await expect.poll(broken.text, { timeout: 20_000 }).toContain('"count":91');
    const newestMoves = (by: number) =>
      world.pool.query(
        'UPDATE outbox SET position = position + $1 WHERE position = (SELECT max(position) FROM outbox)',
        [by],
      );
    // There is something new, which cannot be read.
    await world.pool.query('ALTER TABLE outbox RENAME COLUMN data TO data_away');
    try {
      await newestMoves(1);
      await broken.ended;
    } finally {
      await newestMoves(-1);
      await world.pool.query('ALTER TABLE outbox RENAME COLUMN data_away TO data');
      for (const spy of spies) spy.mockRestore();
    }
    expect(broken.text()).toMatch(/\n\nretry: 15000\n\n$/);
    expect(broken.text()).not.toContain('Error');
    const log = written.join('');
    expect(log).toContain('A stream of events broke');
    expect(log).toContain('gateway-1');
    expect(log).toMatch(/"StreamsBroken":\s*1\b/);
    expect(ofHono).not.toHaveBeenCalled();
    ofHono.mockRestore();
    expect(
      await world.all("SELECT 1 FROM lease WHERE name LIKE 'event-stream:%' AND expires_at > clock_timestamp()"),
    ).toEqual([]);
  }, 60_000);

  it('holds no connection while a stream waits', async () => {
    const waiting = ask('/events', { ...stream, 'x-api-key': key });
    await expect.poll(waiting.text, { timeout: 20_000 }).toContain('id: ');
    const others = async () =>
      (await world.all("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle'"))
        .length;
    await expect.poll(others, { timeout: 20_000, interval: 37 }).toBeLessThan(world.pool.idleCount);
    left.push(waiting.ended);
  }, 60_000);

  it('resets whoever names a position that is not kept', async () => {
    const lost = ask('/events', { ...stream, 'x-api-key': key, 'last-event-id': '999999999999' });
    await expect.poll(lost.text, { timeout: 20_000 }).toContain('event: reset');
    left.push(lost.ended);
  }, 60_000);

  it('refuses as the API does, and has its other forms', async () => {
    const without = ask('/events', stream);
    await without.ended;
    expect(without.answer()).toMatchObject({
      statusCode: 401,
      headers: { 'content-type': 'application/problem+json' },
    });
    const wrong = ask('/events', { ...stream, 'x-api-key': key }, { types: 'nothing' });
    await wrong.ended;
    expect([wrong.answer()?.statusCode, wrong.text()]).toEqual([400, expect.stringContaining('invalid_request')]);

    await happens(...Array.from({ length: 12 }, (_, at) => incident('yahoo', 100 + at)));
    const json = ask(
      '/events',
      { accept: 'application/json', 'accept-encoding': 'gzip', 'x-api-key': key },
      { after: '0' },
    );
    await json.ended;
    const answer = json.answer();
    expect(answer?.headers).toMatchObject({ 'content-type': 'application/json', 'content-encoding': 'gzip' });
    expect(gunzipSync(answer?.body ?? '').toString(), 'bytes, as API Gateway hands them on').toContain('"count":111');
  });
});
