import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { maxBlobBytes } from '../../core/contracts/functions.ts';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { replaySchema } from '../../core/contracts/http/replays.ts';
import { makeKeys } from '../support/api-fixture.ts';
import { useClockedCloud } from '../support/clocked-cloud.ts';

const cloud = useClockedCloud('2026-11-24T17:00:00Z');
const fetchNow = () => cloud.fetch([{ symbol: 'AAPL', price: 100, asOf: cloud.now() - 10_000 }]);
const ends = () => cloud.all(`SELECT status, reason, detail->>'code' AS code FROM task`);

describe('a blob that nobody can read', () => {
  it.each<[string, string, (key: string) => void]>([
    ['is damaged', 'blob_damaged', (key) => void cloud.stores.blobs.blobs.set(key, Buffer.from('no gzip'))],
    ['is no envelope', 'blob_damaged', (key) => void cloud.stores.blobs.blobs.set(key, gzipSync('{}'))],
    [
      'unpacks to more than ingest can hold',
      'too_large',
      (key) => void cloud.stores.blobs.blobs.set(key, gzipSync(Buffer.alloc(maxBlobBytes + 1, ' '))),
    ],
  ])('because it %s ends its task with that, once, and costs no other blob [fault 22]', async (_why, code, harm) => {
    const [bad, good] = [await fetchNow(), await fetchNow()];
    harm(bad.message.blobKey);
    await cloud.stores.queue.send('ingest', [bad.message, good.message]);
    await cloud.stages.ingest();
    await cloud.stages.monitor();
    expect(await ends()).toEqual(
      expect.arrayContaining([
        { status: 'failed', reason: 'unexplained', code },
        { status: 'succeeded', reason: null, code: null },
      ]),
    );
    expect(cloud.stores.queue.take('ingest')).toEqual([]);
    if (code !== 'too_large') expect(await cloud.all('SELECT FROM incident')).toEqual([]);
  });

  it('does not end its task where a later release can read it: it is tried again', async () => {
    const { message } = await fetchNow();
    cloud.stores.blobs.blobs.set(message.blobKey, gzipSync(JSON.stringify({ version: 2, answers: [] })));
    await cloud.stores.queue.send('ingest', [message]);
    await expect(cloud.stages.ingest()).rejects.toThrow('a later release');
    expect(await cloud.all('SELECT FROM task WHERE finished_at IS NOT NULL')).toEqual([]);
    expect(await cloud.all('SELECT FROM batch')).toEqual([]);
    // It goes back to its queue.
    await cloud.stores.queue.send('ingest', [message]);
  });

  it('ends its replay as failed, and the answers beside it are read [fault 18]', async () => {
    const [gone, kept] = [await fetchNow(), await fetchNow()];
    await cloud.stores.queue.send('ingest', [gone.message, kept.message]);
    await cloud.stores.queue.send('outcomes', [gone.outcome, kept.outcome]);
    await cloud.stages.monitor();
    await cloud.stages.ingest();
    await cloud.world.uncheckedFromNow('a blob is deleted that was read');
    cloud.stores.blobs.blobs.delete(gone.message.blobKey);

    const keys = await makeKeys(cloud.world.pool);
    const api = cloud.world.api({ queue: cloud.stores.queue, clock: cloud.now });
    const replayed = async (runId: string) => {
      const asked = await api.ask(`/runs/${runId}/replay`, { method: 'POST', key: keys.operate });
      expect(asked.status).toBe(202);
      await cloud.stages.ingest();
      const answer = await api.ask(asked.headers.get('location')?.replace('/api/v1', '') ?? '', { key: keys.read });
      return envelope(replaySchema).parse(await answer.json()).data;
    };
    expect(await replayed(gone.message.runId)).toMatchObject({ status: 'failed', blobs: 1, read: 1, failed: 1 });
    expect(await replayed(kept.message.runId)).toMatchObject({ status: 'done', blobs: 1, read: 1, failed: 0 });
  });
});
