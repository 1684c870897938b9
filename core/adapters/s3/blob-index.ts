import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { type BlobIndex, keysAtOnce } from '../../ports/raw-store.ts';
import { s3Options } from './raw-store.ts';

/** What is in an S3 bucket of raw blobs. Beside the store, because only one of the functions that read blobs lists them. */
export function s3BlobIndex(bucket: string, client = new S3Client(s3Options())): BlobIndex {
  return {
    async keys(prefix, after) {
      const answer = await client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix,
          MaxKeys: keysAtOnce,
          ...(after !== null && { StartAfter: after }),
        }),
      );
      return (answer.Contents ?? []).flatMap(({ Key }) => Key ?? []);
    },
  };
}
