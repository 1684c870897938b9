import packaged from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

/**
 * A headless Chromium for the tests: the one that `QUOTRON_CHROMIUM` names, or the packaged one, which needs nothing
 * else installed and runs as root. The caller closes it.
 */
export async function launchChromium(): Promise<Browser> {
  // Nothing of the package's own flags: its --single-process ends the browser with the first context that closes.
  const executablePath = process.env['QUOTRON_CHROMIUM'] ?? (await packaged.executablePath());
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--font-render-hinting=none'] });
}
