import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { constants, createGzip } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { type ChromiumOptions, chromiumBrowser } from '../../core/adapters/chromium/browser.ts';
import { findChromium } from '../../core/adapters/chromium/executable.ts';
import { removeLeftovers } from '../../core/adapters/chromium/room.ts';
import type { UpstreamAnswer } from '../../core/ports/upstream.ts';
import { transportFailure } from '../../core/sources/reading/http-failure.ts';
import { chromiumProcesses } from '../support/chromium-processes.ts';
import { type Site, startSite } from '../support/hostile-site.ts';

const run = promisify(execFile);
const mb = 1024 * 1024;
const executable = process.env['QUOTRON_CHROMIUM'];
const done = '<p id="done">done</p>';

/** Two gigabytes of a page, a thousandth of it on the way, packed whatever is asked for. */
let bombBytes = 0;
function bomb(_request: IncomingMessage, response: ServerResponse): void {
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' });
  gzip.pipe(response);
  const block = Buffer.alloc(mb, '<p>words</p>');
  const write = (left: number): void => {
    if (response.destroyed) return;
    if (left === 0) gzip.end();
    else
      gzip.write(block, () => {
        bombBytes += block.length;
        write(left - 1);
      });
  };
  write(2_048);
}

/** What a page says that it has made of itself so far. */
let madeBytes = 0;
const asked: string[] = [];
let site: Site;
beforeAll(async () => {
  site = await startSite({
    '/': (request, response) => {
      asked.push(request.headers['accept-encoding'] ?? '');
      response.writeHead(200, { 'content-type': 'text/html' }).end(done);
    },
    '/bomb': bomb,
    '/bomb-by-worker': (request, response) => {
      const bombUrl = `http://${request.headers.host}/bomb`;
      const script = `new Worker(URL.createObjectURL(new Blob(["fetch('${bombUrl}').then((answer) => answer.arrayBuffer())"])))`;
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<script>${script}</script>`);
    },
    '/grows': `<script>
      const text = '<p>words</p>'.repeat(100_000);
      let made = 0;
      const grow = async () => {
        document.body.append(text);
        made += 2 * text.length;
        await fetch('/made?bytes=' + made).catch(() => undefined);
        setTimeout(grow);
      };
      onload = grow;
    </script>`,
    '/made': (request, response) => {
      madeBytes = Number(new URL(request.url ?? '/', site.origin).searchParams.get('bytes'));
      response.end();
    },
    '/bomb-by-fetch': `<script>fetch('/bomb').then((answer) => answer.arrayBuffer()).then(() => document.body.insertAdjacentHTML('beforeend', '${done}'))</script>`,
  });
});
afterAll(() => site.close());
const folders: string[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'quotron-limits-'));
  folders.push(made);
  return made;
}

const rules = () => ({ origins: [site.origin], allowPrivate: true, timeoutMs: 15_000, maxBytes: 2_000_000 });
const page = { waitFor: '#done' };

/** Loads pages one after the other in a browser of its own. */
async function load(paths: readonly string[], options: ChromiumOptions = {}): Promise<UpstreamAnswer[]> {
  const browser = chromiumBrowser({ executable, ...options });
  try {
    const answers: UpstreamAnswer[] = [];
    for (const path of paths) {
      answers.push(
        await browser.upstream(rules())({ method: 'GET', url: new URL(path, site.origin), headers: {}, page }),
      );
      await browser.rest();
    }
    return answers;
  } finally {
    await browser.close();
  }
}

/** The same, with the most memory that all browsers of this machine had meanwhile. */
async function loadWatched(paths: readonly string[], options: ChromiumOptions = {}) {
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(
      most,
      chromiumProcesses().reduce((sum, { memory }) => sum + memory, 0),
    );
  }, 50);
  const answers = await load(paths, options).finally(() => clearInterval(watch));
  return { answers, most };
}

describe('a page that unpacks to gigabytes', () => {
  it.each([
    ['/bomb', false],
    ['/bomb', true],
    ['/bomb-by-fetch', false],
    ['/bomb-by-fetch', true],
    ['/bomb-by-worker', false],
  ])('is closed at the cap: %s (one process: %s) [fault 31]', { timeout: 240_000 }, async (path, oneProcess) => {
    bombBytes = 0;
    const { answers, most } = await loadWatched(['/', path, '/'], { oneProcess });
    const [first, bombed, next] = answers;
    expect([first?.error, next?.error]).toEqual([null, null]);
    expect(bombed?.error?.code).toBe('too_large');
    expect(transportFailure(bombed ?? { response: null, error: null })?.reason).toBe('schema_drift');
    // It was a bomb, and most of it never came.
    expect(bombBytes).toBeGreaterThan(2 * mb);
    expect(bombBytes).toBeLessThan(1_024 * mb);
    expect(most / mb).toBeLessThan(900);
  });

  it('is closed where it makes them itself, and the next page comes [fault 36]', { timeout: 120_000 }, async () => {
    madeBytes = 0;
    const { answers, most } = await loadWatched(['/grows', '/']);
    const [grown, next] = answers;
    expect(['too_large', 'timeout', 'connection']).toContain(grown?.error?.code);
    expect(next?.error).toBeNull();
    // It had grown past what may be read, and was not let go on until the memory was used up.
    expect(madeBytes).toBeGreaterThan(2 * rules().maxBytes);
    expect(most / mb).toBeLessThan(1_500);
  });

  it('is asked for unpacked', async () => {
    asked.length = 0;
    await load(['/']);
    expect(asked).toEqual(['identity']);
  });
});

describe('a temporary folder without room', () => {
  const answered = (answers: readonly UpstreamAnswer[]) => answers.map(({ error }) => error?.code ?? 'read');

  it('is our fault, not the source’s, leaves nothing behind, and a warm container recovers [fault 16]', {
    timeout: 240_000,
  }, async () => {
    let room = 8 * mb;
    let looks = 0;
    const own = folder();
    vi.stubEnv('TMPDIR', own);
    const browser = chromiumBrowser({
      executable,
      unpackIn: own,
      room: () => {
        looks++;
        return room;
      },
    });
    const read = () => browser.upstream(rules())({ method: 'GET', url: new URL('/', site.origin), headers: {}, page });
    try {
      for (let at = 0; at < 3; at++) {
        const answer = await read();
        expect(answer.error?.code).toBe('no_room');
        expect(transportFailure(answer)).toMatchObject({ reason: 'unexplained', detail: { code: 'no_room' } });
        expect(readdirSync(own)).toEqual([]);
      }
      expect(looks).toBeGreaterThanOrEqual(3);
      room = 1_000 * mb;
      expect(answered([await read()])).toEqual(['read']);
    } finally {
      await browser.close();
    }
  });

  it('that fills up while a browser is unpacked is left as it was [fault 16]', { timeout: 240_000 }, async ({
    skip,
  }) => {
    const { packaged } = await findChromium(executable);
    if (!packaged) return skip('the browser here is not the packaged one');
    const pack = folder();
    cpSync(new URL('../../node_modules/@sparticuz/chromium/bin', import.meta.url), pack, { recursive: true });
    for (const name of readdirSync(pack)) truncateSync(join(pack, name), 100_000);
    const own = folder();
    expect(answered(await load(['/', '/'], { unpackIn: own, pack }))).toEqual(['browser_failed', 'browser_failed']);
    expect(readdirSync(own)).toEqual([]);
  });

  it('is cleared of what ended processes left an hour ago, and of nothing else [fault 16]', () => {
    const own = folder();
    const now = Date.now();
    const gone = 2 ** 22 + 1;
    const names = {
      old: `quotron-unpacking-${gone}-aaaaaa`,
      oldScratch: `quotron-browser-${gone}-aaaaaa`,
      young: `quotron-browser-${gone}-bbbbbb`,
      alive: `quotron-browser-${process.ppid}-cccccc`,
      before: `quotron-browser-${process.pid}-dddddd`,
      shared: 'quotron-chromium-149.0.0-1',
      foreign: 'another-program',
    };
    for (const name of Object.values(names)) {
      mkdirSync(join(own, name, 'inside'), { recursive: true });
      const at = (name === names.young ? now : now - 3_700_000) / 1000;
      utimesSync(join(own, name), at, at);
    }
    removeLeftovers(own, now);
    expect(readdirSync(own)).toEqual([names.alive, names.young, names.shared, names.foreign].sort());
  });
});

it.runIf(process.platform === 'linux')(
  'a browser that starts when nobody waits for it any more is ended, and the next page has one of its own',
  { timeout: 240_000 },
  async () => {
    const { path, env } = await findChromium(executable);
    const own = folder();
    const slow = join(own, 'slow');
    const began = join(own, 'began');
    const script = join(own, 'browser.sh');
    const variables = Object.entries(env).map(([name, value]) => `export ${name}='${value}'\n`);
    const wait = `if [ -e '${slow}' ]; then while [ -e '${slow}' ]; do sleep 0.1; done; touch '${began}'; fi\n`;
    writeFileSync(script, `#!/bin/sh\n${wait}${variables.join('')}exec '${path}' "$@"\n`, { mode: 0o755 });
    writeFileSync(slow, '');
    const others = chromiumProcesses().length;
    const browser = chromiumBrowser({ executable: script, launchMs: 4_000 });
    const read = () => browser.upstream(rules())({ method: 'GET', url: new URL('/', site.origin), headers: {}, page });
    try {
      expect((await read()).error?.code).toBe('browser_failed');
      expect(existsSync(began)).toBe(false);
      // Both start now: the one that was given up, and the next.
      rmSync(slow);
      await vi.waitFor(async () => expect((await read()).error).toBeNull(), 30_000);
      await vi.waitFor(() => expect(existsSync(began)).toBe(true), 5_000);
      expect((await read()).error).toBeNull();
    } finally {
      await browser.close();
    }
    await vi.waitFor(() => expect(chromiumProcesses().length).toBe(others), 20_000);
  },
);

describe.runIf(process.platform === 'linux')('a process that may open 64 files', () => {
  const inProcess = async (...asked: string[]) => {
    await findChromium(executable);
    const worker = new URL('../support/page-worker.ts', import.meta.url).pathname;
    const shell = 'ulimit -n 64; ulimit -n 1>&2; exec "$0" "$@"';
    const { stdout, stderr } = await run('sh', ['-c', shell, process.execPath, worker, `${site.origin}/`, ...asked]);
    expect(stderr).toMatch(/^64$/m);
    return z.array(z.string()).parse(JSON.parse(stdout));
  };

  it('reads pages all the same [fault 38]', { timeout: 240_000 }, async () => {
    expect(await inProcess('3')).toEqual(['true', 'true', 'true']);
  });

  it('and has them all open says that its browser could not start, and reads when they are closed [fault 38]', {
    timeout: 240_000,
  }, async () => {
    expect(await inProcess('1', 'files used up')).toEqual(['EMFILE', 'browser_failed', 'true']);
  });
});
