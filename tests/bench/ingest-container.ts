/**
 * A container of `ingest` as a thread: its own memory and one connection, like a Lambda's. Blobs come in as messages;
 * `null` ends it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { memoryMessageQueue } from '../../core/adapters/memory/message-queue.ts';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { patientLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { unpackBlob } from '../../core/adapters/s3/pack-blob.ts';
import { ingestMessageSchema } from '../../core/contracts/messages.ts';
import { ingestBlobs } from '../../functions/ingest/ingest-blob.ts';

const delivery = z.object({ message: ingestMessageSchema, blob: z.instanceof(Uint8Array) }).nullable();

// Of its two blobs one waits for the connection, and on a busy machine for long.
const limits = { ...patientLimits, connect: 60_000 };
const pool = createPool(z.object({ url: z.string() }).parse(workerData), 1, limits);
const blobs = new Map<string, Uint8Array>();
const ingestBlob = ingestBlobs({
  rawStore: {
    put: async () => undefined,
    has: async () => true,
    get: (key) => unpackBlob(key, Buffer.from(blobs.get(key) ?? [])),
  },
  store: postgresIngestStore(pool),
  queue: memoryMessageQueue(),
});

parentPort?.on('message', async (received: unknown) => {
  const delivered = delivery.parse(received);
  if (delivered === null) {
    await pool.end();
    parentPort?.close();
    return;
  }
  const { blobKey } = delivered.message;
  blobs.set(blobKey, delivered.blob);
  let error: string | null = null;
  try {
    await ingestBlob(delivered.message);
  } catch (thrown) {
    error = thrown instanceof Error ? thrown.message : String(thrown);
  }
  blobs.delete(blobKey);
  parentPort?.postMessage({ error });
});
