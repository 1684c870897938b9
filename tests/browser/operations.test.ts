import { describe, expect, it } from 'vitest';
import { hostileMessage } from '../support/dashboard/page-data.ts';
import { textOf, useDashboard } from './dashboard.ts';

const dashboard = useDashboard();

describe('several sources at once', () => {
  it('recovers all that fail, with the steps in the card while they happen', async () => {
    const page = await dashboard.open('/sources');
    await page.getByRole('button', { name: /Recover all failing/ }).click();
    await page.getByText('1 source is being recovered').waitFor();
    const recovery = page.getByRole('region', { name: 'Recovery' });
    await recovery.getByText('Renew session').waitFor();
    await page.getByText('works again').waitFor();
    expect(dashboard.double.state.requests).toContain('POST /sources/recover 202');
    expect(dashboard.double.state.recovery?.sourceId).not.toBe('yahoo');
  });

  it('stops those that are selected, and takes it back', async () => {
    const page = await dashboard.open('/sources');
    await page.getByRole('checkbox', { name: 'Select Yahoo Finance' }).check();
    await page.getByRole('checkbox', { name: 'Select CoinGecko' }).check();
    await expect.poll(() => page.url()).toMatch(/selected=yahoo(,|%2C)coingecko/);
    const bar = page.getByRole('region', { name: 'Selected sources' });
    await bar.getByText('2 sources selected').waitFor();
    await bar.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('2 sources stopped.').waitFor();
    const paused = () => dashboard.double.state.sources.filter((one) => one.paused).map(({ id }) => id);
    expect(paused()).toEqual(expect.arrayContaining(['yahoo', 'coingecko']));
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('2 sources started again.').waitFor();
    expect(paused()).not.toContain('yahoo');
  });
});

describe('a symbol that nobody collects', () => {
  it('is added where it was looked for, and shown when a source has it', async () => {
    const page = await dashboard.open('/market?q=SHOP');
    await page.getByRole('button', { name: 'Collect SHOP' }).click();
    await page.getByText('SHOP is being fetched').waitFor();
    const counted = () => dashboard.double.state.requests.filter((one) => one.startsWith('GET /asset-classes')).length;
    const before = counted();
    await page.getByText('SHOP: yahoo has it.').waitFor();
    // By what is counted the page knows how many are on the watch list: of itself it asks only each half minute.
    await expect.poll(counted).toBeGreaterThan(before);
    expect(dashboard.double.state.requests).toContain('PUT /watch/SHOP 202');
  });

  it('is called unknown when no source knows it', async () => {
    const page = await dashboard.open('/');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: /Search/ }).waitFor();
    await page.keyboard.type('add zzzz');
    await page.keyboard.press('Enter');
    await page.getByText('ZZZZ: yahoo does not know it.').waitFor();
  });
});

describe('constituents that nobody asked for', () => {
  it('stand behind a filter', async () => {
    dashboard.double.state.unasked.add('AAPL');
    const page = await dashboard.open('/market');
    await page.getByRole('button', { name: 'Constituents too 1' }).waitFor();
    expect(await page.getByRole('link', { name: 'AAPL' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Constituents too 1' }).click();
    await page.getByRole('link', { name: 'AAPL' }).waitFor();
  });
});

describe('keys', () => {
  it('are made in a form, shown once, and revoked after a question', async () => {
    dashboard.double.state.scopes = ['read', 'operate', 'admin'];
    const page = await dashboard.open('/keys');
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel('Name').fill('grafana');
    await page.getByRole('button', { name: 'Make it' }).click();
    await page.getByText('Copy it now: it is not shown again.').waitFor();
    await page.getByText('qtr_live_c2VjcmV0_the_rest_of_it').waitFor();
    await page.getByRole('button', { name: 'I have copied it' }).click();
    expect(await page.getByText('the_rest_of_it').count()).toBe(0);
    await page.getByRole('button', { name: 'Revoke grafana' }).click();
    await page.getByRole('button', { name: 'Revoke it' }).click();
    await page.getByText('grafana is revoked').waitFor();
    expect(await page.getByRole('button', { name: 'Revoke grafana' }).count()).toBe(0);
  });

  it('as feed tokens come with their address', async () => {
    dashboard.double.state.scopes = ['read', 'operate', 'admin'];
    const page = await dashboard.open('/keys');
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel('Name').fill('sheet');
    await page.getByLabel(/Feed token/).check();
    await page.getByLabel(/Only these symbols/).fill('VOD.L, AAPL');
    await page.getByRole('button', { name: 'Make it' }).click();
    await page.getByText('/api/v1/k/qtr_feed_c2VjcmV0_the_rest_of_it/quotes/VOD.L?format=csv').waitFor();
  });

  it('are not shown to whom may not manage them', async () => {
    const page = await dashboard.open('/keys');
    await page.getByText('Keys are for admins').waitFor();
    expect(dashboard.double.state.requests.filter((one) => one.startsWith('GET /keys'))).toEqual([]);
  });
});

describe('runs', () => {
  it('are a timeline and a table, by source and status', async () => {
    const page = await dashboard.open('/runs');
    await page.getByRole('img', { name: /Timeline of/ }).waitFor();
    await page.getByLabel('Status').selectOption('failed');
    await expect.poll(() => page.url()).toContain('status=failed');
    await expect
      .poll(async () => {
        const rows = await page.locator('tbody tr').allInnerTexts();
        return rows.length > 0 && rows.every((row) => row.includes('failed'));
      })
      .toBe(true);
  });
});

describe('coverage', () => {
  it('has a row for each listing, with what is missing in words, and the cost of a backfill first', async () => {
    const page = await dashboard.open('/coverage');
    const holed = page.getByRole('listitem').filter({ hasText: '4 sessions missing: 4 the source failed' }).first();
    await holed.waitFor();
    expect(await holed.getByRole('img').getAttribute('aria-label')).toMatch(/present, 4 sessions missing/);
    await holed.getByRole('button', { name: /Backfill/ }).click();
    await page.getByText(/of the source’s quota of a day/).waitFor();
    await page.getByRole('button', { name: 'Backfill', exact: true }).click();
    await page.getByText(/The backfill of .* is done: 4 bars/).waitFor();
  });
});

describe('findings', () => {
  it('say what speaks against a price and what it should be, and are decided after a question', async () => {
    const page = await dashboard.open('/findings');
    const first = page.getByRole('listitem').filter({ hasText: 'VOD.L' });
    await first.waitFor();
    expect(await textOf(first)).toContain('Should be: prices 0.6616 in place of 66.16');
    await first.getByRole('button', { name: 'Accept the finding on VOD.L' }).click();
    await page.getByRole('button', { name: 'Accept', exact: true }).click();
    await page.getByText('1 finding accepted.').waitFor();
    expect(dashboard.double.state.findings.map(({ id }) => id)).toEqual(['42', '43']);
  });

  it('show what a source sent as text', async () => {
    const page = await dashboard.open('/findings');
    await page.getByText(hostileMessage).waitFor();
    expect(await page.getByRole('main').locator('img').count()).toBe(0);
  });
});

describe('a quarantined row', () => {
  it('is discarded with a reason', async () => {
    const page = await dashboard.open('/quarantine?row=902');
    await page.getByRole('button', { name: 'Discard …' }).first().click();
    await page.getByLabel('Why?').fill('A test listing');
    await page.getByRole('button', { name: 'Discard', exact: true }).click();
    await page.getByText('1 row discarded.').waitFor();
    expect(dashboard.double.state.requests).toContain('POST /quarantine/discard 200');
  });
});

describe('what needs attention', () => {
  it('stands on the overview with its buttons, and is gone when nothing fails', async () => {
    const page = await dashboard.open('/');
    const part = page.locator('section', { has: page.getByRole('heading', { name: 'Needs attention' }) });
    await part.getByText('SlickCharts').waitFor();
    expect(await textOf(part)).toMatch(/SlickCharts failed: format changed since .*CoinGecko limited: rate limited/s);
    await part.getByRole('button', { name: 'Recover SlickCharts' }).click();
    await page.getByText('SlickCharts works: its canary run succeeded.').waitFor();
    expect(dashboard.double.state.requests).toContain('POST /sources/slickcharts/recover 202');
    await page.getByText('1 other queue is empty.').waitFor();
  });
});

describe('the settings', () => {
  it('say what is set and by whom, and show nothing secret', async () => {
    const page = await dashboard.open('/settings');
    const row = page.getByRole('row', { name: /Symbols on the watch list at most/ });
    await row.waitFor();
    expect((await row.getByRole('cell').allTextContents()).join('|')).toBe('5000|setting|QUOTRON_WATCH_LIMIT');
    const database = page.getByRole('row', { name: /^Connection/ });
    expect((await database.getByRole('cell').allTextContents())[0]).toBe('set (not shown)');
    await page
      .getByRole('row', { name: /Yahoo Finance/ })
      .getByText('quotes every 1 min')
      .waitFor();
  });

  it('are for operators', async () => {
    dashboard.double.state.scopes = ['read'];
    const page = await dashboard.open('/settings');
    await page.getByRole('heading', { name: 'Settings are for operators' }).waitFor();
    expect(dashboard.double.state.requests.filter((line) => line.includes('/settings'))).toEqual([]);
  });
});
