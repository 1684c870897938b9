import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { s3HistoryFiles } from '../../../core/adapters/s3/history-files.ts';

/** What S3 answers, one after the other; 0 ends the connection in place of an answer. */
let answers: number[] = [];
let asked = 0;
const server = createServer((request, response) => {
  asked += 1;
  const status = answers.shift() ?? 200;
  if (status === 0) request.destroy();
  else response.writeHead(status).end('of the file');
});
let endpoint = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  endpoint = `http://127.0.0.1:${port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  asked = 0;
});

const files = () =>
  s3HistoryFiles('raw', { AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'secret' });

it.each([
  ['breaks once', [0]],
  ['is unavailable once', [503]],
])('a file is read where S3 %s', async (_, first) => {
  answers = [...first];
  expect((await files().get('history/a.parquet')).toString()).toBe('of the file');
  expect(asked).toBe(2);
});

it.each([
  ['is unavailable twice', [503, 503], 2],
  ['breaks twice', [0, 0], 2],
  ['refuses it, which it would do again', [403, 200], 1],
  ['has none', [404, 200], 1],
])('no file is read where S3 %s', async (_, given, times) => {
  answers = [...given];
  await expect(files().get('history/a.parquet')).rejects.toThrow();
  expect(asked).toBe(times);
});
