/** The raw blobs of a deployed cloud. */
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { rawPrefix } from '../../../core/contracts/s3-keys.ts';
import type { KeptBlobs } from './kept-blobs.ts';

/** All raw blobs of a bucket. A blob is never changed, so those that were `seen` before are not read again. */
export async function blobsInBucket(
  s3: S3Client,
  bucket: string,
  seen = new Map<string, Buffer>(),
): Promise<KeptBlobs> {
  for (const key of await keysUnder(s3, bucket, rawPrefix))
    if (!seen.has(key)) seen.set(key, await objectAt(s3, bucket, key));
  return seen;
}

/** All keys that begin so. */
export async function keysUnder(s3: S3Client, bucket: string, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  let ContinuationToken: string | undefined;
  do {
    const listed = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken }));
    keys.push(...(listed.Contents ?? []).flatMap(({ Key }) => Key ?? []));
    ContinuationToken = listed.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return keys;
}

export async function objectAt(s3: S3Client, bucket: string, key: string): Promise<Buffer> {
  const object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return Buffer.from((await object.Body?.transformToByteArray()) ?? []);
}
