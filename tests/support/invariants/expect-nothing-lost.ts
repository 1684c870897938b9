/** The invariants of a local cloud of its own that still runs. */
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import type { Pool } from '../../../core/adapters/postgres/database/pool.ts';
import { emulatorOf, type LocalFile } from '../../../localstack/cloud.ts';
import { emulatorClient } from '../../../localstack/emulator.ts';
import { blobsInBucket } from './blobs-in-bucket.ts';
import { breachesOf } from './expect-invariant.ts';

/** The name of the bucket of raw blobs. */
export async function rawBucket(s3: S3Client): Promise<string> {
  const { Buckets } = await s3.send(new ListBucketsCommand({}));
  return Buckets?.find(({ Name }) => Name?.includes('rawbucket'))?.Name ?? '';
}

/** Nothing was lost or doubled in all that the database and the bucket have; what waits for its time may be open. */
export async function expectNothingLost(ready: LocalFile, pool: Pool): Promise<void> {
  const s3 = new S3Client({ ...emulatorClient(emulatorOf(ready)), forcePathStyle: true });
  const bucket = await rawBucket(s3);
  const breaches = async () => breachesOf(pool, { blobs: await blobsInBucket(s3, bucket), underWay: new Set() });
  await post(ready, `${ready.apiUrl}/services/scheduler/stop`);
  try {
    await expect.poll(breaches, { timeout: 60_000, interval: 1_000 }).toEqual([]);
  } finally {
    await post(ready, `${ready.apiUrl}/services/scheduler/start`);
    s3.destroy();
  }
}

/** Posts as an operator. */
export async function post(ready: LocalFile, url: string, body: unknown = {}): Promise<void> {
  const headers = { 'x-api-key': ready.apiKeys.operate, 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
}
