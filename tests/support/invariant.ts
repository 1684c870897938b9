import { expect } from 'vitest';
import type { memoryRawStore } from '../../core/adapters/memory/raw-store.ts';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { unpackBlob } from '../../core/adapters/s3/raw-store.ts';
import { parserOf } from '../../core/sources/catalogue.ts';

/**
 * Design, section 2, what must hold after anything: no task is left open, and each blob is read or held back. And what
 * the scraper takes for a failure, ingest does.
 */
export async function expectInvariant(
  pool: Pool,
  { blobs }: Pick<ReturnType<typeof memoryRawStore>, 'blobs'>,
): Promise<void> {
  const open = await pool.query('SELECT run_id, part FROM task WHERE finished_at IS NULL');
  expect(open.rows).toEqual([]);
  const read = await pool.query<{ blob_key: string }>('SELECT blob_key FROM batch');
  expect(read.rows.map((row) => row.blob_key).sort()).toEqual([...blobs.keys()].sort());
  for (const [key, bytes] of blobs) {
    const { sourceId, kind, exchanges } = await unpackBlob(key, bytes);
    const parser = await parserOf(sourceId);
    for (const exchange of exchanges)
      expect(parser.failureIn(kind, exchange), key).toEqual(parser.parse(kind, exchange).failure);
  }
}
