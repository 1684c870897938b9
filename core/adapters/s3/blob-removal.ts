import { DeleteObjectsCommand, S3Client } from '@aws-sdk/client-s3';
import { type BlobRemoval, keysAtOnce } from '../../ports/raw-store.ts';
import { s3Options } from './raw-store.ts';

/** Deletes from an S3 bucket of raw blobs. Beside the store, because only one function may, and parts of imports only. */
export function s3BlobRemoval(bucket: string, client = new S3Client(s3Options())): BlobRemoval {
  return {
    async remove(keys) {
      for (let at = 0; at < keys.length; at += keysAtOnce) {
        const Objects = keys.slice(at, at + keysAtOnce).map((Key) => ({ Key }));
        const { Errors = [] } = await client.send(
          new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
        );
        const [first] = Errors;
        if (first)
          throw new Error(
            `${Errors.length} objects of ${Objects.length} could not be deleted: ${first.Key} ${first.Code}`,
          );
      }
    },
  };
}
