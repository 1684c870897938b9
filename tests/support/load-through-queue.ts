import type { Context, SQSEvent } from 'aws-lambda';
import { expect } from 'vitest';
import { memoryRawStore } from '../../core/adapters/memory/raw-store.ts';
import { createPool, type Pool } from '../../core/adapters/postgres/database/pool.ts';
import type { TimeLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { ingestMessageSchema } from '../../core/contracts/messages.ts';
import { handleQueue } from '../../core/runtime/queue-handler.ts';
import { ingestBlobs } from '../../functions/ingest/ingest-blob.ts';
import { expectInvariant } from './invariants/expect-invariant.ts';
import { type LoadedBlob, makeLoad } from './load.ts';
import { failedOf, simulatedQueue } from './simulated-queue.ts';

/** Time limits of a container of these tests, in the proportion of the real ones, so that nothing takes minutes. */
export const quickLimits: TimeLimits = {
  connect: 2_000,
  lock: 750,
  statement: 1_500,
  query: 2_000,
  idleInTransaction: 750,
  idle: 240_000,
};

export interface LoadOptions {
  /** Minutes of the load: four blobs of thirty rows each, of one source. */
  readonly ticks: number;
  readonly containers: number;
  readonly limits?: TimeLimits;
  /** Texts that no reader can take, sent among the blobs' messages: each must become a dead letter, and nothing else may. */
  readonly poison?: readonly string[];
  /** How long a second of the queue takes, in milliseconds; 20 unless given. */
  readonly secondMs?: number;
  /** Messages that a container takes at once; ten unless given. */
  readonly batchSize?: number;
  /** What Lambda gets in place of a reader's answer. */
  readonly distorted?: (answer: unknown, event: SQSEvent) => unknown;
}

export type QueuedLoad = Awaited<ReturnType<typeof queueLoad>>;

/**
 * Blobs that wait on the queue of `ingest`, and containers that read them as Lambda does: the product's queue handler,
 * use case and store, a pool of one connection each. `pool` is a connection past all faults.
 *
 * A second of the queue takes 20 ms, so a held message comes again after a third of a second, and one that was lost with
 * its container after seven.
 */
export async function queueLoad(pool: Pool, options: LoadOptions) {
  const { ticks, containers, limits = quickLimits, batchSize = 10, distorted = (answer) => answer } = options;
  const { poison = [], secondMs = 20 } = options;
  // The other source of the load is in no catalogue.
  const load = makeLoad(ticks).filter(({ message }) => message.sourceId === 'yahoo');
  const raw = memoryRawStore();
  for (const blob of load) {
    await raw.put(blob.message.blobKey, blob.envelope);
    await planBlob(pool, blob);
  }
  const queue = simulatedQueue({
    name: 'ingest',
    now: Date.now,
    visibilitySeconds: 360,
    maxReceiveCount: 5,
    secondMs,
  });
  const bodies = load.map(({ message }) => JSON.stringify(message));
  // Spread evenly, so that each has neighbours.
  for (const [at, body] of poison.entries())
    bodies.splice(Math.floor(((at + 0.5) * bodies.length) / poison.length), 0, body);
  for (const body of bodies) queue.sendBody(body, 0);
  let failed = 0;
  let held = 0;
  let done = 0;
  let abort = new AbortController();
  const reading = new Set<Promise<void>>();

  /** One container, until the queue is empty. */
  async function container(url: string, signal: AbortSignal): Promise<void> {
    const own = createPool({ url }, 1, limits);
    const ingest = ingestBlobs({ rawStore: raw, store: postgresIngestStore(own), queue });
    try {
      while (queue.size > 0 && !signal.aborted) {
        const event = queue.receive(batchSize);
        if (!event) {
          await new Promise((resolve) => setTimeout(resolve, 10));
          continue;
        }
        const answer = await handleQueue(event, context, ingestMessageSchema, {
          async handle(message) {
            await ingest(message);
            done++;
          },
          async requeue(message, delaySeconds) {
            held++;
            await queue.send('ingest', [message], delaySeconds);
          },
        });
        failed += answer.batchItemFailures.length;
        queue.settle(event, failedOf(event, distorted(answer, event)));
      }
    } finally {
      await own.end();
    }
  }

  return {
    load,
    queue,
    get counts() {
      return { done, held, failed, receives: queue.receives, dead: queue.dead.length };
    },
    /** Reads until the queue is empty, or fails after `withinMs`. */
    read(url: string, withinMs = 60_000): Promise<void> {
      const ending = new AbortController();
      abort = ending;
      const timer = setTimeout(() => ending.abort(), withinMs);
      const all = Promise.all(Array.from({ length: containers }, () => container(url, ending.signal))).then(() => {
        clearTimeout(timer);
        expect(queue.size, `messages that were not done within ${withinMs} ms`).toBe(0);
      });
      reading.add(all);
      // A test that fails meanwhile does not wait for it.
      all.catch(() => undefined);
      return all;
    },
    /** Ends the containers, after what they are at. */
    async stop(): Promise<void> {
      abort.abort();
      await Promise.allSettled(reading);
    },
    /** Nothing is lost, doubled or dead, and nothing costs a message one of its tries. */
    async expectStored(): Promise<void> {
      expect([...queue.dead].sort()).toEqual([...poison].sort());
      await expectInvariant(pool, { blobs: raw.blobs });
      const { rows } = await pool.query<{ accepted: string }>('SELECT sum(accepted) AS accepted FROM batch');
      expect(Number(rows[0]?.accepted)).toBe(load.reduce((sum, { good }) => sum + good.length, 0));
    },
  };
}

const context = { awsRequestId: 'request' } as Context;

/** A run with its task and its attempt, which has brought the blob. */
export async function planBlob(pool: Pool, { message, slot, good }: LoadedBlob): Promise<void> {
  const { runId, sourceId, blobKey } = message;
  await pool.query(
    `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at) VALUES ($1, $2, 'quotes', 'quotes', 'schedule', $3, now())`,
    [runId, sourceId, slot],
  );
  await pool.query(
    `INSERT INTO task (run_id, part, source_id, symbols, due_at, status, attempt) VALUES ($1, 0, $2, '{}', now(), 'fetched', 1)`,
    [runId, sourceId],
  );
  await pool.query(
    `INSERT INTO task_attempt (run_id, part, attempt, worker, finished_at, ok, reason, blob_key)
     VALUES ($1, 0, 1, 'test', now(), $2, CASE WHEN NOT $2 THEN 'rate_limited' END, $3)`,
    [runId, good.length > 0, blobKey],
  );
}
