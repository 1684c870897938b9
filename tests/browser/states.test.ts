import { describe, expect, it } from 'vitest';
import { forward, textOf, useDashboard } from './dashboard.ts';

const down = {
  status: 503,
  code: 'unavailable',
  title: 'The service is not available now',
  detail: 'The database cannot be reached or is busy. Try again shortly.',
};

describe('when there is nothing, nothing yet, or trouble', () => {
  const dashboard = useDashboard();

  it('says what is loading, and after a while for how long already', async () => {
    dashboard.double.state.delayMs.set('/quotes', 4_500);
    const page = await dashboard.open('/market');
    await page.getByRole('status').getByText('Loading quotes').waitFor();
    await page.getByText(/the API has not answered for [34] s/).waitFor();
    await page.getByRole('link', { name: 'AAPL' }).waitFor();
    expect(await page.getByText('Loading quotes').count()).toBe(0);
  });

  it('teaches on an empty market, on empty sources and on an empty quarantine', async () => {
    Object.assign(dashboard.double.state, { quotes: [], sources: [], quarantine: [] });
    const page = await dashboard.open('/market');
    await page.getByRole('heading', { name: 'No prices yet' }).waitFor();
    const pages = page.getByRole('navigation', { name: 'Pages' });
    await pages.getByRole('link', { name: 'Sources' }).click();
    await page.getByRole('heading', { name: 'No sources' }).waitFor();
    await pages.getByRole('link', { name: 'Quarantine' }).click();
    await page.getByRole('heading', { name: 'Nothing in quarantine' }).waitFor();
  });

  it('says on each page what failed, what to do, and the id of the request; and tries again', async () => {
    dashboard.allow(/status of 503/);
    // Each page's own route; the others fail until their page is come to.
    const routes = [
      ['Market', '/quotes'],
      ['Sources', '/sources'],
      ['Quarantine', '/quarantine'],
      ['Overview', '/services'],
    ] as const;
    for (const [, route] of routes) dashboard.double.state.fail.set(route, down);
    const page = await dashboard.open('/market');
    for (const [title, route] of routes) {
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: title }).click();
      await page.getByRole('heading', { name: title, level: 1 }).waitFor();
      const alert = page.getByRole('alert').first();
      await alert.waitFor();
      expect(await textOf(alert)).toContain(down.title);
      expect(await textOf(alert)).toContain('Try again shortly');
      expect(await textOf(alert)).toContain('6f1d1f7a-2f0c-4b9c-9a53-0c1f4f5a7e21');
      dashboard.double.state.fail.delete(route);
      await alert.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('alert').waitFor({ state: 'detached' });
    }
  });

  it('keeps what it had when a refresh fails, and says since when it is old', async () => {
    dashboard.allow(/status of 503/);
    const page = await dashboard.open('/market', { clock: true });
    await page.getByRole('link', { name: 'AAPL' }).waitFor();
    dashboard.double.state.fail.set('/quotes', down);
    await expect
      .poll(forward(page, () => page.getByRole('alert').allInnerTexts()))
      .toEqual([expect.stringMatching(/^Last updated \d+ (s|min) ago/)]);
    await expect.poll(() => page.getByRole('link', { name: 'AAPL' }).count()).toBe(1);
    dashboard.double.state.fail.clear();
    await expect.poll(forward(page, () => page.getByRole('alert').count())).toBe(0);
  });

  it('says that the API cannot be reached, and does not half-show an answer that it does not understand', async () => {
    dashboard.allow(/ERR_INTERNET_DISCONNECTED|ERR_FAILED/);
    const page = await dashboard.open('/sources');
    await page.getByRole('article').first().waitFor();
    await page.route('**/api/v1/quotes*', (route) => route.abort());
    await page.getByRole('link', { name: 'Market' }).click();
    await page.getByRole('alert').getByText('The API cannot be reached').waitFor();

    await page.unroute('**/api/v1/quotes*');
    await page.route('**/api/v1/quotes*', (route) =>
      route.fulfill({
        contentType: 'application/json',
        body: '{"data":[{"price":"x"}],"meta":{"requestId":"r"},"warnings":[]}',
      }),
    );
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('alert').getByText('has an unexpected format').waitFor();
    expect(await textOf(page.getByRole('alert'))).toContain('data.0.');
  });

  it('says that there is no such page', async () => {
    const page = await dashboard.open('/nothing/here');
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
  });

  it('is heard by the tests when the content security policy refuses something', async () => {
    dashboard.allow(/Content Security Policy/);
    const page = await dashboard.open('/market');
    await page.evaluate(`{
      const script = document.createElement('script');
      script.textContent = 'window.__ran = true';
      document.body.append(script);
      document.body.append(Object.assign(document.createElement('style'), { textContent: 'body { color: red }' }));
    }`);
    await expect
      .poll(() => dashboard.complaints().filter((text) => /Content Security Policy/.test(text)).length)
      .toBe(2);
    expect(await page.evaluate('window.__ran')).toBeUndefined();
  });
});
