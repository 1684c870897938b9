import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { findChromium } from '../../core/adapters/chromium/executable.ts';
import { chromiumProcesses } from '../support/chromium-processes.ts';
import { notRunHere } from '../support/fault-table/not-run-here.ts';
import { type Site, startSite } from '../support/hostile-site.ts';

const run = promisify(execFile);
/** Asked for and not answered: a browser that waits for it is ended meanwhile. */
let asked = 0;
let site: Site;
beforeAll(async () => {
  await findChromium(process.env['QUOTRON_CHROMIUM']);
  site = await startSite({
    '/': (_request, response) => {
      asked++;
      if (asked === 1) response.writeHead(200, { 'content-type': 'text/html' }).write('<p>first');
      else response.writeHead(200, { 'content-type': 'text/html' }).end('<p id="done">done</p>');
    },
  });
});
afterAll(() => site.close());
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** All names in a folder and below it. */
const inside = (folder: string) => readdirSync(folder, { recursive: true }).map(String);
const isCore = (name: string) => /(^|\/)(core|core\..*|.*\.core)$/.test(name);

/** Dumps are allowed, of a megabyte at the most: a whole one of a browser has hundreds. */
const allowingDumps = 'ulimit -S -c 2048 && cd "$1" &&';

/** Whether the system leaves dumps where a program ran: some hand them to a program of theirs. */
async function leavesDumps(folder: string): Promise<boolean> {
  const where = mkdtempSync(join(folder, 'crash-'));
  await run('sh', ['-c', `${allowingDumps} kill -SEGV $$`, 'sh', where]).catch(() => undefined);
  const left = inside(where).some(isCore);
  rmSync(where, { recursive: true });
  return left;
}

/**
 * The dumps that appear in a folder or below it, from now on. The next browser that starts removes what the last one left, so
 * that none is there in the end, whatever was written meanwhile.
 */
function dumpsWritten(folder: string): { readonly names: Set<string>; stop(): void } {
  const names = new Set<string>();
  const watcher = watch(folder, { recursive: true }, (_event, name) => {
    if (name !== null && isCore(name)) names.add(name);
  });
  return { names, stop: () => watcher.close() };
}

describe.runIf(process.platform === 'linux')('a browser that is ended in the middle of a page', () => {
  it.for(['SIGSEGV', 'SIGABRT', 'SIGKILL'] as const)(
    'by %s leaves no dump and no profile, nor what earlier ones left',
    {
      timeout: 240_000,
    },
    async (signal, context) => {
      asked = 0;
      const folder = mkdtempSync(join(tmpdir(), 'quotron-crash-'));
      folders.push(folder);
      if (!(await leavesDumps(folder)))
        notRunHere(context, 'a crashed program leaves no dump in its folder here (kernel.core_pattern, or a limit)');
      const dumps = dumpsWritten(folder);
      // What a container had that was ended before it could tidy up: a profile of an hour ago, and half a browser.
      for (const name of ['quotron-browser-999999999-aaaaaa', 'quotron-unpacking-999999999-aaaaaa']) {
        mkdirSync(join(folder, name, 'profile'), { recursive: true });
        writeFileSync(join(folder, name, 'profile/state'), 'left');
        const before = Date.now() / 1000 - 7_200;
        utimesSync(join(folder, name), before, before);
      }
      const others = new Set(chromiumProcesses().map(({ pid }) => pid));
      const worker = new URL('../support/page-worker.ts', import.meta.url).pathname;
      const shell = `${allowingDumps} exec "$0" "$2" "$3" 2`;
      const reading = run('sh', ['-c', shell, process.execPath, folder, worker, `${site.origin}/`], {
        env: { ...process.env, TMPDIR: folder },
      });
      const ours = () => chromiumProcesses().filter(({ pid }) => !others.has(pid));
      await vi.waitFor(() => expect(asked).toBe(1), { timeout: 60_000 });
      expect(inside(folder).some((name) => name.startsWith('quotron-browser-999999999'))).toBe(false);
      const ended = ours();
      expect(ended.length).toBeGreaterThan(0);
      for (const { pid } of ended)
        try {
          process.kill(pid, signal);
        } catch {
          // It ended with its parent.
        }
      const { stdout } = await reading;
      dumps.stop();
      const [first, second] = z.array(z.string()).parse(JSON.parse(stdout));
      expect([first === 'true', second]).toEqual([false, 'true']);
      expect([...dumps.names]).toEqual([]);
      expect(inside(folder).filter(isCore)).toEqual([]);
      expect(readdirSync(folder).filter((name) => /^quotron-(browser|unpacking)-/.test(name))).toEqual([]);
    },
  );
});
