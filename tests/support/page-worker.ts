/**
 * Reads a page some times in a browser, in a process of its own, which a test gives less than it needs. Prints what
 * came as JSON. Arguments: the address, how often, and `files used up`: then a
 * page is read first while as many files are open as may be. What the last open said is printed before it.
 */
import { closeSync, openSync } from 'node:fs';
import { chromiumBrowser } from '../../core/adapters/chromium/browser.ts';

const [, , address = '', times = '1', used = ''] = process.argv;
const url = new URL(address);
const browser = chromiumBrowser({ executable: process.env['QUOTRON_CHROMIUM'] });
const load = browser.upstream({ origins: [url.origin], allowPrivate: true, timeoutMs: 20_000, maxBytes: 2_000_000 });
const results: string[] = [];
async function read(): Promise<void> {
  const { response, error } = await load({ method: 'GET', url, headers: {}, page: { waitFor: '#done' } });
  results.push(error?.code ?? String(response?.body.includes('id="done"')));
  await browser.rest();
}

if (used === 'files used up') {
  const open: number[] = [];
  let refused: unknown;
  while (refused === undefined)
    try {
      open.push(openSync('/dev/null', 'r'));
    } catch (error) {
      refused = error;
    }
  results.push(refused instanceof Error && 'code' in refused ? String(refused.code) : 'no limit');
  await read();
  for (const file of open) closeSync(file);
}
for (let left = Number(times); left > 0; left--) await read();
await browser.close();
process.stdout.write(JSON.stringify(results));
