import { GetQueueAttributesCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import type { Exchange } from '../../core/contracts/blob.ts';
import type { IngestMessage } from '../../core/contracts/messages.ts';
import { planCycle, waitForRuns } from '../../localstack/cycle.ts';
import type { IngestedBlob } from '../support/ingest-answers.ts';
import { eventually, sharedCloud } from '../support/shared-cloud.ts';

const cloud = sharedCloud();

/** Has an attempt of its own keep each of these answers, and queues their keys at once. Gives the keys. */
async function queueBlobs(output: string, blobs: readonly IngestedBlob[]): Promise<string[]> {
  const messages: IngestMessage[] = [];
  for (const blob of blobs) messages.push(await cloud.fetched(blob));
  await cloud.sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: cloud.outputOf(output),
      Entries: messages.map((message, at) => ({ Id: String(at), MessageBody: JSON.stringify(message) })),
    }),
  );
  return messages.map(({ blobKey }) => blobKey);
}

async function batchesOf(keys: readonly string[]): Promise<Record<string, unknown>[]> {
  return cloud.rows('SELECT blob_key, reason, accepted FROM batch WHERE blob_key = ANY ($1)', [keys]);
}

async function hiddenMessages(output: string): Promise<number> {
  const { Attributes } = await cloud.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: cloud.outputOf(output),
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  const { ApproximateNumberOfMessages: waiting, ApproximateNumberOfMessagesNotVisible: hidden } = Attributes ?? {};
  return Number(waiting ?? 0) + Number(hidden ?? 0);
}

// A message that failed, or whose function took too long, is hidden for six minutes: what is stored before them was stored
// by its first reading.
const firstReadingMs = 180_000;

it('six pages of 300,000 nested elements are read once, with a reason, and keep no good blob waiting', {
  timeout: 300_000,
}, async () => {
  const runs = await planCycle(cloud.functions, 'quotes');
  await waitForRuns(cloud.pool, runs, 90_000);
  const [stored] = await cloud.rows(
    `SELECT blob_key FROM batch WHERE kind = 'quotes' AND accepted > 0 ORDER BY id DESC LIMIT 1`,
  );
  const { sourceId, job, kind, exchanges, createdAt } = await cloud.getBlob(String(stored?.['blob_key']));
  const page: Exchange = {
    request: { method: 'GET', url: 'https://www.slickcharts.com/dowjones', headers: {}, symbols: ['dowjones'] },
    response: { status: 200, headers: {}, body: '<div>'.repeat(300_000), truncated: false },
    error: null,
    fetchedAt: createdAt,
    latencyMs: 1,
  };
  const hostile = { source: 'slickcharts', kind: 'constituents', exchanges: [page] } as const;
  const began = performance.now();
  const hostileKeys = await queueBlobs(
    'QueueIngestPages',
    Array.from({ length: 6 }, () => hostile),
  );
  const goodKeys = await queueBlobs(
    'QueueIngest',
    Array.from({ length: 10 }, () => ({ source: sourceId, job, kind, exchanges })),
  );

  const batches = await eventually(
    'all blobs to be read',
    async () => {
      const found = await batchesOf([...goodKeys, ...hostileKeys]);
      return found.length === 16 ? found : undefined;
    },
    firstReadingMs,
  );
  expect(performance.now() - began).toBeLessThan(firstReadingMs);
  const ofKeys = (keys: readonly string[]) => batches.filter((batch) => keys.includes(String(batch['blob_key'])));
  for (const batch of ofKeys(hostileKeys)) expect(batch).toMatchObject({ reason: 'schema_drift', accepted: 0 });
  for (const batch of ofKeys(goodKeys)) expect(Number(batch['accepted'])).toBeGreaterThan(0);
  await eventually('no message to be left for another try', async () =>
    (await hiddenMessages('QueueIngestPages')) + (await hiddenMessages('QueueIngest')) === 0 ? true : undefined,
  );
});
