import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { impatientS3, s3RawStore } from '../../../core/adapters/s3/raw-store.ts';

/** A bucket that takes connections and says nothing. */
let bucket: Server;
let connections: Socket[];

beforeEach(async () => {
  connections = [];
  bucket = createServer((socket) => connections.push(socket));
  await new Promise<void>((resolve) => bucket.listen(0, '127.0.0.1', resolve));
  const address = bucket.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  vi.stubEnv('AWS_ENDPOINT_URL_S3', `http://127.0.0.1:${port}`);
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'very secret');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const socket of connections) socket.destroy();
  await new Promise((resolve) => bucket.close(resolve));
});

it('a look into a bucket that does not answer ends after two tries', async () => {
  await expect(s3RawStore('raw-bucket', impatientS3(200)).has('a/blob.json')).rejects.toThrow('timed out');
  expect(connections).toHaveLength(2);
});
