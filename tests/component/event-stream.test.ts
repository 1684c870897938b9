/** Streams of events: what comes arrives at once, as many as may be open, and nothing is held for who has gone. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { memoryStreamSlots } from '../../core/adapters/memory/stream-slots.ts';
import { eventFeed } from '../../core/adapters/postgres/events/event-feed.ts';
import { feedWatch } from '../../core/http/event-stream/feed-watch.ts';
import { type RunningDashboard, startDashboard } from '../../localstack/dashboard-server.ts';
import { type EventStreams, openEventStreams } from '../../localstack/event-streams.ts';
import { makeKey, testApi } from '../support/api-fixture.ts';
import { incident, quotes, relayEvents, tellEvents } from '../support/told-events.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ connections: 2, keepRows: true });
const logged: unknown[] = [];
let key: string;
let streams: EventStreams;
let dashboard: RunningDashboard;
let clients: AbortController[] = [];

beforeAll(async () => {
  key = await makeKey(world.pool, 'read');
  const log = (error: unknown) => logged.push(error);
  streams = openEventStreams({ databaseUrl: world.databaseUrl, simulated: [], corsOrigins: [], log });
  const nowhere = 'http://127.0.0.1:9';
  dashboard = await startDashboard({
    ...{ port: 0, folder: '/nowhere', apiUrl: nowhere, emulatorUrl: nowhere, gateSecret: null },
    streams,
  });
});
afterAll(async () => {
  await dashboard.stop();
  await streams.stop();
  expect(logged).toEqual([]);
});
beforeEach(async () => {
  for (const client of clients) client.abort();
  clients = [];
  await world.pool.query("UPDATE lease SET expires_at = '-infinity' WHERE name = 'relay-events'");
});

const happens = async (...events: Parameters<typeof tellEvents>[1][number][]) => {
  await tellEvents(world.pool, events);
  await relayEvents(world.pool);
};

/** A client that reads as it comes. */
async function open(path = '/api/v1/events', headers: Record<string, string> = {}) {
  const client = new AbortController();
  clients.push(client);
  const { signal } = client;
  const answer = await fetch(`${dashboard.url}${path}`, {
    signal,
    headers: { 'x-api-key': key, accept: 'text/event-stream', ...headers },
  });
  if (answer.body === null) throw new Error('The answer has no body.');
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  let ended = false;
  return {
    answer,
    close: () => client.abort(),
    /** Reads until the text has it; gives all that came. */
    async until(wanted: string) {
      while (!text.includes(wanted)) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`It ended without ${wanted}: ${text}`);
        text += value;
      }
      return text;
    },
    /** Reads to the end. */
    async rest() {
      while (!ended) {
        const { done, value } = await reader.read();
        if (done) ended = true;
        else text += value;
      }
      return text;
    },
  };
}

describe('a stream', () => {
  it('gives an event as it is published, with its position, and begins at what is named', async () => {
    const stream = await open();
    expect(stream.answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(stream.answer.headers.get('cache-control')).toBe('no-store, no-transform');
    expect(await stream.until('id: ')).toMatch(/^retry: 2000\n/);
    await happens(incident('yahoo', 71));
    const text = await stream.until('"count":71');
    const position = /id: (\d+)\nevent: quotron\.incident\.opened/.exec(text)?.[1] ?? 'none';
    stream.close();
    await happens(incident('yahoo', 72));
    const again = await (await open('/api/v1/events', { 'last-event-id': position })).until('"count":72');
    expect(again).not.toContain('"count":71');
    const unknown = await open('/api/v1/events', { 'last-event-id': '999999999999' });
    expect(await unknown.until('event: ')).toContain('event: reset');
  });

  it('gives what its filters let through, also to a key in the address', async () => {
    const stream = await open('/api/v1/events?symbols=AAPL');
    const byPath = await open(`/api/v1/k/${key}/events?types=quotron.incident.opened`, { 'x-api-key': '' });
    await stream.until('id: ');
    await byPath.until('id: ');
    await happens(incident('yahoo', 73), quotes('yahoo', 'AAPL', 'MSFT'));
    const text = await stream.until('"symbol":"AAPL"');
    expect(text).not.toMatch(/MSFT|incident/);
    expect(await byPath.until('"count":73')).not.toContain('quotes');
  });

  it('is for whoever may read, and refuses as any other answer does', async () => {
    const answer = await fetch(`${dashboard.url}/api/v1/events`, { headers: { accept: 'text/event-stream' } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([401, 'application/problem+json']);
  });

  it('is one of five; who comes later gets the short form, until one goes', async () => {
    const five = await Promise.all(Array.from({ length: 5 }, () => open()));
    for (const stream of five) await stream.until('id: ');
    const sixth = await open();
    expect(await sixth.rest()).toMatch(/^retry: 15000\n/);
    five[0]?.close();
    await expect
      .poll(async () => (await open()).until('id: '), { timeout: 30_000 })
      .toSatisfy((text: string) => text.startsWith('retry: 2000'));
  });

  it('holds no connection of the database while it waits', async () => {
    await (await open()).until('id: ');
    // What the test itself holds is busy as it asks.
    const others = async () =>
      (await world.all("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle'"))
        .length;
    const most = world.pool.idleCount;
    await expect.poll(others, { timeout: 30_000, interval: 37 }).toBeLessThan(most);
  });
});

describe('the time of a stream', () => {
  const api = (times: { lastsMs: number; heartbeatMs: number }, slots = memoryStreamSlots(1)) => {
    const watch = feedWatch(eventFeed(world.pool), 20);
    const broke = (error: unknown) => logged.push(error);
    return testApi(world.pool, { streaming: { slots, watch, broke, ...times } });
  };
  const asked = { accept: 'text/event-stream' };

  it('ends, and comments say meanwhile that it is there, with the position', async () => {
    const slots = memoryStreamSlots(1);
    const answer = await api({ lastsMs: 900, heartbeatMs: 200 }, slots).ask('/events', { key, headers: asked });
    expect(await answer.text()).toMatch(/^retry: 2000\n\nid: \d+\n\n(: still here\nid: \d+\n\n){2,}$/);
    expect(await slots.take(null, 1), 'it is free again').not.toBeNull();
  });

  it.each(['key', 'session'] as const)('ends soon after its %s is revoked', async (by) => {
    const made = await makeKey(world.pool, 'read', null, 'internal');
    const { ask } = api({ lastsMs: 60_000, heartbeatMs: 50 });
    const signedIn = await ask('/session', { method: 'POST', json: { key: made } });
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
    const stream = await ask(
      '/events',
      by === 'key' ? { key: made, headers: asked } : { headers: { ...asked, cookie } },
    );
    expect(stream.status).toBe(200);
    // By itself it lasts a minute, which is longer than this test may.
    const ended = stream.text();
    const admin = await makeKey(world.pool, 'admin');
    const { data } = z
      .object({ data: z.array(z.object({ id: z.uuid(), prefix: z.string() })) })
      .parse(await (await ask('/keys', { key: admin })).json());
    const id = data.find(({ prefix }) => made.startsWith(prefix))?.id;
    expect((await ask(`/keys/${id}`, { method: 'DELETE', key: admin })).status).toBe(200);
    expect(await ended).toMatch(/^retry: 2000/);
    expect((await ask('/events', { key: made, headers: asked })).status).toBe(401);
  });

  it('is not begun for who does not ask for it, nor for a HEAD', async () => {
    const slots = memoryStreamSlots(1);
    const { ask } = api({ lastsMs: 60_000, heartbeatMs: 60_000 }, slots);
    expect(await (await ask('/events', { key })).text()).toMatch(/^retry: 15000/);
    expect((await ask('/events', { method: 'HEAD', key, headers: asked })).status).toBe(200);
    const free = await slots.take(null, 1);
    expect(free).not.toBeNull();
    await free?.free();
    await free?.free();
    const stream = await ask('/events', { key, headers: asked });
    expect(await slots.take(null, 1)).toBeNull();
    await stream.body?.cancel();
    expect(await slots.take(null, 1)).not.toBeNull();
  });
});
