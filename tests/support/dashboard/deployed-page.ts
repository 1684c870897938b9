import type { Browser, Page } from 'playwright-core';
import type { sharedCloud } from '../shared-cloud.ts';

/** A page of the deployed dashboard, signed in as admin. What goes wrong in it, or is refused by its policy, is added to `complaints`. */
export async function deployedPage(
  browser: Browser,
  cloud: ReturnType<typeof sharedCloud>,
  complaints: string[],
): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy/.test(message.text())) complaints.push(message.text());
  });
  await page.goto(cloud.dashboardUrl);
  await page.getByLabel('API key').fill(cloud.apiKeys.admin);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  return page;
}
