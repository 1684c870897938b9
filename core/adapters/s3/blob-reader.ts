import http from 'node:http';
import https from 'node:https';
import { BlobError, type RawStore } from '../../ports/raw-store.ts';
import { unpackBlob } from './pack-blob.ts';
import { s3Presigner } from './presigner.ts';

/** For a blob; a request of the API has 20 s. */
const timeoutMs = 8_000;

/** Reads raw blobs by signed links: the API reads few, and the S3 client has a tenth of a megabyte. */
export function s3BlobReader(bucket: string, env = process.env): Pick<RawStore, 'get'> {
  const linkTo = s3Presigner(bucket, env);
  return {
    async get(key) {
      const { status, body } = await download(new URL(await linkTo(key)));
      if (status === 404) throw new BlobError(`Blob ${key} does not exist.`, 'blob_missing');
      if (status !== 200) throw new Error(`S3 answered ${status} for a raw blob.`);
      return unpackBlob(key, body);
    },
  };
}

/** The body as it lies there. `fetch` would unpack it, to any length: blobs say of themselves that they are gzip. */
function download(url: URL): Promise<{ status: number; body: Buffer }> {
  const { get } = url.protocol === 'http:' ? http : https;
  return new Promise((resolve, reject) => {
    const request = get(url, { signal: AbortSignal.timeout(timeoutMs) }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(parts) }));
    });
    request.on('error', reject);
  });
}
