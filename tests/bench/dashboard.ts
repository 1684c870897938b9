/**
 * `node tests/bench/dashboard.ts [minutes]`: what the overview costs a browser, on the test double of the API.
 *
 * - the first load: bytes over the network (text by gzip, as CloudFront sends it), largest contentful paint and layout shift; the
 *   quietest of three new browsers' profiles;
 * - so many minutes open, 60 unless given, with live events: the heap after a collection at the end beside that after the second
 *   minute. The page's clock is set forward by 5 seconds at a time, so that all that comes round comes as often as in that time, and
 *   between two steps prices and counts change and events come, some 1,400 an hour.
 *
 * Ends with 1 when a figure is over its bound.
 */
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { z } from 'zod';
import { buildWeb, webFolder } from '../../localstack/web-build.ts';
import { type ApiDouble, startApiDouble } from '../support/dashboard/api-double.ts';
import { launchChromium } from '../support/dashboard/chromium.ts';

const most = { loadBytes: 250_000, paintMs: 1_000, shift: 0.02, grownBytes: 10_000_000 } as const;
const stepMs = 5_000;
const minutes = Number(process.argv[2] ?? 60);
if (!Number.isInteger(minutes) || minutes < 3) {
  console.error('The minutes are a whole number, three at least.');
  process.exit(2);
}

const paintSchema = z.object({ paintMs: z.number(), shift: z.number() });
/** The time of the largest paint, and all layout shift, of a page that has loaded. */
const paintScript = `new Promise((resolve) => {
  let paintMs = 0;
  let shift = 0;
  new PerformanceObserver((list) => {
    for (const { startTime } of list.getEntries()) paintMs = startTime;
  }).observe({ type: 'largest-contentful-paint', buffered: true });
  new PerformanceObserver((list) => {
    for (const { value } of list.getEntries()) shift += value;
  }).observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => resolve({ paintMs, shift }), 500);
})`;

await buildWeb();
const double = await startApiDouble(webFolder);
const browser = await launchChromium();
try {
  double.state.feed = true;
  const loads = [];
  for (let round = 0; round < 3; round++) loads.push(await load(browser, double));
  const paintMs = Math.min(...loads.map((each) => each.paintMs));
  const shift = Math.min(...loads.map((each) => each.shift));
  const bytes = Math.max(...loads.map((each) => each.bytes));
  say('First load', `${(bytes / 1e3).toFixed(0)} kB`, bytes <= most.loadBytes);
  say('Largest contentful paint', `${paintMs.toFixed(0)} ms`, paintMs <= most.paintMs);
  say('Layout shift', shift.toFixed(3), shift <= most.shift);
  const { before, after, events } = await stayOpen(browser, double);
  say(
    `${minutes} minutes open, ${events} events`,
    `${(before / 1e6).toFixed(2)} MB, then ${(after / 1e6).toFixed(2)} MB: ${((after - before) / 1e6).toFixed(2)} MB more`,
    after - before <= most.grownBytes,
  );
} finally {
  await browser.close();
  await double.close();
}

function say(what: string, figure: string, within: boolean): void {
  console.log(`${what}: ${figure}${within ? '' : ' (over its bound)'}`);
  if (!within) process.exitCode = 1;
}

async function signedIn(from: Browser, at: ApiDouble): Promise<{ context: BrowserContext; page: Page }> {
  const context = await from.newContext({ viewport: { width: 1280, height: 800 }, serviceWorkers: 'block' });
  await context.addCookies([{ name: 'qtr_session', value: 'double', url: at.url, sameSite: 'Strict' }]);
  return { context, page: await context.newPage() };
}

async function load(from: Browser, at: ApiDouble) {
  const { context, page } = await signedIn(from, at);
  try {
    const sizes: Promise<number>[] = [];
    page.on('response', (response) => {
      // The feed has no end.
      if (new URL(response.url()).pathname === '/api/v1/events') return;
      const packed = /font|image\/(?!svg)/.test(response.headers()['content-type'] ?? '');
      sizes.push(response.body().then((body) => (packed ? body.length : gzipSync(body).length)));
    });
    await page.goto(at.url);
    await page.getByText('As a table').first().waitFor();
    const paint = paintSchema.parse(await page.evaluate(paintScript));
    return { ...paint, bytes: (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) };
  } finally {
    await context.close();
  }
}

async function stayOpen(from: Browser, at: ApiDouble) {
  const { context, page } = await signedIn(from, at);
  const session = await context.newCDPSession(page);
  const heap = async () => {
    await session.send('HeapProfiler.enable');
    await session.send('HeapProfiler.collectGarbage');
    return (await session.send('Runtime.getHeapUsage')).usedSize;
  };
  await page.clock.install();
  await page.goto(at.url);
  await page.getByText('As a table').first().waitFor();
  let before = 0;
  let events = 0;
  const steps = (minutes * 60_000) / stepMs;
  for (let step = 0; step < steps; step++) {
    for (const quote of at.state.quotes)
      quote.price = Number((Number(quote.price ?? 1) * (1 + (step % 7) / 1e4)).toFixed(4));
    for (const queue of at.state.queues) queue.waiting = step % 40;
    if (at.tell('quotes.stored', { sourceId: 'yahoo', rows: [{ symbol: 'AAPL' }] }) === 0)
      throw new Error('The page does not follow the feed.');
    at.tell('source.health-changed', { sourceId: step % 2 === 0 ? 'coingecko' : 'yahoo' });
    events += 2;
    await page.clock.runFor(stepMs);
    await page.waitForTimeout(20);
    if (step === (2 * 60_000) / stepMs) before = await heap();
  }
  const after = await heap();
  await context.close();
  return { before, after, events };
}
