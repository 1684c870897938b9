/** Events on a real Apache Kafka: the suite of the port, and what only Kafka has. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Consumer, Producer } from '@platformatic/kafka';
import type { MSKEvent } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { clientOptions } from '../../core/adapters/kafka/client-options.ts';
import { type ClosingTransport, kafkaEventTransport } from '../../core/adapters/kafka/event-transport.ts';
import { makeTopics } from '../../core/adapters/kafka/topics.ts';
import { publish } from '../../core/adapters/postgres/database/outbox.ts';
import { inTransaction } from '../../core/adapters/postgres/database/pool.ts';
import { postgresRelayState } from '../../core/adapters/postgres/events/relay-state.ts';
import { relayLag } from '../../core/adapters/postgres/events/relay-store.ts';
import { type CloudEvent, cloudEventSchema } from '../../core/contracts/events/cloud-event.ts';
import { localInstallation } from '../../core/contracts/installation.ts';
import { kafkaTopics } from '../../core/contracts/kafka.ts';
import { handleEvents } from '../../core/runtime/event-handler.ts';
import type { KafkaConnection } from '../../core/runtime/kafka-settings.ts';
import { relayEvents } from '../../core/runtime/relay-events.ts';
import { Cleanup } from '../../localstack/cleanup.ts';
import { type RunningKafka, startKafka } from '../../localstack/kafka/broker.ts';
import { whyNoKafka } from '../../localstack/kafka/install.ts';
import { startPollers } from '../../localstack/kafka/local-events.ts';
import { type Poller, startPoller } from '../../localstack/kafka/poller.ts';
import { freePort } from '../../localstack/ports.ts';
import { stopChild } from '../../localstack/processes.ts';
import { root } from '../../localstack/state-folder.ts';
import { blocksOf } from '../support/doc-examples.ts';
import {
  type EventWorld,
  eventTransportSuite,
  inTurns,
  Killed,
  patience,
  tries,
} from '../support/event-transport-suite.ts';
import { notRunHere } from '../support/fault-table/not-run-here.ts';
import { countsOf, incidentEvent, sendAll } from '../support/incident-events.ts';
import { useWorld } from '../support/use-world.ts';

/** The event of MSK, as far as it is read here. */
const mskEvent = z.custom<MSKEvent>(
  (value) => z.object({ eventSource: z.literal('aws:kafka'), bootstrapServers: z.string() }).safeParse(value).success,
);

const missing = whyNoKafka();
if (missing !== null) console.warn(`Kafka is not run here: ${missing}`);

const folder = mkdtempSync(join(tmpdir(), 'quotron-kafka-'));
const closing: (() => Promise<void>)[] = [];
let kafka: RunningKafka | undefined;

const start = (port?: number) => startKafka({ dir: folder, port, say: () => {} });
const oneTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

function connection(): KafkaConnection {
  if (kafka === undefined) throw new Error('Kafka does not run');
  return { brokers: [kafka.brokers], tls: undefined, sasl: undefined };
}

beforeAll(async () => {
  if (missing === null) kafka = await start(await freePort());
}, 400_000);
afterAll(async () => {
  for (const close of closing) await close();
  await kafka?.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach((context) => {
  if (missing !== null) notRunHere(context, missing);
});

function transportTo(topic: string): ClosingTransport {
  const transport = kafkaEventTransport(connection(), topic);
  closing.push(transport.close);
  return transport;
}

/** A topic of its own, with one for dead letters. */
async function topics(): Promise<{ topic: string; deadTopic: string }> {
  const topic = `events-${randomUUID().slice(0, 8)}`;
  const of = { partitions: 3, replicas: 1, retentionMs: 86_400_000 };
  const deadTopic = `${topic}-dead`;
  expect(await makeTopics(connection(), { [topic]: of, [deadTopic]: of })).toEqual([topic, deadTopic]);
  return { topic, deadTopic };
}

/** What a topic holds from its beginning, or from a time, up to now. */
async function read(
  topic: string,
  since?: Date,
): Promise<{ value: string; key: string; headers: [string, string][] }[]> {
  const consumer = new Consumer({ ...clientOptions(connection(), 'quotron-test'), groupId: `read-${randomUUID()}` });
  try {
    const ends = (await consumer.listOffsets({ topics: [topic], timestamp: -1n })).get(topic) ?? [];
    const begins =
      (await consumer.listOffsets({ topics: [topic], timestamp: since ? BigInt(since.getTime()) : -2n })).get(topic) ??
      [];
    // Nothing as late as that gives -1.
    const from = ends.map((end, at) => ((begins[at] ?? -1n) < 0n ? end : (begins[at] ?? end)));
    const expected = ends.reduce((sum, end, at) => sum + Number(end - (from[at] ?? end)), 0);
    const stream = await consumer.consume({
      ...{ topics: [topic], mode: 'manual', autocommit: false, maxWaitTime: 200 },
      offsets: from.map((offset, partition) => ({ topic, partition, offset })),
    });
    const found: { value: string; key: string; headers: [string, string][] }[] = [];
    if (expected > 0)
      for await (const message of stream) {
        found.push({
          ...{ value: message.value.toString('utf8'), key: message.key.toString('utf8') },
          headers: [...message.headers].map(([name, value]) => [name.toString('utf8'), value.toString('utf8')]),
        });
        if (found.length === expected) break;
      }
    return found;
  } finally {
    await consumer.close(true);
  }
}

/** An incident of a source that is longer than a broker takes. */
function longEvent(count: number): CloudEvent {
  const tooLong = incidentEvent('yahoo', count);
  return {
    ...tooLong,
    event: {
      type: 'watch.changed',
      data: {
        ...{ sourceId: 'yahoo', change: 'added' },
        symbols: oneTo(200).map(() => ({ symbol: 'A'.repeat(8_000), sourceSymbol: 'A' })),
      },
    },
  };
}

describe('events on Kafka', () => {
  eventTransportSuite(async (): Promise<EventWorld> => {
    const { topic, deadTopic } = await topics();
    return {
      transport: transportTo(topic),
      async put(key, body) {
        const producer = new Producer({ ...clientOptions(connection(), 'quotron-test'), idempotent: true, retries: 2 });
        await producer.send({ messages: [{ topic, key: Buffer.from(key), value: Buffer.from(body) }] });
        await producer.close(true);
      },
      async deliver(invoke, done) {
        let poller: Poller | undefined;
        const next = (): Poller =>
          startPoller({
            ...{ connection: connection(), topic, deadTopic, group: `follower-${topic}`, tries, pauseMs: 50 },
            say: (line) => console.log(line),
            invoke: async (event) => {
              try {
                return await invoke(event);
              } catch (error) {
                if (error instanceof Killed) {
                  // As the process would be gone: nothing of this batch is committed. Another one takes over.
                  const dead = poller;
                  poller = undefined;
                  void dead?.stop().then(() => {
                    poller = next();
                  });
                }
                throw error;
              }
            },
          });
        poller = next();
        await patience(done);
        await patience(() => poller !== undefined);
        await poller?.stop();
      },
      dead: async () => (await read(deadTopic)).map(({ value }) => value),
    };
  });

  it('a record is the CloudEvents binding in structured mode: key, value and content type', async () => {
    const { topic } = await topics();
    const event = incidentEvent('yahoo', 1);
    await sendAll(transportTo(topic), [event]);
    const [record] = await read(topic);
    expect(record?.key).toBe('yahoo');
    expect(cloudEventSchema.parse(JSON.parse(record?.value ?? ''))).toEqual(event);
    expect(Object.fromEntries(record?.headers ?? [])).toEqual({
      'content-type': 'application/cloudevents+json; charset=UTF-8',
      ce_id: event.id,
      ce_type: 'quotron.incident.opened',
    });
  });

  it('can be read again from a time', async () => {
    const { topic } = await topics();
    const transport = transportTo(topic);
    await sendAll(
      transport,
      oneTo(5).map((count) => incidentEvent('yahoo', count)),
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    const since = new Date();
    const later = [6, 7, 8].map((count) => incidentEvent('yahoo', count));
    await sendAll(transport, later);
    const again = (await read(topic, since)).map(({ value }) => cloudEventSchema.parse(JSON.parse(value)));
    expect(again).toEqual(later);
    expect(await read(topic)).toHaveLength(8);
  });

  it('an event that the broker does not take holds its own key only', async () => {
    const { topic } = await topics();
    const long = longEvent(2);
    const events = [incidentEvent('yahoo', 1), long, incidentEvent('yahoo', 3), incidentEvent('coingecko', 1)];
    const { sent, failures } = await sendAll(transportTo(topic), events);
    expect(sent.toSorted()).toEqual([events[0]?.id, events[3]?.id].toSorted());
    expect(failures).toHaveLength(1);
  });

  it('of many, in two calls at once, an event that the broker does not take holds its own key only', async () => {
    const { topic } = await topics();
    const sources = ['coingecko', 'yahoo', 'slickcharts', 'alpha-vantage'];
    const events = oneTo(100).flatMap((count) =>
      sources.map((source) => (source === 'yahoo' && count === 30 ? longEvent(30) : incidentEvent(source, count))),
    );
    const { sent, failures } = await sendAll(transportTo(topic), events);
    expect(failures).toHaveLength(1);
    expect(sent).toHaveLength(329);
    const taken = (await read(topic)).map(({ value }) => cloudEventSchema.parse(JSON.parse(value)));
    const first = [...new Map(taken.map((event) => [event.id, event])).values()];
    for (const source of sources) expect(countsOf(first, source), source).toEqual(oneTo(source === 'yahoo' ? 29 : 100));
  });

  it('a function of the local cloud that follows is invoked with events of its types', async () => {
    const started = await makeTopics(
      connection(),
      Object.fromEntries(
        Object.values(kafkaTopics(localInstallation)).map((name) => [
          name,
          { partitions: 2, replicas: 1, retentionMs: 60_000 },
        ]),
      ),
    );
    expect(started).toHaveLength(2);
    await sendAll(transportTo(kafkaTopics(localInstallation).events), [
      incidentEvent('yahoo', 1),
      incidentEvent('yahoo', 2),
    ]);
    const cleanup = new Cleanup();
    const handled: CloudEvent[] = [];
    const value = { name: 'ideas', function: 'summarise', types: ['quotron.incident.opened'] };
    startPollers(
      { connection: connection(), settings: {}, logFile: null, ended: new Promise(() => undefined) },
      {
        ...{ folder, cleanup },
        outputs: { KafkaFollowerIdeas: JSON.stringify(value), QueueIngest: 'http://localhost' },
        functions: {
          invoke: async (name, payload) => {
            expect(name).toBe('summarise');
            await handleEvents(mskEvent.parse(payload), async (event) => handled.push(event));
          },
          close: () => undefined,
        },
      },
    );
    await patience(() => handled.length >= 2);
    expect(await cleanup.run()).toEqual([]);
    expect(countsOf(handled, 'yahoo')).toEqual([1, 2]);
  });

  it('a process of one’s own follows as the page shows it', async () => {
    const { topic } = await topics();
    const events = oneTo(3).map((count) => incidentEvent('yahoo', count));
    await sendAll(transportTo(topic), events);
    const page = readFileSync(join(root, 'docs', 'consuming-events.md'), 'utf8');
    const block = blocksOf(page).find(({ code }) => code.includes("from '@platformatic/kafka'"));
    const script = block?.code ?? '';
    const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], {
      cwd: root,
      env: { ...process.env, KAFKA_BROKERS: kafka?.brokers, KAFKA_TOPIC: topic },
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
      });
    try {
      await patience(() => printed.includes(events[2]?.id ?? 'none'));
      expect(printed.trim().split('\n')).toEqual(events.map(({ id }) => `quotron.incident.opened yahoo ${id}`));
    } finally {
      await stopChild(child, 'SIGKILL', 5_000);
    }
  });

  it('makes topics once', async () => {
    const { topic } = await topics();
    expect(await makeTopics(connection(), { [topic]: { partitions: 1, replicas: 1, retentionMs: 1_000 } })).toEqual([]);
  });
});

describe('a Kafka that is away', () => {
  const world = useWorld();
  it('keeps events in the outbox, and they are published in order afterwards', async () => {
    const { topic, deadTopic } = await topics();
    await world.pool.query('TRUNCATE outbox');
    const transport = transportTo(topic);
    const write = (count: number) =>
      inTransaction(world.pool, async (db) =>
        publish(
          db,
          ['yahoo', 'coingecko'].map((sourceId) => ({
            type: 'incident.opened',
            data: { incidentId: randomUUID(), sourceId, reason: 'down', count, at: new Date().toISOString() },
          })),
        ),
      );
    const relay = () =>
      relayEvents(Date.now() + 60_000, {
        state: postgresRelayState(world.pool),
        transport,
        installation: localInstallation,
        holder: randomUUID(),
        now: Date.now,
      });
    const handled: CloudEvent[] = [];
    const poller = startPoller({
      ...{ connection: connection(), topic, deadTopic, group: `away-${topic}`, tries, say: () => {} },
      invoke: (event) => handleEvents(event, async (each) => handled.push(each)),
    });
    try {
      await write(1);
      expect(await relay()).toMatchObject({ published: 2, failures: [] });
      await kafka?.stop();
      for (const count of [2, 3, 4]) await write(count);
      const away = await relay();
      expect(away.published).toBe(0);
      expect(away.failures).toHaveLength(1);
      expect(await relayLag(world.pool)).toMatchObject({ waiting: 6 });
      kafka = await start(kafka?.port);
      await write(5);
      let published = 0;
      // It may take connections before it takes records.
      await inTurns(
        async () => {
          published += (await relay()).published;
        },
        () => published >= 8,
      );
      expect(published).toBe(8);
      await patience(() => new Set(handled.map(({ id }) => id)).size === 10);
      const once = [...new Map(handled.map((event) => [event.id, event])).values()];
      for (const source of ['yahoo', 'coingecko']) expect(countsOf(once, source)).toEqual(oneTo(5));
    } finally {
      await poller.stop();
    }
  });
});
