import { describe, expect, it } from 'vitest';
import { goodKey, goodToken } from '../support/dashboard/api-double.ts';
import { forward, textOf, useDashboard } from './dashboard.ts';

describe('signing in', () => {
  const dashboard = useDashboard();
  const noSession = /status of 401/;

  it('takes the one-time token from the link, once, and out of the address', async () => {
    const page = await dashboard.open(`/market#sign-in=${goodToken}`, { signedIn: false });
    await page.getByRole('heading', { name: 'Market' }).waitFor();
    expect(page.url()).toBe(`${dashboard.double.url}/market`);
    expect(dashboard.double.state.requests.filter((line) => line.startsWith('POST /session'))).toEqual([
      'POST /session 200',
    ]);
    expect(await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])')).not.toContain(
      goodToken,
    );
  });

  it('says that a link was used already, and offers the key', async () => {
    dashboard.allow(noSession);
    dashboard.double.state.tokenUsed = true;
    const page = await dashboard.open(`/#sign-in=${goodToken}`, { signedIn: false });
    await page.getByRole('alert').getByText('This sign-in link no longer works').waitFor();
    expect(await textOf(page.getByRole('alert'))).toContain('Run npm start for a new one');
    await page.getByLabel('API key').fill(goodKey);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });

  it('takes a key by keyboard alone and stays at the address that was asked for', async () => {
    dashboard.allow(noSession);
    const page = await dashboard.open('/sources', { signedIn: false });
    await page.getByLabel('API key').waitFor();
    await page.keyboard.type(goodKey);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Sources' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/sources');
  });

  it('refuses a wrong key in words, keeps what was typed, and shows it to nobody', async () => {
    dashboard.allow(noSession);
    const page = await dashboard.open('/', { signedIn: false });
    const field = page.getByLabel('API key');
    await field.fill('qtr_live_wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('This key was not accepted').waitFor();
    expect(await textOf(page.getByRole('alert'))).toContain('Request');
    expect(await field.inputValue()).toBe('qtr_live_wrong');
    expect(await field.getAttribute('type')).toBe('password');
    expect(await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])')).not.toContain(
      'qtr_live',
    );
  });

  it('goes back to the sign-in when the session ends, and on to the same place afterwards', async () => {
    dashboard.allow(noSession);
    const page = await dashboard.open('/market?class=crypto&sort=-price', { clock: true });
    await page.getByRole('link', { name: 'BTC-USD' }).waitFor();
    dashboard.double.state.signedOut = true;
    await expect.poll(forward(page, () => page.getByLabel('API key').count())).toBe(1);
    expect(new URL(page.url()).search).toBe('?class=crypto&sort=-price');
    await page.getByLabel('API key').fill(goodKey);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: 'BTC-USD' }).waitFor();
    expect(await page.getByRole('link', { name: 'AAPL' }).count()).toBe(0);
  });

  it('signs out and shows nothing of what was there', async () => {
    const page = await dashboard.open('/market');
    await page.getByRole('link', { name: 'AAPL' }).waitFor();
    await page.getByRole('button', { name: 'Account' }).click();
    await page.getByText('read, operate').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();
    expect(await page.getByText('AAPL').count()).toBe(0);
  });
});
