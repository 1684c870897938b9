/**
 * One worker process of the test of permits: does the tasks it is given as a scraper does, on the database and over HTTP
 * of its settings, with queue and blobs in its own memory. Says what it did as JSON on its standard output.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { httpUpstream } from '../../core/adapters/http/upstream.ts';
import { memoryMessageQueue } from '../../core/adapters/memory/message-queue.ts';
import { memoryRawStore } from '../../core/adapters/memory/raw-store.ts';
import { createPool } from '../../core/adapters/postgres/pool.ts';
import { postgresState } from '../../core/adapters/postgres/state.ts';
import { scrapeMessageSchema } from '../../core/contracts/messages.ts';
import { scrapeQueueName } from '../../core/contracts/settings.ts';
import { parserOf } from '../../core/sources/parsers.ts';
import { reachSource } from '../../functions/reach-source.ts';
import { scrapeTask } from '../../functions/scrape-task.ts';

const orders = z
  .object({
    databaseUrl: z.string(),
    sourceUrls: z.record(z.string(), z.string()),
    credentials: z.record(z.string(), z.string()),
    tasks: z.array(scrapeMessageSchema),
    /** Permits that this worker takes besides, as canaries, backfills and the proxy do. */
    others: z.int(),
    sourceId: z.string(),
    forMs: z.number(),
    name: z.string(),
  })
  .parse(JSON.parse(process.argv[2] ?? ''));

const pool = createPool({ url: orders.databaseUrl }, 1);
const state = postgresState(pool);
const queue = memoryMessageQueue();
const until = Date.now() + orders.forMs;
let outcomes = 0;

async function others(): Promise<void> {
  for (let n = 0; n < orders.others && Date.now() < until; n++) {
    const purpose = (['canary', 'backfill', 'proxy', 'login'] as const)[n % 4] ?? 'canary';
    const { permits } = await state.ask({ op: 'reservePermits', sourceId: orders.sourceId, count: 1, purpose });
    for (const permit of permits) {
      // Some are never used: they count until they expire.
      if (n % 3 === 0) continue;
      if ((await state.ask({ op: 'usePermit', permitId: permit.id })).ok)
        await fetch(`${orders.sourceUrls[orders.sourceId]}/v1/finance/search?q=a`);
    }
    await sleep(20);
  }
}

async function tasks(): Promise<void> {
  let waiting: unknown[] = orders.tasks;
  while (Date.now() < until) {
    for (const message of waiting) {
      if (Date.now() >= until) return;
      const task = scrapeMessageSchema.parse(message);
      const ready = await reachSource(task.sourceId, {
        state,
        sourceUrls: orders.sourceUrls,
        sessionSecret: async () => 'the secret of this test',
        upstream: httpUpstream,
        now: Date.now,
        wait: (ms) => sleep(Math.min(ms, 50)),
        credentials: async (id) => orders.credentials[id] ?? null,
      });
      const source = { ...ready, parser: parserOf(task.sourceId) };
      const worker = orders.name;
      await scrapeTask(task, { source, state, blobs: memoryRawStore(), queue, now: Date.now, worker });
    }
    outcomes += queue.take('outcomes').length;
    queue.take('ingest');
    // What must wait comes back at once: a hundred times more often than SQS would bring it.
    waiting = queue.take(scrapeQueueName(orders.sourceId));
    await sleep(50);
  }
}

await Promise.all([tasks(), others()]);
outcomes += queue.take('outcomes').length;
await pool.end();
process.stdout.write(JSON.stringify({ outcomes }));
