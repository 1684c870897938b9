/** The feed of events: everything after a position, in order, once, and only what the key may see. */
import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { removeEvents } from '../../core/adapters/postgres/events/relay-store.ts';
import { cloudEventSchema, wireEventSchema } from '../../core/contracts/events/cloud-event.ts';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { type KeyUse, keyUses } from '../../core/contracts/words/licence.ts';
import { sourceIdOf } from '../../core/events/key.ts';
import { makeKey, testApi } from '../support/api-fixture.ts';
import { disputed, incident, quotes, relayEvents as relayTo, tellEvents } from '../support/told-events.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld();
const keys: Record<KeyUse, string> = { internal: '', display: '', redistribute: '' };
let api: ReturnType<typeof testApi>;

beforeAll(async () => {
  api = testApi(world.pool);
});
beforeEach(async () => {
  for (const use of keyUses) keys[use] = await makeKey(world.pool, 'read', null, use);
  await world.pool.query('TRUNCATE outbox');
  await world.pool.query('UPDATE event_feed SET removed_to = 0');
  await world.pool.query("UPDATE lease SET expires_at = '-infinity' WHERE name = 'relay-events'");
});

const rowsOf = z.object({ rows: z.array(z.object({ symbol: z.string() })) });

/** An answer of the feed, as a browser reads it. */
async function follow(path: string, { use = 'internal' as KeyUse, last = '' } = {}) {
  const answer = await api.ask(path, { key: keys[use], headers: last === '' ? {} : { 'last-event-id': last } });
  const text = await answer.text();
  const blocks = text
    .split('\n\n')
    .filter((block) => block !== '')
    .map(
      (block) =>
        new Map(block.split('\n').map((line) => [line.split(':')[0] ?? '', line.slice(line.indexOf(': ') + 2)])),
    );
  const events = blocks.flatMap((block) => {
    const [event, data] = [block.get('event'), block.get('data')];
    return event === undefined || data === undefined ? [] : [{ id: block.get('id') ?? '', event, data }];
  });
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    text,
    events,
    last: blocks.at(-1)?.get('id') ?? '',
  };
}
const typesIn = (events: readonly { event: string }[]) => events.map(({ event }) => event);

describe('the feed of events', () => {
  it('begins now for whoever names no event, and says when to ask again', async () => {
    await tellEvents(world.pool, [incident('yahoo', 1)]);
    await relayTo(world.pool);
    const first = await follow('/events');
    expect([first.status, first.type, first.events]).toEqual([200, 'text/event-stream; charset=utf-8', []]);
    expect(first.text).toMatch(/^retry: 15000\n/);
    await tellEvents(world.pool, [incident('yahoo', 2)]);
    expect((await follow('/events', { last: first.last })).events, 'what has no position yet').toEqual([]);
    await relayTo(world.pool);
    const next = await follow('/events', { last: first.last });
    expect(typesIn(next.events)).toEqual(['quotron.incident.opened']);
    const event = cloudEventSchema.parse(JSON.parse(next.events[0]?.data ?? ''));
    expect(event).toMatchObject({
      position: next.events[0]?.id,
      licence: 'redistribute',
      event: { data: { count: 2 } },
    });
    expect(next.last).toBe(next.events[0]?.id);
    expect((await follow('/events', { last: next.last })).events).toEqual([]);
  });

  it('takes types, a source and symbols, and of an event only the rows of these', async () => {
    const { last } = await follow('/events');
    await tellEvents(world.pool, [
      quotes('yahoo', 'AAPL', 'MSFT'),
      quotes('coingecko', 'BTC-USD'),
      incident('yahoo', 1),
    ]);
    await relayTo(world.pool);
    const after = `after=${last}`;
    expect((await follow(`/events?${after}&types=quotron.quotes.stored`)).events).toHaveLength(2);
    expect((await follow(`/events?${after}&source=coingecko`)).events).toHaveLength(1);
    const apple = await follow(`/events?${after}&symbols=aapl`);
    expect(apple.events).toHaveLength(1);
    const { event } = cloudEventSchema.parse(JSON.parse(apple.events[0]?.data ?? ''));
    expect(rowsOf.parse(event.data).rows.map(({ symbol }) => symbol)).toEqual(['AAPL']);
    // What was left out has been looked at all the same.
    const nothing = await follow(`/events?${after}&symbols=NOPE`);
    expect([nothing.events, nothing.last]).toEqual([[], (await follow('/events')).last]);
    expect((await follow('/events?types=quotron.nonsense')).status).toBe(400);
    expect((await follow('/events?after=-1')).status).toBe(400);
    expect((await follow('/events', { last: 'abc' })).status).toBe(400);
  });

  it('shows a key what its use allows', async () => {
    const { last } = await follow('/events');
    await tellEvents(world.pool, [
      quotes('yahoo', 'AAPL'),
      quotes('slickcharts', 'MSFT'),
      disputed('slickcharts'),
      incident('yahoo', 1),
    ]);
    await relayTo(world.pool);
    const seen = async (use: KeyUse) => {
      const { events } = await follow('/events', { use, last });
      return events.map(({ data }) => {
        const { event, licence } = cloudEventSchema.parse(JSON.parse(data));
        return `${event.type} ${sourceIdOf(event)} ${licence}`;
      });
    };
    expect(await seen('internal')).toHaveLength(4);
    expect(await seen('display')).toEqual(['quotes.stored slickcharts display', 'incident.opened yahoo redistribute']);
    expect(await seen('redistribute')).toEqual(['incident.opened yahoo redistribute']);
  });

  it('has what is about no source for every key, and not where a source or symbols are asked for', async () => {
    const { last } = await follow('/events');
    const at = new Date().toISOString();
    const channel = { channelId: randomUUID(), name: 'ops', kind: 'webhook' as const, because: 'gone' as const, at };
    await tellEvents(world.pool, [{ type: 'channel.disabled', data: channel }]);
    await relayTo(world.pool);
    for (const use of keyUses) {
      const { events } = await follow('/events', { use, last });
      expect(events.map(({ data }) => cloudEventSchema.parse(JSON.parse(data)))).toMatchObject([
        { partitionkey: 'alerts', licence: 'redistribute', event: { type: 'channel.disabled', data: channel } },
      ]);
    }
    expect((await follow(`/events?after=${last}&source=yahoo`)).events).toEqual([]);
    expect((await follow(`/events?after=${last}&symbols=AAPL`)).events).toEqual([]);
  });

  it('is for feed tokens that are bound to it, with the rows of their symbols alone', async () => {
    const { last } = await follow('/events');
    await tellEvents(world.pool, [quotes('slickcharts', 'AAPL', 'MSFT'), incident('yahoo', 1)]);
    await relayTo(world.pool);
    const admin = await makeKey(world.pool, 'admin');
    const token = async (feed: object) => {
      const made = await api.ask('/keys', {
        method: 'POST',
        key: admin,
        json: { name: 'sheet', use: 'display', feed },
      });
      return z.object({ data: z.object({ key: z.string() }) }).parse(await made.json()).data.key;
    };
    const asked = async (key: string, more = '') => api.ask(`/k/${key}/events?after=${last}${more}`);
    const own = await token({ routes: ['events'], symbols: ['aapl'] });
    expect((await asked(own)).status, 'all symbols').toBe(403);
    expect((await asked(own, '&symbols=MSFT')).status, 'of another').toBe(403);
    const text = await (await asked(own, '&symbols=AAPL')).text();
    expect(text).toContain('"symbol":"AAPL"');
    expect(text).not.toContain('MSFT');
    expect(text).not.toContain('incident');
    expect(await (await asked(await token({ routes: ['events'] }))).text()).toContain('incident.opened');
    expect((await asked(await token({ routes: ['quotes'] }))).status).toBe(403);
  });

  it('says when what was named is not kept any more, or is of another database', async () => {
    await tellEvents(world.pool, [incident('yahoo', 1), incident('yahoo', 2)]);
    await relayTo(world.pool);
    const { last } = await follow('/events');
    await removeEvents(world.pool, new Date(Date.now() + 2 * 86_400_000));
    await tellEvents(world.pool, [incident('yahoo', 3)]);
    await relayTo(world.pool);
    for (const named of [String(BigInt(last) - 1n), '999999999999']) {
      const { events } = await follow('/events', { last: named });
      expect(typesIn(events)).toEqual(['reset', 'quotron.incident.opened']);
      expect(JSON.parse(events[0]?.data ?? '')).toEqual({ oldest: last });
    }
    // Whoever had read all that is gone has missed nothing.
    expect(typesIn((await follow('/events', { last })).events)).toEqual(['quotron.incident.opened']);
  });

  it('gives whoever reconnects at random each event once, though transactions end out of order', async () => {
    let { last } = await follow('/events');
    const sources = ['yahoo', 'coingecko', 'slickcharts', 'alpha-vantage'];
    let telling = true;
    const told = Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        await new Promise((resolve) => setTimeout(resolve, (at % 5) * 15));
        await tellEvents(
          world.pool,
          [incident(sources[at % 4] ?? 'yahoo', at * 2 + 1), incident(sources[at % 4] ?? 'yahoo', at * 2 + 2)],
          (20 - at) * 8,
        );
      }),
    ).finally(() => {
      telling = false;
    });
    const seen: number[] = [];
    const look = async () => {
      await relayTo(world.pool);
      const answer = await follow('/events', { last });
      for (const { data } of answer.events) {
        const { event } = cloudEventSchema.parse(JSON.parse(data));
        if (event.type === 'incident.opened') seen.push(event.data.count);
      }
      last = answer.last;
    };
    while (telling) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    }
    await told;
    await look();
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
  });

  it('has a JSON form: envelopes, the next position, and the same filters and licence', async () => {
    const asJson = async (path: string, use: KeyUse = 'internal') => {
      const answer = await api.ask(path, { key: keys[use], headers: { accept: 'application/json' } });
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
      const read = envelope(z.array(wireEventSchema)).parse(await answer.json());
      const { nextPosition = 'none', more } = read.meta;
      return { ...read, events: read.data.map((each) => cloudEventSchema.parse(each)), nextPosition, more };
    };
    const begun = await asJson('/events');
    expect([begun.data, begun.more, begun.warnings]).toEqual([[], false, []]);
    await tellEvents(world.pool, [quotes('yahoo', 'AAPL', 'MSFT'), incident('yahoo', 1), incident('coingecko', 2)]);
    await relayTo(world.pool);
    const after = `/events?after=${begun.nextPosition}`;
    const all = await asJson(after);
    const streamed = (await follow('/events', { last: begun.nextPosition })).events;
    expect(all.data).toEqual(streamed.map(({ data }) => JSON.parse(data)));
    expect([all.nextPosition, all.more]).toEqual([streamed.at(-1)?.id, false]);
    const apple = await asJson(`${after}&types=quotron.quotes.stored&symbols=AAPL`);
    expect(apple.events).toHaveLength(1);
    expect(rowsOf.parse(apple.events[0]?.event.data).rows.map(({ symbol }) => symbol)).toEqual(['AAPL']);
    expect((await asJson(`${after}&source=coingecko`)).events).toHaveLength(1);
    expect((await asJson(after, 'redistribute')).events.map(({ event }) => event.type)).toEqual([
      'incident.opened',
      'incident.opened',
    ]);
    expect((await asJson(`/events?after=${all.nextPosition}`)).data).toEqual([]);
    const gone = await asJson('/events?after=999999999999');
    expect(gone.warnings.map(({ code }) => code)).toEqual(['events_not_kept']);
    expect(gone.data).toHaveLength(3);
    // EventSource of a browser and a client that accepts anything get the event stream.
    for (const accept of ['text/event-stream, application/json', '*/*']) {
      const answer = await api.ask('/events', { key: keys.internal, headers: { accept } });
      expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    }
  });

  it('gives JSON in parts, and says that there is more', async () => {
    const { last } = await follow('/events');
    await tellEvents(
      world.pool,
      Array.from({ length: 2_150 }, (_, at) => incident('yahoo', at)),
    );
    await relayTo(world.pool);
    const seen: unknown[] = [];
    const mores: (boolean | undefined)[] = [];
    for (let after = last; mores.at(-1) !== false; ) {
      const answer = await api.ask(`/events?after=${after}`, {
        ...{ key: keys.internal, headers: { accept: 'application/json' } },
      });
      const { data, meta } = envelope(z.array(wireEventSchema)).parse(await answer.json());
      seen.push(...data.map((each) => cloudEventSchema.parse(each).event.data));
      mores.push(meta.more);
      after = meta.nextPosition ?? 'none';
    }
    expect(mores.length).toBeGreaterThan(1);
    expect(seen.map((data) => z.object({ count: z.int() }).parse(data).count)).toEqual(
      Array.from({ length: 2_150 }, (_, at) => at),
    );
  });

  it('describes the data of each type', async () => {
    const answer = await api.ask('/events/schemas', { key: keys.redistribute });
    const { data } = z.object({ data: z.record(z.string(), z.unknown()) }).parse(await answer.json());
    expect(Object.keys(data)).toEqual(expect.arrayContaining(['quotron.quotes.stored', 'quotron.watch.changed']));
  });
});
