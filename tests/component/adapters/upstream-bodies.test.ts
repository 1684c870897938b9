import type { ServerResponse } from 'node:http';
import { brotliCompressSync, constants, createGzip, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpUpstream } from '../../../core/adapters/http/upstream.ts';
import { catalogue, parserOf } from '../../../core/sources/catalogue.ts';
import { type Site, startSite } from '../../support/hostile-site.ts';

const whole = JSON.stringify({ quoteResponse: { result: [], error: null }, filling: 'words '.repeat(20_000) });
const packed = gzipSync(whole);
const twice = gzipSync(packed);

type Send = (response: ServerResponse) => void;
const sends =
  (coding: string, body: Buffer | string): Send =>
  (response) => {
    response.writeHead(200, coding === '' ? {} : { 'content-encoding': coding });
    response.end(body);
  };
/** Sends part of a body and then breaks the connection, when it has been unpacked. */
const breaksOff =
  (headers: Record<string, string>, body: Buffer | string): Send =>
  (response) => {
    response.writeHead(200, headers);
    response.write(body, () => setTimeout(() => response.destroy(), 300));
  };

const readable: Readonly<Record<string, Send>> = {
  '/plain': sends('', whole),
  '/identity': sends('identity', whole),
  '/gzip': sends('gzip', packed),
  '/GZIP': sends('GZIP', packed),
  '/x-gzip': sends('x-gzip', packed),
  '/br': sends('br', brotliCompressSync(whole)),
  '/deflate': sends('deflate', deflateSync(whole)),
  '/deflate-raw': sends('Deflate', deflateRawSync(whole)),
  '/gzip-gzip': sends('gzip, gzip', twice),
  '/deflate-gzip': sends('deflate,gzip', gzipSync(deflateRawSync(whole))),
  '/spaces': sends(' , gzip ,, identity', packed),
};
/** Bodies that end before their time, with what their connection says. */
const brokenOff: Readonly<Record<string, Send>> = {
  '/fin-after-headers': breaksOff({ 'content-length': '1000' }, ''),
  '/fin-after-headers-of-gzip': breaksOff({ 'content-encoding': 'gzip', 'content-length': '1000' }, ''),
  '/cut': breaksOff({ 'content-length': String(whole.length) }, whole.slice(0, 50_000)),
  '/cut-chunked': breaksOff({}, whole.slice(0, 50_000)),
  '/cut-gzip': breaksOff({ 'content-encoding': 'gzip', 'content-length': '9999' }, packed),
};
const corrupt: Readonly<Record<string, Send>> = {
  '/short-gzip': sends('gzip', packed.subarray(0, packed.length / 2)),
  '/short-gzip-gzip': sends('gzip, gzip', gzipSync(packed.subarray(0, packed.length / 2))),
  '/short-deflate': sends('deflate', deflateSync(whole).subarray(0, 200)),
  '/no-gzip': sends('gzip', 'not packed at all'),
  '/no-br': sends('br', Buffer.alloc(2_000, 0xff)),
  '/checksum': sends('gzip', Buffer.concat([packed.subarray(0, -6), Buffer.alloc(6)])),
  '/many': sends('gzip, gzip, gzip, gzip', gzipSync(gzipSync(twice))),
};

/** Answers whose head says all, with a body that cannot be read. */
const spoilt: Readonly<Record<string, Send>> = {
  'empty gzip': (response) => response.end(),
  'no gzip': (response) => response.end('Too Many Requests'),
  truncated: (response) => {
    response.write(packed.subarray(0, 100), () => setTimeout(() => response.destroy(), 300));
  },
  'too long': (response) => response.end(gzipSync(Buffer.alloc(2_000_000))),
};
const withHead =
  (status: number, headers: Record<string, string>, send: Send): Send =>
  (response) => {
    response.writeHead(status, { 'content-encoding': 'gzip', ...headers });
    send(response);
  };

let site: Site;
let sent = 0;
let lengths = 0;
/** Sends as fast as it is taken, until it is hung up on. */
const endless = (response: ServerResponse, next: () => Buffer) => {
  const write = (): void => {
    for (;;) {
      if (response.destroyed) return;
      const chunk = next();
      sent += chunk.length;
      if (!response.write(chunk)) break;
    }
    response.once('drain', write);
  };
  write();
};

beforeAll(async () => {
  const heads = Object.entries(spoilt).flatMap(([name, send]): [string, Send][] => {
    const path = name.replace(' ', '-');
    return [
      [`/429/${path}`, withHead(429, {}, send)],
      [`/302/${path}`, withHead(302, { location: '/plain' }, send)],
    ];
  });
  const asPages = Object.entries({ ...readable, ...brokenOff, ...corrupt, ...Object.fromEntries(heads) }).map(
    ([path, send]) => [path, (_: unknown, response: ServerResponse) => send(response)] as const,
  );
  site = await startSite({
    ...Object.fromEntries(asPages),
    '/too-short-a-length': (_, response) => {
      lengths++;
      response.writeHead(200, { 'content-length': '1000' }).end(whole);
    },
    '/held-open': (_, response) => {
      response.writeHead(200, { connection: 'keep-alive', 'content-length': String(whole.length) });
      // Its end comes late, or never.
      response.write(whole);
    },
    '/drip': (_, response) => {
      response.writeHead(200, { 'content-length': '1000000' });
      const timer = setInterval(() => {
        sent++;
        response.write('x');
      }, 20);
      response.once('close', () => clearInterval(timer));
    },
    '/silent-gzip': (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.flushHeaders();
    },
    '/endless': (_, response) => endless(response, () => Buffer.alloc(65_536, 'a')),
    '/bomb': (_, response) => {
      // Ten gigabytes, a thousandth of it on the way.
      const gzip = createGzip({ level: constants.Z_BEST_SPEED });
      response.writeHead(200, { 'content-encoding': 'gzip' });
      gzip.pipe(response);
      const block = Buffer.alloc(1_000_000);
      const write = (left: number): void => {
        if (left === 0) gzip.end();
        else if (!response.destroyed) gzip.write(block, () => write(left - 1));
      };
      write(10_000);
    },
    '/bomb-in-bomb': (_, response) => {
      const inner = gzipSync(Buffer.alloc(100_000_000), { level: constants.Z_BEST_SPEED });
      response.writeHead(200, { 'content-encoding': 'gzip, gzip' }).end(gzipSync(inner));
    },
  });
});
afterAll(() => site.close());

const call = (path: string, options: { timeoutMs?: number; maxBytes?: number } = {}) =>
  httpUpstream({ origins: [site.origin], allowPrivate: true, timeoutMs: 20_000, maxBytes: 1_000_000, ...options })({
    method: 'GET',
    url: new URL(path, site.origin),
    headers: {},
  });

/** What a parser of every source makes of an answer. */
async function failuresOf({ response, error }: Awaited<ReturnType<typeof call>>) {
  const failures = [];
  for (const { id, jobs } of catalogue) {
    const request = { symbols: id === 'slickcharts' ? ['dowjones'] : ['AAPL'] };
    const parser = await parserOf(id);
    for (const { kind } of jobs) failures.push(parser.failureIn(kind, { request, response, error, fetchedAt: '' }));
  }
  return failures;
}

describe('a body', () => {
  it.each(Object.keys(readable))('is read, whatever its coding: %s', async (path) => {
    expect(await call(path)).toMatchObject({ response: { status: 200, body: whole, truncated: false }, error: null });
  });

  it.each(Object.keys(brokenOff))(
    'that ends before its time says so, and what came is kept: %s [fault 29]',
    async (path) => {
      const answer = await call(path);
      expect(answer.error?.code).toBe('truncated');
      expect(answer.response).toMatchObject({ status: 200, truncated: true });
      expect(whole.startsWith(answer.response?.body ?? '-')).toBe(true);
      if (!path.startsWith('/fin')) expect(answer.response?.body.length).toBeGreaterThan(10_000);
      for (const failure of await failuresOf(answer))
        expect(failure).toMatchObject({ reason: 'down', detail: { code: 'answer_cut_off' } });
    },
  );

  it.each(Object.keys(corrupt))(
    'that cannot be unpacked says so, and what could be is kept: %s [fault 30]',
    async (path) => {
      const answer = await call(path);
      expect(answer.error?.code).toBe('corrupt_body');
      expect(answer.response).toMatchObject({ status: 200, truncated: true });
      expect(whole.startsWith(answer.response?.body ?? '-')).toBe(true);
      if (path === '/short-gzip') expect(answer.response?.body.length).toBeGreaterThan(1_000);
      for (const failure of await failuresOf(answer))
        expect(failure).toMatchObject({ reason: 'schema_drift', detail: { code: 'corrupt_body' } });
    },
  );

  it.each(Object.keys(spoilt))(
    'that is spoilt takes nothing from what the head of its answer says: %s',
    async (name) => {
      const path = name.replace(' ', '-');
      const limited = await call(`/429/${path}`);
      expect(limited.error !== null || limited.response?.truncated).toBe(name !== 'empty gzip');
      for (const failure of await failuresOf(limited))
        expect(failure).toMatchObject({ reason: 'rate_limited', detail: { code: 'http_status', status: 429 } });
      expect(await call(`/302/${path}`)).toMatchObject({ response: { status: 200, body: whole }, error: null });
    },
  );

  it('of which more comes than it said is no whole answer to any parser, and the next one is [fault 30]', async () => {
    const answer = await call('/too-short-a-length');
    expect(lengths).toBe(1);
    expect(answer.response?.body ?? '').toBe(answer.error ? '' : whole.slice(0, 1000));
    for (const failure of await failuresOf(answer)) expect(failure).not.toBeNull();
    expect((await call('/plain')).response?.body).toBe(whole);
  });

  it('that is whole is read although its connection stays open [fault 29]', async () => {
    expect(await call('/held-open')).toMatchObject({ response: { body: whole, truncated: false }, error: null });
  });

  it('that comes byte by byte is given up when its time is over [fault 28]', async () => {
    sent = 0;
    const answer = await call('/drip', { timeoutMs: 500 });
    expect(sent).toBeGreaterThan(3);
    expect(answer).toMatchObject({ response: null, error: { code: 'timeout' } });
    for (const failure of await failuresOf(answer)) expect(failure?.reason).toBe('timeout');
  });

  it('that is packed and never comes is given up when its time is over', async () => {
    const answer = await call('/silent-gzip', { timeoutMs: 500 });
    expect(answer).toMatchObject({ response: null, error: { code: 'timeout' } });
  });

  it.each(['/endless', '/bomb', '/bomb-in-bomb'])('without an end is cut at the cap: %s [fault 31]', async (path) => {
    sent = 0;
    const before = process.memoryUsage.rss();
    const answer = await call(path, { maxBytes: 2_000_000 });
    const grown = process.memoryUsage.rss() - before;
    expect(answer.response?.truncated).toBe(true);
    expect(answer.response?.body.length).toBe(2_000_000);
    for (const failure of await failuresOf(answer)) expect(failure?.detail.code).toBe('too_large');
    // Nothing more is sent once it is cut, but for what was on the way.
    if (path === '/endless') expect(sent).toBeLessThan(50_000_000);
    // The bomb itself is made in this process, and so are a hundred megabytes of it.
    expect(grown).toBeLessThan(400_000_000);
  });
});
