/**
 * What Lambda does for a function that follows a topic of MSK: reads for its group, invokes it with batches in the shape of
 * MSK's event, and commits after success. A batch that fails is split until the record that fails is by itself; after its
 * tries that record goes to the topic of dead letters, and what comes after it goes on.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Consumer, type Message, type MessagesStream, Producer } from '@platformatic/kafka';
import type { MSKEvent } from 'aws-lambda';
import * as z from 'zod';
import { clientOptions } from '../../core/adapters/kafka/client-options.ts';
import type { KafkaConnection } from '../../core/runtime/kafka-settings.ts';

export interface PollerOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly deadTopic: string;
  /** Of the consumers that share the work. */
  readonly group: string;
  /** Types of events with their prefix; all without it. */
  readonly types?: readonly string[] | undefined;
  /** Invokes the function. Rejects where it fails. */
  readonly invoke: (event: MSKEvent) => Promise<unknown>;
  /** How often a record is tried. */
  readonly tries: number;
  /** Between two tries of a record, in milliseconds. */
  readonly pauseMs?: number;
  readonly say: (line: string) => void;
}

export interface Poller {
  /** Ends it. What is under way and not committed is delivered again to the next one. */
  stop(): Promise<void>;
}

const mostRecords = 100;
type Stream = MessagesStream<Buffer, Buffer, Buffer, Buffer>;
type KafkaRecord = Message<Buffer, Buffer, Buffer, Buffer>;

/** Starts it. It goes on until it is stopped: a broker that is away is tried again each second. */
export function startPoller(options: PollerOptions): Poller {
  const stopping = new AbortController();
  const running = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await follow(options, stopping.signal);
      } catch (error) {
        if (stopping.signal.aborted) return;
        options.say(`${options.group} cannot read ${options.topic}: ${error instanceof Error ? error.message : error}`);
      }
      await delay(1_000, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

async function follow(options: PollerOptions, signal: AbortSignal): Promise<void> {
  const consumer = new Consumer({
    ...clientOptions(options.connection, 'quotron-poller'),
    ...{ groupId: options.group, retries: 2 },
    ...{ sessionTimeout: 10_000, heartbeatInterval: 2_000, rebalanceTimeout: 20_000 },
  });
  // Each of its failures rejects what is awaited here.
  consumer.on('error', () => undefined);
  let stream: Stream | undefined;
  try {
    stream = await consumer.consume({
      ...{ topics: [options.topic], mode: 'committed', fallbackMode: 'earliest' },
      ...{ autocommit: false, maxWaitTime: 500 },
    });
    for (;;) {
      const batch = await nextBatch(stream, signal);
      if (batch.length === 0) return;
      const wanted = batch.filter((record) => isWanted(record, options.types));
      if (wanted.length > 0) await deliver(wanted, options, signal);
      if (signal.aborted) return;
      await consumer.commit({ offsets: afterEach(batch) });
    }
  } finally {
    await stream?.close().catch(() => undefined);
    await consumer.close(true).catch(() => undefined);
  }
}

/** What waits, up to the most of a batch; nothing after the end. */
async function nextBatch(stream: Stream, signal: AbortSignal): Promise<KafkaRecord[]> {
  for (;;) {
    const batch: KafkaRecord[] = [];
    while (batch.length < mostRecords) {
      const record: KafkaRecord | null = stream.read();
      if (record === null) break;
      batch.push(record);
    }
    if (batch.length > 0 || signal.aborted) return signal.aborted ? [] : batch;
    await new Promise<void>((resolve, reject) => {
      const end = (then: () => void) => {
        stream.off('readable', readable);
        stream.off('error', failed);
        stream.off('close', readable);
        signal.removeEventListener('abort', readable);
        then();
      };
      const readable = () => end(resolve);
      const failed = (error: Error) => end(() => reject(error));
      stream.on('readable', readable);
      stream.on('error', failed);
      stream.on('close', readable);
      signal.addEventListener('abort', readable);
    });
    if (stream.destroyed) throw new Error('the connection ended');
  }
}

/** Delivers records in their order: all at once, by halves where that fails, and at last the one that fails as a dead letter. */
async function deliver(records: readonly KafkaRecord[], options: PollerOptions, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  for (let attempt = 1; ; attempt++) {
    try {
      await options.invoke(mskEvent(records, options));
      return;
    } catch (error) {
      const [only, ...others] = records;
      if (others.length > 0) {
        const middle = Math.ceil(records.length / 2);
        await deliver(records.slice(0, middle), options, signal);
        await deliver(records.slice(middle), options, signal);
        return;
      }
      if (only === undefined) return;
      if (attempt >= options.tries) {
        await bury(only, error, options);
        return;
      }
      await delay(options.pauseMs ?? 1_000, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
    }
  }
}

/** Puts a record into the topic of dead letters, with where it was and why it is there. */
async function bury(record: KafkaRecord, error: unknown, options: PollerOptions): Promise<void> {
  const { topic, partition, offset } = record;
  options.say(`${options.group}: the record ${topic}-${partition}@${offset} failed ${options.tries} times`);
  const producer = new Producer({
    ...clientOptions(options.connection, 'quotron-poller'),
    idempotent: true,
    retries: 2,
  });
  const why = {
    'dead-letter-group': options.group,
    'dead-letter-record': `${topic}-${partition}@${offset}`,
    'dead-letter-error': error instanceof Error ? error.message : 'failed',
  };
  const headers = new Map(record.headers);
  for (const [name, value] of Object.entries(why)) headers.set(Buffer.from(name), Buffer.from(value));
  try {
    await producer.send({
      messages: [{ topic: options.deadTopic, key: record.key, value: record.value, headers }],
    });
  } finally {
    await producer.close(true).catch(() => undefined);
  }
}

const typed = z.object({ type: z.string() });

/** The filter of an event source: by the type of the envelope. What is no envelope is delivered: it must be seen. */
function isWanted({ value }: KafkaRecord, types: readonly string[] | undefined): boolean {
  if (types === undefined) return true;
  try {
    const read = typed.safeParse(JSON.parse(value.toString('utf8')));
    return !read.success || types.includes(read.data.type);
  } catch {
    return true;
  }
}

/** The offsets after which the group goes on. */
function afterEach(batch: readonly KafkaRecord[]) {
  const last = new Map(batch.map((record) => [`${record.topic}-${record.partition}`, record]));
  return [...last.values()].map(({ topic, partition, offset, leaderEpoch }) => ({
    ...{ topic, partition, offset: offset + 1n, leaderEpoch },
  }));
}

/** The event that Lambda makes of records of MSK: by topic and partition, keys and values in base64, headers as bytes. */
export function mskEvent(
  records: readonly KafkaRecord[],
  { connection, topic }: Pick<PollerOptions, 'connection' | 'topic'>,
) {
  const byPartition = Map.groupBy(records, (record) => `${record.topic}-${record.partition}`);
  return {
    eventSource: 'aws:kafka',
    eventSourceArn: `arn:aws:kafka:us-east-1:000000000000:cluster/${topic}/00000000-0000-0000-0000-000000000000-s1`,
    bootstrapServers: connection.brokers.join(','),
    records: Object.fromEntries(
      [...byPartition].map(([name, of]) => [
        name,
        of.map((record) => ({
          ...{ topic: record.topic, partition: record.partition, offset: Number(record.offset) },
          ...{ timestamp: Number(record.timestamp), timestampType: 'CREATE_TIME' as const },
          ...{ key: record.key.toString('base64'), value: record.value.toString('base64') },
          headers: [...record.headers].map(([header, value]) => ({ [header.toString('utf8')]: [...value] })),
        })),
      ]),
    ),
  } satisfies MSKEvent;
}
