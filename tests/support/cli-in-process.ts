import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, vi } from 'vitest';
import { main } from '../../cli/main.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly key: string;
  readonly accept: string;
  readonly body: unknown;
}

/** What the double answers to `GET /sources`: the `data`, or a whole answer. */
export type Answers = Record<string, unknown>;

/** A small double of the API: `answers` by `METHOD path`, without the base path and the query. */
export async function apiDouble(answers: Answers) {
  const asked: Asked[] = [];
  const server = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const text = Buffer.concat(parts).toString('utf8');
      const url = new URL(request.url ?? '', 'http://x');
      const path = url.pathname.replace(/^\/api\/v1/, '');
      asked.push({
        method: request.method ?? '',
        path: path + url.search,
        key: String(request.headers['x-api-key']),
        accept: String(request.headers.accept),
        body: text === '' ? null : JSON.parse(text),
      });
      const answer = answers[`${request.method} ${path}`];
      const given = typeof answer === 'function' ? answer(url) : answer;
      if (given === undefined) {
        const problem = {
          type: 'x',
          title: 'There is nothing here',
          status: 404,
          detail: path,
          code: 'not_found',
          retryable: false,
          requestId: 'r',
        };
        response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
      } else if (given instanceof Problem) {
        response
          .writeHead(given.status, { 'content-type': 'application/problem+json' })
          .end(JSON.stringify(given.body));
      } else if (typeof given === 'string') response.writeHead(200, { 'content-type': 'text/plain' }).end(given);
      else {
        const { data, nextCursor } = given instanceof Page ? given : { data: given, nextCursor: undefined };
        const envelope = { data, meta: { requestId: 'r', nextCursor }, warnings: [] };
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(envelope));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  return { url, asked, stop: () => new Promise((resolve) => server.close(resolve)) };
}

/** A page of a list that goes on. */
export class Page {
  readonly data: unknown;
  readonly nextCursor: string;
  constructor(data: unknown, nextCursor: string) {
    this.data = data;
    this.nextCursor = nextCursor;
  }
}

/** An answer that is a problem. */
export class Problem {
  readonly status: number;
  readonly body: unknown;
  constructor(status: number, code: string, detail: string) {
    this.status = status;
    this.body = { type: 'x', title: 'It is refused', status, detail, code, retryable: false, requestId: 'r' };
  }
}

/**
 * Runs the command in this process, without the settings of this shell. That it runs as a process of its own, as a person
 * starts it, is for `credentials.test.ts` and the deployed cloud's tests: each costs as much as twenty of these.
 */
export async function quotron(args: readonly string[], env: NodeJS.ProcessEnv, { cwd = tmpdir() } = {}) {
  const {
    QUOTRON_URL: _url,
    QUOTRON_API_KEY: _key,
    QUOTRON_STATE_DIR: _dir,
    FORCE_COLOR: _colour,
    ...shell
  } = process.env;
  const before = { env: process.env, exitCode: process.exitCode };
  const said = { stdout: '', stderr: '' };
  const kept = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
      said[name] += chunk.toString();
      return true;
    }),
  );
  process.env = { ...shell, ...env, QUOTRON_FOLDER: cwd };
  process.exitCode = undefined;
  try {
    await main(args);
    return { code: process.exitCode, ...said };
  } finally {
    for (const each of kept) each.mockRestore();
    process.env = before.env;
    process.exitCode = before.exitCode;
  }
}

/**
 * The command beside a double of the API, for the tests of a file: each begins without answers, and with nothing asked.
 * `ask` runs it in a folder of its own with a key that the double takes.
 */
export function useCli() {
  const answers: Answers = {};
  let double: Awaited<ReturnType<typeof apiDouble>>;
  let folder: string;
  beforeAll(async () => {
    double = await apiDouble(answers);
    folder = mkdtempSync(join(tmpdir(), 'quotron-cli-'));
  });
  afterAll(async () => {
    await double.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    double.asked.length = 0;
    for (const name of Object.keys(answers)) delete answers[name];
  });
  return {
    answers,
    get asked() {
      return double.asked;
    },
    get url() {
      return double.url;
    },
    get folder() {
      return folder;
    },
    ask: (...args: string[]) => quotron(args, { QUOTRON_URL: double.url, QUOTRON_API_KEY: 'the-key' }, { cwd: folder }),
  };
}
