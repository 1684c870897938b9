import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { s3BlobReader } from '../../../core/adapters/s3/blob-reader.ts';
import { packBlob } from '../../../core/adapters/s3/pack-blob.ts';
import { rawBlob } from '../../support/raw-blob.ts';

const runId = '0198a7c0-0000-5000-8000-000000000001';
const blob = rawBlob({ runId, sourceId: 'yahoo' }, [{ body: 'as it came' }]);
let bucket: Server;
let env: NodeJS.ProcessEnv;
let asked: URL[];

beforeEach(async () => {
  asked = [];
  const packed = await packBlob(blob);
  bucket = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://bucket');
    asked.push(url);
    if (url.pathname.endsWith('missing')) return response.writeHead(404).end('<Error>NoSuchKey</Error>');
    if (url.pathname.endsWith('forbidden')) return response.writeHead(403).end();
    if (url.pathname.endsWith('damaged')) return response.writeHead(200).end('no gzip');
    // S3 gives the encoding that was stored: a client that unpacks by it would unpack to any length.
    return response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed);
  });
  await new Promise<void>((resolve) => bucket.listen(0, '127.0.0.1', resolve));
  const address = bucket.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  env = {
    ...{ AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`, AWS_REGION: 'eu-west-1' },
    ...{ AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'very secret' },
  };
});
afterEach(() => new Promise((resolve) => bucket.close(resolve)));

it('reads a blob by a signed link', async () => {
  expect(await s3BlobReader('raw-bucket', env).get('raw/yahoo/a b.json.gz')).toEqual(blob);
  expect(asked[0]?.pathname).toBe('/raw-bucket/raw/yahoo/a%20b.json.gz');
  expect(asked[0]?.searchParams.has('X-Amz-Signature')).toBe(true);
});

it('says which blob is missing or damaged, and throws at what S3 refuses', async () => {
  const reader = s3BlobReader('raw-bucket', env);
  await expect(reader.get('raw/missing')).rejects.toMatchObject({ name: 'BlobError', code: 'blob_missing' });
  await expect(reader.get('raw/damaged')).rejects.toMatchObject({ name: 'BlobError', code: 'blob_damaged' });
  await expect(reader.get('raw/forbidden')).rejects.toThrow('403');
});
