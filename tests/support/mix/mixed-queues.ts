import { z } from 'zod';
import { ingestQueueName, scrapeQueueName, visibilitySeconds } from '../../../core/contracts/queues.ts';
import type { Random } from '../random.ts';
import { type SimulatedQueue, simulatedQueue } from '../simulated-queue.ts';
import type { Containers, MixedFunction } from './containers.ts';

/** A second of the queues, in milliseconds: the six minutes that a message is hidden are seven seconds. */
const secondMs = 20;

const answerSchema = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })) });

interface Reader {
  readonly queue: SimulatedQueue;
  readonly name: MixedFunction;
  readonly batchSize: number;
}

export type MixedQueues = ReturnType<typeof mixedQueues>;

/** The queues of the service and their event sources, with what SQS may do: repeat, shuffle, delay. */
export function mixedQueues(sources: readonly string[], containers: Containers, random: Random) {
  const readers = new Map<string, Reader>();
  const read = (queue: string, name: MixedFunction, batchSize: number) => {
    const options = { name: queue, now: Date.now, visibilitySeconds: visibilitySeconds(name), maxReceiveCount: 5 };
    readers.set(queue, { queue: simulatedQueue({ ...options, secondMs, order: random.shuffled }), name, batchSize });
  };
  for (const source of sources) read(scrapeQueueName(source), 'scrape-api', 1);
  read(ingestQueueName('api'), 'ingest', 10);
  read(ingestQueueName('browser'), 'ingest', 1);
  read('outcomes', 'monitor', 10);
  read('ticks', 'schedule', 1);
  read('recoveries', 'recover', 1);

  const counts = { delivered: 0, repeated: 0, delayed: 0, redriven: 0, poison: 0 };
  const poison = new Set<string>();
  /** What was delivered last, to be sent again. */
  const former: { queue: string; body: string }[] = [];
  let repeating = false;
  let delaying = false;
  let underWay = 0;
  const halted = new Set<string>();

  function deliver(reader: Reader): void {
    if (halted.has(reader.queue.name) || !containers.hasRoom(reader.name)) return;
    const event = reader.queue.receive(reader.batchSize);
    if (!event) return;
    for (const { body } of event.Records) former.push({ queue: reader.queue.name, body });
    former.splice(0, former.length - 300);
    const times = repeating && random.chance(0.5) ? 3 : 1;
    if (times > 1) counts.repeated++;
    for (let time = 0; time < times; time++) {
      counts.delivered++;
      underWay++;
      containers
        .invoke(reader.name, event)
        .then((answer) => reader.queue.settle(event, answerSchema.parse(answer).batchItemFailures))
        // Its messages show again when their time is over.
        .catch(() => undefined)
        .finally(() => {
          underWay--;
        });
    }
  }

  const timer = setInterval(() => {
    for (const reader of random.shuffled([...readers.values()])) deliver(reader);
  }, 25);

  /** Tries queues of tasks, answers and outcomes, in any order, until one gives something. */
  function ofWork(strike: (queue: SimulatedQueue) => boolean): boolean {
    const of = [...readers.values()].filter(({ name }) => ['scrape-api', 'ingest', 'monitor'].includes(name));
    return random.shuffled(of).some(({ queue }) => strike(queue));
  }

  return {
    counts,
    /** What a function, or the test, sends. */
    send(queue: string, body: string, delaySeconds: number): void {
      const later = delaying && random.chance(0.3) ? random.between(30, 200) : 0;
      if (later > 0) counts.delayed++;
      // One that must wait a second would come back at once, and keep the processors busy.
      readers.get(queue)?.queue.sendBody(body, later + (delaySeconds > 0 ? Math.max(delaySeconds, 60) : 0));
    },
    /** Sends messages again that were delivered before. Gives how many. */
    sendAgain(most: number): number {
      const again = random.shuffled(former.filter(({ body }) => !poison.has(body))).slice(0, most);
      for (const { queue, body } of again) readers.get(queue)?.queue.sendBody(body, random.between(0, 30));
      counts.repeated += again.length;
      return again.length;
    },
    /** Sends one that no reader can take. */
    sendPoison(): void {
      const queue = random.pick([...readers.keys()]);
      const n = ++counts.poison;
      const body = random.pick([
        `{"poison":${n},`,
        `{"poison":${n}}`,
        `[${n}]`,
        `"${'x'.repeat(1_000_000)}${n}"`,
        JSON.stringify({ poison: n, runId: 7, part: 'first', sourceId: ['yahoo'], blobKey: null }),
      ]);
      if (queue === undefined || body === undefined) return;
      poison.add(body);
      readers.get(queue)?.queue.sendBody(body, 0);
    },
    /** Loses a message that waits: of an answer, of how it went, or of a task. Gives whether there was one. */
    lose: () => ofWork((queue) => queue.lose((body) => !poison.has(body))),
    /** Makes such a message a dead letter. Gives whether there was one. */
    bury: () => ofWork((queue) => queue.bury((body) => !poison.has(body))),
    /** Each batch may come three times at once. */
    repeat(on: boolean): void {
      repeating = on;
    },
    /** Some messages come much later than they were sent. */
    delay(on: boolean): void {
      delaying = on;
    },
    /** Sends dead letters back that are no poison, as a person does. Gives how many. */
    redrive(times: number): number {
      let sent = 0;
      for (const { queue } of readers.values())
        for (const body of queue.takeDead((each) => !poison.has(each)))
          for (let time = 0; time < times; time++) {
            queue.sendBody(body, 0);
            sent++;
          }
      counts.redriven += sent;
      return sent;
    },
    /** Nothing is read from a queue any more. */
    halt(queue: string): void {
      halted.add(queue);
    },
    /** Everything that waits shows now. */
    hurry(): void {
      for (const { queue } of readers.values()) queue.hurry();
    },
    /** Messages that are neither done nor dead, those of halted queues apart. */
    get waiting(): number {
      return [...readers.values()].reduce(
        (sum, { queue }) => sum + (halted.has(queue.name) ? 0 : queue.size),
        underWay,
      );
    },
    get dead(): readonly string[] {
      return [...readers.values()].flatMap(({ queue }) => queue.dead);
    },
    /** Dead letters that are none of the poison. */
    get deadByMistake(): readonly string[] {
      return [...readers.values()].flatMap(({ queue }) => queue.dead.filter((body) => !poison.has(body)));
    },
    stop: () => clearInterval(timer),
  };
}
