import { describe, expect, it } from 'vitest';
import { hostileMessage } from '../support/dashboard/page-data.ts';
import { textOf, useDashboard } from './dashboard.ts';

describe('an instrument', () => {
  const dashboard = useDashboard();

  it('heads with price, change, session and age', async () => {
    const page = await dashboard.look('/market/AAPL');
    await page.getByRole('heading', { name: 'AAPL' }).waitFor();
    await page.getByText('Apple Inc.').waitFor();
    const text = await textOf(page.getByRole('main'));
    expect(text).toMatch(/244\.60 USD/);
    expect(text).toMatch(/Apple Inc\. · Nasdaq · equity/);
    expect(text).toMatch(/Open · \d+ s ago/);
  });

  it('says once what has no venue', async () => {
    for (const [symbol, name, shown] of [
      ['^GSPC', 'S&P 500', /S&P 500 · Index(?! ·)/],
      ['BTC-USD', 'Bitcoin USD', /Bitcoin USD · Crypto(?! ·)/],
    ] as const) {
      const page = await dashboard.open(`/market/${encodeURIComponent(symbol)}`);
      await page.getByText(name).first().waitFor();
      expect(await textOf(page.getByRole('main'))).toMatch(shown);
    }
  });

  it('draws daily bars, has them as a table too, and names whose chart it is', async () => {
    const page = await dashboard.look('/market/AAPL');
    await page.locator('canvas').first().waitFor();
    await page.getByText('As a table').click();
    expect(await textOf(page.getByRole('row').filter({ hasText: '244.60' }).first())).toMatch(/^\d{4}-\d\d-\d\d/);
    expect(await page.getByRole('link', { name: 'Charts by TradingView' }).getAttribute('href')).toBe(
      'https://www.tradingview.com/',
    );
    await page.getByText('As a table').click();
  });

  it('has range, interval and adjustment in its address, marks dividends, and offers a file and a backfill', async () => {
    const page = await dashboard.open('/market/AAPL');
    await page.locator('canvas').first().waitFor();
    await page.getByRole('button', { name: '5 years' }).click();
    await page.getByLabel('Adjusted').selectOption('for splits and dividends');
    await page.getByLabel('Interval').selectOption('Weeks');
    await expect.poll(() => new URL(page.url()).search).toBe('?range=5y&adjustment=splits_and_dividends&interval=1wk');
    const file = await page.getByRole('link', { name: 'CSV' }).getAttribute('href');
    expect(file).toMatch(/^\/api\/v1\/bars\/AAPL\?interval=1wk&.*adjustment=splits_and_dividends&format=csv$/);
    await page.getByText('Dividends and splits (1)').click();
    await page.getByText('0.2600 USD').waitFor();
    await page.getByRole('button', { name: 'Backfill …' }).click();
    await page.getByText(/of the source’s quota of a day/).waitFor();
  });

  it('draws closes as a line where candles would be thinner than a pixel, until they are zoomed in', async () => {
    const page = await dashboard.open('/');
    const dayMs = 86_400_000;
    await page.route('**/api/v1/bars/**', async (route) => {
      const answer = await route.fetch();
      const json = await answer.json();
      const [bar] = json.data.bars;
      json.data.bars = Array.from({ length: 1_250 }, (_, at) => {
        const startsAt = new Date(Date.now() - (1_250 - at) * dayMs).toISOString();
        return { ...bar, startsAt, date: startsAt.slice(0, 10), close: bar.close * (1 + at / 1_250) };
      });
      await route.fulfill({ response: answer, json });
    });
    try {
      await page.goto(`${dashboard.double.url}/market/AAPL?range=5y`);
      const asLine = page.getByText('Closes as a line');
      await asLine.waitFor();
      // The canvas of the crosshair lies over that of the candles.
      await page.locator('canvas').nth(1).hover();
      await expect
        .poll(async () => {
          await page.mouse.wheel(0, -500);
          return asLine.count();
        })
        .toBe(0);
    } finally {
      await page.unroute('**/api/v1/bars/**');
    }
  });

  it('says at a bar what speaks against it, by what witness, and what it should be; there it is decided', async () => {
    const page = await dashboard.open('/market/VOD.L');
    const chart = page.getByRole('figure');
    await chart.getByText(/is what another source has.* Should be: prices 0\.6616 in place of 66\.16\./).waitFor();
    await page.getByRole('button', { name: 'Dismiss the finding on VOD.L' }).click();
    await page.getByRole('button', { name: 'Dismiss', exact: true }).click();
    await expect.poll(() => page.getByRole('heading', { name: 'Findings' }).count()).toBe(0);
    await chart.getByText('In doubt, or repaired: 1 finding.').waitFor();
  });

  it('draws the sources side by side over time, with how far they are apart, by its address', async () => {
    const page = await dashboard.open('/market/BTC-USD');
    await page.getByRole('button', { name: 'Compare sources' }).click();
    await expect.poll(() => new URL(page.url()).search).toBe('?compare=1');
    const chart = page.getByRole('figure');
    await chart.getByText(/yahoo 95,422\.\d\d \(−2\.14 %\)$/).waitFor();
    await chart.getByText('As a table').click();
    await chart.getByRole('columnheader', { name: 'yahoo' }).waitFor();
  });

  it('sets the sources side by side', async () => {
    const page = await dashboard.open('/market/BTC-USD');
    await page.getByText('The sources differ by more than the tolerance').waitFor();
    const sources = page.getByRole('table').filter({ hasText: 'Apart' });
    expect(await textOf(sources.getByRole('row').filter({ hasText: 'yahoo' }))).toContain('−2,086.69');
  });

  it('says where the number came from, down to the blob', async () => {
    const page = await dashboard.open('/market/AAPL');
    await page.getByText('raw/yahoo/2026-11-20/0b9f2a51-6a0e-5c6e-9d3b-3f0c7d3f4a10/0-1.json.gz').waitFor();
    await page.getByRole('link', { name: 'this run' }).click();
    await page.getByRole('region', { name: 'Run' }).getByText('Attempt 1: answered').waitFor();
  });

  it('shows the raw answer as text, with the symbol marked', async () => {
    const page = await dashboard.open('/market/AAPL');
    await page.getByRole('button', { name: 'Show raw answer' }).click();
    const answers = page.getByRole('dialog', { name: 'Raw answers' });
    await answers.getByText('/v7/finance/quote?symbols=AAPL').waitFor();
    await answers.getByText(hostileMessage).waitFor();
    expect(await textOf(answers.locator('mark'))).toBe('"AAPL"');
    expect(await answers.locator('img').count()).toBe(0);
  });

  it('says what a price was before it was corrected, and strikes through one that was taken back', async () => {
    const page = await dashboard.look('/market/AAPL');
    const stored = page.locator('section', { has: page.getByRole('heading', { name: 'Stored prices' }) });
    await stored.locator('del').waitFor();
    const corrected = stored.getByRole('listitem').nth(1);
    // The time is that of the exchange.
    expect((await textOf(corrected)).replaceAll(/\s+/g, ' ')).toMatch(
      / yahoo 244\.43 was 246\.87 until \w{3} \d\d:\d\d New York$/,
    );
    expect(await corrected.locator('del').count()).toBe(0);
    expect(await textOf(stored.getByRole('listitem').nth(2))).not.toContain('was');
    const back = stored.getByRole('listitem').nth(4);
    expect(await textOf(back.locator('del'))).toBe('243.92');
    expect(await textOf(back)).toMatch(/was 243\.92 until/);
    await expect.poll(() => stored.getByRole('listitem').count()).toBe(8);
  });

  it('tells which of the shown bars are missing, and offers to fill just those', async () => {
    const page = await dashboard.open('/market/MSFT');
    const asked = page.waitForRequest((request) =>
      request
        .url()
        .includes(
          `/coverage?symbol=MSFT&source=yahoo&interval=1d&from=${new Date(Date.now() - 183 * 86_400_000).toISOString().slice(0, 10)}&`,
        ),
    );
    await page.getByRole('button', { name: '6 months' }).click();
    await asked;
    const coverage = page.locator('section', { has: page.getByRole('heading', { name: 'Coverage' }) }).last();
    await coverage.getByRole('img', { name: /^MSFT from yahoo, .*4 sessions missing: 4 the source failed$/ }).waitFor();
    await coverage.getByRole('button', { name: 'Backfill MSFT from yahoo' }).click();
    const missing = new Date(Date.now() - 30 * 86_400_000).toISOString().slice(0, 10);
    await page.getByRole('dialog').getByText(`Bars (1d) of ${missing} to`, { exact: false }).waitFor();
  });

  it('says that a symbol is not known', async () => {
    dashboard.allow(/status of 404/);
    const page = await dashboard.open('/market/NOPE');
    await page.getByRole('alert').getByText('The symbol is not known').waitFor();
    expect(await textOf(page.getByRole('alert'))).toContain('No source has data for NOPE.');
  });
});
