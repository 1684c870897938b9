import { expect, it } from 'vitest';
import { memoryQueueInspector } from '../../core/adapters/memory/queue-inspector.ts';
import { recoverMessages } from '../../localstack/lost-messages.ts';
import { memoryStores, runNow } from '../support/pipeline.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ sources: ['yahoo'], pipeline: { symbols: ['AAPL'] } });
const queues = (waiting: string[]) =>
  memoryQueueInspector({ 'scrape-yahoo': { waiting, dead: [] }, 'scrape-coingecko': { waiting: [], dead: [] } });
const statuses = () => world.all('SELECT status, attempt FROM task ORDER BY due_at');

it('a task whose message was lost with the emulator’s state is sent again and succeeds, once [fault 18]', async () => {
  const stores = memoryStores();
  const running = world.pipeline({ stores });
  await running.plan(runNow('quotes'));
  // The emulator is killed: its queue is as it was before.
  expect(stores.queue.take('scrape-yahoo')).toHaveLength(1);
  expect(await statuses()).toEqual([{ status: 'queued', attempt: 0 }]);
  expect(await recoverMessages(world.pool, queues([]))).toBe(1);
  expect(await recoverMessages(world.pool, queues([]))).toBe(0);
  await running.cycle(runNow('quotes'));
  expect(await statuses()).toEqual([
    { status: 'succeeded', attempt: 1 },
    { status: 'succeeded', attempt: 1 },
  ]);
  await world.invariant(running);
});

it('a task whose message is there stays in its queue', async () => {
  const running = world.pipeline();
  await running.plan(runNow('quotes'));
  expect(await recoverMessages(world.pool, queues(['the message']))).toBe(0);
  expect(await statuses()).toEqual([{ status: 'queued', attempt: 0 }]);
});
