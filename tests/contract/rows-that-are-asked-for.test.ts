import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChromiumBrowser, chromiumBrowser } from '../../core/adapters/chromium/browser.ts';
import { readHtml } from '../../core/sources/reading/html.ts';
import { type Site, startSite } from '../support/hostile-site.ts';

/*
 * A table of 60 rows that a page gets bit by bit, each by a request of its own: each takes a permit before it is made, and
 * the wait for one is not of the page's time.
 */
const symbols = Array.from(
  { length: 60 },
  (_, at) => `S${String.fromCharCode(65 + (at % 26), 65 + Math.floor(at / 26))}`,
);
const row = (symbol: string) => `<tr><td>${symbol}</td><td>4.20</td></tr>`;
const table = (shown: readonly string[]) =>
  `<table class="a"><thead><tr><th>Symbol</th><th>Price</th></tr></thead><tbody>${shown.map(row).join('')}</tbody></table>`;
const script = (code: string) => `<script>
  const body = document.querySelector('.a tbody'); let at = 20, busy = false;
  const ask = async () => { if (busy || at >= 60) return; busy = true;
    try { const answer = await fetch('/rows?at=' + at); body.insertAdjacentHTML('beforeend', await answer.text()); at += 10; } finally { busy = false; } };
  ${code}</script>`;

const pages: Readonly<Record<string, (from: number) => string>> = {
  'where one scrolls to': () =>
    `${table(symbols.slice(0, 20))}<p style="margin-top:1200px">.</p>${script(`addEventListener('scroll', ask)`)}`,
  'by a button': () =>
    `${table(symbols.slice(0, 20))}<button id="on">Load more</button>${script(`document.getElementById('on').onclick = async (event) => { const on = event.target; await ask(); if (at >= 60) on.remove(); }`)}`,
  'by links': (from) =>
    `${table(symbols.slice(from, from + 10))}<nav>${from < 50 ? `<a rel="next" href="?from=${from + 10}">Next</a>` : ''}</nav>`,
  'by a form': (from) =>
    `${table(symbols.slice(from, from + 10))}<form><input type="hidden" name="from" value="${from + 10}"></form>${from < 50 ? '<button id="on">Next</button>' : ''}<script>document.getElementById('on').onclick = () => document.forms[0].submit();</script>`,
};
const further: Readonly<Record<string, number>> = {
  'where one scrolls to': 4,
  'by a button': 4,
  'by links': 5,
  'by a form': 5,
};

let site: Site;
let browser: ChromiumBrowser;
beforeAll(async () => {
  const number = (url: string | undefined, name: string) =>
    Number(new URL(url ?? '', 'http://x').searchParams.get(name) ?? 0);
  const served = Object.entries(pages).map(([name, page]) => [
    `/${name.replaceAll(' ', '-')}`,
    (
      request: { url?: string | undefined },
      response: { writeHead(status: number, headers: Record<string, string>): { end(body: string): unknown } },
    ) => {
      response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
        .end(`<!doctype html><body>${page(number(request.url, 'from'))}</body>`);
    },
  ]);
  site = await startSite({
    ...Object.fromEntries(served),
    '/rows': (request, response) => {
      const at = number(request.url, 'at');
      response.writeHead(200, { 'content-type': 'text/html' }).end(
        symbols
          .slice(at, at + 10)
          .map(row)
          .join(''),
      );
    },
  });
  browser = chromiumBrowser({ executable: process.env['QUOTRON_CHROMIUM'] });
});
afterAll(async () => {
  await browser.close();
  await site.close();
});

/** How often the site was asked when each permit was wanted, and the table as it was read. */
async function read(name: string, timeoutMs: number, permit: (number: number) => Promise<boolean>) {
  const rules = { origins: [site.origin], allowPrivate: true, timeoutMs, maxBytes: 2_000_000 };
  const url = new URL(`/${name.replaceAll(' ', '-')}`, site.origin);
  const page = { waitFor: 'table.a', table: { selector: 'table.a' } };
  const before = site.asked.length;
  let permits = 0;
  const answer = await browser.upstream(rules)({
    ...{ method: 'GET', url, headers: {}, page },
    more: () => permit(++permits),
  });
  expect(answer.error).toBeNull();
  const html = readHtml(answer.response?.body ?? '');
  if ('failure' in html) throw new Error(html.failure.message);
  const rows = html.table('table.a')?.rows.map(([symbol]) => symbol);
  return { permits, requests: site.asked.length - before - 1, list: html.list, rows };
}

describe.each(Object.keys(pages))('rows that are asked for %s', (name) => {
  it('take a permit for each request', { timeout: 300_000 }, async () => {
    const { permits, requests, list, rows } = await read(name, 150_000, async () => true);
    expect(list).toMatchObject({ isWhole: true, rows: 60 });
    expect(rows).toEqual(symbols);
    expect([permits, requests]).toEqual([further[name], further[name]]);
  });

  it('are not asked for without a permit, and what came is no whole table', { timeout: 300_000 }, async () => {
    const { requests, list } = await read(name, 150_000, async (number) => number <= 2);
    expect(requests).toBe(2);
    expect(list).toMatchObject({ isWhole: false, isUnfinished: true });
  });
});

it('a page may wait longer for a permit than it has', { timeout: 300_000 }, async () => {
  const { list, rows } = await read('by links', 40_000, async (number) => {
    if (number === 2) await sleep(41_000);
    return true;
  });
  expect(list).toMatchObject({ isWhole: true, rows: 60 });
  expect(rows).toEqual(symbols);
});
