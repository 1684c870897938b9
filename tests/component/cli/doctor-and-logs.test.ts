import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { masker } from '../../../cli/logs.ts';
import { quotron } from '../../support/cli-in-process.ts';

const doctorSchema = z.object({
  ok: z.boolean(),
  checks: z.array(z.object({ id: z.string(), state: z.string(), found: z.string(), todo: z.string().nullable() })),
});
const key = `qtr_live_${'k'.repeat(43)}`;

let folder: string;
let server: http.Server;
let url: string;
/** By target or path: what is answered. */
const answers = new Map<string, (body: unknown) => { status: number; body: unknown }>();
const asked: { readonly path: string; readonly body: unknown; readonly headers: http.IncomingHttpHeaders }[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quotron-doctor-'));
  server = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const text = Buffer.concat(parts).toString();
      const body: unknown = text === '' ? null : JSON.parse(text);
      const path = request.url ?? '';
      asked.push({ path, body, headers: request.headers });
      const found = answers.get(path)?.(body) ?? { status: 404, body: {} };
      response.writeHead(found.status, { 'content-type': 'application/json' }).end(JSON.stringify(found.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => {
  answers.clear();
  asked.length = 0;
});

describe('doctor', () => {
  const look = async (env: NodeJS.ProcessEnv) => {
    const { code, stdout, stderr } = await quotron(['doctor', '--json'], env, { cwd: folder });
    expect(stderr).toBe('');
    const { ok, checks } = doctorSchema.parse(JSON.parse(stdout));
    return { code, ok, of: (id: string) => checks.find((each) => each.id === id), checks };
  };

  it('looks at everything and says of each failure what to do', async () => {
    answers.set('/api/v1/readyz', () => ({ status: 503, body: {} }));
    answers.set('/api/v1/session', () => ({ status: 401, body: {} }));
    const stateFolder = join(folder, 'state');
    mkdirSync(stateFolder);
    const port = new URL(url).port;
    const env = {
      QUOTRON_URL: url,
      QUOTRON_API_KEY: key,
      QUOTRON_STATE_DIR: stateFolder,
      QUOTRON_DASHBOARD_PORT: port,
    };
    const { code, ok, of, checks } = await look(env);
    expect([code, ok]).toEqual([1, false]);
    expect(checks.map(({ id }) => id)).toEqual([
      ...[
        'node',
        'python',
        'settings',
        'state',
        'disk',
        'memory',
        'ports',
        'emulator',
        'database',
        'api',
        'keys',
        'internet',
      ],
    ]);
    expect(of('node')?.state).toBe('ok');
    const { of: withTypo } = await look({ ...env, QUOTRON_SIM_CLOCK: 'noon' });
    expect(withTypo('settings')).toMatchObject({ state: 'fail', todo: expect.stringContaining('QUOTRON_SIM_CLOCK') });
    expect(of('ports')).toMatchObject({ state: 'fail', found: expect.stringContaining(port) });
    expect(of('emulator')).toMatchObject({ state: 'none', todo: null });
    expect(of('api')).toMatchObject({ state: 'fail', todo: expect.stringContaining('quotron logs') });
    expect(of('keys')).toMatchObject({ state: 'fail', todo: expect.stringContaining('revoked') });
    for (const { state, todo } of checks) if (state === 'fail' || state === 'warn') expect(todo).toMatch(/\w{3,}/);
    expect(JSON.stringify(checks)).not.toContain(key);
  });

  it('finds an installation that is in order', async () => {
    answers.set('/api/v1/readyz', () => ({ status: 200, body: {} }));
    answers.set('/api/v1/session', () => ({ status: 200, body: {} }));
    const { of } = await look({ QUOTRON_URL: `${url}/api/v1/`, QUOTRON_API_KEY: key, QUOTRON_STATE_DIR: folder });
    expect([of('api')?.state, of('keys')?.state]).toEqual(['ok', 'ok']);
    expect(asked.find(({ path }) => path.endsWith('/session'))?.headers['x-api-key']).toBe(key);
  });
});

describe('logs', () => {
  const at = Date.parse('2026-11-20T15:00:00Z');
  const groupsSchema = z.object({ logGroupName: z.string(), limit: z.number(), startTime: z.number() });
  const runLogs = (...args: string[]) => {
    const local = {
      ...{ apiUrl: `${url}/api/v1`, apiKeys: { admin: key }, databaseUrl: 'postgres://q:dbs3cret@127.0.0.1:1/q' },
      ...{ emulatorUrl: url, emulatorAccessKeyId: 'AKIDLOCAL' },
    };
    mkdirSync(join(folder, '.quotron'), { recursive: true });
    writeFileSync(join(folder, '.quotron', 'local.json'), JSON.stringify(local));
    return quotron(['logs', ...args], {}, { cwd: folder });
  };
  const events = (...messages: string[]) =>
    messages.map((message, n) => ({ eventId: `${n} ${message}`, timestamp: at + n, message }));

  function answer(found: Readonly<Record<string, readonly unknown[]>>) {
    answers.set('/', (body) => {
      const { logGroupName } = groupsSchema.parse(body);
      const name = logGroupName.replace('/aws/lambda/quotron-local-', '');
      const of = Object.hasOwn(found, name) ? found[name] : undefined;
      return of === undefined
        ? { status: 400, body: { __type: 'ResourceNotFoundException' } }
        : { status: 200, body: { events: of } };
    });
  }

  it('are those of all functions in order of time, signed, without what steers a terminal and without secrets', async () => {
    answer({
      ingest: events(
        JSON.stringify({ level: 'WARN', message: 'a \u001b[2Jb', timestamp: 'x', service: 'quotron', rows: 4 }),
      ),
      api: events(
        `START ${key}`,
        JSON.stringify({ level: 'ERROR', message: `dbs3cret Bearer abcdefghijk AKIA${'A'.repeat(16)}` }),
      ),
    });
    const { code, stdout } = await runLogs();
    expect(code).toBe(0);
    expect(stdout).toMatch(/15:00:00\.000 ingest +WARN +a \\u\{1b\}\[2Jb \{"rows":4\}/);
    expect(stdout).toContain('ERROR [redacted] Bearer [redacted] AKIA[redacted]');
    expect(stdout).not.toContain('kkkkk');
    expect(asked[0]?.headers.authorization).toContain('Credential=AKIDLOCAL');
    expect(asked.length).toBeGreaterThan(10);
  });

  it('are bounded, of a level, and of the functions that are named', async () => {
    answer({ ingest: events('{"level":"INFO","message":"one"}', '{"level":"ERROR","message":"two"}', 'three') });
    const { stdout } = await runLogs('ingest', '--level', 'error', '--json').catch(() => ({ stdout: '' }));
    expect(stdout).toContain('Allowed choices');
    const errors = await runLogs('ingest', '--level', 'ERROR', '--json');
    expect(JSON.parse(errors.stdout)).toMatchObject({ function: 'ingest', entry: { message: 'two' } });
    const last = await runLogs('ingest', '--limit', '1');
    expect(last.stdout.trim().split('\n')).toEqual([expect.stringContaining('three')]);
    expect(await runLogs('nobody')).toMatchObject({ code: 2 });
    expect(await runLogs('--since', 'long ago')).toMatchObject({ code: 2 });
  });

  it('that cannot be read are an error in one line', async () => {
    answers.set('/', () => ({ status: 403, body: {} }));
    expect(await runLogs('api')).toMatchObject({ code: 1, stderr: expect.stringContaining('logs:FilterLogEvents') });
  });

  it('masks keys by their form', () => {
    expect(masker([])(`x ${key} y`)).toBe('x qtr_live_[redacted] y');
  });
});
