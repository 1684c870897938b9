import { describe, expect, it } from 'vitest';
import { textOf, useDashboard } from './dashboard.ts';

describe('the overview', () => {
  const dashboard = useDashboard();

  it('says the state in a sentence', async () => {
    const page = await dashboard.open('/');
    await page
      .getByRole('link', {
        name: '1 of 4 sources healthy; SlickCharts failed (schema drift), CoinGecko limited (rate limited) and 1 more',
      })
      .waitFor();
  });

  it('tells of each exchange whether it is open and how old its newest price is', async () => {
    const page = await dashboard.open('/');
    const tokyo = page.getByRole('listitem').filter({ hasText: 'Tokyo' });
    await tokyo.waitFor();
    expect(await textOf(tokyo)).toMatch(/closed\s+since \w{3} \d\d:\d\d\s+1 instrument, 1 stale/);
  });

  it('switches a service off and on again', async () => {
    const page = await dashboard.open('/');
    const scheduler = page.getByRole('switch', { name: 'Scheduler' });
    await scheduler.press('Space');
    await page.getByText('Scheduler stopped.').waitFor();
    await expect.poll(() => scheduler.getAttribute('aria-checked')).toBe('false');
    expect(dashboard.double.state.services[0]?.running).toBe(false);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => scheduler.getAttribute('aria-checked')).toBe('true');
  });

  it('opens what a queue gave up on, by its address, as text', async () => {
    const page = await dashboard.open('/');
    await page.getByRole('link', { name: '1 given up in ingest: show them' }).click();
    const letters = page.getByRole('dialog', { name: 'Given up in ingest' });
    await letters.getByText('<script>alert(1)</script>').waitFor();
    expect(new URL(page.url()).search).toBe('?dead=ingest');
    await page.keyboard.press('Escape');
    await letters.waitFor({ state: 'detached' });
    await expect.poll(() => new URL(page.url()).search).toBe('');
  });
});

describe('the quarantine', () => {
  const dashboard = useDashboard();

  it('groups by source and reason, and narrows to one group in the address', async () => {
    const page = await dashboard.open('/quarantine');
    await page.getByRole('heading', { name: 'Unit suspect, yahoo' }).waitFor();
    expect(await page.getByRole('heading', { level: 2 }).allInnerTexts()).toEqual([
      'Unit suspect, yahoo',
      'Implausible jump, coingecko',
      'Schema, yahoo',
    ]);
    await page.getByRole('link', { name: 'Only these' }).nth(1).click();
    await expect
      .poll(() => page.getByRole('heading', { level: 2 }).allInnerTexts())
      .toEqual(['Implausible jump, coingecko']);
    expect(new URL(page.url()).search).toBe('?source=coingecko&reason=implausible_jump');
  });

  it('unfolds a row to what was read, where, and the raw answer it came from', async () => {
    const page = await dashboard.open('/quarantine');
    await page.getByText('296.9 GBP is 100 times').first().click();
    await page.getByText('quoteResponse.result.4.regularMarketPrice').last().waitFor();
    await expect.poll(() => new URL(page.url()).search).toBe('?row=901');
    await page.reload();
    await page.locator('details[open]').getByText('0-1.json.gz').waitFor();
  });
});

describe('the palette', () => {
  const dashboard = useDashboard();

  it('goes to an instrument by its symbol', async () => {
    const page = await dashboard.open('/');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: /Search/ }).waitFor();
    await page.keyboard.type('brk-b');
    await page.getByRole('option', { name: /BRK-B/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'BRK-B' }).waitFor();
  });

  it('does what a source can do', async () => {
    const page = await dashboard.open('/market');
    await page.getByRole('button', { name: 'Search instruments, sources, actions' }).click();
    await page.keyboard.type('stop yahoo');
    await page.getByRole('option', { name: /Stop Yahoo Finance/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('Yahoo Finance stopped.').waitFor();
    expect(await page.getByRole('combobox').count()).toBe(0);
  });
});
