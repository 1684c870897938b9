import { readFile } from 'node:fs/promises';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/dashboard/chromium.ts';
import { deployedPage } from '../support/dashboard/deployed-page.ts';
import { drivenCloud } from '../support/driven-cloud.ts';
import { sickFaults } from '../support/faults.ts';
import { sharedCloud } from '../support/shared-cloud.ts';

const cloud = sharedCloud();
const { quiet, cycle, timePasses, newest, notYet } = drivenCloud(cloud);

/** What a person does on the dashboard, in a real browser on the deployed cloud. */
describe('the dashboard, deployed', () => {
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await launchChromium();
    page = await deployedPage(browser, cloud, complaints);
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    expect(complaints).toEqual([]);
  });

  it('makes a diagnosis, from the button to the file', async () => {
    await page.getByRole('link', { name: 'Diagnose' }).click();
    await page.getByRole('button', { name: 'Diagnose now' }).click();
    await page.waitForURL(/report=/);
    await page.getByRole('article', { name: 'Report' }).waitFor();
    const coming = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download diagnostics_report.md' }).click();
    const file = await coming;
    expect(file.suggestedFilename()).toBe('diagnostics_report.md');
    expect(await readFile(await file.path(), 'utf8')).toMatch(/^# Diagnostics report\n/);
  }, 120_000);

  it('collects a symbol where it is looked for, and shows its price', async () => {
    await page.goto(`${cloud.dashboardUrl}/market?q=SHOP`);
    try {
      await page.getByRole('button', { name: 'Collect SHOP' }).click();
      await page.getByText(/SHOP: .*yahoo has it/).waitFor({ timeout: 120_000 });
      await page.getByRole('button', { name: 'Show it' }).click();
      await page.getByRole('heading', { name: 'SHOP' }).waitFor();
    } finally {
      await cloud.ask('/watch/SHOP', { method: 'DELETE', as: 'operate' });
    }
  }, 240_000);

  it('turns a card red and back without a reload, and shows the steps of a recovery as they happen', async () => {
    const sick = sickFaults.find(({ source, fault }) => source === 'coingecko' && fault === '500');
    if (!sick) throw new Error('The simulator has no such fault.');
    await page.goto(`${cloud.dashboardUrl}/sources`);
    const card = page.getByRole('article', { name: 'CoinGecko' });
    await card.waitFor();
    await quiet('coingecko');
    await timePasses('coingecko');
    await cloud.fault({ source: 'coingecko', fault: '500', on: true });
    try {
      await cycle(sick);
      await cycle(sick);
      await card.getByText(/^(Degraded|Failed): down/).waitFor({ timeout: 120_000 });
    } finally {
      await cloud.fault({ source: 'coingecko', fault: '500', on: false });
    }
    await timePasses('coingecko');
    await page.getByRole('checkbox', { name: 'Select CoinGecko' }).check();
    const bar = page.getByRole('region', { name: 'Selected sources' });
    await bar.getByRole('button', { name: 'Recover' }).click();
    const recovery = card.getByRole('region', { name: 'Recovery' });
    await recovery.getByRole('listitem').filter({ hasText: 'Canary' }).first().waitFor({ timeout: 120_000 });
    await recovery.getByText('Recovery: Verified').waitFor({ timeout: 180_000 });
    await cycle(sick);
    await cycle(sick);
    await card.getByText(/^Healthy/).waitFor({ timeout: 180_000 });
  }, 900_000);

  it('recovers all that fail and nothing else, then several that are selected, with the steps in each card', async () => {
    const sick = sickFaults.filter(({ source, fault }) => fault === '500' && ['coingecko', 'yahoo'].includes(source));
    const well = await newest('slickcharts');
    await page.goto(`${cloud.dashboardUrl}/sources`);
    const cards = ['CoinGecko', 'Yahoo Finance'].map((name) => page.getByRole('article', { name }));
    for (const { source } of sick) {
      await quiet(source);
      await timePasses(source);
      await cloud.fault({ source, fault: '500', on: true });
    }
    try {
      // Those that begin by themselves would be before the person.
      await notYet('coingecko', () =>
        notYet('yahoo', async () => {
          for (const one of [...sick, ...sick]) await cycle(one);
          for (const card of cards) await card.getByText(/^(Degraded|Failed): down/).waitFor({ timeout: 120_000 });
        }),
      );
    } finally {
      await cloud.noFaults();
    }
    const recovered = async (press: Locator) => {
      const before = await Promise.all(sick.map(({ source }) => newest(source)));
      await timePasses();
      await press.click();
      for (const card of cards)
        await card
          .getByRole('region', { name: 'Recovery' })
          .getByRole('listitem')
          .filter({ hasText: 'Canary' })
          .first()
          .waitFor({ timeout: 120_000 });
      for (const [at, { source }] of sick.entries())
        await expect
          .poll(
            async () => {
              const made = await newest(source);
              return [made?.trigger, made?.status, made?.id === before[at]?.id];
            },
            { timeout: 180_000, interval: 2_000 },
          )
          .toEqual(['manual', 'verified', false]);
      for (const card of cards) await card.getByText('Recovery: Verified').waitFor({ timeout: 60_000 });
    };
    await recovered(page.getByRole('button', { name: /^Recover all failing/ }));
    for (const name of ['CoinGecko', 'Yahoo Finance'])
      await page.getByRole('checkbox', { name: `Select ${name}` }).check();
    const bar = page.getByRole('region', { name: 'Selected sources' });
    // The cards still show the steps of the first recovery: the second is told by its id.
    await recovered(bar.getByRole('button', { name: 'Recover' }));
    expect((await newest('slickcharts'))?.id).toBe(well?.id);
  }, 900_000);

  it('has a quarantined row read again, beside what is stored, and says what came of it', async () => {
    const quotes = sickFaults.find(({ source }) => source === 'yahoo');
    if (!quotes) throw new Error('The simulator has no fault of Yahoo.');
    await quiet('yahoo');
    await timePasses('yahoo');
    await cloud.fault({ source: 'yahoo', fault: 'drift', symbol: 'VOD.L', on: true });
    try {
      await cycle(quotes);
    } finally {
      await cloud.noFaults();
    }
    await page.goto(`${cloud.dashboardUrl}/quarantine?source=yahoo&reason=schema`);
    const row = page.locator('details', { hasText: 'VOD.L' }).first();
    await row.locator('summary').click();
    await row.getByText('Stored now').waitFor();
    await row.getByRole('link', { name: /^[\d.,]+ GBP$/ }).waitFor();
    await row.getByRole('button', { name: 'Show raw answer' }).click();
    await page.getByRole('dialog').locator('mark', { hasText: 'VOD.L' }).first().waitFor();
    await page.keyboard.press('Escape');
    await row.getByRole('button', { name: 'Replay' }).click();
    // What was read is what it was: nothing of it is accepted, and that is said.
    await page.getByText(/Nothing has left the quarantine\. 1 raw answer replayed:/).waitFor({ timeout: 120_000 });
  }, 300_000);

  it('shows a new price and a source that fails by an event, while its queries rest', async () => {
    const faultOf = (id: string) => sickFaults.find(({ source, fault }) => source === id && fault === '500');
    const [prices, sick] = [faultOf('yahoo'), faultOf('coingecko')];
    if (!prices || !sick) throw new Error('The simulator has no such fault.');
    // A first price, which the next one is compared with.
    await quiet('yahoo');
    await timePasses('yahoo');
    await cycle(prices);
    // The other page would be the one that follows.
    await page.goto('about:blank');
    // Signed in, but browsers of their own: of two with one name, one would follow.
    const storageState = { ...(await page.context().storageState()), origins: [] };
    const [context, other] = [await browser.newContext({ storageState }), await browser.newContext({ storageState })];
    try {
      const market = await context.newPage();
      const streams = market.waitForResponse((answer) => new URL(answer.url()).pathname === '/api/v1/events');
      const cell = market.locator('tbody tr', { has: market.getByRole('link', { name: 'AAPL', exact: true }) });
      const price = cell.locator('td').nth(2);
      await resting(market, '/market', price);
      expect((await streams).headers()['cache-control']).toContain('no-transform');
      // A clock is that of all pages of a context.
      const sources = await other.newPage();
      const card = sources.getByRole('article', { name: 'CoinGecko' });
      await resting(sources, '/sources', card);
      const before = await price.textContent();
      await quiet('yahoo');
      // A simulated price may be the same again.
      await soon(
        market,
        async () => (await price.textContent()) !== before,
        () => cycle(prices),
      );
      await quiet('coingecko');
      await timePasses('coingecko');
      await cloud.fault({ source: 'coingecko', fault: '500', on: true });
      await cycle(sick);
      await cycle(sick);
      await soon(sources, async () => /(Degraded|Failed): down/.test((await card.textContent()) ?? ''));
    } finally {
      await cloud.fault({ source: 'coingecko', fault: '500', on: false });
      await context.close();
      await other.close();
    }
  }, 600_000);

  /** Opens a page that follows events, whose clock stands still after its queries have asked for the last time in a minute. */
  async function resting(of: Page, path: string, shown: Locator): Promise<void> {
    of.setDefaultTimeout(60_000);
    await of.clock.install();
    await of.goto(`${cloud.dashboardUrl}${path}`);
    await shown.waitFor();
    await of.clock.runFor(32_000);
    // What it asked for then is there.
    await of.waitForLoadState('load');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await of.clock.pauseAt(await of.evaluate(() => Date.now() + 1_000));
  }

  /** Looks until it is so, after `again` each time; the page's clock moves by less than its queries rest. */
  async function soon(of: Page, isSo: () => Promise<boolean>, again?: () => Promise<void>): Promise<void> {
    for (let looks = 0; looks < 60; looks += 1) {
      if (looks % 6 === 0) await again?.();
      await of.clock.runFor(400);
      if (await isSo()) return;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    throw new Error(`No event has changed ${of.url()}: ${await of.locator('main').textContent()}`);
  }

  it('stops a source and starts it again', async () => {
    await page.goto(`${cloud.dashboardUrl}/sources/yahoo`);
    await page.getByRole('button', { name: 'Stop Yahoo Finance' }).click();
    await page.getByText('Yahoo Finance stopped.').waitFor();
    await page.getByRole('button', { name: 'Start Yahoo Finance' }).click();
    await page.getByText('Yahoo Finance started.').waitFor();
  }, 120_000);
});
