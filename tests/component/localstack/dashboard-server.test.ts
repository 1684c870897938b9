import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningDashboard, startDashboard } from '../../../localstack/dashboard-server.ts';

let folder: string;
let dashboard: RunningDashboard;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dashboard-'));
  writeFileSync(join(folder, 'index.html'), 'the page');
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
