import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { contentSecurityPolicy } from '../../../core/contracts/security-headers.ts';
import { baseHeaders } from '../../../core/http/respond.ts';
import { type RunningDashboard, startDashboard } from '../../../localstack/dashboard-server.ts';

let folder: string;
let dashboard: RunningDashboard;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dashboard-'));
  writeFileSync(join(folder, 'index.html'), 'the page');
  writeFileSync(join(folder, 'index.json'), '{"docs":"/docs"}');
  mkdirSync(join(folder, 'docs'));
  writeFileSync(join(folder, 'docs', 'index.html'), 'the page of the API');
  const nowhere = 'http://127.0.0.1:1';
  dashboard = await startDashboard({ port: 0, folder, apiUrl: nowhere, emulatorUrl: nowhere, gateSecret: null });
});
afterAll(async () => {
  await dashboard.stop();
  rmSync(folder, { recursive: true });
});

/** The status of a path as it is written: `fetch` would make a URL of it first. */
const statusOf = (path: string) =>
  new Promise<number | undefined>((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port: dashboard.port, path }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    call.once('error', reject);
    call.end();
  });

it.each(['//', '///', 'http://[', '//:'])('answers 404 to %s, which is no URL, and keeps serving', async (path) => {
  expect(await statusOf(path)).toBe(404);
  expect(await statusOf('/')).toBe(200);
});

it.each(['//api/v1/livez', '/\\api/v1/livez', 'http://evil.example/api/v1/livez', 'http://127.0.0.1/api/v1/livez'])(
  'answers 404 to %s, which names a host in place of a path: it is neither the page nor for the API',
  async (path) => {
    expect(await statusOf(path)).toBe(404);
    // The API is not there.
    expect(await statusOf('/api/v1/livez')).toBe(502);
  },
);

it('answers 504 for an emulator that takes a request and says nothing, as a frozen one does', async () => {
  const frozen = createServer();
  await new Promise<void>((resolve) => frozen.listen(0, '127.0.0.1', resolve));
  const address = frozen.address();
  const emulatorUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const before = await startDashboard({
    ...{ port: 0, folder, apiUrl: emulatorUrl, emulatorUrl, gateSecret: null },
    silentMs: 200,
  });
  try {
    const answer = await fetch(`${before.url}/api/v1/livez`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([504, 'application/problem+json']);
    expect(await answer.json()).toMatchObject({ status: 504, code: 'unavailable', retryable: true });
  } finally {
    await before.stop();
    frozen.close();
  }
});

it('serves a linked object as its own and for its own pages alone, and nothing else of the emulator', async () => {
  const asked: string[] = [];
  const emulator = createHttpServer((incoming, answer) => {
    asked.push(incoming.url ?? '');
    answer.writeHead(200, {
      'content-type': 'text/csv',
      'content-disposition': 'attachment; filename="history.csv"',
      'access-control-allow-origin': '*',
      'set-cookie': 'a=b',
      'x-amz-request-id': '1',
    });
    answer.end('a,b');
  });
  await new Promise<void>((resolve) => emulator.listen(0, '127.0.0.1', resolve));
  const address = emulator.address();
  const emulatorUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const before = await startDashboard({ port: 0, folder, apiUrl: emulatorUrl, emulatorUrl, gateSecret: 'secret' });
  try {
    const answer = await fetch(`${before.url}/downloads/bucket/answers/2026-11-20/id?X-Amz-Signature=1`);
    expect(await answer.text()).toBe('a,b');
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/csv',
      'content-disposition': 'attachment; filename="history.csv"',
      ...baseHeaders,
    });
    for (const name of ['access-control-allow-origin', 'set-cookie', 'x-amz-request-id'])
      expect(answer.headers.has(name), name).toBe(false);
    for (const path of [
      '/_localstack/health',
      '/_aws/execute-api/id/local/api/v1/livez',
      '/bucket/raw/yahoo/2026-11-20/id/0-1.json.gz',
      '/bucket/answers/',
      '/bucket/answers//id',
      '/bucket/answers/../raw/id',
      '/bucket/answers/%2e%2e/raw/id',
      '//bucket/answers/id',
      '/bucket%2fanswers%2fid',
    ])
      expect((await fetch(`${before.url}/downloads${path}?X-Amz-Signature=1`)).status, path).toBe(404);
    expect(asked).toEqual(['/bucket/answers/2026-11-20/id?X-Amz-Signature=1']);
  } finally {
    await before.stop();
    emulator.close();
  }
});

it.each([
  ['/market/VOD.L', 'the page'],
  ['/docs', 'the page of the API'],
  ['/docs/', 'the page of the API'],
])('serves the page of %s, with its security headers', async (path, body) => {
  const answer = await fetch(dashboard.url + path);
  expect([answer.status, await answer.text()]).toEqual([200, body]);
  expect(answer.headers.get('content-security-policy')).toBe(contentSecurityPolicy);
});

it('says to a program at the start where the API is, and serves no file that there is not', async () => {
  const start = (accept: string) => fetch(dashboard.url, { headers: { accept } });
  expect(await (await start('application/json')).json()).toEqual({ docs: '/docs' });
  for (const accept of ['*/*', 'text/html, application/json'])
    expect(await (await start(accept)).text()).toBe('the page');
  for (const path of ['/assets/none.js', '/none.png', '/docs/none.html']) expect(await statusOf(path)).toBe(404);
});
