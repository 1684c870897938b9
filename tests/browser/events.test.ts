import type { Locator, Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { textOf, useDashboard } from './dashboard.ts';

const dashboard = useDashboard();

beforeEach(() => {
  dashboard.double.state.feed = true;
});

/** Until this many tabs follow. */
const followed = (tabs: number) =>
  expect.poll(() => dashboard.double.tell('batch.completed', { sourceId: 'nobody' }), { timeout: 20_000 }).toBe(tabs);
const asked = (what: string) => dashboard.double.state.requests.filter((each) => each.startsWith(what)).length;
const priceOf = (page: Page, symbol: string) =>
  textOf(
    page
      .locator('tbody tr', { has: page.getByRole('link', { name: symbol, exact: true }) })
      .locator('td')
      .nth(2),
  );

/** A page whose queries have just asked for the last time in a minute of its clock. */
async function open(path: string, shown: (page: Page) => Locator) {
  const page = await dashboard.open(path, { clock: true });
  await shown(page).waitFor();
  await followed(1);
  await page.clock.runFor(31_000);
  await expect.poll(() => page.getByText('Loading').count()).toBe(0);
  return page;
}

describe('by events, without asking again', () => {
  it('a price changes in its place', async () => {
    const page = await open('/market', (at) => at.getByRole('link', { name: 'AAPL', exact: true }));
    const quote = dashboard.double.state.quotes.find(({ instrument }) => instrument.symbol === 'AAPL');
    if (!quote) throw new Error('The double has no AAPL.');
    expect(await priceOf(page, 'AAPL')).not.toContain('987.65');
    quote.price = '987.65';
    dashboard.double.tell('quotes.stored', { sourceId: 'yahoo', rows: [{ symbol: 'AAPL' }] });
    await expect.poll(() => priceOf(page, 'AAPL'), { timeout: 8_000 }).toContain('987.65');
  });

  it('a source turns red', async () => {
    const card = (at: Page) => at.getByRole('article', { name: 'Yahoo Finance' });
    const page = await open('/sources', card);
    const source = dashboard.double.state.sources.find(({ id }) => id === 'yahoo');
    if (!source) throw new Error('The double has no Yahoo.');
    expect(await textOf(card(page))).not.toMatch(/Failed/);
    // What /health answers when so much fails.
    dashboard.allow(/status of 503/);
    source.health = { ...source.health, status: 'failed', reason: 'down', cause: 'down' };
    dashboard.double.tell('source.health-changed', { sourceId: 'yahoo' });
    await expect.poll(() => textOf(card(page)), { timeout: 8_000 }).toMatch(/Failed: /);
  });
});

describe('while events come', () => {
  it('the queries ask once a minute, and as often as before once none come', async () => {
    const page = await dashboard.open('/market', { clock: true });
    await page.getByRole('link', { name: 'AAPL', exact: true }).waitFor();
    await followed(1);
    await page.clock.runFor(2_000);
    const before = asked('GET /quotes');
    await page.clock.runFor(30_000);
    expect(asked('GET /quotes')).toBe(before);
    dashboard.allow(/status of 503|ERR_/);
    dashboard.double.state.fail.set('/events', { status: 503, code: 'unavailable', title: 'Away', detail: 'Away' });
    dashboard.double.breakStreams();
    await expect
      .poll(async () => {
        await page.clock.runFor(5_100);
        return asked('GET /quotes') - before;
      })
      .toBeGreaterThan(4);
  });

  it('a stream that breaks is taken up after the last event', async () => {
    const page = await open('/sources', (at) => at.getByRole('article', { name: 'Yahoo Finance' }));
    const before = asked('GET /sources');
    dashboard.double.tell('source.health-changed', { sourceId: 'yahoo' });
    // What the double has written the page may not have read: a stream that breaks takes it along.
    await expect.poll(() => asked('GET /sources')).toBeGreaterThan(before);
    dashboard.allow(/ERR_/);
    dashboard.double.breakStreams();
    await expect
      .poll(async () => {
        await page.clock.runFor(1_000);
        return dashboard.double.state.requests.findLast((each) => each.startsWith('GET /events'));
      })
      .toMatch(/after \d+ by/);
  });

  it('one of several tabs follows, and another goes on when it is closed', async () => {
    const first = await dashboard.open('/sources');
    await first.getByRole('article', { name: 'CoinGecko' }).waitFor();
    await followed(1);
    const second = await first.context().newPage();
    await second.goto(`${dashboard.double.url}/sources`);
    const card = second.getByRole('article', { name: 'CoinGecko' });
    await card.waitFor();
    const source = dashboard.double.state.sources.find(({ id }) => id === 'coingecko');
    if (!source) throw new Error('The double has no CoinGecko.');
    // What /health answers when so much fails.
    dashboard.allow(/status of 503/);
    source.health = { ...source.health, status: 'failed', reason: 'blocked', cause: 'blocked' };
    expect(dashboard.double.tell('source.health-changed', { sourceId: 'coingecko' })).toBe(1);
    await card.getByText(/^Failed/).waitFor();
    const follows = asked('GET /events after');
    await first.goto('about:blank');
    await expect.poll(() => asked('GET /events after'), { timeout: 20_000 }).toBeGreaterThan(follows);
    await second.reload();
    await expect.poll(() => asked('GET /events after'), { timeout: 20_000 }).toBeGreaterThan(follows + 1);
    // By one name, so that what was left ends: AWS does not say that a client has gone.
    const names = dashboard.double.state.requests.flatMap((each) => /^GET \/events .* by (.+)$/.exec(each)?.[1] ?? []);
    expect([...new Set(names)]).toEqual([expect.stringMatching(/^[\da-f-]{36}$/)]);
    await second.close();
  });
});
