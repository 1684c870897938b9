import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { s3AnswerStore } from '../../../core/adapters/s3/answer-store.ts';

/** A bucket that answers as it is told, and remembers what came. */
let bucket: Server;
let url: string;
let statuses: number[];
let seen: { method: string; path: string; headers: IncomingHttpHeaders; body: string }[];

beforeEach(async () => {
  statuses = [];
  seen = [];
  bucket = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    seen.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
    const status = statuses.shift() ?? 200;
    if (status === 0) response.destroy();
    else response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => bucket.listen(0, '127.0.0.1', resolve));
  const address = bucket.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
});
afterEach(() => new Promise((resolve) => bucket.close(resolve)));

const at = Date.UTC(2026, 10, 22, 10);
const store = (env: NodeJS.ProcessEnv = {}) =>
  s3AnswerStore('answers-bucket', () => at, {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'very secret',
    AWS_SESSION_TOKEN: 'of-the-role',
    AWS_ENDPOINT_URL: url,
    ...env,
  });
const headers = { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': 'attachment; filename="bars.csv"' };

describe('a long answer', () => {
  it('is put under a key that nobody can guess, as what it is, and the link leads there', async () => {
    const [one, other] = [await store().keep('a,b\n1,ä\n', headers), await store().keep('{}', headers)];
    expect(seen[0]).toMatchObject({
      method: 'PUT',
      path: expect.stringMatching(/^\/answers-bucket\/answers\/2026-11-22\/[0-9a-f]{8}-[0-9a-f-]{27}$/),
      body: 'a,b\n1,ä\n',
      headers: {
        ...headers,
        'cache-control': 'private, no-store',
        // The bucket refuses all other writes: what lies there is never replaced.
        'if-none-match': '*',
        authorization: expect.stringMatching(/SignedHeaders=[^,]*content-type;[^,]*if-none-match;/),
        'x-amz-security-token': 'of-the-role',
      },
    });
    expect(new URL(one).pathname).toBe(seen[0]?.path);
    expect(new URL(one).searchParams.get('X-Amz-Expires')).toBe('300');
    expect(new URL(other).pathname).not.toBe(new URL(one).pathname);
    expect(one).not.toContain('secret');
  });

  it.each([
    ['a moment of weakness', [503]],
    ['a connection that broke', [0]],
    ['an answer that was lost after all was stored', [0, 412]],
  ])('survives %s', async (_name, said) => {
    statuses = [...said];
    const link = await store().keep('{}', headers);
    expect(seen).toHaveLength(2);
    expect(seen[1]?.path).toBe(seen[0]?.path);
    expect(new URL(link).pathname).toBe(seen[0]?.path);
  });

  it.each([
    ['that may not write', [403], 1],
    ['that stays down', [500, 500], 2],
  ])('is an error with a bucket %s, and names no secret', async (_name, said, times) => {
    statuses = [...said];
    const failed = store().keep('{"the":"answer"}', headers);
    await expect(failed).rejects.toThrow(/^S3 did not take an answer of 16 characters \(\d{3}\)/);
    expect(seen).toHaveLength(times);
  });
});
