/** The function `stream-events` as Lambda runs it: its answer by metadata and bytes, its slots, and how it ends. */
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryStreamSlots } from '../../core/adapters/memory/stream-slots.ts';
import { postgresStreamSlots } from '../../core/adapters/postgres/events/stream-slots.ts';
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
    const [first, second] = [await slots.take(60_000), await slots.take(60_000)];
    expect([first, second]).not.toContain(null);
    expect(await slots.take(60_000)).toBeNull();
    await first?.();
    const third = await slots.take(60_000);
    expect(third).not.toBeNull();
    await first?.();
    expect(await slots.take(60_000), 'the first holder frees nothing of the third').toBeNull();
    await third?.();
    await second?.();
    expect(await slots.take(60_000)).not.toBeNull();
  });

  it('are as many when all want one at once', async () => {
    const slots = slotsOf(3);
    const taken = await Promise.all(Array.from({ length: 8 }, () => slots.take(60_000)));
    expect(taken.filter((free) => free !== null)).toHaveLength(3);
  });
});

describe('slots in Postgres', () => {
  beforeEach(freeSlots);

  it('are one number for all processes, and end by themselves where a process is gone', async () => {
    const [one, other] = [postgresStreamSlots(world.pool, 1), postgresStreamSlots(world.pool, 1)];
    const free = await one.take(1);
    expect(free).not.toBeNull();
    await expect.poll(() => other.take(60_000), { timeout: 20_000 }).not.toBeNull();
    await free?.();
    expect(await one.take(60_000), 'a slot that ended is not given back by its former holder').toBeNull();
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
