import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { goodKey } from '../support/dashboard/api-double.ts';
import { textOf, useDashboard } from './dashboard.ts';

describe('the sources', () => {
  const dashboard = useDashboard();
  const card = (page: Page, title: string) => page.getByRole('article', { name: title });

  it('shows a card per source, the worst first, in words', async () => {
    const page = await dashboard.look('/sources');
    await card(page, 'Yahoo Finance').waitFor();
    const order = await page.getByRole('article').getByRole('heading').allInnerTexts();
    expect(order).toEqual(['SlickCharts', 'CoinGecko', 'Alpha Vantage', 'Yahoo Finance']);
    expect(await textOf(card(page, 'SlickCharts'))).toContain('Failed: format changed');
    expect(await textOf(card(page, 'SlickCharts'))).toContain('The parser needs a change');
    expect(await textOf(card(page, 'CoinGecko'))).toContain('open, tries again in');
    expect(await textOf(card(page, 'Yahoo Finance'))).toMatch(/Last run\s+quotes succeeded \d+ s ago, 17 rows/);
    expect(await textOf(page.getByRole('link', { name: /Sources/ }).first())).toContain('2');
  });

  it('shows what the score is made of and which incidents are open', async () => {
    const page = await dashboard.look('/sources');
    const parts = card(page, 'CoinGecko').getByLabel('Parts of the score');
    await parts.waitFor();
    expect((await textOf(parts)).replaceAll(/\s+/g, ' ')).toBe(
      'Success 60 % Fresh 100 % Rows 100 % Speed 82 % Quota 16 %',
    );
    expect(await textOf(card(page, 'CoinGecko'))).toMatch(
      /Incidents\s+rate limited, 4 failures since .* ago\s*down, 3 failures/,
    );
    expect(
      (await textOf(card(page, 'SlickCharts').getByLabel('Parts of the score'))).replaceAll(/\s+/g, ' '),
    ).toContain('Rows – Speed –');
    expect(await textOf(card(page, 'Yahoo Finance'))).not.toContain('Incidents');
  });

  it('has each card tell its last seven days by the hour', async () => {
    const page = await dashboard.look('/sources');
    await card(page, 'Yahoo Finance').scrollIntoViewIfNeeded();
    await card(page, 'Yahoo Finance')
      .getByRole('img', {
        name: /^Last 7 days by the hour: 14\d of 15\d known hours healthy; 3 h failed, 2 h degraded, lowest score 12$/,
      })
      .waitFor();
    await card(page, 'SlickCharts').scrollIntoViewIfNeeded();
    // The source's own answer is newer than its history: the hour that is under way failed.
    await card(page, 'SlickCharts')
      .getByRole('img', { name: /^Last 7 days by the hour: .*; 4 h failed, 2 h degraded/ })
      .waitFor();
    expect(await textOf(card(page, 'Yahoo Finance'))).toContain('3 h failed, 2 h degraded, lowest score 12');
  });

  it('reads the week of a card only when it comes into view, and once', async () => {
    const page = await dashboard.open('/sources', { width: 390, height: 700 });
    const asked = () =>
      dashboard.double.state.requests
        .filter((line) => line.includes('/health/history'))
        .map((line) => line.split('/')[2]);
    await card(page, 'SlickCharts')
      .getByText('3 h failed', { exact: false })
      .or(card(page, 'SlickCharts').getByText('4 h failed', { exact: false }))
      .first()
      .waitFor();
    expect(asked()).toEqual(['slickcharts']);
    await card(page, 'Yahoo Finance').scrollIntoViewIfNeeded();
    await card(page, 'Yahoo Finance').getByText('2 h degraded', { exact: false }).waitFor();
    await card(page, 'SlickCharts').scrollIntoViewIfNeeded();
    expect(asked().filter((id) => id === 'slickcharts')).toHaveLength(1);
  });

  it('says when the week of a card cannot be read, and shows what it knows', async () => {
    dashboard.allow(/status of 503/);
    dashboard.double.state.fail.set('/sources/yahoo/health/history', {
      status: 503,
      code: 'unavailable',
      title: 'The service is not available now',
      detail: 'The database cannot be reached. Try again shortly.',
    });
    const page = await dashboard.open('/sources');
    await card(page, 'Yahoo Finance').scrollIntoViewIfNeeded();
    await card(page, 'Yahoo Finance').getByText('the days before are not known').waitFor();
    await card(page, 'Yahoo Finance')
      .getByRole('img', { name: /^Last 7 days by the hour: 19 of 20 known hours healthy/ })
      .waitFor();
  });

  it('has a source tell its days, and its incidents with the run that is their evidence', async () => {
    const page = await dashboard.open('/sources/slickcharts');
    await page.getByRole('img', { name: 'Last 30 days: 12 of 14 known days healthy' }).waitFor();
    const incidents = page.locator('section', { has: page.getByRole('heading', { name: 'Incidents' }) });
    await incidents.getByText('open since').waitFor();
    expect(await textOf(incidents)).toMatch(/Format changed, open since .*12 failures/s);
    expect(await textOf(incidents)).toMatch(/12 failures.*came back 2 times/s);
    expect(await textOf(incidents)).toMatch(/Timeout, opened .*, resolved /);
    await incidents.getByRole('link', { name: 'its run' }).first().click();
    await page.getByRole('region', { name: 'Run' }).waitFor();
  });

  it('says what a login on hold wants and what to do, and continues it', async () => {
    const [source] = dashboard.double.state.sources;
    if (!source) throw new Error('The double has no source.');
    const since = new Date().toISOString();
    const hint = 'It needs a person. Then: `quotron continue yahoo`.';
    source.health.login = { detail: { code: 'account_locked' }, since, until: null, hint };
    const page = await dashboard.open('/sources');
    await card(page, source.title).getByText('Account locked.').waitFor();
    expect(await textOf(card(page, source.title))).toContain('It needs a person. Then: quotron continue yahoo.');
    await expect.poll(() => page.getByRole('button', { name: 'Continue login' }).count()).toBe(1);
    const asked = page.waitForRequest((request) => request.url().endsWith(`/sources/${source.id}/continue`));
    await page.getByRole('button', { name: 'Continue login' }).click();
    expect((await asked).method()).toBe('POST');
    source.health.login = null;
  });

  it('reports a source without credentials what to do, and of no other', async () => {
    const hint =
      'It needs an API key: PUT /api/v1/sources/alpha-vantage/credentials or `quotron credentials set alpha-vantage`.';
    const [, source] = dashboard.double.state.sources;
    if (source) source.credentials = { form: 'api-key', isSet: false, changedAt: null, hint };
    const page = await dashboard.open('/sources');
    const told = card(page, 'Alpha Vantage').getByText('No credentials are set.');
    await told.waitFor();
    expect(await textOf(card(page, 'Alpha Vantage'))).toContain(
      'No credentials are set. It needs an API key: PUT /api/v1/sources/alpha-vantage/credentials or quotron credentials set alpha-vantage.',
    );
    expect(await textOf(card(page, 'Alpha Vantage').locator('code'))).toBe('quotron credentials set alpha-vantage');
    await expect.poll(() => page.getByText('No credentials are set.').count()).toBe(1);
    if (source) source.credentials = { form: 'api-key', isSet: true, changedAt: new Date().toISOString(), hint: null };
    await page.reload();
    await card(page, 'Alpha Vantage').waitFor();
    expect(await told.count()).toBe(0);
  });

  it('takes credentials in a form that a key confirms, and a wrong one ends no session', async () => {
    const [, source] = dashboard.double.state.sources;
    if (source) source.credentials = { form: 'api-key', isSet: false, changedAt: null, hint: null };
    const page = await dashboard.open('/sources/alpha-vantage');
    await page.getByRole('button', { name: 'Set the credentials of Alpha Vantage' }).click();
    const dialog = page.getByRole('dialog', { name: 'Credentials of Alpha Vantage' });
    await dialog.getByLabel('API key of the source').fill('secret-of-the-source');
    await dialog.getByLabel('Your key of scope admin').fill('qtr_live_wrong');
    dashboard.allow(/status of 401/);
    await dialog.getByRole('button', { name: 'Set them' }).click();
    await dialog.getByRole('alert').getByText('The API key is not valid.').waitFor();
    await dialog.getByLabel('Your key of scope admin').fill(goodKey);
    await dialog.getByRole('button', { name: 'Set them' }).click();
    await page.getByText('The credentials of Alpha Vantage are set.').waitFor();
    await page.getByRole('button', { name: 'Replace the credentials of Alpha Vantage' }).waitFor();
    expect(await page.content()).not.toContain('secret-of-the-source');
  });

  it('stops a source, says so, and takes it back', async () => {
    const page = await dashboard.open('/sources');
    const stop = card(page, 'Yahoo Finance').getByRole('button', { name: 'Stop' });
    await stop.click();
    await page.getByText('Yahoo Finance stopped.').waitFor();
    await card(page, 'Yahoo Finance').getByText('Stopped', { exact: true }).waitFor();
    expect(dashboard.double.state.sources.find((source) => source.id === 'yahoo')?.paused).toBe(true);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('Undone: Yahoo Finance started again.').waitFor();
    await stop.waitFor();
    expect(dashboard.double.state.sources.find((source) => source.id === 'yahoo')?.paused).toBe(false);
  });

  it('lets a stopped source resume by itself, and says when', async () => {
    const page = await dashboard.open('/sources');
    await card(page, 'Yahoo Finance').getByRole('button', { name: 'Stop' }).click();
    await page.getByLabel('When Yahoo Finance resumes').selectOption('resumes in 8 hours');
    await page.getByText('Yahoo Finance resumes in 8 h.').waitFor();
    const shown = page.getByLabel('When Yahoo Finance resumes').locator('option:checked');
    await expect.poll(() => shown.textContent()).toMatch(/^resumes in [78] h$/);
    await page.getByLabel('When Yahoo Finance resumes').selectOption('resumes when you start it');
    await page.getByText('Yahoo Finance resumes when it is started.').waitFor();
    expect(dashboard.double.state.sources.find((source) => source.id === 'yahoo')?.pausedUntil).toBeNull();
  });

  it('runs a source, follows the run to its end and leads to it', async () => {
    const page = await dashboard.open('/sources');
    await card(page, 'Yahoo Finance').getByRole('button', { name: 'Run now' }).click();
    await page.getByText('Yahoo Finance is running.').waitFor();
    await page.getByText('Yahoo Finance finished: 17 rows stored, 0 rejected.').waitFor();
    await page.getByRole('button', { name: 'Show run' }).click();
    await page.getByRole('region', { name: 'Run' }).getByText('0-1.json.gz').waitFor();
    expect(new URL(page.url()).search).toMatch(/^\?run=5e1f3a77/);
  });

  it('follows a run that is only promised yet, and passes on what the API warns of', async () => {
    dashboard.allow(/status of 404/);
    dashboard.double.state.promisedLooks = 2;
    dashboard.double.state.services = dashboard.double.state.services.map((one) => ({ ...one, running: false }));
    const page = await dashboard.open('/sources');
    await card(page, 'Alpha Vantage').getByRole('button', { name: 'Run now' }).click();
    await page.getByText(/Alpha Vantage is running. The service scrapers is stopped/).waitFor();
    await page.getByText('Alpha Vantage finished: 17 rows stored, 0 rejected.').waitFor();
  });

  it('tells who may only read why the buttons do nothing', async () => {
    dashboard.double.state.scopes = ['read'];
    const page = await dashboard.open('/sources');
    const stop = card(page, 'Yahoo Finance').getByRole('button', { name: 'Stop' });
    await stop.waitFor();
    expect(await stop.getAttribute('title')).toContain('may only read');
    const reason = card(page, 'Yahoo Finance').getByText('Your key may only read.');
    expect(await reason.isVisible()).toBe(true);
    expect(await stop.getAttribute('aria-describedby')).toBe(await reason.getAttribute('id'));
    await stop.click({ force: true });
    expect(dashboard.double.state.requests.filter((line) => line.startsWith('POST'))).toEqual([]);
  });

  it('says what went wrong with an action, with the id of the request, until it is closed', async () => {
    dashboard.allow(/status of 503/);
    dashboard.double.state.fail.set('/sources/yahoo/stop', {
      status: 503,
      code: 'unavailable',
      title: 'The service is not available now',
      detail: 'The database cannot be reached. Nothing was changed. Try again shortly.',
    });
    const page = await dashboard.open('/sources');
    await card(page, 'Yahoo Finance').getByRole('button', { name: 'Stop' }).click();
    const messages = page.getByRole('region', { name: 'Messages' });
    await messages.getByText('Yahoo Finance was not stopped.').waitFor();
    expect(await textOf(messages)).toContain('Nothing was changed. Try again shortly.');
    expect(await textOf(messages)).toContain('6f1d1f7a');
    await messages.getByRole('button', { name: 'Close' }).click();
    await messages.getByText('Yahoo Finance was not stopped.').waitFor({ state: 'detached' });
  });

  it('lists a source’s runs and opens one by its address', async () => {
    const page = await dashboard.open('/sources/yahoo');
    await page.getByRole('link', { name: '4 min ago' }).click();
    await expect.poll(() => new URL(page.url()).search).toContain('run=');
    await page.getByRole('region', { name: 'Run' }).getByText('Attempt 1: answered').waitFor();
    await page.getByRole('link', { name: 'Close run' }).click();
    await expect.poll(() => new URL(page.url()).search).toBe('');
  });

  it('tells what the data of a source may be used for, and whether its credentials are set, never which', async () => {
    const [, source] = dashboard.double.state.sources;
    if (!source) throw new Error('The double has no second source.');
    source.terms = { url: 'https://alpha.example/terms', licence: 'internal', reviewed: '2026-10-02' };
    const changedAt = new Date(Date.now() - 7_200_000).toISOString();
    source.credentials = { form: 'api-key', isSet: true, changedAt, hint: null };
    const page = await dashboard.open(`/sources/${source.id}`);
    const terms = page.locator('section', { has: page.getByRole('heading', { name: 'Terms and credentials' }) });
    await terms.waitFor();
    const text = (await textOf(terms)).replaceAll(/\s+/g, ' ');
    expect(text).toContain('only keys for that may see them');
    expect(text).toContain('alpha.example, read on 2026-10-02');
    expect(text).toContain('Set 2 h ago. Replace them');
    expect(await page.locator('input[type="password"]').count()).toBe(0);
    source.credentials = null;
    await page.reload();
    await terms.getByText('It needs none.').waitFor();
  });

  it('shows what the score was made of over time, each part in words and in a table', async () => {
    const page = await dashboard.look('/sources/yahoo');
    const made = page.locator('section', { has: page.getByRole('heading', { name: 'What the score was made of' }) });
    const success = made.getByRole('img', { name: /^Success/ });
    await success.waitFor();
    expect(await success.getAttribute('aria-label')).toBe(
      'Success: last 7 days by the hour, at last 100 %, lowest 20 %',
    );
    await expect.poll(() => made.getByRole('img').count()).toBe(6);
    await made.getByText('As a table').click();
    await expect.poll(() => made.getByRole('row').count()).toBe(151);
    // Before the parts were kept, an hour has its score alone.
    await expect
      .poll(() => made.getByRole('row').last().getByRole('cell').allInnerTexts())
      .toEqual(['97', '–', '–', '–', '–', '–']);
    await made.getByText('As a table').click();
    await made.getByRole('combobox', { name: 'Time' }).selectOption('day');
    await made.getByRole('img', { name: /^Score: last 90 days by the day, at last 97, lowest 64/ }).waitFor();
    await made.getByRole('combobox', { name: 'Time' }).selectOption('hour');
  });

  it('says that there is no such source', async () => {
    const page = await dashboard.open('/sources/nothing');
    await page.getByText('There is no such source').waitFor();
  });
});
