import { describe, expect, it } from 'vitest';
import { memoryMessageQueue } from '../../core/adapters/memory/message-queue.ts';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { ingestMessageSchema } from '../../core/contracts/messages.ts';
import type { RawStore } from '../../core/ports/raw-store.ts';
import { ingestBlobs } from '../../functions/ingest/ingest-blob.ts';
import { chosenSeed } from '../support/chosen-seed.ts';
import { memoryStores, runNow } from '../support/pipeline.ts';
import { randomOf } from '../support/random.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ sources: ['yahoo'], connections: 8, pipeline: { symbols: ['AAPL', 'MSFT', 'NVDA'] } });
const attempts = () => world.all('SELECT attempt, ok FROM task_attempt ORDER BY attempt');

describe('a message that shows again while it is being handled', () => {
  it('costs no second request: the first worker has the task to itself [fault 21]', async () => {
    const stores = memoryStores();
    const first = world.pipeline({ stores });
    await first.plan(runNow('quotes'));
    const messages = stores.queue.take('scrape-yahoo');
    world.fault({ source: 'yahoo', kinds: ['quote'], fault: 'slow', delayMs: 300, on: true });
    const others = [world.pipeline({ stores: { ...stores, queue: memoryMessageQueue() } })];
    await stores.queue.send(
      'scrape-yahoo',
      messages.map((each) => Object(each)),
    );
    const working = first.scrape();
    await expect.poll(async () => (await attempts()).length, { timeout: 10_000, interval: 10 }).toBe(1);
    for (const other of others) {
      await other.queue.send(
        'scrape-yahoo',
        messages.map((each) => Object(each)),
      );
      await other.scrape();
      // It fires: the message is there while the other has it, and is put off.
      expect(other.queue.take('scrape-yahoo')).toHaveLength(1);
    }
    await working;
    await first.monitor();
    await first.ingest();
    await first.monitor();
    expect(await attempts()).toEqual([{ attempt: 1, ok: true }]);
    expect(world.upstreams.control.requests(false)['yahoo']).toMatchObject({ quote: 1 });
    await world.invariant(first);
  });

  it('is read by eight containers at once, and stored once [fault 21]', async () => {
    const running = world.pipeline();
    await running.plan(runNow('quotes'));
    await running.scrape();
    await running.monitor();
    const [message] = running.queue.take('ingest').map((each) => ingestMessageSchema.parse(each));
    if (!message) throw new Error('There is one.');
    let reading = 0;
    let most = 0;
    const slow: RawStore = {
      ...running.blobs,
      async get(key) {
        most = Math.max(most, ++reading);
        await expect.poll(() => most, { timeout: 10_000, interval: 5 }).toBe(8);
        reading -= 1;
        return running.blobs.get(key);
      },
    };
    const read = () =>
      ingestBlobs({ rawStore: slow, store: postgresIngestStore(world.pool), queue: running.queue })(message);
    const stored = await Promise.all(Array.from({ length: 8 }, read));
    expect(most).toBe(8);
    expect(stored.filter((each) => each?.repeated === false)).toHaveLength(1);
    await running.monitor();
    expect(await world.all('SELECT status, accepted FROM task')).toEqual([{ status: 'succeeded', accepted: 3 }]);
    await world.invariant(running);
  });
});

it('a bucket that fails three times of ten, before or after it has written, loses and doubles nothing [fault 35]', async () => {
  const random = randomOf(chosenSeed('fault 35'));
  const failed = { before: 0, after: 0 };
  const stores = memoryStores();
  const { blobs } = stores;
  async function unreliable<T>(work: () => Promise<T>): Promise<T> {
    if (random() < 0.15) {
      failed.before += 1;
      throw Object.assign(new Error('SlowDown'), { name: 'SlowDown' });
    }
    const result = await work();
    if (random() < 0.15) {
      failed.after += 1;
      throw Object.assign(new Error('InternalError'), { name: 'InternalError' });
    }
    return result;
  }
  const flaky = {
    blobs: blobs.blobs,
    put: (...of: Parameters<typeof blobs.put>) => unreliable(() => blobs.put(...of)),
    has: (...of: Parameters<typeof blobs.has>) => unreliable(() => blobs.has(...of)),
    get: (...of: Parameters<typeof blobs.get>) => unreliable(() => blobs.get(...of)),
    keys: (...of: Parameters<typeof blobs.keys>) => unreliable(() => blobs.keys(...of)),
    remove: blobs.remove,
  };
  const running = world.pipeline({ stores: { ...stores, blobs: flaky } });
  const runs = 12;
  for (let each = 0; each < runs; each += 1) await running.plan(runNow('quotes'));

  /** Each message by itself, as SQS gives it back when its handler throws. */
  async function drain(queue: string, handle: () => Promise<void>): Promise<void> {
    for (let waiting = stores.queue.take(queue), turn = 0; waiting.length > 0 && turn < 60; turn += 1) {
      const again: unknown[] = [];
      for (const message of waiting) {
        await stores.queue.send(queue, [Object(message)]);
        await handle().catch(() => again.push(message));
        again.push(...stores.queue.take(queue));
      }
      // As if the lease of a worker that failed had run out.
      await world.all('UPDATE task SET lease_until = now() WHERE lease_until IS NOT NULL');
      waiting = again;
    }
  }
  await drain('scrape-yahoo', running.scrape);
  await running.monitor();
  await drain('ingest', running.ingest);
  await running.monitor();
  expect(failed.before).toBeGreaterThan(0);
  expect(failed.after).toBeGreaterThan(0);
  // Blobs that were kept, and whose worker was told that they were not.
  const overdue = new Date(Date.now() + 16 * 60_000);
  for (let turn = 0; turn < 20; turn += 1) await running.watch(overdue).catch(() => undefined);
  await drain('ingest', running.ingest);
  await running.monitor();
  expect(await world.all('SELECT status, count(*)::int AS tasks FROM task GROUP BY 1')).toEqual([
    { status: 'succeeded', tasks: runs },
  ]);
  await world.invariant(running);
});
