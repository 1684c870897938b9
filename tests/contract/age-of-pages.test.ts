import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChromiumBrowser, chromiumBrowser } from '../../core/adapters/chromium/browser.ts';
import { type Site, startSite } from '../support/hostile-site.ts';

const row = '<tr><td>Goldman Sachs</td><td>812.40</td></tr>';
const head = '<!doctype html><table class="a"><thead><tr><th>Company</th><th>Price</th></tr></thead><tbody>';
const pages = {
  '/served': `${head}${row}</tbody></table>`,
  '/filled': `${head}</tbody></table><script>fetch('/rows').then((answer) => answer.text()).then((rows) => { document.querySelector('tbody').innerHTML = rows })</script>`,
  '/written': `${head}</tbody></table><script>document.querySelector('tbody').innerHTML = ${JSON.stringify(row)}</script>`,
};
const madeAt = 'Tue, 24 Nov 2026 21:00:00 GMT';

let site: Site;
let browser: ChromiumBrowser;
beforeAll(async () => {
  const headers = { 'content-type': 'text/html; charset=utf-8', 'last-modified': madeAt, age: '86400' };
  site = await startSite({
    ...Object.fromEntries(
      Object.entries(pages).map(([path, body]) => [
        path,
        (_: unknown, response: { writeHead(status: number, headers: object): { end(body: string): unknown } }) => {
          response.writeHead(200, headers).end(body);
        },
      ]),
    ),
    '/rows': row,
  });
  browser = chromiumBrowser({ executable: process.env['QUOTRON_CHROMIUM'] });
});
afterAll(async () => {
  await browser.close();
  await site.close();
});

async function headersOf(path: string) {
  const rules = { origins: [site.origin], allowPrivate: true, timeoutMs: 15_000, maxBytes: 2_000_000 };
  const page = { waitFor: 'table.a tbody tr', table: { selector: 'table.a' } };
  const answer = await browser.upstream(rules)({ method: 'GET', url: new URL(path, site.origin), headers: {}, page });
  expect(answer.response?.body).toContain('Goldman Sachs');
  const { age, 'last-modified': made } = answer.response?.headers ?? {};
  return { age, made };
}

describe('when a document was made', () => {
  it.each(['/served', '/written'])('says it of rows that came with it: %s', async (path) => {
    expect(await headersOf(path)).toEqual({ age: '86400', made: madeAt });
  });

  it('says nothing of rows that its script asked for', async () => {
    expect(await headersOf('/filled')).toEqual({ age: undefined, made: undefined });
  });
});
