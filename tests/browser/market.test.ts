import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { hostileNames, largeMarket, quoteOf } from '../support/dashboard/market-data.ts';
import { forward, styleOf, textOf, useDashboard } from './dashboard.ts';

describe('the market', () => {
  const dashboard = useDashboard();

  /** The symbols in the order in which they are shown. */
  const symbols = (page: Page) => page.locator('tbody tr a').allInnerTexts();
  const row = (page: Page, symbol: string) =>
    page.locator('tbody tr', { has: page.getByRole('link', { name: symbol, exact: true }) });

  it('shows symbol, price, change with sign and arrow, volume, age and source of each', async () => {
    const page = await dashboard.look('/market');
    const apple = row(page, 'AAPL');
    await apple.waitFor();
    const cells = await apple.locator('td').allInnerTexts();
    expect(cells.slice(1, 5)).toEqual(['AAPL\nApple Inc.', '244.60', 'USD', '+3.07']);
    expect(cells[5]).toContain('▲');
    expect(cells[5]).toContain('+1.27 %');
    expect(cells.slice(7, 10)).toEqual(['244.58', '244.61', '53.61M']);
    expect(cells[10]).toMatch(/^1\d s ago$/);
    expect(cells[11]).toBe('yahoo');
    const exact = await apple.locator('time').getAttribute('title');
    expect(exact).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC · \w{3} \d\d:\d\d:\d\d New York$/);
    expect(await textOf(row(page, 'MSFT').locator('td').nth(5))).toMatch(/▼\s*−1\.08 %/);
  });

  it('tells up from down without colour, and by teal and rose with it', async () => {
    const page = await dashboard.look('/market');
    await row(page, 'AAPL').waitFor();
    const colour = (symbol: string) => styleOf(row(page, symbol).locator('[data-direction]'), 'color');
    const [up, down, flat] = [await colour('AAPL'), await colour('MSFT'), await colour('AMZN')];
    expect(new Set([up, down, flat]).size).toBe(3);
    expect(await textOf(row(page, 'AMZN').locator('[data-direction]'))).toBe('0.00 %');
  });

  it('shows what is missing as an en dash, never as zero', async () => {
    const page = await dashboard.look('/market');
    const bare = row(page, 'ABC.UNKNOWN');
    await bare.waitFor();
    const cells = await bare.locator('td').allInnerTexts();
    expect(cells.slice(4, 10)).toEqual(['–', '–', '–', '–', '–', '–']);
    expect(cells[10]).toMatch(/^fetched 1 min ago$/);
  });

  it('dims a stale price and says how old it is', async () => {
    const page = await dashboard.look('/market');
    const stale = row(page, '7203.T');
    await stale.waitFor();
    expect(await textOf(stale)).toContain('stale, 47 h ago');
    const colour = (symbol: string) => styleOf(row(page, symbol).locator('td').nth(2), 'color');
    expect(await colour('7203.T')).not.toBe(await colour('AAPL'));
  });

  it('tells when a closed market closed, in its own time', async () => {
    const page = await dashboard.look('/market');
    await row(page, 'VOD.L').waitFor();
    expect(await textOf(row(page, 'VOD.L').locator('td').nth(10))).toMatch(/^closed \w{3} \d\d:\d\d$/);
  });

  it('opens the candidates of a disputed price beside its mark, and closes them with Escape', async () => {
    const page = await dashboard.open('/market');
    await page.getByRole('button', { name: /sources differ on BTC-USD/ }).click();
    const candidates = page.getByRole('dialog', { name: 'The sources differ on BTC-USD' });
    await candidates.getByText('95,422.28').waitFor();
    await expect.poll(() => candidates.getByRole('row').count()).toBe(3);
    expect(await textOf(candidates)).toContain('chosen');
    await page.keyboard.press('Escape');
    await candidates.waitFor({ state: 'detached' });
  });

  it('sorts by a column from the keyboard, tells it to screen readers and keeps it in the address', async () => {
    const page = await dashboard.open('/market');
    await row(page, 'AAPL').waitFor();
    await page.getByRole('columnheader', { name: 'Change %' }).getByRole('button').focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => symbols(page)).toContain('NVDA');
    expect((await symbols(page))[0]).toBe('NVDA');
    expect(await page.getByRole('columnheader', { name: 'Change %' }).getAttribute('aria-sort')).toBe('descending');
    expect(new URL(page.url()).search).toBe('?sort=-percent');
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await symbols(page))[0]).toBe('OCDO.L');
    // What has no change is last in either direction.
    expect((await symbols(page)).slice(-2)).toEqual(['ABC.UNKNOWN', 'VTSAX']);
  });

  it('filters by text and class, in the address, and comes back as it was left', async () => {
    const page = await dashboard.open('/market');
    await row(page, 'AAPL').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('berk');
    await expect.poll(() => symbols(page)).toEqual(['BRK-A', 'BRK-B']);
    await expect.poll(() => page.getByText('2 of 17 instruments').count()).toBe(1);
    await page.getByRole('button', { name: 'Crypto 2' }).click();
    await page.getByText('No instrument matches').waitFor();
    expect(new URL(page.url()).search).toBe('?q=berk&class=crypto');
    await page.goto(`${dashboard.double.url}/market?class=crypto&sort=-price`);
    await row(page, 'BTC-USD').waitFor();
    await expect.poll(() => symbols(page)).toEqual(['BTC-USD', 'SHIB-USD']);
    expect(await page.getByRole('button', { name: 'Crypto 2' }).getAttribute('aria-pressed')).toBe('true');
  });

  it('pins the watchlist to the top and remembers it', async () => {
    const page = await dashboard.open('/market');
    await page.getByRole('button', { name: 'Add SPY to the watchlist' }).click();
    await expect.poll(async () => (await symbols(page))[0]).toBe('SPY');
    await page.reload();
    await row(page, 'SPY').waitFor();
    await expect.poll(async () => (await symbols(page))[0]).toBe('SPY');
    await page.getByRole('button', { name: 'Watchlist', exact: true }).click();
    await expect.poll(() => symbols(page)).toEqual(['SPY']);
  });

  it('walks the rows with the arrows and opens one with Enter', async () => {
    const page = await dashboard.open('/market');
    await page.getByRole('link', { name: '7203.T' }).focus();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('AAPL');
    await page.keyboard.press('End');
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('^GSPC');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '^GSPC' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/market/%5EGSPC');
  });

  it('draws the last session of each row as a small line, and says it in words', async () => {
    const page = await dashboard.open('/market');
    const line = row(page, 'AAPL').getByRole('img');
    await line.waitFor();
    expect(await line.getAttribute('aria-label')).toBe('Last session: from 244.60 to 243.92, low 242.16, high 247.05');
    await expect.poll(() => line.locator('path').count()).toBe(2);
    const asked = dashboard.double.state.requests.filter((request) => request.startsWith('GET /sparklines'));
    expect(asked.length).toBeLessThan(3);
  });

  it('keeps the lines while rows move and their lines are asked for again', async () => {
    const page = await dashboard.open('/market');
    const line = row(page, 'AAPL').getByRole('img');
    await line.waitFor();
    const held = Promise.withResolvers<void>();
    await page.route(/\/sparklines/, async (route) => {
      await held.promise;
      await route.continue();
    });
    const asked = page.waitForRequest((request) => /\/sparklines.*AAPL/.test(request.url()));
    await page.getByRole('button', { name: 'Add SPY to the watchlist' }).click();
    await asked;
    await expect.poll(async () => (await symbols(page))[0]).toBe('SPY');
    await expect.poll(() => line.count()).toBe(1);
    held.resolve();
  });

  it('asks for the pages of 50,000 rows that are looked at, and for no others', async () => {
    dashboard.double.state.quotes = largeMarket(50_000).map((given) => quoteOf(given));
    const page = await dashboard.open('/market');
    await page.getByText('50,000 instruments').waitFor({ timeout: 20_000 });
    const asked = () => dashboard.double.state.requests.filter((line) => line.startsWith('GET /quotes')).length;
    // All would be 500; a page that is looked at is asked for again every five seconds.
    expect(asked()).toBeLessThan(10);
    await expect.poll(() => page.locator('tbody tr').count()).toBeLessThan(60);
    expect(await page.getByRole('table').getAttribute('aria-rowcount')).toBe('50001');
    const [first] = await symbols(page);
    await page.getByRole('link', { name: first ?? '', exact: true }).focus();
    await page.keyboard.press('End');
    const last = dashboard.double.state.quotes
      .map(({ instrument }) => instrument.symbol)
      .toSorted()
      .at(-1);
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe(last);
    expect(asked()).toBeLessThan(30);
    // Another order begins at its top.
    await page.getByRole('columnheader', { name: 'Last' }).getByRole('button').click();
    await expect.poll(() => page.locator('tbody tr').first().getAttribute('aria-rowindex')).toBe('2');
  });

  it('saves what is listed as one file of CSV, page by page', async () => {
    dashboard.double.state.quotes = largeMarket(2_500).map((given) => quoteOf(given));
    const page = await dashboard.open('/market?q=test&sort=-price');
    await page.getByText('2,500 instruments').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'CSV' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('quotes.csv');
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\r\n');
    expect([lines[0], lines.length, lines.filter((line) => line === lines[0]).length]).toEqual([
      'symbol,price',
      2_501,
      1,
    ]);
  });

  it('asks again with the ETag, tints what changed and leaves the rest alone, without motion for those who want none', async () => {
    const page = await dashboard.open('/market', { clock: true });
    await row(page, 'AAPL').waitFor();
    await expect.poll(forward(page, () => dashboard.double.state.requests)).toContain('GET /quotes 304');
    dashboard.double.state.quotes = dashboard.double.state.quotes.map((quote) =>
      quote.instrument.symbol === 'AAPL' ? { ...quote, price: 245.1, change: 3.57, changeFraction: 0.01478 } : quote,
    );
    await expect.poll(forward(page, () => textOf(row(page, 'AAPL')))).toContain('245.10');
    await expect.poll(() => row(page, 'AAPL').locator('[data-changed="up"]').count()).toBe(1);
    await expect.poll(() => page.locator('[data-changed]').count()).toBe(1);

    await page.emulateMedia({ reducedMotion: 'reduce' });
    dashboard.double.state.quotes = dashboard.double.state.quotes.map((quote) => ({
      ...quote,
      price: Number(quote.price) + 1,
    }));
    await expect.poll(forward(page, () => textOf(row(page, 'AAPL')))).toContain('246.10');
    expect(await page.evaluate('document.getAnimations().length')).toBe(0);
  });

  it('asks for nothing while the tab is hidden', async () => {
    const page = await dashboard.open('/market', { clock: true });
    await row(page, 'AAPL').waitFor();
    const show = (state: 'hidden' | 'visible') =>
      page.evaluate(`
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${state === 'hidden'} });
        Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => '${state}' });
        document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
      `);
    const asked = () => dashboard.double.state.requests.filter((line) => line.startsWith('GET /quotes')).length;
    await show('hidden');
    const before = asked();
    await page.clock.fastForward(60_000);
    // A request of its own comes after all that the page has sent: once it is answered, so were they.
    await page.evaluate(`fetch('/api/v1/sources').then((answer) => answer.text())`);
    expect(asked()).toBe(before);
    await show('visible');
    await expect.poll(asked).toBeGreaterThan(before);
  });

  it.each([-180_000, 180_000])(
    'counts ages by the server’s clock when the machine’s is off by %i ms',
    async (clockOffMs) => {
      const page = await dashboard.open('/market', { clockOffMs });
      await row(page, 'AAPL').waitFor();
      await expect.poll(() => textOf(row(page, 'AAPL').locator('time'))).toMatch(/^1\d s ago$/);
      expect(await textOf(page.getByText(/^Checked/))).toMatch(/^Checked (now|\d s ago|in \d s)$/);
    },
  );

  it('shows hostile names as the text they are', async () => {
    dashboard.double.state.quotes = hostileNames.map((name, index) =>
      quoteOf({ symbol: `H${index}`, name, price: 10 + index }),
    );
    const page = await dashboard.open('/market');
    await row(page, 'H0').waitFor();
    expect(await textOf(row(page, 'H0'))).toContain('<img src=x onerror=');
    expect(await textOf(row(page, 'H2'))).toContain('=HYPERLINK(');
    expect(await page.evaluate('window.__broken')).toBeUndefined();
    expect(await page.locator('tbody img, tbody script').count()).toBe(0);
    // The name that turns its direction around is held in its own box: the price stays where prices are.
    const box = async (symbol: string) => row(page, symbol).locator('td').nth(2).boundingBox();
    expect((await box('H1'))?.x).toBe((await box('H0'))?.x);
    expect((await box('H4'))?.x).toBe((await box('H0'))?.x);
  });
});
