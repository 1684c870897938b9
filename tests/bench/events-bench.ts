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
import { type CloudEvent, toJson } from '../../core/contracts/events/cloud-event.ts';
import { localInstallation } from '../../core/contracts/installation.ts';
import { kafkaPartitions } from '../../core/contracts/kafka.ts';
import type { EventTransport } from '../../core/ports/event-transport.ts';
import { relayEvents } from '../../core/runtime/relay-events.ts';
import { emulatorClient, startEmulator } from '../../localstack/emulator.ts';
import { startKafka } from '../../localstack/kafka/broker.ts';
import { whyNoKafka } from '../../localstack/kafka/install.ts';
import { incidentEvent } from '../support/incident-events.ts';
import { startTestDatabase } from '../support/postgres.ts';

export interface EventsResult {
  readonly transport: string;
  readonly events: number;
  readonly writtenPerSecond: number;
  readonly relayedPerSecond: number;
  readonly barePerSecond: number;
  readonly ratio: number;
}

/** A transport, and the client that it uses, by itself with as many events in a call. */
interface Arm {
  readonly name: string;
  readonly events: number;
  readonly transport: EventTransport;
  bare(events: readonly CloudEvent[]): Promise<void>;
  close(): Promise<void>;
}

const keys = 50;
/** Events of a call of the bare client of Kafka, as the relay has them in one claim. */
const atOnce = 1_000;

/** Events through outbox and relay beside the bare client of each transport: the median of `rounds`, arms in turn. */
export async function benchEvents(
  events: number,
  rounds: number,
  say: (line: string) => void,
): Promise<EventsResult[]> {
  const database = await startTestDatabase(new Date());
  const folder = mkdtempSync(join(tmpdir(), 'quotron-bench-events-'));
  const arms: Arm[] = [];
  try {
    const missing = whyNoKafka();
    if (missing === null) arms.push(await kafkaArm(join(folder, 'kafka'), events));
    else say(`  Kafka is not run here: ${missing}`);
    arms.push(await snsArm(join(folder, 'emulator'), Math.ceil(events / 20)));
    const pool = database.pool(1);
    const results: EventsResult[] = [];
    for (const arm of arms) {
      const runs: EventsResult[] = [];
      for (let round = 0; round < rounds; round++) runs.push(await timed(arm, pool));
      runs.sort((a, b) => a.ratio - b.ratio);
      const median = runs[Math.floor(runs.length / 2)];
      if (median) results.push(median);
    }
    return results;
  } finally {
    for (const arm of arms) await arm.close();
    await database.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timed(arm: Arm, pool: Pool): Promise<EventsResult> {
  const given = Array.from({ length: arm.events }, (_, at) => incidentEvent(`source-${at % keys}`, at));
  await pool.query('TRUNCATE outbox');
  const write = await seconds(async () => {
    for (const some of chunked(given, 1_000))
      await inTransaction(pool, async (db) =>
        publish(
          db,
          some.map(({ event }) => event),
        ),
      );
  });
  let published = 0;
  const relay = await seconds(async () => {
    const relayed = await relayEvents(Date.now() + 3_600_000, {
      ...{
        state: postgresState(pool),
        transport: arm.transport,
        installation: localInstallation,
        holder: randomUUID(),
        now: Date.now,
      },
    });
    published = relayed.published;
  });
  if (published !== arm.events) throw new Error(`${arm.name} published ${published} of ${arm.events} events`);
  const bare = await seconds(() => arm.bare(given));
  const perSecond = (time: number) => Math.round(arm.events / time);
  return {
    ...{ transport: arm.name, events: arm.events, writtenPerSecond: perSecond(write) },
    ...{ relayedPerSecond: perSecond(relay), barePerSecond: perSecond(bare), ratio: bare / relay },
  };
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1_000;
}

async function kafkaArm(dir: string, events: number): Promise<Arm> {
  const kafka = await startKafka({ dir, say: () => {} });
  const connection = { brokers: [kafka.brokers], tls: undefined, sasl: undefined };
  await makeTopics(connection, { bench: { partitions: kafkaPartitions.events, replicas: 1, retentionMs: 3_600_000 } });
  const transport = kafkaEventTransport(connection, 'bench');
  const producer = new Producer({
    ...clientOptions(connection, 'quotron-bench'),
    ...{ idempotent: true, retries: 2, partitioner: compatibilityPartitioner },
  });
  return {
    ...{ name: 'Kafka', events, transport },
    async bare(given) {
      for (const some of chunked(given, atOnce))
        await producer.send({
          messages: some.map((event) => ({
            ...{ topic: 'bench', key: Buffer.from(event.partitionkey), value: Buffer.from(toJson(event)) },
          })),
        });
    },
    async close() {
      await producer.close(true);
      await transport.close();
      await kafka.stop();
    },
  };
}

/** Ten messages a call, five calls at once, as the transport has them. */
async function snsArm(dir: string, events: number): Promise<Arm> {
  const emulator = await startEmulator({ dir, kind: 'ministack', say: () => {} });
  const sns = new SNSClient({ ...emulatorClient(emulator), maxAttempts: 2 });
  const { TopicArn = '' } = await sns.send(
    new CreateTopicCommand({ Name: 'bench.fifo', Attributes: { FifoTopic: 'true' } }),
  );
  return {
    ...{ name: 'SNS FIFO on the emulator', events, transport: snsEventTransport(TopicArn, sns) },
    async bare(given) {
      for (const calls of chunked(chunked(given, 10), 5))
        await Promise.all(
          calls.map((some) =>
            sns.send(
              new PublishBatchCommand({
                TopicArn,
                PublishBatchRequestEntries: some.map((event) => ({
                  ...{ Id: event.id, MessageDeduplicationId: randomUUID(), MessageGroupId: event.partitionkey },
                  Message: toJson(event),
                })),
              }),
            ),
          ),
        );
    },
    async close() {
      sns.destroy();
      await emulator.stop();
    },
  };
}
