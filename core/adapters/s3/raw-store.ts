import {
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { BlobError, type RawStore } from '../../ports/raw-store.ts';
import { packBlob, unpackBlob } from './pack-blob.ts';

/** Raw blobs in an S3 bucket. */
export function s3RawStore(bucket: string, client = new S3Client(s3Options())): RawStore {
  return {
    async put(key, envelope) {
      try {
        await client.send(
          new PutObjectCommand({
            Bucket: bucket,
            Key: key,
            Body: await packBlob(envelope),
            ContentType: 'application/json',
            ContentEncoding: 'gzip',
            IfNoneMatch: '*',
          }),
        );
      } catch (error) {
        if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412) return;
        throw error;
      }
    },
    async has(key) {
      // Not by HEAD, which S3 answers with 403 for a missing key unless one may list the whole bucket. Of keys with a
      // prefix, the one that is the prefix comes first.
      const found = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: key, MaxKeys: 1 }));
      return found.Contents?.[0]?.Key === key;
    },
    async get(key) {
      try {
        const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        const bytes = await answer.Body?.transformToByteArray();
        if (!bytes) throw new BlobError(`Blob ${key} is empty.`, 'blob_damaged');
        return await unpackBlob(key, Buffer.from(bytes));
      } catch (error) {
        if (error instanceof NoSuchKey) throw new BlobError(`Blob ${key} does not exist.`, 'blob_missing');
        throw error;
      }
    },
  };
}

/**
 * A client for what may wait for the next minute: from a bucket that does not answer it turns away after two tries of
 * `silenceMs` each.
 */
export function impatientS3(silenceMs = 4_000): S3Client {
  return new S3Client({
    ...s3Options(),
    maxAttempts: 2,
    requestHandler: { connectionTimeout: silenceMs, socketTimeout: silenceMs },
  });
}

/** Emulators answer on one host, where bucket names in the host name do not resolve. */
export function s3Options() {
  return { forcePathStyle: Boolean(process.env['AWS_ENDPOINT_URL'] || process.env['AWS_ENDPOINT_URL_S3']) };
}
