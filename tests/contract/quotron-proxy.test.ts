import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isAlive, signal } from '../../localstack/processes.ts';
import { root } from '../../localstack/state-folder.ts';
import { type RunningUpstreams, startUpstreams } from '../../localstack/upstreams/server.ts';

let upstreams: RunningUpstreams;
const started = new Set<number>();
beforeAll(async () => {
  upstreams = await startUpstreams({ port: 0 });
});
afterAll(() => upstreams.stop());
afterEach(() => {
  for (const pid of started) if (isAlive(pid)) signal(pid, 'SIGKILL');
  started.clear();
});

/** Runs `quotron proxy`, and gives what it said once it listens or ended. */
async function quotronProxy(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [join(root, 'cli', 'quotron.ts'), 'proxy', ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) started.add(child.pid);
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.err += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await expect.poll(() => said.out.includes('Ctrl-C') || child.exitCode !== null, { timeout: 60_000 }).toBe(true);
  const url = /on (http:\S+)\/yahoo/.exec(said.out)?.[1] ?? '';
  return { said, url, ended, interrupt: () => child.kill('SIGINT') };
}

describe('quotron proxy', () => {
  it('serves Yahoo’s answers on this machine alone, says where, and ends on Ctrl-C', async () => {
    const { url, said, interrupt, ended } = await quotronProxy(['--port', '0', '--upstream', upstreams.urlOf('yahoo')]);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(said.out).toContain(`calling ${upstreams.urlOf('yahoo')}`);
    expect(await (await fetch(`${url}/yahoo/quote/AAPL`)).json()).toMatchObject({ data: { symbol: 'AAPL' } });
    // The second time from memory, past the request object: the same headers.
    const again = await fetch(`${url}/yahoo/quote/AAPL`);
    expect(again.headers.get('x-cache')).toBe('HIT');
    expect(again.headers.get('content-type')).toBe('application/json');
    const etag = again.headers.get('etag') ?? '';
    expect((await fetch(`${url}/yahoo/quote/AAPL`, { headers: { 'if-none-match': etag } })).status).toBe(304);
    const head = await fetch(`${url}/yahoo/quote/AAPL`, { method: 'HEAD' });
    expect(head.headers.get('etag')).toBe(etag);
    expect(await head.text()).toBe('');
    interrupt();
    expect(await ended).toBe(0);
  });

  it('asks for the key that the environment names', async () => {
    const { url } = await quotronProxy(['--port', '0', '--upstream', upstreams.urlOf('yahoo')], {
      QUOTRON_PROXY_KEY: 'a-key',
    });
    expect((await fetch(`${url}/yahoo/quote/AAPL`)).status).toBe(401);
    expect((await fetch(`${url}/yahoo/k/other/quote/AAPL`)).status).toBe(401);
    expect((await fetch(`${url}/yahoo/k/a-key/quote/AAPL`)).status).toBe(200);
    expect((await fetch(`${url}/yahoo/quote/AAPL`, { headers: { 'x-api-key': 'a-key' } })).status).toBe(200);
  });

  it('is Yahoo to who trusts its certificate, where it is told to be', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'quotron-ca-'));
    const options = ['--port', '0', '--upstream', upstreams.urlOf('yahoo'), '--as-yahoo', '--tls-port', '0'];
    const { said, interrupt, ended } = await quotronProxy([...options, '--ca-folder', folder]);
    expect(said.out).toContain(join(folder, 'ca.pem'));
    const [, port] = /port (\d+), for query2\.finance/.exec(said.out) ?? [];
    const status = await new Promise((resolve, reject) => {
      const asked = get(
        {
          host: '127.0.0.1',
          port,
          servername: 'query1.finance.yahoo.com',
          headers: { host: 'query1.finance.yahoo.com' },
          ca: readFileSync(join(folder, 'ca.pem')),
          path: '/v1/test/getcrumb',
        },
        (answer) => resolve(answer.resume().statusCode),
      );
      asked.once('error', reject);
    });
    expect(status).toBe(200);
    interrupt();
    expect(await ended).toBe(0);
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['--tls-port', '0'],
    ['--ca-folder', 'x'],
    ['--dns', '9.9.9.9'],
    ['--as-yahoo', '--dns', 'a.name.example'],
  ])('refuses %s where it has no effect or is none', async (...args) => {
    const { ended } = await quotronProxy(['--port', '0', '--upstream', upstreams.urlOf('yahoo'), ...args]);
    expect(await ended).toBe(2);
  });

  it('does not open itself to the network without one', async () => {
    const { said, ended } = await quotronProxy(['--port', '0', '--host', '0.0.0.0']);
    expect(await ended).toBe(2);
    expect(said.err).toContain('QUOTRON_PROXY_KEY');
  });

  it('asks Yahoo for no more than three quarters of the quota that the environment sets, and names one that is none', async () => {
    const { url, said } = await quotronProxy(['--port', '0', '--upstream', upstreams.urlOf('yahoo')], {
      QUOTRON_SOURCE_YAHOO_QUOTA: '12/1000',
      QUOTRON_SOURCE_YAHO_QUOTA: '9/1000',
    });
    expect(said.err).toContain('QUOTRON_SOURCE_YAHO_QUOTA is no setting');
    const statuses: number[] = [];
    for (let at = 0; at < 12; at++) statuses.push((await fetch(`${url}/yahoo/v1/finance/search?q=word${at}`)).status);
    // The heartbeat, which logs in and asks for a quote, takes some of them.
    const answered = statuses.filter((status) => status === 200).length;
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThanOrEqual(9);
    expect(statuses).toContain(429);
    for (const quota of ['200', '0/0', '300000/200', '2/100']) {
      const wrong = await quotronProxy(['--port', '0'], { QUOTRON_SOURCE_YAHOO_QUOTA: quota });
      expect(await wrong.ended, quota).toBe(2);
      expect(wrong.said.err).toContain('QUOTRON_SOURCE_YAHOO_QUOTA');
    }
  });

  it('says what is wrong with a port that is taken, or none, and with an upstream that is no URL', async () => {
    const taken = await quotronProxy(['--port', String(upstreams.port)]);
    expect(await taken.ended).toBe(1);
    expect(taken.said.err).toContain(`Port ${upstreams.port} is used by another program`);
    for (const args of [
      ['--port', 'x'],
      ['--port', '70000'],
      ['--upstream', 'ftp://x'],
    ]) {
      const wrong = await quotronProxy(args);
      expect(await wrong.ended, args.join(' ')).toBe(2);
      expect(wrong.said.err).toContain('error:');
    }
  });
});
