/**
 * A container of `ingest` as a process that can be killed: messages come in as lines of JSON, and for each one a line
 * goes out, `done` or `failed` with its blob's key. Ends when its input ends.
 */
import { createInterface } from 'node:readline';
import { memoryMessageQueue } from '../../core/adapters/memory/message-queue.ts';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { ingestMessageSchema } from '../../core/contracts/messages.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { ingestBlobs } from '../../functions/ingest/ingest-blob.ts';
import { folderRawStore } from './folder-raw-store.ts';

const [url = '', folder = ''] = process.argv.slice(2);
const pool = createPool({ url }, 2);
const ingestBlob = ingestBlobs({
  rawStore: folderRawStore(folder),
  store: postgresIngestStore(pool),
  queue: memoryMessageQueue(),
  // The second source of the load is in no catalogue.
  sourceOf: (id) => ({ ...yahoo, id }),
});

const waiting: string[] = [];
let ended = false;
const input = createInterface({ input: process.stdin });
input.on('line', (line) => waiting.push(line));
input.on('close', () => {
  ended = true;
});

await Promise.all([work(), work(), work()]);
await pool.end();

async function work(): Promise<void> {
  for (;;) {
    const line = waiting.shift();
    if (line === undefined) {
      if (ended) return;
      await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    const message = ingestMessageSchema.parse(JSON.parse(line));
    try {
      await ingestBlob(message);
      process.stdout.write(`done ${message.blobKey}\n`);
    } catch {
      process.stdout.write(`failed ${message.blobKey}\n`);
    }
  }
}
