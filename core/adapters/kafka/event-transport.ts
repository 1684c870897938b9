import { compatibilityPartitioner, type MessageToProduce, Producer } from '@platformatic/kafka';
import { type CloudEvent, toJson, typePrefix } from '../../contracts/events/cloud-event.ts';
import type { EventTransport } from '../../ports/event-transport.ts';
import type { KafkaConnection } from '../../runtime/kafka-settings.ts';
import { clientOptions } from './client-options.ts';

/** Bytes of the events of one call. A broker takes 1 MiB of a partition at once by default, its own overhead included. */
const mostBytes = 900 * 1024;

/** What a record has besides its value: key, headers and lengths. */
const mostOverhead = 256;

const header = { contentType: Buffer.from('content-type'), id: Buffer.from('ce_id'), type: Buffer.from('ce_type') };
const contentType = Buffer.from('application/cloudevents+json; charset=UTF-8');

/** Tries of a call, the first one not counted. */
const retries = 2;

/** A transport whose connections are closed when they are not needed any more. */
export interface ClosingTransport extends EventTransport {
  close(): Promise<void>;
}

interface Message {
  readonly event: CloudEvent;
  readonly produced: MessageToProduce;
  readonly bytes: number;
}

/**
 * Events on a topic of Kafka, by the CloudEvents binding in structured mode: the key of a record is that of the event, so
 * that a key has one partition; the value is the envelope. All replicas acknowledge, and what a retry sends again is dropped
 * by the broker. Where a call fails and the broker answers, each key is tried by itself, so that one event that cannot be
 * sent holds its own key only.
 */
export function kafkaEventTransport(connection: KafkaConnection, topic: string): ClosingTransport {
  let producer: Producer | undefined;

  async function produce(messages: readonly Message[]): Promise<unknown> {
    // A producer that failed has lost the count of what it sent: the next one begins again.
    producer ??= new Producer({
      ...clientOptions(connection, 'quotron-relay'),
      ...{ idempotent: true, retries, partitioner: (_, key) => compatibilityPartitioner(_, key) },
    });
    try {
      await producer.send({ messages: messages.map(({ produced }) => produced) });
      return undefined;
    } catch (error) {
      await close();
      return error;
    }
  }

  async function close(): Promise<void> {
    const ended = producer;
    producer = undefined;
    await ended?.close(true).catch(() => undefined);
  }

  return {
    close,
    atOnce: 2_000,
    async send(events) {
      const sent: string[] = [];
      const failures: string[] = [];
      const blocked = new Set<string>();
      const take = (messages: readonly Message[]) => sent.push(...messages.map(({ event }) => event.id));
      for (const call of callsOf(events.map((event) => messageOf(event, topic)))) {
        const free = call.filter(({ event }) => !blocked.has(event.partitionkey));
        if (free.length === 0) continue;
        const problem = await produce(free);
        if (problem === undefined) {
          take(free);
          continue;
        }
        // A broker that is away takes no other key either: each further call would wait for it as long.
        if (isAway(problem)) return { sent, failures: [...failures, textOf(problem)] };
        for (const [key, messages] of Map.groupBy(free, ({ event }) => event.partitionkey)) {
          const result = await oneByOne(messages, produce);
          take(messages.slice(0, result.taken));
          if (result.problem === undefined) continue;
          blocked.add(key);
          failures.push(textOf(result.problem));
          if (isAway(result.problem)) return { sent, failures };
        }
      }
      return { sent, failures };
    },
  };
}

/** Messages of a key, each in a call of its own, up to the first that is not taken. */
async function oneByOne(messages: readonly Message[], produce: (messages: readonly Message[]) => Promise<unknown>) {
  for (const [taken, message] of messages.entries()) {
    const problem = await produce([message]);
    if (problem !== undefined) return { taken, problem };
  }
  return { taken: messages.length, problem: undefined };
}

function messageOf(event: CloudEvent, topic: string): Message {
  const produced = recordOf(event, topic);
  return { event, produced, bytes: produced.value.length + mostOverhead };
}

/** The record of an event. */
export function recordOf(event: CloudEvent, topic: string) {
  return {
    ...{ topic, key: Buffer.from(event.partitionkey), value: Buffer.from(toJson(event)) },
    headers: new Map([
      [header.contentType, contentType],
      [header.id, Buffer.from(event.id)],
      [header.type, Buffer.from(`${typePrefix}${event.event.type}`)],
    ]),
  };
}

/** Messages as the calls that take them, in their order. */
function callsOf(messages: readonly Message[]): Message[][] {
  const calls: Message[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    if (bytes + message.bytes > mostBytes) {
      calls.push([]);
      bytes = 0;
    }
    calls.at(-1)?.push(message);
    bytes += message.bytes;
  }
  return calls;
}

/** Codes of the client for what is no answer of a broker. */
const awayCodes = new Set(['PLT_KFK_NETWORK', 'PLT_KFK_TIMEOUT', 'PLT_KFK_AUTHENTICATION']);

/** Whether no broker answered, or none let us in. An error may have several in it, and a cause. */
function isAway(error: unknown): boolean {
  return causesOf(error).some((each) => 'code' in each && awayCodes.has(String(each.code)));
}

function causesOf(error: unknown): Error[] {
  if (!(error instanceof Error)) return [];
  const inside: unknown[] = error instanceof AggregateError ? error.errors : [];
  return [error, ...inside.flatMap(causesOf), ...causesOf(error.cause)];
}

function textOf(error: unknown): string {
  const [first, ...rest] = causesOf(error);
  if (first === undefined) return 'not taken';
  const deepest = rest.at(-1) ?? first;
  return deepest === first ? first.message : `${first.message} ${deepest.message}`;
}
