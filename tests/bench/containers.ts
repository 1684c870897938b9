import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import type { IngestMessage } from '../../core/contracts/messages.ts';

/** Containers at work, each with one connection to the database: the least concurrency that SQS event sources allow. */
export const containerCount = 2;

/** Blobs that a container has in work: the next one is unpacked and parsed while one is stored. */
const blobsPerContainer = 2;

const reply = z.object({ error: z.string().nullable() });

/** Warm containers that read blobs from one queue. */
export interface Containers {
  /** Reads all of them; throws when one fails. Gives the seconds it took. */
  ingest(deliveries: readonly { readonly message: IngestMessage; readonly blob: Buffer }[]): Promise<number>;
  stop(): Promise<void>;
}

/** `events` is false for containers that make and write none. */
export function startContainers(url: string, events = true): Containers {
  const module = events ? 'ingest-container.ts' : 'ingest-container-without-events.ts';
  const workers = Array.from(
    { length: containerCount },
    () => new Worker(new URL(module, import.meta.url), { workerData: { url } }),
  );
  return {
    async ingest(deliveries) {
      const waiting = [...deliveries];
      const started = performance.now();
      await Promise.all(workers.map((worker) => drain(worker, waiting)));
      return (performance.now() - started) / 1000;
    },
    async stop() {
      await Promise.all(
        workers.map(async (worker) => {
          const ended = new Promise((resolve) => worker.once('exit', resolve));
          worker.postMessage(null);
          await ended;
        }),
      );
    },
  };
}

/** Hands a worker the next blob whenever it has room, until none waits. */
function drain<T>(worker: Worker, waiting: T[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let inWork = 0;
    const end = (error?: Error) => {
      worker.off('message', onReply);
      worker.off('error', end);
      if (error) reject(error);
      else resolve();
    };
    const next = () => {
      for (; inWork < blobsPerContainer; inWork++) {
        const delivery = waiting.shift();
        if (!delivery) break;
        worker.postMessage(delivery);
      }
      if (inWork === 0) end();
    };
    const onReply = (received: unknown) => {
      inWork--;
      const { error } = reply.parse(received);
      if (error === null) next();
      else end(new Error(`A blob could not be ingested: ${error}`));
    };
    worker.on('message', onReply);
    worker.on('error', end);
    next();
  });
}
