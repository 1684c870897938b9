import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { BlobEnvelope } from '../../core/contracts/blob.ts';
import { rawBlobKey, rawDayPrefix } from '../../core/contracts/s3-keys.ts';
import { BlobError, type BlobIndex, type BlobRemoval, keysAtOnce, type RawStore } from '../../core/ports/raw-store.ts';

/** What every `RawStore` must do. `damage` puts bytes under a key behind the store's back. */
export function rawStoreSuite(
  make: () => { store: RawStore & BlobIndex & BlobRemoval; damage(key: string, bytes: Buffer): Promise<void> },
): void {
  const runId = randomUUID();
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

  it('lists the keys under a prefix, in their order, from one on', async () => {
    const { store } = make();
    const date = '2001-02-03';
    const blobs = [3, 12, 2].map((part) => ({
      ...envelope('quotes'),
      runId,
      part,
      createdAt: `${date}T10:00:00.000Z`,
    }));
    const other = { ...envelope('quotes'), createdAt: '2001-02-04T10:00:00.000Z' };
    for (const blob of [...blobs, other]) await store.put(rawBlobKey(blob), blob);
    const keyOf = (part: number) => `raw/yahoo/${date}/${runId}/${part}-1.json.gz`;
    const prefix = `${rawDayPrefix('yahoo', date)}${runId}/`;
    expect(await store.keys(prefix, null)).toEqual([keyOf(12), keyOf(2), keyOf(3)]);
    expect(await store.keys(prefix, keyOf(12))).toEqual([keyOf(2), keyOf(3)]);
    expect(await store.keys(prefix, keyOf(3))).toEqual([]);
    expect(await store.keys(rawDayPrefix('nobody', date), null)).toEqual([]);
  });

  it('deletes what is named and nothing else, there or not, more at a time than S3 takes', async () => {
    const { store } = make();
    const [gone, kept] = [envelope('gone'), envelope('kept')];
    for (const blob of [gone, kept]) await store.put(rawBlobKey(blob), blob);
    const missing = Array.from({ length: keysAtOnce }, (_, part) => rawBlobKey({ ...gone, runId, part }));
    await store.remove([...missing, rawBlobKey(gone)]);
    await store.remove([]);
    expect([await store.has(rawBlobKey(gone)), await store.has(rawBlobKey(kept))]).toEqual([false, true]);
  });
}
