import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { s3AnswerBlobs } from '../../core/adapters/s3/answer-blobs.ts';
import type { AnswerBlobs } from '../../core/ports/answer-blobs.ts';

const stored = new Map<string, Buffer>();
/** Whether parts are given as parts: not every store of objects knows how. */
let knowsRanges = true;
let fails = false;
let server: Server;
let blobs: AnswerBlobs;

beforeAll(async () => {
  server = createServer((request, response) => {
    const key = new URL(request.url ?? '', 'http://s3').pathname;
    if (request.method === 'PUT') {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        stored.set(key, Buffer.concat(parts));
        response.end();
      });
      return;
    }
    const body = stored.get(key);
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    if (fails) response.writeHead(500).end();
    else if (!body) response.writeHead(404).end();
    else if (from === undefined || !knowsRanges) response.end(body);
    else response.writeHead(206).end(body.subarray(Number(from), Number(to) + 1));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  blobs = s3AnswerBlobs('raw', {
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 's',
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
  });
});
afterAll(() => server?.close());

it.each([true, false])('a blob of S3 is read whole or in part, where it knows ranges: %s', async (ranges) => {
  knowsRanges = ranges;
  await blobs.put('proxy/2026-11/a.gz', Buffer.from('0123456789'));
  const read = async (part: { offset: number; length: number } | null) =>
    (await blobs.get('proxy/2026-11/a.gz', part))?.toString();
  expect(await read(null)).toBe('0123456789');
  expect(await read({ offset: 3, length: 4 })).toBe('3456');
  expect(await read({ offset: 0, length: 1 })).toBe('0');
  expect(await blobs.get('proxy/2026-11/b.gz', { offset: 3, length: 4 })).toBeNull();
});

it('one that cannot be read is a failure, and none that is gone', async () => {
  fails = true;
  await expect(blobs.get('proxy/2026-11/a.gz', null)).rejects.toThrow(/500/);
});
