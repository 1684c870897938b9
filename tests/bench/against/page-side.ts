/**
 * A process that reads the page of 503 members in Chromium with the code of a checkout, once for each line of its standard
 * input: `page-side.ts <checkout> <address of the source>`. Prints the processor time of each, its own and Chromium's, in
 * microseconds.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { ChromiumBrowser, ChromiumOptions } from '../../../core/adapters/chromium/browser.ts';
import type { SourceParser } from '../../../core/sources/parser.ts';

/** What is used of a checkout. */
interface BrowserModule {
  chromiumBrowser(options?: ChromiumOptions): ChromiumBrowser;
}
interface ParserModule {
  readonly slickchartsParser: SourceParser;
}

const [, , checkout = '', base = ''] = process.argv;
const load = (path: string): Promise<unknown> => import(pathToFileURL(join(checkout, path)).href);
const { chromiumBrowser } = (await load('core/adapters/chromium/browser.ts')) as BrowserModule;
const { slickchartsParser } = (await load('core/sources/slickcharts/parse.ts')) as ParserModule;
const browser = chromiumBrowser({ executable: process.env['QUOTRON_CHROMIUM'] });
const ticksPerSecond = 100;

for await (const _ of createInterface({ input: process.stdin })) {
  const before = spent();
  await page();
  process.stdout.write(`${Math.round(spent() - before)}\n`);
}
await browser.close();
process.exit(0);

async function page(): Promise<void> {
  const url = new URL(`${base}/sp500`);
  const [request] = slickchartsParser.requests({ kind: 'constituents', job: '', symbols: ['sp500'], now: Date.now() });
  const rules = { origins: [url.origin], allowPrivate: true, timeoutMs: 60_000, maxBytes: 2_000_000 };
  const headers = { 'user-agent': 'Quotron bench' };
  const answer = await browser.upstream(rules)({ method: 'GET', url, headers, page: request?.page });
  const { quotes, failure } = slickchartsParser.parse('constituents', {
    request: { symbols: ['sp500'] },
    response: answer.response,
    error: answer.error,
    fetchedAt: new Date().toISOString(),
  });
  await browser.rest();
  if (quotes.length !== 503) throw new Error(`The page was not read: ${failure?.message ?? answer.error?.message}`);
}

/** Processor time of this process and all below it that live, in microseconds. */
function spent(): number {
  const { user, system } = process.cpuUsage();
  const stats = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? statOf(name) : []));
  const family = new Set([process.pid]);
  for (let grew = true; grew; ) {
    const size = family.size;
    for (const { pid, parent } of stats) if (family.has(parent)) family.add(pid);
    grew = family.size > size;
  }
  const ticks = stats.reduce(
    (sum, each) => (each.pid !== process.pid && family.has(each.pid) ? sum + each.ticks : sum),
    0,
  );
  return user + system + (ticks / ticksPerSecond) * 1_000_000;
}

/** "pid (name) state ppid …": the name may hold anything, so it is read from its end. Children that ended count with their parent. */
function statOf(name: string): { pid: number; parent: number; ticks: number }[] {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at] ?? 0), 0);
    return [{ pid: Number(name), parent: Number(fields[1]), ticks }];
  } catch {
    return [];
  }
}
