/**
 * One worker process of the test of permits: does the tasks that its parent sends, as a scraper does, on the database and
 * over HTTP, with queue and blobs in its own memory. Answers with the number of outcomes. Ends with its parent.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { httpUpstream } from '../../core/adapters/http/upstream.ts';
import { memoryMessageQueue } from '../../core/adapters/memory/message-queue.ts';
import { memoryRawStore } from '../../core/adapters/memory/raw-store.ts';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { scrapeMessageSchema } from '../../core/contracts/messages.ts';
import { scrapeQueueName } from '../../core/contracts/queues.ts';
import { openSource } from '../../core/scraping/open-source.ts';
import { scrapeTask } from '../../core/scraping/scrape-task.ts';

const ordersSchema = z.object({
  sourceUrls: z.record(z.string(), z.string()),
  credentials: z.record(z.string(), z.string()),
  tasks: z.array(scrapeMessageSchema),
  /** Permits that this worker takes besides, as canaries, backfills and the proxy do. */
  others: z.int(),
  sourceId: z.string(),
  forMs: z.number(),
});
type Orders = z.infer<typeof ordersSchema>;

const [, , url = '', worker = ''] = process.argv;
const state = postgresState(createPool({ url }, 1));

async function others(orders: Orders, until: number): Promise<void> {
  for (let n = 0; n < orders.others && Date.now() < until; n++) {
    const purpose = (['canary', 'backfill', 'proxy', 'login'] as const)[n % 4] ?? 'canary';
    const { permits } = await state.call({ op: 'takePermits', sourceId: orders.sourceId, count: 1, purpose });
    // Some take one and die: it stays used.
    if (permits.length > 0 && n % 3 > 0) await fetch(`${orders.sourceUrls[orders.sourceId]}/v1/finance/search?q=a`);
    await sleep(20);
  }
}

/** Longer than the gap that any quota wants: who has had no outcome for so long waits for the next minute or day. */
const quietMs = 2_500;

/** How many outcomes the tasks had. */
async function tasks(orders: Orders, until: number): Promise<number> {
  const queue = memoryMessageQueue();
  let waiting: unknown[] = orders.tasks;
  let outcomes = 0;
  let lastAt = Date.now();
  while (Date.now() < Math.min(until, lastAt + quietMs)) {
    for (const message of waiting) {
      if (Date.now() >= until) break;
      const task = scrapeMessageSchema.parse(message);
      const source = await openSource(task.sourceId, {
        state,
        sourceUrls: orders.sourceUrls,
        sessionSecret: async () => 'the secret of this test',
        upstream: httpUpstream,
        now: Date.now,
        wait: (ms) => sleep(Math.min(ms, 50)),
        credentials: async (id) => orders.credentials[id] ?? null,
      });
      await scrapeTask(task, { source, state, blobs: memoryRawStore(), queue, now: Date.now, worker });
    }
    const had = queue.take('outcomes').length;
    outcomes += had;
    if (had > 0) lastAt = Date.now();
    // What must wait comes back at once: many times more often than SQS would bring it.
    waiting = queue.take(scrapeQueueName(orders.sourceId));
    await sleep(500);
  }
  return outcomes;
}

process.on('message', async (message) => {
  const orders = ordersSchema.parse(message);
  const until = Date.now() + orders.forMs;
  const [outcomes] = await Promise.all([tasks(orders, until), others(orders, until)]);
  process.send?.(outcomes);
});
process.on('disconnect', () => process.exit());
