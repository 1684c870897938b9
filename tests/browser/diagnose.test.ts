import { describe, expect, it } from 'vitest';
import { hostileMessage } from '../support/dashboard/page-data.ts';
import { textOf, useDashboard } from './dashboard.ts';

describe('the Diagnose page', () => {
  const dashboard = useDashboard();

  it('shows the newest report, and others by the list', async () => {
    const page = await dashboard.open('/diagnose');
    const report = page.getByRole('article', { name: 'Report' });
    await report.getByRole('heading', { name: 'All 5 sources healthy' }).waitFor();
    expect(await textOf(report)).toContain('Nothing: all is well.');
    const list = page.getByRole('complementary', { name: 'Reports' });
    await list.getByRole('link').nth(1).click();
    await expect.poll(() => page.url()).toContain('report=0f6d3c1e-6f3a-4a0b-9a55-3a8c7a1d0003');
  });

  it('writes a report by its button, and shows what is wrong, whom it affects and what to do', async () => {
    const page = await dashboard.open('/diagnose');
    await page.getByRole('button', { name: 'Diagnose now' }).click();
    const report = page.getByRole('article', { name: 'Report' });
    await report.getByRole('heading', { name: 'CoinGecko answers that it gets too many requests' }).waitFor();
    expect(dashboard.double.state.requests).toContain('POST /diagnostics 202');
    const text = await textOf(report);
    expect(text).toContain('12 of the last 30 requests were answered with 429.');
    expect(text).toContain('Affects all 3 symbols: BTC-USD, ETH-USD, SOL-USD');
    expect(text).toContain('quotron recover coingecko --wait');
    expect(text).toContain('coingecko: healthy before, limited now, score 41 after 99');
    const file = page.getByRole('link', { name: 'Download diagnostics_report.md' });
    expect(await file.getAttribute('href')).toBe('/api/v1/diagnostics/0f6d3c1e-6f3a-4a0b-9a55-3a8c7a1d0001');
  });

  it('shows what a source sent as text', async () => {
    const page = await dashboard.open('/diagnose');
    await page.getByRole('button', { name: 'Diagnose now' }).click();
    await page.getByText('1 sample').click();
    await page.getByText(hostileMessage).waitFor();
    expect(await page.getByRole('article').locator('img').count()).toBe(0);
  });

  it('is begun from the palette', async () => {
    const page = await dashboard.open('/');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: /Search/ }).waitFor();
    await page.keyboard.type('diagnose now');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'CoinGecko answers that it gets too many requests' }).waitFor();
  });

  it('says to whom may only read why there is no button', async () => {
    dashboard.double.state.scopes = ['read'];
    const page = await dashboard.open('/diagnose');
    const button = page.getByRole('button', { name: 'Diagnose now' });
    await button.waitFor();
    expect(await button.getAttribute('aria-disabled')).toBe('true');
    expect(await button.getAttribute('title')).toContain('only read');
  });
});
