/**
 * Reads a page some times in a browser, in a process of its own, which a test gives less than it needs. Prints what
 * came as JSON. Arguments: the address, and how often.
 */
import { chromiumBrowser } from '../../core/adapters/chromium/browser.ts';

const [, , address = '', times = '1'] = process.argv;
const url = new URL(address);
const browser = chromiumBrowser({ executable: process.env['QUOTRON_CHROMIUM'] });
const load = browser.upstream({ origins: [url.origin], allowPrivate: true, timeoutMs: 20_000, maxBytes: 2_000_000 });
const results: string[] = [];
for (let left = Number(times); left > 0; left--) {
  const { response, error } = await load({ method: 'GET', url, headers: {}, page: { waitFor: '#done' } });
  results.push(error?.code ?? String(response?.body.includes('id="done"')));
  await browser.rest();
}
await browser.close();
process.stdout.write(JSON.stringify(results));
