import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { quoteSchema } from '../../core/contracts/http/market.ts';
import { sourceSchema } from '../../core/contracts/http/operations.ts';
import { decimalsOfQuote } from '../../web/src/market/quote-decimals.ts';
import { formatPrice } from '../../web/src/text/format.ts';
import { launchChromium } from '../support/dashboard/chromium.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { textOf } from './dashboard.ts';

const cloud = sharedCloud();

/** The page against the deployed local cloud: what the double promises is what the API does. Runs in the project `local`. */
describe('the dashboard of the deployed cloud', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it('signs in with a key, shows the price that the API gives, runs, stops and starts a source', async () => {
    const complaints: string[] = [];
    const page = await browser.newPage();
    page.setDefaultTimeout(30_000);
    page.on('console', (message) => {
      if (message.type() === 'error' && !/status of (401|404)/.test(message.text())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));

    await page.goto(`${cloud.dashboardUrl}/sources`);
    await page.getByLabel('API key').fill(cloud.apiKeys.operate);
    await page.getByRole('button', { name: 'Sign in' }).click();
    const card = page.getByRole('article', { name: 'Yahoo Finance' });
    await card.getByRole('button', { name: 'Run now' }).click();
    await page.getByText(/Yahoo Finance finished: [\d,]+ rows? stored/).waitFor({ timeout: 90_000 });

    await card.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Yahoo Finance stopped.', { exact: true }).waitFor();
    await card.getByRole('button', { name: 'Start' }).waitFor();
    const yahoo = async () =>
      (await cloud.read('/sources', z.array(sourceSchema))).find((source) => source.id === 'yahoo');
    expect((await yahoo())?.paused).toBe(true);

    // While the source is stopped no price changes between the two looks.
    await page.getByRole('link', { name: 'Market' }).click();
    const apple = page.locator('tbody tr', { has: page.getByRole('link', { name: 'AAPL', exact: true }) });
    await apple.waitFor();
    await expect
      .poll(
        async () => {
          const quote = await cloud.read('/quotes/AAPL', quoteSchema);
          return (await textOf(apple.locator('td').nth(2))) === formatPrice(quote.price, decimalsOfQuote(quote));
        },
        { timeout: 20_000 },
      )
      .toBe(true);

    await page.getByRole('link', { name: 'AAPL', exact: true }).click();
    await page
      .getByText(/^raw\/yahoo\/.+\.json\.gz$/)
      .first()
      .waitFor();

    await page.getByRole('link', { name: 'Sources' }).first().click();
    await card.getByRole('button', { name: 'Start' }).click();
    await card.getByRole('button', { name: 'Stop' }).waitFor();
    expect((await yahoo())?.paused).toBe(false);
    for (const name of ['Overview', 'Quarantine']) {
      await page.getByRole('link', { name }).click();
      await page.getByRole('heading', { name, exact: true }).waitFor();
      await expect.poll(() => page.getByText('Loading').count()).toBe(0);
      expect(await page.getByRole('alert').count()).toBe(0);
    }
    expect(complaints).toEqual([]);
  });
});
