import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../../core/adapters/http/addresses.ts';
import { httpUpstream } from '../../../core/adapters/http/upstream.ts';

let server: http.Server;
let base: string;
const seen: string[] = [];
const authorizations: (string | undefined)[] = [];

beforeAll(async () => {
  server = http.createServer((request, response) => {
    seen.push(request.url ?? '');
    authorizations.push(request.headers.authorization);
    switch (request.url) {
      case '/gzip':
        response.setHeader('content-encoding', 'gzip').end(gzipSync('{"a":1}'));
        break;
      case '/bomb':
        response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(5_000_000, 'a')));
        break;
      case '/hang':
        break;
      case '/cut':
        response.writeHead(200, { 'content-length': '100' }).write('only this');
        setImmediate(() => response.destroy());
        break;
      case '/here':
        response.writeHead(302, { location: '/gzip', 'set-cookie': 'A1=secret; Path=/' }).end();
        break;
      case '/with-login':
        response.writeHead(302, { location: `${base.replace('//', '//user:chosen@')}/gzip` }).end();
        break;
      case '/loop':
        response.writeHead(302, { location: '/loop' }).end();
        break;
      case '/away':
        response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end();
        break;
      case '/away-by-name':
        response.writeHead(302, { location: `${base.replace('127.0.0.1', 'localhost')}/gzip` }).end();
        break;
      default:
        response.writeHead(404).end('nothing');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const call = (path: string, options: Partial<Parameters<typeof httpUpstream>[0]> = {}) =>
  httpUpstream({ origins: [base], allowPrivate: true, timeoutMs: 2_000, maxBytes: 1_000_000, ...options })({
    method: 'GET',
    url: new URL(path, base),
    headers: {},
  });

describe('an upstream over HTTP', () => {
  it('unpacks what it asked to be packed', async () => {
    expect((await call('/gzip')).response).toMatchObject({ status: 200, body: '{"a":1}', truncated: false });
  });

  it('cuts off a gzip bomb at the cap', async () => {
    const { response } = await call('/bomb');
    expect(response?.truncated).toBe(true);
    expect(response?.body).toHaveLength(1_000_000);
  });

  it('gives up on one that never answers', async () => {
    expect((await call('/hang', { timeoutMs: 100 })).error?.code).toBe('timeout');
  });

  it('does not take half an answer for a whole one', async () => {
    expect(await call('/cut')).toMatchObject({ response: { truncated: true }, error: { code: 'truncated' } });
  });

  it('follows a redirect within the source, keeping its cookies apart from the headers', async () => {
    const answer = await call('/here');
    expect(answer.response?.body).toBe('{"a":1}');
    expect(answer.setCookies).toEqual(['A1=secret; Path=/']);
    expect(JSON.stringify(answer.response)).not.toContain('secret');
  });

  it('logs in with nothing that a redirect says', async () => {
    authorizations.length = 0;
    const answer = await call('/with-login');
    expect(answer.response?.body).toBe('{"a":1}');
    expect([answer.url.href, answer.url.username]).toEqual([`${base}/gzip`, '']);
    expect(authorizations).toEqual([undefined, undefined]);
  });

  it('gives a redirect to elsewhere as the answer, and does not go there [fault 33]', async () => {
    seen.length = 0;
    expect((await call('/away')).response?.status).toBe(302);
    expect((await call('/away-by-name')).response?.status).toBe(302);
    expect(seen).toEqual(['/away', '/away-by-name']);
  });

  it('ends a loop of redirects [fault 33]', async () => {
    seen.length = 0;
    expect((await call('/loop')).response?.status).toBe(302);
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.length).toBeLessThanOrEqual(6);
  });

  it('sends nothing to an origin that is not of the source', async () => {
    seen.length = 0;
    expect((await call('/gzip', { origins: ['https://query1.finance.yahoo.com'] })).error?.code).toBe('refused');
    expect(seen).toEqual([]);
  });

  it('connects to no private address unless a setting put it there, not even by name [fault 33]', async () => {
    seen.length = 0;
    expect((await call('/gzip', { allowPrivate: false })).error?.code).toBe('refused');
    const port = new URL(base).port;
    const byName = await httpUpstream({
      origins: [`http://localhost:${port}`],
      allowPrivate: false,
      timeoutMs: 2_000,
      maxBytes: 1000,
    })({
      method: 'GET',
      url: new URL(`http://localhost:${port}/gzip`),
      headers: {},
    });
    expect(byName.error?.code).toBe('refused');
    expect(seen).toEqual([]);
  });

  it('says that nobody listens', async () => {
    const nobody = 'http://127.0.0.1:9';
    const answer = await httpUpstream({ origins: [nobody], allowPrivate: true, timeoutMs: 2_000, maxBytes: 1000 })({
      method: 'GET',
      url: new URL(nobody),
      headers: {},
    });
    expect(answer.error).toEqual({ code: 'connection', message: 'The connection failed (ECONNREFUSED).' });
  });
});

it.each([
  ['8.8.8.8', true],
  ['2606:4700::1111', true],
  ['127.0.0.1', false],
  ['10.1.2.3', false],
  ['100.64.0.1', false],
  ['169.254.169.254', false],
  ['172.31.0.1', false],
  ['192.168.1.1', false],
  ['0.0.0.0', false],
  ['255.255.255.255', false],
  ['::1', false],
  ['::', false],
  ['fd00:ec2::254', false],
  ['fe80::1', false],
  ['::ffff:10.0.0.1', false],
  ['::ffff:8.8.8.8', true],
  ['64:ff9b::a00:1', false],
  ['localhost', false],
])('%s is public: %s', (address, open) => {
  expect(isPublicAddress(address)).toBe(open);
});
