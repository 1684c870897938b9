import { randomUUID } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { packBlob, unpackBlob } from '../../../core/adapters/s3/pack-blob.ts';
import { impatientS3, s3RawStore } from '../../../core/adapters/s3/raw-store.ts';
import { type BlobEnvelope, exchangeErrors } from '../../../core/contracts/blob.ts';

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

it('an error that the former release does not know is stored as one that it knows, and read as what it is', async () => {
  const at = new Date(0).toISOString();
  const request = { method: 'GET', url: 'https://source.example/', headers: {}, symbols: ['AAPL'] };
  const envelope: BlobEnvelope = {
    version: 1,
    runId: randomUUID(),
    part: 0,
    attempt: 1,
    sourceId: 'yahoo',
    job: 'quotes',
    kind: 'quotes',
    createdAt: at,
    exchanges: [null, ...exchangeErrors].map((code) => ({
      request,
      response: null,
      error: code && { code, message: 'words' },
      fetchedAt: at,
      latencyMs: 1,
    })),
  };
  const packed = await packBlob(envelope);
  const stored: unknown = JSON.parse(gunzipSync(packed).toString());
  const known = z.enum(['timeout', 'connection', 'refused', 'too_large', 'no_browser']);
  const former = z.object({ exchanges: z.array(z.object({ error: z.object({ code: known }).nullable() })) });
  expect(former.parse(stored).exchanges).toHaveLength(1 + exchangeErrors.length);
  expect(await unpackBlob('a/blob.json', packed)).toEqual(envelope);
});
