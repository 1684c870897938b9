import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChromiumBrowser, chromiumBrowser } from '../../core/adapters/chromium/browser.ts';
import { slickchartsParser } from '../../core/sources/slickcharts/parse.ts';
import { startUpstreams } from '../../localstack/upstreams/server.ts';

/** Pages of 503 constituents from the simulated SlickCharts, in one process. */
export interface BrowserResult {
  /** As Chromium runs on a laptop, or as on Lambda: all in one process. */
  readonly mode: 'processes' | 'one process';
  readonly pages: number;
  /** First page of a new container: unpack, start, load. `null` where an installed browser needs no unpacking. */
  readonly unpackedMs: number | null;
  /** First page of a browser that is unpacked. */
  readonly coldMs: number;
  readonly warmP50Ms: number;
  readonly warmP99Ms: number;
  /** Entries of /tmp, processes of the browser and their memory, after the tenth page and after the last. */
  readonly tmpEntries: readonly [number, number];
  readonly processes: readonly [number, number];
  readonly memoryMb: readonly [number, number];
  /** The most memory after any tenth page. */
  readonly mostMemoryMb: number;
}

/** Loads and parses `pages` pages in each mode. */
export async function benchBrowser(pages: number, modes: readonly boolean[] = [false, true]): Promise<BrowserResult[]> {
  const upstreams = await startUpstreams({ port: 0 });
  const results: BrowserResult[] = [];
  try {
    for (const oneProcess of modes) results.push(await run(upstreams.urlOf('slickcharts'), pages, oneProcess));
  } finally {
    await upstreams.stop();
  }
  return results;
}

async function run(url: string, pages: number, oneProcess: boolean): Promise<BrowserResult> {
  const executable = process.env['QUOTRON_CHROMIUM'];
  const before = process.env['TMPDIR'];
  const fresh = mkdtempSync(join(tmpdir(), 'quotron-bench-'));
  process.env['TMPDIR'] = fresh;
  try {
    const first = chromiumBrowser({ executable, oneProcess });
    const unpackedMs = await page(first, url);
    await first.close();
    const browser = chromiumBrowser({ executable, oneProcess });
    try {
      const coldMs = await page(browser, url);
      const times: number[] = [];
      let tenth = look(fresh);
      let mostMemoryMb = 0;
      for (let at = 1; at < pages; at++) {
        times.push(await page(browser, url));
        const now = at % 10 === 0 ? look(fresh) : null;
        if (now && at === 10) tenth = now;
        mostMemoryMb = Math.max(mostMemoryMb, now?.memoryMb ?? 0);
      }
      const last = look(fresh);
      times.sort((a, b) => a - b);
      return {
        mode: oneProcess ? 'one process' : 'processes',
        pages,
        unpackedMs: executable ? null : unpackedMs,
        coldMs,
        warmP50Ms: times[Math.floor(times.length / 2)] ?? 0,
        warmP99Ms: times[Math.floor(times.length * 0.99)] ?? 0,
        tmpEntries: [tenth.entries, last.entries],
        processes: [tenth.processes, last.processes],
        memoryMb: [tenth.memoryMb, last.memoryMb],
        mostMemoryMb,
      };
    } finally {
      await browser.close();
    }
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    rmSync(fresh, { recursive: true, force: true });
  }
}

async function page(browser: ChromiumBrowser, base: string): Promise<number> {
  const began = performance.now();
  const url = new URL(`${base}/sp500`);
  const [request] = slickchartsParser.requests({ kind: 'constituents', job: '', symbols: ['sp500'], now: Date.now() });
  const rules = { origins: [url.origin], allowPrivate: true, timeoutMs: 20_000, maxBytes: 2_000_000 };
  const headers = { 'user-agent': 'Quotron bench' };
  const answer = await browser.upstream(rules)({ method: 'GET', url, headers, page: request?.page });
  const parsed = slickchartsParser.parse('constituents', {
    request: { symbols: ['sp500'] },
    response: answer.response,
    error: answer.error,
    fetchedAt: new Date().toISOString(),
  });
  await browser.rest();
  if (parsed.quotes.length !== 503)
    throw new Error(`The page was not read: ${parsed.failure?.message ?? answer.error?.message}`);
  return Math.round((performance.now() - began) * 10) / 10;
}

/** What the browser takes of the machine: the process group of what was started with this TMPDIR. */
function look(folder: string): { entries: number; processes: number; memoryMb: number } {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const groups = new Set(
    all.filter((pid) => read(pid, 'environ').includes(`TMPDIR=${folder}`)).map((pid) => statusOf(pid).group),
  );
  const members = all.map(statusOf).filter(({ group }) => groups.has(group));
  return {
    entries: readdirSync(folder, { recursive: true }).filter((name) => !/Cache|\.tmp$/.test(String(name))).length,
    processes: members.length,
    memoryMb: Math.round(members.reduce((sum, { bytes }) => sum + bytes, 0) / 1024 / 1024),
  };
}

/** "pid (name) state ppid pgrp …": the name may hold anything, so it is read from its end. */
function statusOf(pid: string): { group: number; bytes: number } {
  const stat = read(pid, 'stat');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { group: Number(fields[2] ?? -1), bytes: Number(fields[21] ?? 0) * 4096 };
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // Gone meanwhile.
    return '';
  }
}
