import { PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { ArtifactStore } from '../../ports/artifact-store.ts';
import { s3Options } from './raw-store.ts';

/** Artifacts in an S3 bucket: the one of the raw blobs, under their own prefix. */
export function s3ArtifactStore(bucket: string, client = new S3Client(s3Options())): ArtifactStore {
  return {
    async put(key, bytes, contentType) {
      try {
        await client.send(
          new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes, ContentType: contentType, IfNoneMatch: '*' }),
        );
      } catch (error) {
        if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412) return;
        throw error;
      }
    },
  };
}
