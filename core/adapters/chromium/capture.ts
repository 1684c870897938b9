import type { Page } from 'playwright-core';
import type { PageCapture } from '../../ports/browser.ts';

/** What may show what a person typed, or what its markup does not tell. */
const covered = 'input, textarea, select, [contenteditable], iframe, canvas, video';

/** Of the HTML that is kept: enough for any page that a person would read. */
const mostHtml = 2_000_000;

const screenshotMs = 5_000;

/**
 * What a page looks like, without secrets: form fields are painted over; where a secret stands in the page itself, it is
 * not the page that is painted but its masked HTML, without scripts. `null` for a page that has no document.
 */
export async function capture(page: Page, redact: (text: string) => string): Promise<PageCapture | null> {
  if (page.url() === 'about:blank') return null;
  const shown = await page.content();
  const html = redact(shown);
  const kept = html.length > mostHtml ? `${html.slice(0, mostHtml)}\n<!-- cut off here -->` : html;
  try {
    if (html !== shown) await show(page, kept);
    const screenshot = await page.screenshot({
      type: 'png',
      timeout: screenshotMs,
      animations: 'disabled',
      mask: [page.locator(covered)],
      maskColor: '#808080',
    });
    return { screenshot, html: kept };
  } catch {
    return { screenshot: null, html: kept };
  }
}

/** Puts HTML in place of the page. Its scripts do not run, and it loads nothing. */
async function show(page: Page, html: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setScriptExecutionDisabled', { value: true });
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await page.route('**/*', (route) => route.abort('blockedbyclient'));
  await page.setContent(html, { waitUntil: 'commit', timeout: screenshotMs });
}
