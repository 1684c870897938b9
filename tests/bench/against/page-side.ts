/**
 * A process that reads the page of 503 members in Chromium with the code of a checkout, once for each line of its standard
 * input: `page-side.ts <checkout> <address of the source>`. Prints the processor time of each, its own and Chromium's, in
 * microseconds.
 */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { ChromiumBrowser, ChromiumOptions } from '../../../core/adapters/chromium/browser.ts';
import type { SourceParser } from '../../../core/sources/parser.ts';
import { ownTime, timeOfDescendants } from '../processor-time.ts';

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

for await (const _ of createInterface({ input: process.stdin })) {
  const before = ownTime() + timeOfDescendants(process.pid);
  await page();
  process.stdout.write(`${Math.round(ownTime() + timeOfDescendants(process.pid) - before)}\n`);
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
