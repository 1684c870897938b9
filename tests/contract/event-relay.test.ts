/** The outbox and its relay: nothing is lost, of a key nothing is out of order, and what is sent twice has one id. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { publish } from '../../core/adapters/postgres/database/outbox.ts';
import { inTransaction, type Pool } from '../../core/adapters/postgres/database/pool.ts';
import { switchStore } from '../../core/adapters/postgres/database/switches.ts';
import { relayLag, removeEvents } from '../../core/adapters/postgres/events/relay-store.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { type CloudEvent, cloudEventSchema } from '../../core/contracts/events/cloud-event.ts';
import { localInstallation } from '../../core/contracts/installation.ts';
import type { StateRequest } from '../../core/contracts/state.ts';
import type { EventTransport } from '../../core/ports/event-transport.ts';
import type { State } from '../../core/ports/state.ts';
import { relayEvents } from '../../core/runtime/relay-events.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld();
const positionRow = z.object({ position: z.string().nullable() });

beforeEach(async () => {
  await world.pool.query('TRUNCATE outbox, relay_claim');
  await world.pool.query("UPDATE lease SET expires_at = '-infinity' WHERE name = 'relay-events'");
});

/** A transport that keeps what it takes; `refuses` says what it does not take. */
function recorder(refuses: (event: CloudEvent) => boolean = () => false, atOnce = 500) {
  const taken: CloudEvent[] = [];
  const transport: EventTransport = {
    atOnce,
    async send(events) {
      const blocked = new Set<string>();
      const sent: string[] = [];
      for (const { body } of events) {
        const event = cloudEventSchema.parse(JSON.parse(body));
        if (blocked.has(event.partitionkey) || refuses(event)) {
          blocked.add(event.partitionkey);
          continue;
        }
        taken.push(event);
        sent.push(event.id);
      }
      return { sent, failures: blocked.size > 0 ? ['refused'] : [] };
    },
  };
  return { taken, transport };
}

const relay = (
  transport: EventTransport,
  state: State = postgresState(world.pool),
  forgotten?: (types: readonly string[]) => void,
) =>
  relayEvents(Date.now() + 60_000, {
    ...{ state, transport, installation: localInstallation, holder: randomUUID(), now: Date.now },
    ...(forgotten && { forgotten }),
  });

/** An incident of a source whose `count` is the event's number. */
const numbered = (sourceId: string, count: number) => ({
  type: 'incident.opened' as const,
  data: { incidentId: randomUUID(), sourceId, reason: 'down' as const, count, at: new Date().toISOString() },
});

const write = (sourceId: string, ...counts: number[]) =>
  inTransaction(world.pool, async (db) =>
    publish(
      db,
      counts.map((count) => numbered(sourceId, count)),
    ),
  );

/** An event whose transaction is open until what it gives is called. */
async function writeLate(sourceId: string, count: number): Promise<() => Promise<void>> {
  const late = await world.pool.connect();
  await late.query('BEGIN');
  const { type, data } = numbered(sourceId, count);
  await late.query('INSERT INTO outbox (type, key, data) VALUES ($1, $2, $3)', [type, sourceId, data]);
  return async () => {
    await late.query('COMMIT');
    late.release();
  };
}

const numbersOf = (taken: readonly CloudEvent[], sourceId: string) =>
  taken.flatMap(({ event }) =>
    event.type === 'incident.opened' && event.data.sourceId === sourceId ? [event.data.count] : [],
  );

/** First deliveries only. */
const once = (taken: readonly CloudEvent[]) => [...new Map(taken.map((event) => [event.id, event])).values()];

/** State that cannot be reached for an operation, the nth time, as if the relay had died before it. */
function dyingAt(op: 'claimEvents' | 'acknowledgeEvents', nth = 1): State {
  const state = postgresState(world.pool);
  let calls = 0;
  return {
    async call(request) {
      if (request.op === op) calls += 1;
      if (request.op === op && calls === nth) throw new Error('killed');
      return state.call(request);
    },
  };
}

const leaseIsOver = () =>
  world.pool.query("UPDATE lease SET expires_at = clock_timestamp() WHERE name = 'relay-events'");

describe('relay-events', () => {
  it('publishes in order of each key, and each once', async () => {
    await write('yahoo', 1, 2);
    await write('coingecko', 1);
    await write('yahoo', 3);
    const { taken, transport } = recorder();
    expect(await relay(transport)).toEqual({ idle: null, published: 4, failures: [] });
    expect(numbersOf(taken, 'yahoo')).toEqual([1, 2, 3]);
    expect(numbersOf(taken, 'coingecko')).toEqual([1]);
    expect(await relay(transport)).toMatchObject({ published: 0 });
    expect(taken).toHaveLength(4);
    expect(taken.map(({ position }) => Number(position))).toEqual(
      taken.map(({ position }) => Number(position)).toSorted((a, b) => a - b),
    );
  });

  it('reads more than one lot', async () => {
    await write('yahoo', ...Array.from({ length: 1203 }, (_, at) => at));
    const { taken, transport } = recorder();
    expect(await relay(transport)).toMatchObject({ published: 1203 });
    expect(numbersOf(taken, 'yahoo')).toEqual(Array.from({ length: 1203 }, (_, at) => at));
  });

  it.each([
    ['before it has published', 'claimEvents', 1, 500, 0],
    ['after it has published, before it has marked', 'acknowledgeEvents', 1, 500, 3],
    ['while it sends one claim and asks for the next', 'claimEvents', 2, 2, 2],
    ['after it has published two claims, before it has marked the first', 'acknowledgeEvents', 1, 2, 3],
    ['after it has published two claims, before it has marked the second', 'acknowledgeEvents', 2, 2, 3],
  ] as const)(
    'that is killed %s loses nothing, and what is sent twice has the same id and position',
    async (_, step, nth, atOnce, before) => {
      await write('yahoo', 1, 2, 3);
      const { taken, transport } = recorder(undefined, atOnce);
      await expect(relay(transport, dyingAt(step, nth))).rejects.toThrow('killed');
      expect(taken).toHaveLength(before);
      // What had the lease has not given it back: the next one waits until that is over.
      if (before > 0) expect(await relay(transport)).toMatchObject({ idle: 'leased' });
      await leaseIsOver();
      const { published } = await relay(transport);
      expect(taken).toHaveLength(before + published);
      expect(await relayLag(world.pool)).toMatchObject({ waiting: 0 });
      expect(numbersOf(once(taken), 'yahoo')).toEqual([1, 2, 3]);
      for (const event of taken) expect(taken.find(({ id }) => id === event.id)).toEqual(event);
    },
  );

  it('that is killed after it has claimed, before it has published, loses nothing and keeps the order', async () => {
    await write('yahoo', 1, 2, 3);
    const { taken, transport } = recorder();
    await expect(relay({ atOnce: 2, send: () => Promise.reject(new Error('killed')) })).rejects.toThrow('killed');
    await leaseIsOver();
    await write('yahoo', 4);
    expect(await relay(transport)).toMatchObject({ published: 4 });
    expect(numbersOf(taken, 'yahoo')).toEqual([1, 2, 3, 4]);
    const positions = taken.map(({ position }) => Number(position));
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  });

  it('of several at once, one works', async () => {
    await write('yahoo', ...Array.from({ length: 700 }, (_, at) => at));
    const { taken, transport } = recorder();
    let leased = 0;
    let othersAnswered = () => {};
    const others = new Promise<void>((resolve) => {
      othersAnswered = resolve;
    });
    const slow: EventTransport = {
      atOnce: 500,
      async send(events) {
        await others;
        return transport.send(events);
      },
    };
    const one = async () => {
      const { idle } = await relay(slow);
      if (idle === 'leased') leased += 1;
      if (leased === 2) othersAnswered();
      return idle;
    };
    expect((await Promise.all([one(), one(), one()])).toSorted()).toEqual(['leased', 'leased', null]);
    expect(numbersOf(taken, 'yahoo')).toEqual(Array.from({ length: 700 }, (_, at) => at));
  });

  it('that lost its lease while it slept begins nothing more', async () => {
    await write('yahoo', ...Array.from({ length: 700 }, (_, at) => at));
    const { taken, transport } = recorder();
    let wakes = () => {};
    const awake = new Promise<void>((resolve) => {
      wakes = resolve;
    });
    const sleeper: EventTransport = {
      atOnce: 500,
      async send(events) {
        const result = await transport.send(events);
        await leaseIsOver();
        expect(await relay(transport)).toMatchObject({ published: 700 });
        wakes();
        return result;
      },
    };
    const state = postgresState(world.pool);
    const asleep: State = {
      async call(request) {
        // It sleeps as a whole: what it asks while it sends, too.
        const asked: StateRequest = request;
        if (asked.op === 'claimEvents' && asked.token !== null) await awake;
        return state.call(request);
      },
    };
    // The other one has begun again with what this one could not acknowledge.
    expect(await relay(sleeper, asleep)).toMatchObject({ published: 500 });
    expect(taken).toHaveLength(1200);
    expect(numbersOf(once(taken), 'yahoo')).toEqual(Array.from({ length: 700 }, (_, at) => at));
  });

  it('sends of a key nothing after an event that was not taken, and the rest later', async () => {
    await write('yahoo', 1, 2, 3);
    await write('coingecko', 1, 2);
    let refused = true;
    const { taken, transport } = recorder(
      ({ event }) =>
        refused && event.type === 'incident.opened' && event.data.sourceId === 'yahoo' && event.data.count === 2,
    );
    expect(await relay(transport)).toEqual({ idle: null, published: 3, failures: ['refused'] });
    expect([numbersOf(taken, 'yahoo'), numbersOf(taken, 'coingecko')]).toEqual([[1], [1, 2]]);
    expect(await relayLag(world.pool)).toMatchObject({ waiting: 2 });
    refused = false;
    expect(await relay(transport)).toMatchObject({ published: 2, failures: [] });
    expect(numbersOf(taken, 'yahoo')).toEqual([1, 2, 3]);
    expect(await relayLag(world.pool)).toEqual({ waiting: 0, seconds: 0 });
  });

  it('rests while its service is stopped', async () => {
    const switches = switchStore(world.pool);
    await write('yahoo', 1);
    await switches.setRunning('relay', false, null, new Date());
    const { taken, transport } = recorder();
    expect(await relay(transport)).toMatchObject({ idle: 'stopped' });
    await switches.setRunning('relay', true, null, new Date());
    await relay(transport);
    expect(numbersOf(taken, 'yahoo')).toEqual([1]);
  });

  it('takes over what a former release writes during a deployment, and leaves out what means nothing', async () => {
    const batch = {
      ...{ batchId: '7', sourceId: 'yahoo', runId: randomUUID(), part: 0, blobKey: 'raw/yahoo/x', parserVersion: '1' },
      ...{ accepted: 3, rejected: 0, written: 2, revised: 1 },
    };
    const health = {
      sourceId: 'yahoo',
      from: null,
      to: 'healthy',
      reason: null,
      score: 90,
      at: new Date().toISOString(),
    };
    for (const [type, data] of [
      ['quotes.stored', batch],
      ['quotes.revised', batch],
      ['source.health_changed', health],
      ['something.else', { sourceId: 'yahoo' }],
    ] as const)
      await world.pool.query('INSERT INTO outbox (type, key, data) VALUES ($1, $2, $3)', [type, 'yahoo', data]);
    const { taken, transport } = recorder();
    const forgotten: string[] = [];
    await relay(transport, undefined, (types) => forgotten.push(...types));
    expect(taken.map(({ event }) => event.type)).toEqual(['batch.completed', 'source.health-changed']);
    expect(taken[0]?.event.data).toMatchObject({ kind: 'quotes', origin: 'former_release', revised: 1 });
    expect(forgotten).toEqual(['quotes.revised', 'something.else']);
    expect(await relayLag(world.pool)).toMatchObject({ waiting: 0 });
    await world.pool.query('TRUNCATE outbox');
  });
});

describe('ids and positions', () => {
  it('of transactions on one key are in the order in which they commit, whoever began first', async () => {
    const order: number[] = [];
    const work = (pool: Pool, count: number) =>
      inTransaction(pool, async (db) => {
        publish(db, [numbered('yahoo', count)]);
        await db.query('SELECT pg_sleep($1)', [Math.random() / 50]);
        return count;
      }).then((done) => order.push(done));
    await Promise.all(Array.from({ length: 20 }, (_, at) => work(world.pool, at)));
    expect(order).toHaveLength(20);
    const { taken, transport } = recorder();
    await relay(transport);
    expect(numbersOf(taken, 'yahoo').toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, at) => at));
    const { rows } = await world.pool.query('SELECT position::text FROM outbox ORDER BY id');
    const positions = rows.map((row) => Number(positionRow.parse(row).position));
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  });

  it('rise over events that commit late: none is given that is smaller than one that was', async () => {
    const { taken, transport } = recorder();
    const commit = await writeLate('coingecko', 1);
    await write('yahoo', 1);
    await relay(transport);
    await commit();
    await relay(transport);
    expect(taken.map(({ partitionkey }) => partitionkey)).toEqual(['yahoo', 'coingecko']);
    expect(Number(taken[1]?.position)).toBeGreaterThan(Number(taken[0]?.position));
  });

  it('are the order of sending, also where one that commits late has a smaller id than one that waits again', async () => {
    const commit = await writeLate('coingecko', 1);
    await write('yahoo', 2);
    // It gets its position, and is not taken.
    await relay(recorder(() => true).transport);
    await commit();
    const { taken, transport } = recorder();
    await relay(transport);
    expect(taken.map(({ partitionkey }) => partitionkey)).toEqual(['yahoo', 'coingecko']);
    expect(await relay(transport)).toMatchObject({ published: 0 });
    expect(taken).toHaveLength(2);
  });

  it('of a relay that died are given up when one of the former release has given greater ones', async () => {
    await write('yahoo', 1);
    const { taken, transport } = recorder();
    await expect(relay(transport, dyingAt('acknowledgeEvents'))).rejects.toThrow('killed');
    await leaseIsOver();
    // As that one does: a position with the claim, whatever else is claimed.
    await write('coingecko', 1);
    await world.pool.query(
      "UPDATE outbox SET position = nextval('event_position'), published_at = clock_timestamp() WHERE key = 'coingecko'",
    );
    await relay(transport);
    expect(numbersOf(taken, 'yahoo')).toEqual([1, 1]);
    const found = await world.pool.query("SELECT position::text FROM outbox ORDER BY key = 'yahoo'");
    const [former = 0, given = 0] = found.rows.map((row) => Number(positionRow.parse(row).position));
    expect(given).toBeGreaterThan(former);
    expect(taken.at(-1)?.position).toBe(String(given));
  });

  it('come by claim, in order: whoever sees one sees all smaller ones while others are sent', async () => {
    await write('yahoo', 1, 2, 3, 4, 5);
    const seen: number[][] = [];
    const { transport } = recorder(undefined, 2);
    const looking: EventTransport = {
      atOnce: 2,
      async send(events) {
        const { rows } = await world.pool.query('SELECT position::text FROM outbox WHERE position IS NOT NULL');
        seen.push(rows.map((row) => Number(positionRow.parse(row).position)).toSorted((a, b) => a - b));
        return transport.send(events);
      },
    };
    expect(await relay(looking)).toMatchObject({ published: 5 });
    const { rows } = await world.pool.query('SELECT position::text FROM outbox ORDER BY id');
    const all = rows.map((row) => Number(positionRow.parse(row).position));
    expect(all).toEqual(all.toSorted((a, b) => a - b));
    for (const some of seen) expect(some).toEqual(all.slice(0, some.length));
    expect((await world.pool.query('SELECT FROM relay_claim')).rowCount).toBe(0);
  });

  it('are not used up by a transaction that is rolled back: it publishes nothing', async () => {
    await expect(
      inTransaction(world.pool, async (db) => {
        publish(db, [numbered('yahoo', 1)]);
        throw new Error('broken');
      }),
    ).rejects.toThrow('broken');
    const { taken, transport } = recorder();
    await relay(transport);
    expect(taken).toEqual([]);
    await inTransaction(world.pool, async () => undefined);
    await relay(transport);
    expect(taken).toEqual([]);
  });

  it('cannot be had outside of a transaction', async () => {
    const db = await world.pool.connect();
    expect(() => publish(db, [numbered('yahoo', 1)])).toThrow('inTransaction');
    db.release();
  });
});

describe('housekeeping', () => {
  it('removes events a day after they were published, and says up to which position', async () => {
    await write('yahoo', 1, 2, 3);
    const { taken, transport } = recorder(({ event }) => event.type === 'incident.opened' && event.data.count === 3);
    await relay(transport);
    expect(await removeEvents(world.pool, new Date(Date.now() + 23 * 3_600_000))).toBe(0);
    expect(await removeEvents(world.pool, new Date(Date.now() + 25 * 3_600_000))).toBe(2);
    const { rows } = await world.pool.query('SELECT removed_to::text AS position FROM event_feed');
    expect(rows.map((row) => positionRow.parse(row).position)).toEqual([taken[1]?.position]);
    // What could not be published is given up after two weeks.
    expect(await removeEvents(world.pool, new Date(Date.now() + 15 * 86_400_000))).toBe(1);
  });
});
