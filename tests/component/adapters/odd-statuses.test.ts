import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GuardedProxy, startGuardedProxy } from '../../../core/adapters/chromium/guarded-proxy.ts';
import { httpUpstream } from '../../../core/adapters/http/upstream.ts';
import { type RunningDashboard, startDashboard } from '../../../localstack/dashboard-server.ts';

/*
 * Answers that no server should give, to each part that asks servers: the process goes on, and whoever asked is told soon.
 */
const nothing = 'Content-Length: 2\r\n\r\nhi';
const odd: Readonly<Record<string, string>> = {
  'a status of 000': `HTTP/1.1 000 OK\r\n${nothing}`,
  'a status of 099': `HTTP/1.1 099 OK\r\n${nothing}`,
  'a status of four digits': `HTTP/1.1 1000 OK\r\n${nothing}`,
  'a 101 that nobody asked for': 'HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nhi',
  'a 100 and nothing else': 'HTTP/1.1 100 Continue\r\n\r\n',
  'a heading with a control character': `HTTP/1.1 200 OK\r\nX: a\x01b\r\n${nothing}`,
  'no heading': '<html>hi</html>',
  bytes: '\x00\x01\x02\x03',
  nothing: '',
};
const asExpected: Readonly<Record<string, string>> = {
  'a 103 before it': `HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\n${nothing}`,
  'an offer to upgrade': `HTTP/1.1 200 OK\r\nUpgrade: h2\r\nConnection: upgrade\r\n${nothing}`,
  'a trailer': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2\r\nhi\r\n0\r\nX: y\r\n\r\n',
};
const patienceMs = 20_000;

let sent = '';
let site: Server;
let origin: string;
let guard: GuardedProxy;
let dashboard: RunningDashboard;
const folder = mkdtempSync(join(tmpdir(), 'odd-statuses-'));
beforeAll(async () => {
  site = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => {
      socket.write(Buffer.from(sent, 'latin1'));
      // One that says where it ends is kept open: the next request may come on its connection.
      if (!Object.values(asExpected).includes(sent)) setTimeout(() => socket.end(), 50);
    });
  });
  origin = await listening(site);
  guard = await startGuardedProxy();
  guard.begin({ origins: [origin], allowPrivate: true, maxBytes: 1_000_000 });
  dashboard = await startDashboard({
    port: 0,
    folder,
    apiUrl: `${origin}/stage`,
    emulatorUrl: origin,
    gateSecret: null,
  });
});
afterAll(async () => {
  await dashboard.stop();
  await guard.close();
  await new Promise((resolve) => site.close(resolve));
  rmSync(folder, { recursive: true });
});

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

/** All that a server sends to a request for a target until it hangs up. */
function answerTo(port: number, target: string): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`),
    );
    socket.on('data', (part) => {
      got += part.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(got));
  });
}

const call = { method: 'GET', headers: {} } as const;
const throughGuard = () => answerTo(Number(new URL(guard.url).port), `${origin}/page`);
const throughDashboard = () => answerTo(dashboard.port, '/api/v1/livez');

describe.each(Object.entries(odd))('%s', (_, answer) => {
  it('is a broken connection to the client of sources', async () => {
    sent = answer;
    const upstream = httpUpstream({ origins: [origin], allowPrivate: true, timeoutMs: patienceMs, maxBytes: 1_000 });
    const { response, error } = await upstream({ ...call, url: new URL(`${origin}/data`) });
    expect([response, error]).toEqual([null, { code: 'connection', message: expect.any(String) }]);
  });

  it("is no answer to the browser's way out", async () => {
    sent = answer;
    expect(await throughGuard()).toBe('');
  });

  it('is a 502 of the dashboard', async () => {
    sent = answer;
    expect(await throughDashboard()).toMatch(/^HTTP\/1\.1 502 /);
  });
});

it.each(Object.entries(asExpected))('%s is passed over', async (_, answer) => {
  sent = answer;
  const upstream = httpUpstream({ origins: [origin], allowPrivate: true, timeoutMs: patienceMs, maxBytes: 1_000 });
  const { response } = await upstream({ ...call, url: new URL(`${origin}/data`) });
  expect(response).toMatchObject({ status: 200, body: 'hi' });
  expect(await throughGuard()).toMatch(/^HTTP\/1\.1 200 [\s\S]*hi/);
  expect(await throughDashboard()).toMatch(/^HTTP\/1\.1 200 [\s\S]*hi/);
});
