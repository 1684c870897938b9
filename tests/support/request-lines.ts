import { connect } from 'node:net';
import type { Random } from './random.ts';

/** What a client may write to a server on this port, well-formed or not, as bytes. */
export function requestBytes(random: Random, port: number): Buffer {
  const host = `Host: ${pickOne(random, hosts) ?? `127.0.0.1:${port}`}\r\n`;
  const method = pickOne(random, methods) ?? bytes(random, 8);
  const version = random.chance(0.9) ? 'HTTP/1.1' : (pickOne(random, versions) ?? bytes(random, 8));
  const head = random.chance(0.9) ? `${method} ${targetOf(random)} ${version}` : bytes(random, 60);
  const fields = random.shuffled(headers).slice(0, random.between(0, 3));
  const lines = [...(random.chance(0.9) ? [host] : []), ...fields.map((each) => `${each}\r\n`)];
  const body = random.chance(0.3) ? bytes(random, random.between(0, 200)) : '';
  return Buffer.from(`${head}\r\n${lines.join('')}\r\n${body}`, 'latin1');
}

/** A request target: a path of one of the servers, spoilt, or none at all. */
export function targetOf(random: Random): string {
  const path = random.pick(paths) ?? '/';
  const piece = random.pick(pieces) ?? '';
  const at = random.between(0, path.length);
  return random.chance(0.3) ? piece : `${path.slice(0, at)}${piece}${path.slice(at)}`;
}

/**
 * The status of what a server answers to these bytes; `null` where it hangs up without a word. Where it waits for more, it is
 * told after a moment that there is none.
 */
export function statusOf(port: number, sent: Buffer, patienceMs = 5_000): Promise<number | null> {
  return new Promise((resolve) => {
    let got = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(sent));
    // At once, it would end what is being answered, too.
    const wait = setTimeout(() => socket.end(), 1_000);
    const done = () => {
      clearTimeout(timer);
      clearTimeout(wait);
      socket.destroy();
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(got)?.[1];
      resolve(status === undefined ? null : Number(status));
    };
    const timer = setTimeout(done, patienceMs);
    socket.on('data', (data: Buffer) => {
      got += data.toString('latin1');
      if (got.includes('\r\n')) done();
    });
    socket.once('error', done);
    socket.once('close', done);
  });
}

function pickOne(random: Random, list: readonly string[]): string | undefined {
  return random.chance(0.5) ? undefined : random.pick(list);
}

function bytes(random: Random, length: number): string {
  return Array.from({ length }, () => String.fromCharCode(random.between(0, 255))).join('');
}

const methods = [
  ...Array.from({ length: 8 }, () => 'GET'),
  'HEAD',
  'POST',
  'OPTIONS',
  'CONNECT',
  'TRACE',
  'get',
  'PRI',
  'DELETE',
  'PUT',
];
const versions = ['HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/11', 'HTTP/', 'HTTPS/1.1', ''];
const hosts = [
  '',
  '%',
  'a b',
  '[::1',
  'evil.example',
  '127.0.0.1:99999',
  '127.0.0.1\x00',
  '\xff',
  'localhost:1,localhost:2',
];

const paths = [
  '/',
  '/index.html',
  '/instruments/AAPL',
  '/api/v1/quotes/AAPL',
  '/api/v1/livez',
  '/downloads/bucket/answers/key?X-Amz-Signature=1',
  '/downloads/bucket/key?X-Amz-Signature=1',
  '/yahoo/v7/finance/quote?symbols=AAPL',
  '/yahoo/v8/finance/chart/AAPL?interval=1d&range=5d',
  '/yahoo/v1/finance/search?q=apple',
  '/yahoo/k/key/quote/AAPL',
  '/yahoo/health',
  '/slickcharts/sp500',
  '/demo-broker/login',
  '/demo-broker/api/prices?symbols=AAPL',
  '/coingecko/api/v3/coins/markets?ids=bitcoin',
  '/alpha-vantage/query?function=GLOBAL_QUOTE&symbol=IBM',
  '/_control/faults',
];

const pieces = [
  ...['', '/', '//', '///', '\\', '..', '/../', '/..%2f', '%2e%2e/', '*', '?', '#', '&', '=', ';', ':', '@', ' ', '\t'],
  ...['%', '%0', '%zz', '%00', '%ff', '%c0%af', '%E0%A4%A', '%u0041', '%25', '%0d%0aX: y'],
  ...['\x00', '\x01', '\x7f', '\xff', '\xc3\x28', '\r', '\n'],
  ...[
    'http://[',
    'http://',
    'http:',
    'http://evil.example/',
    'https://127.0.0.1/',
    '//evil.example/api/v1',
    'file:///etc/passwd',
  ],
  ...['evil.example:443', '[::1]:80', ':80', 'javascript:x', '__proto__', 'constructor', 'hasOwnProperty'],
  ...['a'.repeat(9_000), 'a'.repeat(70_000), '/'.repeat(5_000), '%41'.repeat(3_000), '?a=1'.repeat(2_000)],
];

const headers = [
  'Content-Length: abc',
  'Content-Length: -1',
  'Content-Length: 5',
  'Content-Length: 99999999999999999999',
  'Content-Length: 3\r\nContent-Length: 4',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: xchunked',
  'Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA',
  'Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA',
  'Host: second.example',
  'Expect: 100-continue',
  'Expect: something',
  'Range: bytes=zz',
  'Cookie: =; a; broker_session=.%.',
  'x-api-key: \xff',
  'x-request-id: \x7f',
  'no colon',
  ' folded: line',
  ': nameless',
  'X-Nul: a\x00b',
  `X-Long: ${'a'.repeat(70_000)}`,
  `${'X'.repeat(20_000)}: a`,
  'if-none-match: W/"',
  'accept: \xff',
];
