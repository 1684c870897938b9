/** The comparison of the raw blobs with the batches: what was kept and never read is found, whatever lost its message. */
import { expect, it } from 'vitest';
import { memoryMessageQueue } from '../../core/adapters/memory/message-queue.ts';
import { memoryRawStore } from '../../core/adapters/memory/raw-store.ts';
import { postgresComparisonStore } from '../../core/adapters/postgres/prices/blob-comparison.ts';
import { ingestMessageSchema } from '../../core/contracts/messages.ts';
import { ingestQueueName } from '../../core/contracts/queues.ts';
import { type BlobIndex, keysAtOnce } from '../../core/ports/raw-store.ts';
import { compareBlobs } from '../../functions/monitor/compare-blobs.ts';
import { memoryStores, type PipelineStores, runNow } from '../support/pipeline.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ sources: ['yahoo'], pipeline: { symbols: ['AAPL'] } });
const sources = [{ id: 'yahoo' }];
const dayMs = 86_400_000;

/** A pipeline that has kept the answer of a run, whose message to `ingest` is gone. */
async function lostMessage(stores: PipelineStores = memoryStores()) {
  const running = world.pipeline({ stores });
  await running.plan(runNow('quotes'));
  await running.scrape();
  await running.monitor();
  expect(stores.queue.take('ingest')).toHaveLength(1);
  const store = postgresComparisonStore(world.pool);
  const [key = ''] = running.blobs.blobs.keys();
  // Noon of the day that the key names.
  const noon = Date.parse(`${key.split('/')[2]}T12:00:00Z`);
  const after = (days: number) => new Date(noon + days * dayMs);
  return {
    ...running,
    after,
    compare: (days: number, of: Partial<Parameters<typeof compareBlobs>[1]> = {}) =>
      compareBlobs(after(days), {
        store,
        blobs: running.blobs,
        index: running.blobs,
        queue: running.queue,
        sources,
        ...of,
      }),
  };
}

const batches = () => world.all('SELECT blob_key FROM batch');
const tasks = () => world.all('SELECT status FROM task');

it('a blob that nothing has read is read when its day is compared, and its task says so', async () => {
  const running = await lostMessage();
  // The monitor's own look is over.
  await world.pool.query('UPDATE task_attempt SET batch_sought = true');
  const keys = [...running.blobs.blobs.keys()];
  expect((await running.compare(0)).sent, 'its message may be under way').toEqual([]);
  expect((await running.compare(1)).sent).toEqual([]);
  expect(await running.compare(3)).toEqual({ sent: keys, unreadable: [], errors: [] });
  await running.ingest();
  expect((await batches()).map((row) => row['blob_key'])).toEqual(keys);
  expect(await tasks()).toEqual([{ status: 'succeeded' }]);
  expect((await running.compare(3)).sent).toEqual([]);
  expect((await running.compare(30)).sent).toEqual([]);
});

it('it is sent once more when its dead letter is gone, and no oftener', async () => {
  const running = await lostMessage();
  const sent = [];
  for (let day = 0; day < 40; day++) {
    const { sent: found } = await running.compare(day);
    running.queue.take('ingest');
    if (found.length > 0) sent.push(day);
  }
  expect(sent).toEqual([2, 16]);
  await world.pool.query('DELETE FROM blob_comparison');
  await running.compare(3);
  await running.ingest();
});

it('it waits while ingest is stopped, and while ingest may still catch up', async () => {
  const running = await lostMessage();
  const switched = (isRunning: boolean, hoursAgo: number) =>
    world.pool.query(
      `INSERT INTO service_state (service_id, running, changed_at) VALUES ('ingest', $1, $2)
       ON CONFLICT (service_id) DO UPDATE SET running = $1, changed_at = $2`,
      [isRunning, new Date(running.after(3).getTime() - hoursAgo * 3_600_000)],
    );
  await switched(false, 100);
  expect((await running.compare(3)).sent).toEqual([]);
  await switched(true, 5);
  expect((await running.compare(3)).sent).toEqual([]);
  await switched(true, 7);
  expect((await running.compare(3)).sent).toHaveLength(1);
  await running.ingest();
});

it('a database that was restored reads what came after its backup, by what the blobs say themselves', async () => {
  await world.uncheckedFromNow('the runs of the blobs are not in the backup');
  const running = await lostMessage();
  const [key = ''] = running.blobs.blobs.keys();
  // Beside it one that nobody can read, and something that is no blob.
  const damaged = key.replace('/0-1.', '/7-1.');
  running.blobs.blobs.set(damaged, Buffer.from('{}'));
  running.blobs.blobs.set(key.replace('/0-1.', '/note-'), Buffer.from('{}'));
  await world.pool.query('TRUNCATE run, task, task_attempt CASCADE');
  const { sent, unreadable } = await running.compare(3);
  expect(sent).toEqual([key]);
  expect(unreadable).toEqual([damaged]);
  const messages = running.queue.take(ingestQueueName('api')).map((message) => ingestMessageSchema.parse(message));
  expect(messages).toMatchObject([{ blobKey: key, job: 'quotes', kind: 'quotes', part: 0, attempt: 1 }]);
  await running.queue.send('ingest', messages);
  await running.ingest();
  expect(await world.all('SELECT accepted FROM batch')).toEqual([{ accepted: 1 }]);
});

/** Blobs that are only their keys, of several days ago, of one run that the database knows. */
async function manyBlobs(count: number, days = 3) {
  const runId = '018f2c3a-0000-7000-8000-000000000000';
  await world.pool.query(
    `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at) VALUES ($1, 'yahoo', 'quotes', 'quotes', 'manual', 'x', now())`,
    [runId],
  );
  const date = new Date(Date.now() - days * dayMs).toISOString().slice(0, 10);
  const blobs = memoryRawStore(
    new Map(
      Array.from({ length: count }, (_, part) => [`raw/yahoo/${date}/${runId}/${part}-1.json.gz`, Buffer.alloc(0)]),
    ),
  );
  return blobs;
}

it('a day of many is sent in several minutes, each blob once, and none is left out', async () => {
  const count = keysAtOnce + 234;
  const blobs = await manyBlobs(count);
  const queue = memoryMessageQueue();
  const compare = () =>
    compareBlobs(new Date(), { store: postgresComparisonStore(world.pool), blobs, index: blobs, queue, sources });
  const minutes = [];
  for (let sent = -1; sent !== 0; minutes.push(sent)) sent = (await compare()).sent.length;
  expect(Math.max(...minutes)).toBeLessThanOrEqual(250);
  expect(minutes.length).toBeGreaterThan(4);
  const keys = queue.take('ingest').map((message) => ingestMessageSchema.parse(message).blobKey);
  expect(keys).toHaveLength(count);
  expect(new Set(keys).size).toBe(count);
});

it('a source whose blobs cannot be listed, or a bucket that is slow, keeps no other from being compared', async () => {
  const blobs = await manyBlobs(3);
  const queue = memoryMessageQueue();
  const failing: BlobIndex['keys'] = async (prefix, after) => {
    if (prefix.includes('/coingecko/')) throw new Error('The bucket does not answer.');
    return blobs.keys(prefix, after);
  };
  const { sent, errors } = await compareBlobs(new Date(), {
    store: postgresComparisonStore(world.pool),
    blobs,
    index: { keys: failing },
    queue,
    sources: [{ id: 'coingecko' }, { id: 'yahoo' }],
  });
  expect(sent).toHaveLength(3);
  // Once for each pass.
  expect(errors).toHaveLength(2);
  const slow = await compareBlobs(new Date(), {
    store: postgresComparisonStore(world.pool),
    blobs,
    index: blobs,
    queue,
    sources: [{ id: 'coingecko' }],
    withinMs: 0,
  });
  expect(slow).toEqual({ sent: [], unreadable: [], errors: [] });
});
