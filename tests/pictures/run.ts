/**
 * `npm run pictures`: takes the pictures of the dashboard that the docs show, into `docs/pictures/`.
 *
 *   npm run pictures -- [--only market,sources] [--look <folder>]
 *
 * With `--look` it leaves `docs/pictures` as it is, and takes each page from its head to its end for looking at, 360, 390, 1280 and 3840
 * pixels wide, as PNG into that folder.
 *
 * The built dashboard runs on the test double of the API (`tests/support/dashboard/api-double.ts`) with the data of `scene.ts`, at
 * a fixed time, in headless Chromium. Two runs on one machine give the same pictures, but for the odd subpixel, so a
 * picture that changed shows a change of the dashboard. Each page is taken 1280 and 390 pixels wide, in both themes, as WebP (a third of the size of PNG). Ends with 1 when the set is too
 * large or a page reported an error.
 */
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { root } from '../../localstack/state-folder.ts';
import { buildWeb, webFolder } from '../../localstack/web-build.ts';
import { launchChromium } from '../support/dashboard/chromium.ts';

/** A Friday in November, an hour after New York opened: 10:30 there, 15:30 in London. */
const now = Date.parse('2026-11-20T15:30:00Z');
// The double's data are made relative to the time, some of them while its modules load: set it before they do.
Date.now = () => now;
const { startApiDouble } = await import('../support/dashboard/api-double.ts');
const { newReportId } = await import('../support/dashboard/page-data.ts');
const { constituentNames, dress } = await import('./scene.ts');

const folder = join(root, 'docs', 'pictures');
/** Bytes. The pictures are cloned with the repository. */
const mostBytes = 3_000_000;

interface Shot {
  readonly name: string;
  readonly path: string;
  /** A text that is on the page once its data are there. */
  readonly ready: string;
  readonly signedIn?: boolean;
}

const shots: readonly Shot[] = [
  { name: 'overview', path: '/', ready: 'scrape-yahoo' },
  { name: 'market', path: '/market', ready: 'Apple Inc.' },
  { name: 'instrument', path: '/market/AAPL', ready: 'Provenance' },
  { name: 'index', path: '/market/%5EGSPC', ready: 'NVIDIA' },
  { name: 'sources', path: '/sources', ready: 'Demo broker' },
  { name: 'source', path: '/sources/coingecko', ready: 'Incidents' },
  { name: 'quarantine', path: '/quarantine', ready: 'OCDO.L' },
  { name: 'findings', path: '/findings', ready: 'VOD.L' },
  { name: 'diagnose', path: `/diagnose?report=${newReportId}`, ready: 'What is wrong' },
  { name: 'models', path: '/models', ready: 'Global leaders' },
  { name: 'model', path: '/models/global-leaders', ready: 'Amazon' },
  { name: 'alerts', path: '/alerts', ready: 'given up' },
  { name: 'coverage', path: '/coverage', ready: 'none missing' },
  { name: 'exports', path: '/exports', ready: 'AAPL, MSFT' },
  { name: 'runs', path: '/runs', ready: 'first cycle' },
  { name: 'keys', path: '/keys', ready: 'spreadsheet' },
  { name: 'settings', path: '/settings', ready: 'Schedule' },
  { name: 'sign-in', path: '/', ready: 'Sign in', signedIn: false },
];

const looks = [
  { suffix: '', width: 1280, height: 800, theme: 'light' },
  { suffix: '-dark', width: 1280, height: 800, theme: 'dark' },
  { suffix: '-phone', width: 390, height: 844, theme: 'light' },
  { suffix: '-phone-dark', width: 390, height: 844, theme: 'dark' },
] as const;

/** What only `--look` takes: the narrowest and the widest window, where a layout breaks first. */
const extremes = [
  { suffix: '-360', width: 360, height: 740, theme: 'light' },
  { suffix: '-3840', width: 3840, height: 2160, theme: 'light' },
] as const;

/** How many pixels of the page are below the window's end. */
const hiddenScript =
  "(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)(document.querySelector('main') ?? document.body)";

type Look = (typeof looks | typeof extremes)[number];

const { values } = parseArgs({ options: { only: { type: 'string' }, look: { type: 'string' } } });
const only = values.only?.split(',');
const chosen = shots.filter(({ name }) => only === undefined || only.includes(name));
if (chosen.length === 0) {
  console.error(`--only takes some of ${shots.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}

await buildWeb();
mkdirSync(values.look ?? folder, { recursive: true });
const double = await startApiDouble(webFolder);
const browser = await launchChromium();
const complaints: string[] = [];
try {
  dress(double.state);
  for (const shot of chosen)
    for (const look of values.look === undefined ? looks : [...looks, ...extremes]) await take(browser, shot, look);
} finally {
  await browser.close();
  await double.close();
}
const files = readdirSync(folder).filter((name) => name.endsWith('.webp'));
const bytes = files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
console.log(`${files.length} pictures in docs/pictures, ${(bytes / 1e6).toFixed(2)} MB.`);
if (bytes > mostBytes) complaints.push(`The set is larger than ${mostBytes / 1e6} MB: take fewer pages.`);
for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length === 0 ? 0 : 1;

async function take(from: Browser, shot: Shot, look: Look): Promise<void> {
  const context = await from.newContext({
    viewport: { width: look.width, height: look.height },
    colorScheme: look.theme,
    reducedMotion: 'reduce',
    timezoneId: 'UTC',
    locale: 'en-US',
    serviceWorkers: 'block',
  });
  try {
    const page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(`${shot.name}: ${error.message}`));
    await page.clock.setFixedTime(now);
    await atFixedTime(page);
    if (shot.signedIn !== false)
      await context.addCookies([{ name: 'qtr_session', value: 'double', url: double.url, sameSite: 'Strict' }]);
    await page.goto(double.url + shot.path);
    await page.getByText(shot.ready).first().waitFor({ timeout: 10_000 });
    await page.waitForLoadState('networkidle');
    // A part that is loaded by itself, as the chart is, comes after the requests.
    await page
      .getByText(/^Loading /)
      .first()
      .waitFor({ state: 'hidden', timeout: 10_000 });
    await page.evaluate('document.fonts.ready.then(() => undefined)');
    // The input caret blinks. Set through the object model, which the content security policy allows.
    await page.evaluate("document.documentElement.style.caretColor = 'transparent'");
    if (values.look !== undefined) {
      // The page scrolls in its frame: a window as high as all of it shows it whole.
      const more = Number(await page.evaluate(hiddenScript));
      await page.setViewportSize({ width: look.width, height: look.height + more });
      await page.screenshot({ path: join(values.look, `${shot.name}${look.suffix}.png`) });
      return;
    }
    const session = await context.newCDPSession(page);
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 90 });
    writeFileSync(join(folder, `${shot.name}${look.suffix}.webp`), Buffer.from(data, 'base64'));
  } finally {
    await context.close();
  }
}

/** Gives answers the fixed time: the dashboard counts ages by the server's `Date` header. */
async function atFixedTime(page: Page): Promise<void> {
  await page.route('**/api/v1/**', async (route) => {
    const response = await route.fetch();
    const headers = { ...response.headers(), date: new Date(now).toUTCString() };
    const constituents = route.request().url().includes('/constituents');
    await route.fulfill(
      constituents ? { response, headers, body: constituentNames(await response.text()) } : { response, headers },
    );
  });
}
