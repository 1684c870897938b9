import { type ChildProcess, fork } from 'node:child_process';
import { z } from 'zod';
import type { IngestMessage } from '../../core/contracts/messages.ts';

/** Containers at work, each with one connection to the database: the least concurrency that SQS event sources allow. */
export const containerCount = 2;

/** Blobs that a container has in work: the next one is unpacked and parsed while one is stored. */
const blobsPerContainer = 2;

const reply = z.object({ error: z.string().nullable() });

interface Delivery {
  readonly message: IngestMessage;
  readonly blob: Buffer;
}

/** Warm containers that read blobs from one queue. */
export interface Containers {
  /** Reads all of them; throws when one fails. Gives the seconds it took. */
  ingest(deliveries: readonly Delivery[]): Promise<number>;
  stop(): Promise<void>;
}

/** `events` is false for containers that make and write none. */
export function startContainers(url: string, events = true): Containers {
  const module = events ? 'ingest-container.ts' : 'ingest-container-without-events.ts';
  // Processes, as Lambda has them: of two groups of threads in one process, one took nearly twice the time for the same work.
  const containers = Array.from({ length: containerCount }, () =>
    fork(new URL(module, import.meta.url), [url], { serialization: 'advanced' }),
  );
  return {
    async ingest(deliveries) {
      const waiting = [...deliveries];
      const started = performance.now();
      await Promise.all(containers.map((container) => drain(container, waiting)));
      return (performance.now() - started) / 1000;
    },
    async stop() {
      await Promise.all(
        containers.map(async (container) => {
          const ended = new Promise((resolve) => container.once('exit', resolve));
          container.send('end');
          await ended;
        }),
      );
    },
  };
}

/** Hands a container the next blob whenever it has room, until none waits. */
function drain(container: ChildProcess, waiting: Delivery[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let inWork = 0;
    const end = (error?: Error) => {
      container.off('message', onReply);
      container.off('exit', onExit);
      if (error) reject(error);
      else resolve();
    };
    const next = () => {
      for (; inWork < blobsPerContainer; inWork++) {
        const delivery = waiting.shift();
        if (!delivery) break;
        container.send(delivery);
      }
      if (inWork === 0) end();
    };
    const onReply = (received: unknown) => {
      inWork--;
      const { error } = reply.parse(received);
      if (error === null) next();
      else end(new Error(`A blob could not be ingested: ${error}`));
    };
    const onExit = () => end(new Error('A container ended while it had blobs to read.'));
    container.on('message', onReply);
    container.on('exit', onExit);
    next();
  });
}
