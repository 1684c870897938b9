import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTopicCommand, PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import { compatibilityPartitioner, Producer } from '@platformatic/kafka';
import { clientOptions } from '../../core/adapters/kafka/client-options.ts';
import { kafkaEventTransport } from '../../core/adapters/kafka/event-transport.ts';
import { makeTopics } from '../../core/adapters/kafka/topics.ts';
import { publish } from '../../core/adapters/postgres/database/outbox.ts';
import { inTransaction, type Pool } from '../../core/adapters/postgres/database/pool.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { snsEventTransport } from '../../core/adapters/sns/event-transport.ts';
import { chunked } from '../../core/contracts/chunked.ts';
import { type CloudEvent, toJson, typePrefix } from '../../core/contracts/events/cloud-event.ts';
import { localInstallation } from '../../core/contracts/installation.ts';
import { kafkaPartitions } from '../../core/contracts/kafka.ts';
import type { EventTransport } from '../../core/ports/event-transport.ts';
import { relayEvents } from '../../core/runtime/relay-events.ts';
import { emulatorClient, startEmulator } from '../../localstack/emulator.ts';
import { startKafka } from '../../localstack/kafka/broker.ts';
import { whyNoKafka } from '../../localstack/kafka/install.ts';
import { incidentEvent } from '../support/incident-events.ts';
import { startTestDatabase } from '../support/postgres.ts';
import { ownTime, serverOf, timeOfDescendants } from './processor-time.ts';

export interface EventsResult {
  readonly transport: string;
  readonly events: number;
  readonly writtenPerSecond: number;
  readonly relayedPerSecond: number;
  readonly barePerSecond: number;
  readonly ratio: number;
  /** What the relay takes of the processor for an event, and what the bare client does. */
  readonly relay: ProcessorTime;
  readonly bare: ProcessorTime;
}

/** Microseconds of an event. The relay's process does the work of `state`, too. */
interface ProcessorTime {
  readonly node: number;
  readonly postgres: number;
  readonly broker: number;
}

/** A transport, and the client that it uses, by itself with as many events in a call. */
interface Arm {
  readonly name: string;
  readonly rounds: number;
  readonly transport: EventTransport;
  bare(events: readonly CloudEvent[]): Promise<void>;
  close(): Promise<void>;
}

const keys = 50;
/** Events of a round that is not counted. */
const warmUp = 20_000;
/** Events of a call of the bare client of Kafka: as many as the transport sends in one. */
const atOnce = 1_000;

/**
 * Events through outbox and relay beside the bare client of each transport, which sends the same records in calls of the
 * same size, one after the other. On Kafka the median of three rounds, after one that is not counted; one on the emulator,
 * which takes minutes. `measured` gets the result of each as it is there.
 */
export async function benchEvents(
  events: number,
  say: (line: string) => void,
  measured: (result: EventsResult) => void,
): Promise<void> {
  const database = await startTestDatabase(new Date());
  const folder = mkdtempSync(join(tmpdir(), 'quotron-bench-events-'));
  const arms: Arm[] = [];
  try {
    const missing = whyNoKafka();
    if (missing === null) arms.push(await kafkaArm(join(folder, 'kafka')));
    else say(`  Kafka is not run here: ${missing}`);
    arms.push(await snsArm(join(folder, 'emulator')));
    const pool = database.pool(1);
    for (const arm of arms) {
      const runs: EventsResult[] = [];
      // Broker and client are faster when they have run for a while: what comes first would seem slow.
      if (arm.rounds > 1) await timed(arm, Math.min(events, warmUp), pool);
      for (let round = 0; round < arm.rounds; round++) runs.push(await timed(arm, events, pool));
      runs.sort((a, b) => a.ratio - b.ratio);
      const median = runs[Math.floor(runs.length / 2)];
      if (median) measured(median);
    }
  } finally {
    for (const arm of arms) await arm.close();
    await database.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timed(arm: Arm, events: number, pool: Pool): Promise<EventsResult> {
  const given = Array.from({ length: events }, (_, at) => incidentEvent(`source-${at % keys}`, at));
  await pool.query('TRUNCATE outbox');
  const server = await serverOf(pool);
  const perSecond = (time: number) => Math.round(events / time);
  const write = await spentIn(server, async () => {
    for (const some of chunked(given, 1_000))
      await inTransaction(pool, async (db) =>
        publish(
          db,
          some.map(({ event }) => event),
        ),
      );
  });
  let published = 0;
  const relay = await spentIn(server, async () => {
    const relayed = await relayEvents(Date.now() + 3_600_000, {
      state: postgresState(pool),
      transport: arm.transport,
      installation: localInstallation,
      holder: randomUUID(),
      now: Date.now,
    });
    published = relayed.published;
  });
  if (published !== events) throw new Error(`${arm.name} published ${published} of ${events} events`);
  const bare = await spentIn(server, () => arm.bare(given));
  const ofEvent = ({ node, postgres, broker }: ProcessorTime): ProcessorTime => ({
    ...{ node: node / events, postgres: postgres / events, broker: broker / events },
  });
  return {
    ...{ transport: arm.name, events, writtenPerSecond: perSecond(write.seconds) },
    ...{ relayedPerSecond: perSecond(relay.seconds), barePerSecond: perSecond(bare.seconds) },
    ...{ ratio: bare.seconds / relay.seconds, relay: ofEvent(relay), bare: ofEvent(bare) },
  };
}

/** How long work takes, and microseconds of the processor: of this process, of Postgres, and of all else that it started. */
async function spentIn(server: number, work: () => Promise<void>): Promise<ProcessorTime & { seconds: number }> {
  const times = () => {
    const postgres = timeOfDescendants(server);
    return { node: ownTime(), postgres, broker: timeOfDescendants(process.pid) - postgres };
  };
  const before = times();
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1_000;
  const after = times();
  return {
    ...{ seconds, node: after.node - before.node, postgres: after.postgres - before.postgres },
    broker: after.broker - before.broker,
  };
}

const header = { contentType: Buffer.from('content-type'), id: Buffer.from('ce_id'), type: Buffer.from('ce_type') };
const contentType = Buffer.from('application/cloudevents+json; charset=UTF-8');

/** The record of an event, as the transport sends it: the same bytes. */
function recordOf(event: CloudEvent) {
  return {
    ...{ topic: 'bench', key: Buffer.from(event.partitionkey), value: Buffer.from(toJson(event)) },
    headers: new Map([
      [header.contentType, contentType],
      [header.id, Buffer.from(event.id)],
      [header.type, Buffer.from(`${typePrefix}${event.event.type}`)],
    ]),
  };
}

async function kafkaArm(dir: string): Promise<Arm> {
  const kafka = await startKafka({ dir, say: () => {} });
  const connection = { brokers: [kafka.brokers], tls: undefined, sasl: undefined };
  await makeTopics(connection, { bench: { partitions: kafkaPartitions.events, replicas: 1, retentionMs: 3_600_000 } });
  const transport = kafkaEventTransport(connection, 'bench');
  const producer = new Producer({
    ...clientOptions(connection, 'quotron-bench'),
    ...{ idempotent: true, retries: 2, partitioner: compatibilityPartitioner },
  });
  return {
    ...{ name: 'Kafka', rounds: 3, transport },
    async bare(given) {
      for (const some of chunked(given, atOnce))
        await producer.send({ messages: some.map((event) => recordOf(event)) });
    },
    async close() {
      await producer.close(true);
      await transport.close();
      await kafka.stop();
    },
  };
}

/**
 * Of a topic of the emulator. For each event it looks through the ids of five minutes, so that 100,000 events on one topic
 * came to a stop: calls took longer than the relay waits for them.
 */
const eventsOfTopic = 1_000;

const text = (value: string) => ({ DataType: 'String', StringValue: value });

/** What the transport says of an event for filters. */
function attributesOf({ event: { type, data } }: CloudEvent) {
  return { type: text(type), ...('sourceId' in data && { sourceid: text(data.sourceId) }) };
}

/** Ten messages a call, five calls at once, as the transport has them. */
async function snsArm(dir: string): Promise<Arm> {
  const emulator = await startEmulator({ dir, kind: 'ministack', say: () => {} });
  const sns = new SNSClient({ ...emulatorClient(emulator), maxAttempts: 2 });
  let topics = 0;
  let topic = { arn: '', free: 0 };
  const topicFor = async (count: number) => {
    if (topic.free < count) {
      const Name = `bench-${topics++}.fifo`;
      const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name, Attributes: { FifoTopic: 'true' } }));
      topic = { arn: TopicArn, free: eventsOfTopic };
    }
    topic.free -= count;
    return topic.arn;
  };
  return {
    ...{ name: 'SNS FIFO on the emulator', rounds: 1 },
    transport: {
      atOnce: snsEventTransport('', sns).atOnce,
      send: async (events) => snsEventTransport(await topicFor(events.length), sns).send(events),
    },
    async bare(given) {
      for (const calls of chunked(chunked(given, 10), 5)) {
        const TopicArn = await topicFor(calls.flat().length);
        await Promise.all(
          calls.map((some) =>
            sns.send(
              new PublishBatchCommand({
                TopicArn,
                PublishBatchRequestEntries: some.map((event) => ({
                  ...{ Id: event.id, MessageDeduplicationId: randomUUID(), MessageGroupId: event.partitionkey },
                  Message: toJson(event),
                  MessageAttributes: attributesOf(event),
                })),
              }),
            ),
          ),
        );
      }
    },
    async close() {
      sns.destroy();
      await emulator.stop();
    },
  };
}
