import { BlobError, type RawStore } from '../../ports/raw-store.ts';
import { download } from './download.ts';
import { unpackBlob } from './pack-blob.ts';
import { s3Presigner } from './presigner.ts';

/** For a blob; a request of the API has 20 s. */
const timeoutMs = 8_000;

/** Reads raw blobs by signed links: the API reads few, and the S3 client has a tenth of a megabyte. */
export function s3BlobReader(bucket: string, env = process.env): Pick<RawStore, 'get'> {
  const linkTo = s3Presigner(bucket, env);
  return {
    async get(key) {
      const { status, body } = await download(new URL(await linkTo(key)), timeoutMs);
      if (status === 404) throw new BlobError(`Blob ${key} does not exist.`, 'blob_missing');
      if (status !== 200) throw new Error(`S3 answered ${status} for a raw blob.`);
      return unpackBlob(key, body);
    },
  };
}
