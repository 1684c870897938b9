import { describe, expect, it } from 'vitest';
import { goodKey } from '../support/dashboard/api-double.ts';
import { textOf, useDashboard } from './dashboard.ts';

describe('simulated data', () => {
  const dashboard = useDashboard();

  it('are said to be so above every page, before the sign-in too, with the way to real ones', async () => {
    dashboard.allow(/status of 401/);
    dashboard.double.state.simulated = ['yahoo', 'coingecko'];
    const page = await dashboard.open('/', { signedIn: false });
    const strip = page.getByRole('complementary', { name: 'Simulated data' });
    await strip.waitFor();
    await page.getByLabel('API key').fill(goodKey);
    await page.getByRole('button', { name: 'Sign in' }).click();
    for (const name of ['Overview', 'Market', 'Sources', 'Quarantine']) {
      await page.getByRole('link', { name: new RegExp(`^${name}`) }).click();
      await page.getByRole('heading', { name, level: 1 }).waitFor();
      expect(await textOf(strip)).toContain('npm start -- --live');
    }
    expect(await strip.getAttribute('title')).toContain('yahoo, coingecko');
    // It takes its own room: the page below ends where the window does.
    const bottom = await page.evaluate('document.getElementById("page").getBoundingClientRect().bottom <= innerHeight');
    expect(bottom).toBe(true);
  });

  it('fits a phone on one line', async () => {
    dashboard.double.state.simulated = ['yahoo'];
    const page = await dashboard.open('/market', { width: 390, height: 844 });
    const strip = page.getByRole('complementary', { name: 'Simulated data' });
    await strip.waitFor();
    expect((await strip.boundingBox())?.height).toBeLessThan(32);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  });

  it('are not spoken of where there are none', async () => {
    const page = await dashboard.open('/market');
    await page.getByRole('link', { name: 'AAPL' }).first().waitFor();
    expect(await page.getByText('Simulated data').count()).toBe(0);
  });
});
