import { spawn } from 'node:child_process';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const entry = new URL('../../../cli/quotron.ts', import.meta.url).pathname;
const secret = 'PLANTEDKEY0000001';
const asked: { method: string; url: string; key: string; body: string }[] = [];
let server: http.Server;
let url: string;
let refuse = false;

beforeAll(async () => {
  server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      asked.push({
        method: request.method ?? '',
        url: request.url ?? '',
        key: String(request.headers['x-api-key']),
        body,
      });
      const problem = {
        type: 'x',
        title: 'The key may not do this',
        status: 403,
        detail: 'This needs a key of scope admin.',
        instance: '/',
        code: 'forbidden',
        retryable: false,
        requestId: 'r',
      };
      if (refuse) {
        response.writeHead(403, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
        return;
      }
      const isSet = request.method !== 'DELETE';
      const data = {
        sourceId: 'alpha-vantage',
        form: 'api-key',
        fields: ['apiKey'],
        isSet,
        changedAt: '2026-11-22T20:00:00.000Z',
        hint: isSet ? null : 'It needs an API key.',
      };
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ data, meta: { requestId: 'r' }, warnings: [] }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/api/v1`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  asked.length = 0;
  refuse = false;
});

async function quotron(
  args: string[],
  input = '',
  env: NodeJS.ProcessEnv = { QUOTRON_URL: url, QUOTRON_API_KEY: 'the-key' },
) {
  const { QUOTRON_URL: _url, QUOTRON_API_KEY: _key, QUOTRON_STATE_DIR: _dir, ...shell } = process.env;
  const child = spawn(process.execPath, [entry, ...args], { cwd: tmpdir(), env: { ...shell, ...env } });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, said };
}

describe('quotron credentials', () => {
  it('sets what it reads from standard input, and does not repeat it', async () => {
    const { code, said } = await quotron(['credentials', 'set', 'alpha-vantage'], JSON.stringify({ apiKey: secret }));
    expect([code, said]).toEqual([0, 'The credentials of alpha-vantage are set since 2026-11-22T20:00:00.000Z.\n']);
    expect(asked.at(-1)).toEqual({
      method: 'PUT',
      url: '/api/v1/sources/alpha-vantage/credentials',
      key: 'the-key',
      body: JSON.stringify({ apiKey: secret }),
    });
  });

  it('says whether they are set, and takes them away', async () => {
    expect((await quotron(['credentials', 'status', 'alpha-vantage'])).said).toContain('are set since');
    expect((await quotron(['credentials', 'delete', 'alpha-vantage'])).said).toContain('are not set');
    expect(asked.map(({ method }) => method)).toEqual(['GET', 'DELETE']);
  });

  it('tells what is wrong and what to do, without what was to be set', async () => {
    const bad = await quotron(['credentials', 'set', 'alpha-vantage'], secret);
    expect([bad.code, bad.said]).toEqual([1, 'Standard input must be a JSON object with the strings apiKey.\n']);
    refuse = true;
    const refused = await quotron(['credentials', 'status', 'alpha-vantage']);
    expect([refused.code, refused.said]).toEqual([1, 'The key may not do this. This needs a key of scope admin.\n']);
    const nowhere = await quotron(['credentials', 'status', 'alpha-vantage'], '', {});
    expect([nowhere.code, nowhere.said]).toMatchObject([1, expect.stringContaining('QUOTRON_URL')]);
    const down = await quotron(['credentials', 'status', 'x'], '', {
      QUOTRON_URL: 'http://127.0.0.1:1/api/v1',
      QUOTRON_API_KEY: 'k',
    });
    expect([down.code, down.said]).toMatchObject([1, expect.stringContaining('does not answer')]);
  });
});
