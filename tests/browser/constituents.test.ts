import { describe, expect, it } from 'vitest';
import { quoteOf } from '../support/dashboard/market-data.ts';
import { textOf, useDashboard } from './dashboard.ts';

describe('an index', () => {
  const dashboard = useDashboard();

  it('lists what it is made of, heaviest first, with weight, price and change', async () => {
    const page = await dashboard.look('/market/%5EGSPC');
    const table = page.getByRole('table', { name: 'Constituents' });
    await table.waitFor();
    await expect.poll(() => table.getByRole('row').count()).toBe(21);
    expect((await textOf(table.getByRole('row').nth(2))).replaceAll(/\s+/g, ' ')).toBe(
      '2 AAPLApple Inc. 7.05 % 244.60 ▲+1.27 %',
    );
    expect((await textOf(table.getByRole('row').nth(5))).replaceAll(/\s+/g, ' ')).toBe(
      '5 JPMJPMorgan Chase & Co. 1.36 % – –',
    );
    await page.getByText(/503 on \d{4}-\d\d-\d\d, slickcharts, read 1 min ago/).waitFor();
  });

  it('shows all of them when asked, and leads from each to its own page', async () => {
    const page = await dashboard.open('/market/%5EGSPC');
    const table = page.getByRole('table', { name: 'Constituents' });
    await page.getByRole('button', { name: 'Show all 503' }).click();
    await expect.poll(() => table.getByRole('row').count()).toBe(504);
    await table.getByRole('link', { name: 'AAPL' }).click();
    await page.getByRole('heading', { name: 'AAPL' }).waitFor();
    expect(await page.getByRole('table', { name: 'Constituents' }).count()).toBe(0);
  });

  it('fits a phone: two lines a row, and nothing to the side', async () => {
    const page = await dashboard.look('/market/%5EGSPC', { width: 390, height: 844 });
    const row = page.getByRole('table', { name: 'Constituents' }).getByRole('row').nth(1);
    await row.waitFor();
    const box = await row.boundingBox();
    expect(box?.height).toBeLessThan(70);
    const wide = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
    expect(wide).toBe(false);
  });

  it('without known members says what will be there', async () => {
    dashboard.allow(/status of 404/);
    dashboard.double.state.quotes.push(quoteOf({ symbol: '^NDX', assetClass: 'index', mic: 'QIDX', price: 21_614 }));
    const page = await dashboard.open('/market/%5ENDX');
    await page.getByText('No constituents yet').waitFor();
  });
});
