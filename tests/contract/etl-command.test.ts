import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { getRequestListener } from '@hono/node-server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { importSchema } from '../../core/contracts/http/imports.ts';
import type { SignUpload } from '../../core/ports/upload.ts';
import { quotron } from '../support/cli-in-process.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld();
const reportSchema = z.object({ import: importSchema, rows: z.array(z.unknown()), moreRows: z.int() });

let folder: string;
let server: http.Server;
let handle: http.RequestListener;
let url: string;
/** What the store answers to the next uploads, in place of taking them. */
const refusals: number[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quotron-etl-'));
  server = http.createServer((request, response) => handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

/** The API, and a store that takes what was announced and nothing else; `ingest` reads what is queued at once. */
beforeEach(async () => {
  refusals.length = 0;
  const pipeline = world.pipeline();
  const signUpload: SignUpload = async (key, { bytes, sha256 }) => ({
    url: `${url}/bucket/${key}?bytes=${bytes}`,
    headers: { 'content-encoding': 'gzip', 'if-none-match': '*', 'x-amz-checksum-sha256': sha256 },
    seconds: 900,
  });
  const queue = {
    ...pipeline.queue,
    async send(...of: Parameters<typeof pipeline.queue.send>) {
      await pipeline.queue.send(...of);
      await pipeline.ingest();
    },
  };
  const api = world.api({ queue, signUpload, clock: Date.now });
  const answerApi = getRequestListener(api.app.fetch);
  handle = (request, response) => {
    const asked = new URL(request.url ?? '', url);
    if (!asked.pathname.startsWith('/bucket/')) return void answerApi(request, response);
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      const key = asked.pathname.slice('/bucket/'.length);
      const right =
        request.method === 'PUT' &&
        String(body.length) === asked.searchParams.get('bytes') &&
        request.headers['content-length'] === String(body.length) &&
        request.headers['x-amz-checksum-sha256'] === createHash('sha256').update(body).digest('base64');
      const status = refusals.shift() ?? (right ? (pipeline.blobs.blobs.has(key) ? 412 : 200) : 400);
      if (status === 200) pipeline.blobs.blobs.set(key, body);
      response.writeHead(status).end();
    });
  };
});

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function etl(...args: string[]) {
  const { operate } = await world.keys();
  return quotron(['etl', ...args], { QUOTRON_URL: url, QUOTRON_API_KEY: operate }, { cwd: folder });
}

function csv(rows: number): string {
  const lines = Array.from({ length: rows }, (_, day) => {
    const date = new Date(Date.UTC(2000, 0, 1 + day)).toISOString().slice(0, 10);
    return `ACME,${date},10,12,9,11,100,USD`;
  });
  return `symbol,date,open,high,low,close,volume,currency\n${lines.join('\n')}\n`;
}

describe('quotron etl process', () => {
  it('stores a file, by its name or packed, and the same again adds no row', async () => {
    const plain = await etl('process', file('bars.csv', csv(400)), '--licence', 'internal', '--json');
    expect([plain.code, plain.stderr]).toEqual([0, '']);
    const done = reportSchema.parse(JSON.parse(plain.stdout));
    expect(done).toMatchObject({
      import: { status: 'done', accepted: 400, written: 400, label: 'bars.csv', sourceId: 'import' },
      rows: [],
    });
    const packed = await etl('process', file('bars.csv.gz', gzipSync(csv(400))), '--licence', 'internal', '--json');
    expect(reportSchema.parse(JSON.parse(packed.stdout)).import).toMatchObject({ status: 'done', written: 0 });
    expect(await world.all('SELECT count(*)::int AS rows, sum(close)::int AS sum FROM bar')).toEqual([
      { rows: 400, sum: 4400 },
    ]);
  });

  it('reports bad rows by line and reason, stores the others, and ends with 1', async () => {
    const lines = csv(20).split('\n');
    lines[4] = 'ACME,2000-01-04,10,12,9,\u001b[2Jmuch,100,USD';
    const { code, stdout } = await etl('process', file('a\u001b]0;x.csv', lines.join('\n')), '--licence', 'unknown');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ *5 +ACME +schema .*close/m);
    expect(stdout).toMatch(/19 good, 19 of them new or changed; 1 held back/);
    expect(stdout).toContain('import-unknown');
    expect(stdout).not.toContain('\u001b]');
    const { stdout: list } = await etl('list');
    const id = /[0-9a-f-]{36}/.exec(list)?.[0] ?? '';
    expect(await etl('status', id)).toMatchObject({ code: 1, stdout: expect.stringContaining('19 good') });
  });

  it('says of an import that is under way how far it is, and does not call it failed', async () => {
    const { operate } = await world.keys();
    const made = await fetch(`${url}/api/v1/imports`, {
      method: 'POST',
      headers: { 'x-api-key': operate, 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'bars', licence: 'internal' }),
    });
    const { id } = z.object({ data: importSchema }).parse(await made.json()).data;
    expect(await etl('status', id)).toMatchObject({ code: 0, stdout: expect.stringMatching(/status +open/) });
  });

  it('sends a part again that the store did not take, and says when it does not', async () => {
    await world.uncheckedFromNow('the store says that it has a part which it has not');
    refusals.push(503, 412);
    const path = file('again.csv', csv(5));
    const again = await etl('process', path, '--licence', 'internal');
    // The store said that it has the part, and it has not: the part fails, and says so.
    expect(again.code).toBe(1);
    refusals.push(400);
    const refused = await etl('process', path, '--licence', 'internal');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('HTTP 400') });
  });

  it.each([
    [['process', 'none.csv', '--licence', 'internal'], 2, 'There is no file'],
    [['process', '.', '--licence', 'internal'], 2, 'is a folder'],
    [['process', 'x.csv'], 2, '--licence'],
    [['process', 'x.csv', '--licence', 'mine'], 2, 'Allowed choices'],
    [['process', 'x.csv', '--licence', 'internal', '--source', 'yahoo'], 2, '--kind'],
    [['process', 'odd.csv', '--licence', 'internal'], 1, 'quotes or bars'],
    [['process', 'x.json', '--licence', 'internal', '--source', 'nobody', '--kind', 'bars'], 2, 'nobody'],
    [[], 2, 'Usage: quotron etl'],
  ] as const)('%j ends with %i and says why', async (args, code, why) => {
    file('odd.csv', 'a,b\n1,2\n');
    file('x.json', '{}');
    expect(await etl(...args)).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(why) });
  });

  it('prints the schemas of the rows', async () => {
    const { code, stdout } = await etl('--schema');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      quotes: { required: ['symbol', 'asOf', 'price'] },
      bars: { required: ['symbol', 'close'], additionalProperties: false },
    });
  });
});
