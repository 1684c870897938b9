/** What holds for the port of events and its followers, whatever the transport. */
import { randomUUID } from 'node:crypto';
import type { MSKEvent, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { expect, it } from 'vitest';
import { type CloudEvent, cloudEventSchema } from '../../core/contracts/events/cloud-event.ts';
import type { EventTransport } from '../../core/ports/event-transport.ts';
import { handleEvents } from '../../core/runtime/event-handler.ts';
import { until } from '../../localstack/processes.ts';
import { countsOf, incidentEvent, sendAll } from './incident-events.ts';

/** The follower, as a transport invokes it. */
export type Invoke = (event: SQSEvent | MSKEvent) => Promise<SQSBatchResponse>;

/** The follower was killed. Whatever reads for it must deliver again what it had not finished. */
export class Killed extends Error {}

/** A transport with one follower that has nothing yet. */
export interface EventWorld {
  readonly transport: EventTransport;
  /** Puts what is no event where the follower reads. */
  put(key: string, body: string): Promise<void>;
  /** Delivers to the follower until `done`, or for a minute. Ends its reader before it returns. */
  deliver(invoke: Invoke, done: () => boolean): Promise<void>;
  /** The bodies of its dead letters. */
  dead(): Promise<string[]>;
}

/** How often a follower gets an event that fails. */
export const tries = 3;

/** For slow machines. */
const patienceMs = 60_000;

/** Reads in turns until `done`. */
export async function inTurns(turn: () => Promise<void>, done: () => boolean): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!done() && performance.now() < end) await turn();
}

export const patience = (done: () => boolean) => until(done, patienceMs, 50);

const sources = ['yahoo', 'coingecko', 'slickcharts'] as const;

/** First deliveries only. */
const once = (events: readonly CloudEvent[]) => [...new Map(events.map((event) => [event.id, event])).values()];

const oneTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

/** Events 1 to `count` of each source, in turns. */
const interleaved = (count: number) => oneTo(count).flatMap((at) => sources.map((source) => incidentEvent(source, at)));

export function eventTransportSuite(make: () => Promise<EventWorld>): void {
  it('takes events to the follower: each, and those of a key in order', async () => {
    const { transport, deliver } = await make();
    const events = interleaved(25);
    const { sent, failures } = await sendAll(transport, events);
    expect({ sent: [...sent].sort(), failures }).toEqual({ sent: events.map(({ id }) => id).sort(), failures: [] });
    const handled: CloudEvent[] = [];
    await deliver(
      (batch) => handleEvents(batch, async (event) => handled.push(event), { tries }),
      () => once(handled).length === events.length,
    );
    for (const source of sources) expect(countsOf(once(handled), source), source).toEqual(oneTo(25));
    // As it was written, but for what a test cannot know.
    expect(once(handled).find(({ id }) => id === events[0]?.id)).toEqual(events[0]);
  });

  it('an event that is sent again has the same id, and comes in no other order', async () => {
    const { transport, deliver } = await make();
    const [first, ...rest] = oneTo(4).map((at) => incidentEvent('yahoo', at));
    if (!first) throw new Error('there is a first one');
    await sendAll(transport, [first]);
    // A relay that died before it marked the first one.
    await sendAll(transport, [first, ...rest]);
    const handled: CloudEvent[] = [];
    await deliver(
      (batch) => handleEvents(batch, async (event) => handled.push(event), { tries }),
      () => once(handled).length === 4,
    );
    expect(countsOf(once(handled), 'yahoo')).toEqual([1, 2, 3, 4]);
    expect(new Set(handled.map(({ id }) => id)).size).toBe(4);
  });

  it('an event that always fails is a dead letter after its tries; what comes after it, and other keys, go on', async () => {
    const { transport, deliver, dead } = await make();
    const events = interleaved(6);
    await sendAll(transport, events);
    const poison = events.find((event) => countsOf([event], 'yahoo')[0] === 3);
    const handled: CloudEvent[] = [];
    let failed = 0;
    await deliver(
      (batch) =>
        handleEvents(
          batch,
          async (event) => {
            if (event.id === poison?.id) {
              failed += 1;
              throw new Error('poison');
            }
            handled.push(event);
          },
          { tries },
        ),
      () => once(handled).length === events.length - 1,
    );
    expect(countsOf(once(handled), 'yahoo')).toEqual([1, 2, 4, 5, 6]);
    expect(countsOf(once(handled), 'coingecko')).toEqual(oneTo(6));
    expect(failed).toBeGreaterThanOrEqual(tries);
    const letters = (await dead()).map((body) => cloudEventSchema.parse(JSON.parse(body)).id);
    expect(letters).toEqual([poison?.id]);
  });

  it('what is no event is a dead letter, too', async () => {
    const { transport, deliver, dead, put } = await make();
    await sendAll(transport, [incidentEvent('yahoo', 1)]);
    const text = `no event ${randomUUID()}`;
    await put('yahoo', text);
    await sendAll(transport, [incidentEvent('yahoo', 2), incidentEvent('coingecko', 1)]);
    const handled: CloudEvent[] = [];
    await deliver(
      (batch) => handleEvents(batch, async (event) => handled.push(event), { tries }),
      () => once(handled).length === 3,
    );
    expect(countsOf(once(handled), 'yahoo')).toEqual([1, 2]);
    expect(await dead()).toEqual([text]);
  });

  it('a follower that dies in the middle gets again what it had not finished, in order', async () => {
    const { transport, deliver, dead } = await make();
    const events = interleaved(12);
    await sendAll(transport, events);
    const handled: CloudEvent[] = [];
    let deaths = 0;
    const mortal: Invoke = async (batch) => {
      const lifetime = handled.length + 4;
      const answer = await handleEvents(
        batch,
        async (event) => {
          if (deaths === 0 && handled.length >= lifetime) throw new Killed();
          handled.push(event);
        },
        { tries },
      ).catch(() => undefined);
      if (deaths === 0) {
        deaths += 1;
        // Whatever it would have answered, nobody hears it.
        throw new Killed();
      }
      if (answer === undefined) throw new Error('failed');
      return answer;
    };
    await deliver(mortal, () => deaths > 0 && once(handled).length === events.length);
    expect(deaths).toBe(1);
    for (const source of sources) expect(countsOf(once(handled), source), source).toEqual(oneTo(12));
    expect(handled.length).toBeGreaterThan(events.length);
    expect(await dead()).toEqual([]);
  });
}
