import { afterAll, beforeAll, expect, it } from 'vitest';
import { memoryMessageQueue } from '../../core/adapters/memory/message-queue.ts';
import { memoryRawStore } from '../../core/adapters/memory/raw-store.ts';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { ingestBlobs } from '../../functions/ingest/ingest-blob.ts';
import { expectInvariant } from '../support/invariants/expect-invariant.ts';
import { makeLoad } from '../support/load.ts';
import { planBlob } from '../support/load-through-queue.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.stop());

it('a row in the wrong unit that comes second of a symbol, and after a later fetch of its time, is rightly in quarantine', async () => {
  const pool = database.pool();
  const blobs = memoryRawStore();
  const ingest = ingestBlobs({ rawStore: blobs, store: postgresIngestStore(pool), queue: memoryMessageQueue() });
  // C33 is in the wrong unit at the tick 7, both times.
  const load = makeLoad(8).filter(({ message, slot }) => message.sourceId === 'yahoo' && slot.endsWith('-30'));
  const bySlot = new Map(load.map((each) => [each.slot, each]));
  for (const slot of ['4-0-30', '7-1-30', '7-0-30']) {
    const blob = bySlot.get(slot);
    if (!blob) throw new Error(`The load has no blob ${slot}.`);
    await blobs.put(blob.message.blobKey, blob.envelope);
    await planBlob(pool, blob);
    await ingest(blob.message);
  }
  const { rows } = await pool.query(`SELECT DISTINCT symbol FROM quarantine WHERE reason = 'unit_suspect' ORDER BY 1`);
  expect(rows.map(({ symbol }) => symbol)).toContain('C33');
  await expectInvariant(pool, { blobs: blobs.blobs });
});
