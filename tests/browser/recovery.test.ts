import { describe, expect, it } from 'vitest';
import { textOf, useDashboard } from './dashboard.ts';

describe('a recovery on the dashboard', () => {
  const dashboard = useDashboard();

  it('is asked for by a button, shows its steps as they happen, and says how it ended', async () => {
    const page = await dashboard.open('/sources/yahoo');
    await page.getByRole('button', { name: 'Recover' }).click();
    await page.getByText('Yahoo Finance is being recovered.').waitFor();
    const recoveries = page.locator('section', { has: page.getByRole('heading', { name: 'Recoveries' }) });
    await recoveries.getByText('Running', { exact: true }).waitFor();
    await recoveries.getByText('Renew session').waitFor();
    await page.getByText('Yahoo Finance works: its canary run succeeded.').waitFor();
    await recoveries.getByText('Verified', { exact: true }).waitFor();
    expect(await textOf(recoveries)).toContain('Strategy: new session');
    expect(dashboard.double.state.requests).toContain('POST /sources/yahoo/recover 202');
  });

  it('is listed with the others, and leads to the runs of canary and fallback', async () => {
    const page = await dashboard.open('/sources/coingecko');
    const recoveries = page.locator('section', { has: page.getByRole('heading', { name: 'Recoveries' }) });
    await recoveries.getByText('Mitigated', { exact: true }).waitFor();
    expect(await textOf(recoveries)).toMatch(/: rate limited.*automatic/s);
    expect(await textOf(recoveries)).toContain('yahoo gave 3 rows in its place.');
    await recoveries.getByRole('link', { name: 'Run of yahoo' }).waitFor();
  });

  it('is not for who may only read', async () => {
    dashboard.double.state.scopes = ['read'];
    const page = await dashboard.open('/sources/yahoo');
    const button = page.getByRole('button', { name: 'Recover' });
    await button.waitFor();
    expect(await button.getAttribute('aria-disabled')).toBe('true');
  });
});
