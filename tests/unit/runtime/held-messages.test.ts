import type { Context } from 'aws-lambda';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { handleQueue } from '../../../core/runtime/queue-handler.ts';
import { simulatedQueue } from '../../support/simulated-queue.ts';

/* The queue `ingest` as it is deployed, read by `handleQueue` with a clock of its own. */

const context = { awsRequestId: 'request' } as Context;
const schema = z.object({ key: z.string(), heldSince: z.iso.datetime().optional() });
const minute = 60_000;
const away = () => Object.assign(new Error('the database system is starting up'), { code: '57P03' });

interface Outcome {
  /** Minutes from the start until each message was done, by key. */
  readonly doneAfter: Record<string, number>;
  /** Minutes until it was a dead letter. */
  readonly deadAfter: Record<string, number>;
  readonly tries: Record<string, number>;
}

/** Reads until the queue is empty. `handle` throws for what fails at a minute. */
async function readAll(keys: readonly string[], handle: (key: string, at: number) => void, holds = true) {
  let clock = Date.UTC(2026, 10, 29);
  const start = clock;
  const now = () => clock;
  const minutes = () => (clock - start) / minute;
  const queue = simulatedQueue({ name: 'ingest', now, visibilitySeconds: 360, maxReceiveCount: 5 });
  const outcome: Outcome = { doneAfter: {}, deadAfter: {}, tries: {} };
  await queue.send(
    'ingest',
    keys.map((key) => ({ key })),
  );
  while (queue.nextAt !== null) {
    clock = Math.max(clock, queue.nextAt);
    const event = queue.receive(10);
    for (const body of queue.dead) outcome.deadAfter[schema.parse(JSON.parse(body)).key] ??= minutes();
    if (!event) continue;
    const { batchItemFailures } = await handleQueue(event, context, schema, {
      handle: async ({ key }) => {
        outcome.tries[key] = (outcome.tries[key] ?? 0) + 1;
        handle(key, minutes());
        outcome.doneAfter[key] = minutes();
      },
      requeue: (message, delaySeconds) =>
        holds ? queue.send('ingest', [message], delaySeconds) : Promise.reject(new Error('not held')),
      now,
    });
    queue.settle(event, batchItemFailures);
    clock += 1_000;
  }
  return outcome;
}

it.each([5, 31, 300])(
  'messages outlast %i minutes of a database that is away, and are done a minute later',
  // Hours of a queue are thousands of batches.
  { timeout: 60_000 },
  async (trouble) => {
    const keys = Array.from({ length: 30 }, (_, at) => `blob-${at}`);
    const { doneAfter, deadAfter } = await readAll(keys, (_, at) => {
      if (at < trouble) throw away();
    });
    expect(deadAfter).toEqual({});
    expect(Object.keys(doneAfter).sort()).toEqual(keys.sort());
    for (const at of Object.values(doneAfter)) {
      expect(at).toBeGreaterThanOrEqual(trouble);
      expect(at).toBeLessThan(trouble + 2);
    }
  },
);

it('without being held they would be dead letters after half an hour', async () => {
  const { deadAfter } = await readAll(
    ['blob'],
    (_, at) => {
      if (at < 31) throw away();
    },
    false,
  );
  expect(deadAfter['blob']).toBeLessThan(31);
});

it('a poison message beside them is a dead letter after the same five tries as ever, and costs its neighbours nothing', async () => {
  const { doneAfter, deadAfter, tries } = await readAll(['poison', 'blob'], (key, at) => {
    if (key === 'poison') throw new Error('a blob that cannot be read');
    if (at < 10) throw away();
  });
  expect(tries['poison']).toBe(5);
  expect(deadAfter['poison']).toBeLessThanOrEqual(31);
  expect(doneAfter['blob']).toBeLessThan(12);
});

it('a message whose own work takes the database too long keeps those that came with it waiting for seconds', async () => {
  const { doneAfter, tries } = await readAll(['slow', 'blob-1', 'blob-2'], (key) => {
    if (key === 'slow')
      throw Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' });
  });
  expect(tries['slow']).toBeGreaterThan(100);
  expect(doneAfter['blob-1']).toBeLessThan(1);
  expect(doneAfter['blob-2']).toBeLessThan(1);
});

it('a message that is taken for trouble of the database each time is a dead letter within seven hours', async () => {
  const { deadAfter } = await readAll(['slow'], () => {
    throw Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' });
  });
  expect(deadAfter['slow']).toBeGreaterThan(6 * 60);
  expect(deadAfter['slow']).toBeLessThan(7 * 60);
});
