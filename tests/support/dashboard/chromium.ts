import { type Browser, chromium } from 'playwright-core';
import { findChromium } from '../../../core/adapters/chromium/executable.ts';

/**
 * A headless Chromium for the tests: the one that the browser sources are read with. The caller closes it.
 */
export async function launchChromium(): Promise<Browser> {
  // Nothing of the package's own flags: its --single-process ends the browser with the first context that closes.
  const { path, env } = await findChromium(process.env['QUOTRON_CHROMIUM']);
  return chromium.launch({
    executablePath: path,
    env: { ...process.env, ...env },
    args: ['--no-sandbox', '--font-render-hinting=none', '--disable-gpu'],
  });
}
