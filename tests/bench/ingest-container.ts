/**
 * A container of `ingest` as a process: its own memory and one connection, like a Lambda's. Its argument is the database's
 * URL. Blobs come in as messages; `end` ends it.
 */
import { z } from 'zod';
import { memoryMessageQueue } from '../../core/adapters/memory/message-queue.ts';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { patientLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { unpackBlob } from '../../core/adapters/s3/pack-blob.ts';
import { ingestMessageSchema } from '../../core/contracts/messages.ts';
import { ingestBlobs } from '../../functions/ingest/ingest-blob.ts';

const delivery = z.object({ message: ingestMessageSchema, blob: z.instanceof(Uint8Array) }).or(z.literal('end'));

// Of its two blobs one waits for the connection, and on a busy machine for long.
const limits = { ...patientLimits, connect: 60_000 };
const pool = createPool({ url: z.string().parse(process.argv[2]) }, 1, limits);
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

process.once('disconnect', () => process.exit());
process.on('message', async (received: unknown) => {
  const delivered = delivery.parse(received);
  if (delivered === 'end') {
    await pool.end();
    process.disconnect();
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
  process.send?.({ error });
});
