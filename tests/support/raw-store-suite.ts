import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { BlobEnvelope } from '../../core/contracts/blob.ts';
import { rawBlobKey } from '../../core/contracts/s3-keys.ts';
import { BlobError, type RawStore } from '../../core/ports/raw-store.ts';

/** What every `RawStore` must do. `damage` puts bytes under a key behind the store's back. */
export function rawStoreSuite(
  make: () => { store: RawStore; damage(key: string, bytes: Buffer): Promise<void> },
): void {
  const envelope = (job: string): BlobEnvelope => ({
    version: 1,
    runId: randomUUID(),
    part: 0,
    attempt: 1,
    sourceId: 'yahoo',
    job,
    kind: 'quotes',
    createdAt: '2026-11-22T10:00:00.000Z',
    exchanges: [
      {
        request: { method: 'GET', url: 'https://query2.finance.yahoo.com/', headers: {}, symbols: ['AAPL'] },
        response: {
          status: 200,
          headers: { 'x-é': 'ü' },
          body: '{"price": 244.60, "name": "Ørsted \u202e"}',
          truncated: false,
        },
        error: null,
        fetchedAt: '2026-11-22T10:00:00.000Z',
        latencyMs: 12,
      },
    ],
  });

  it('gives back what it was given, to the letter', async () => {
    const { store } = make();
    const blob = envelope('quotes');
    const key = rawBlobKey(blob);
    expect(await store.has(key)).toBe(false);
    await store.put(key, blob);
    expect(await store.get(key)).toEqual(blob);
    expect(await store.has(key)).toBe(true);
  });

  it('never overwrites: the first blob under a key stays', async () => {
    const { store } = make();
    const first = envelope('first');
    const key = rawBlobKey(first);
    await store.put(key, first);
    await store.put(key, { ...first, job: 'second' });
    expect((await store.get(key)).job).toBe('first');
  });

  it('says that a blob is missing', async () => {
    await expect(make().store.get('raw/yahoo/2026-11-22/none/0-1.json.gz')).rejects.toThrow(BlobError);
  });

  it.each([
    ['no gzip', Buffer.from('{}')],
    ['no envelope', Buffer.from('1f8b08000000000000ffabae050043bfa6a302000000', 'hex')],
  ])('says that a blob is damaged: %s', async (_, bytes) => {
    const { store, damage } = make();
    const key = `raw/yahoo/2026-11-22/${randomUUID()}/0-1.json.gz`;
    await damage(key, bytes);
    await expect(store.get(key)).rejects.toThrow(/it is not changed/);
  });
}
