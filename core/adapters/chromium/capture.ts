import type { Page } from 'playwright-core';
import type { PageCapture } from '../../ports/browser.ts';

/** Elements that may show typed text, or content that is not in the markup. */
const covered = 'input, textarea, select, [contenteditable], iframe, canvas, video';

/** The maximum length of stored HTML: enough for any readable page. */
const mostHtml = 2_000_000;

const screenshotMs = 5_000;

/**
 * A screenshot without secrets: form fields are masked; if the page contains a secret, its masked HTML is rendered
 * without scripts instead. `null` for a page without a document.
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

/** Replaces the page by HTML whose scripts do not run and which loads nothing. */
async function show(page: Page, html: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setScriptExecutionDisabled', { value: true });
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await page.route('**/*', (route) => route.abort('blockedbyclient'));
  await page.setContent(html, { waitUntil: 'commit', timeout: screenshotMs });
}
