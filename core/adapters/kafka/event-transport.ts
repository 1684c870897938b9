import { compatibilityPartitioner, type MessageToProduce, Producer } from '@platformatic/kafka';
import { type OutgoingEvent, typePrefix } from '../../contracts/events/cloud-event.ts';
import type { EventTransport } from '../../ports/event-transport.ts';
import type { KafkaConnection } from '../../runtime/kafka-settings.ts';
import { clientOptions } from './client-options.ts';

/** Bytes of the events of one call. A broker takes 1 MiB of a partition at once by default, its own overhead included. */
const mostBytes = 900 * 1024;

/** Events of one call. While it is made, nothing else of the relay goes on. */
const mostEvents = 1_000;

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

/** Events from which on they are sent in two lanes. */
const eventsOfLanes = 200;

/** A call that was not taken in its lane. */
interface Left {
  readonly call: readonly Message[];
  /** Why it was not taken; `undefined` where it was not tried yet. */
  readonly problem: unknown;
}

interface Message {
  readonly event: OutgoingEvent;
  readonly produced: MessageToProduce;
  readonly bytes: number;
}

/**
 * Events on a topic of Kafka, by the CloudEvents binding in structured mode: the key of a record is that of the event, so
 * that a key has one partition; the value is the envelope. All replicas acknowledge, and what a retry sends again is dropped
 * by the broker. Where a call fails and the broker answers, each key is tried by itself, so that one event that cannot be
 * sent holds its own key only.
 *
 * Two calls are on their way at most, never with the same key: while the broker works on one, the other is made.
 */
export function kafkaEventTransport(connection: KafkaConnection, topic: string): ClosingTransport {
  let producer: Producer | undefined;

  async function produce(messages: readonly Message[]): Promise<unknown> {
    producer ??= new Producer({
      ...clientOptions(connection, 'quotron-relay'),
      ...{ idempotent: true, retries, partitioner: partitionOf },
    });
    try {
      await producer.send({ messages: messages.map(({ produced }) => produced) });
      return undefined;
    } catch (error) {
      return error ?? new Error('not taken');
    }
  }

  /** A producer that failed has lost the count of what it sent: the next one begins again. */
  async function close(): Promise<void> {
    const ended = producer;
    producer = undefined;
    await ended?.close(true).catch(() => undefined);
  }

  async function produceAgain(messages: readonly Message[]): Promise<unknown> {
    const problem = await produce(messages);
    if (problem !== undefined) await close();
    return problem;
  }

  return {
    close,
    atOnce: 2_000,
    async send(events) {
      const sent: string[] = [];
      const take = (messages: readonly Message[]) => {
        for (const { event } of messages) sent.push(event.id);
      };
      const left: Left[] = [];
      await Promise.all(
        lanesOf(events).map(async (lane) => {
          for (const call of callsOf(lane, topic)) {
            const untried = left.length > 0;
            const problem = untried ? undefined : await produce(call);
            if (untried || problem !== undefined) left.push({ call, problem });
            else take(call);
          }
        }),
      );
      if (left.length === 0) return { sent, failures: [] };
      await close();
      const failures: string[] = [];
      const blocked = new Set<string>();
      for (const { call, problem: before } of left) {
        const free = call.filter(({ event }) => !blocked.has(event.key));
        if (free.length === 0) continue;
        const problem = before ?? (await produceAgain(free));
        if (problem === undefined) {
          take(free);
          continue;
        }
        // A broker that is away takes no other key either: each further call would wait for it as long.
        if (isAway(problem)) return { sent, failures: [...failures, textOf(problem)] };
        for (const [key, messages] of Map.groupBy(free, ({ event }) => event.key)) {
          const result = await oneByOne(messages, produceAgain);
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

/** Events in lanes, whose calls are sent one after the other. A key is in one lane. */
function lanesOf(events: readonly OutgoingEvent[]): OutgoingEvent[][] {
  const lanes: OutgoingEvent[][] = Array.from({ length: events.length < eventsOfLanes ? 1 : 2 }, () => []);
  const laneOf = new Map<string, OutgoingEvent[]>();
  for (const event of events) {
    let lane = laneOf.get(event.key);
    if (lane === undefined) {
      lane = lanes[laneOf.size % lanes.length] ?? [];
      laneOf.set(event.key, lane);
    }
    lane.push(event);
  }
  return lanes;
}

/** Messages of a key, each in a call of its own, up to the first that is not taken. */
async function oneByOne(messages: readonly Message[], produce: (messages: readonly Message[]) => Promise<unknown>) {
  for (const [taken, message] of messages.entries()) {
    const problem = await produce([message]);
    if (problem !== undefined) return { taken, problem };
  }
  return { taken: messages.length, problem: undefined };
}

function messageOf(event: OutgoingEvent, topic: string): Message {
  const produced = recordOf(event, topic);
  return { event, produced, bytes: produced.value.length + mostOverhead };
}

/** What all events of a type or key have the same, made once. Of sources and blocks there are hundreds at the most. */
function kept<V>(make: (text: string) => V): (text: string) => V {
  const made = new Map<string, V>();
  return (text) => {
    let value = made.get(text);
    if (value === undefined) {
      value = make(text);
      made.set(text, value);
    }
    return value;
  };
}
const keyOf = kept((key) => Buffer.from(key));
const typeOf = kept((type) => Buffer.from(`${typePrefix}${type}`));
const partitions = new Map<Buffer | undefined, number>();
const partitionOf: typeof compatibilityPartitioner = (message, key) => {
  let partition = partitions.get(key);
  if (partition === undefined) {
    partition = compatibilityPartitioner(message, key);
    partitions.set(key, partition);
  }
  return partition;
};

/** The record of an event. */
function recordOf(event: OutgoingEvent, topic: string) {
  return {
    ...{ topic, key: keyOf(event.key), value: Buffer.from(event.body) },
    headers: new Map([
      [header.contentType, contentType],
      [header.id, Buffer.from(event.id)],
      [header.type, typeOf(event.type)],
    ]),
  };
}

/** Events as the calls that take them, in their order: each made when the one before is over. */
function* callsOf(events: readonly OutgoingEvent[], topic: string): Generator<Message[]> {
  let call: Message[] = [];
  let bytes = 0;
  for (const event of events) {
    const message = messageOf(event, topic);
    if (call.length === mostEvents || (call.length > 0 && bytes + message.bytes > mostBytes)) {
      yield call;
      [call, bytes] = [[], 0];
    }
    call.push(message);
    bytes += message.bytes;
  }
  if (call.length > 0) yield call;
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
