import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChromiumBrowser, chromiumBrowser } from '../../core/adapters/chromium/browser.ts';
import { readHtml } from '../../core/sources/reading/html.ts';
import { unfinishedList } from '../../core/sources/reading/whole-list.ts';
import { type Site, startSite } from '../support/hostile-site.ts';

/** Symbols of letters: the same in every run, each once. */
const symbols = Array.from(
  { length: 60 },
  (_, at) => `S${String.fromCharCode(65 + (at % 26), 65 + Math.floor(at / 26))}`,
);
const row = (symbol: string) => `<tr><td>${symbol}</td><td>4.20</td></tr>`;
const table = (shown: readonly string[], attributes = '') =>
  `<table class="a" ${attributes}><thead><tr><th>Symbol</th><th>Price</th></tr></thead><tbody>${shown.map(row).join('')}</tbody></table>`;
const script = (code: string) =>
  `<script>const all = ${JSON.stringify(symbols)}; const body = document.querySelector('.a tbody'); const rows = (from, to) => all.slice(from, to).map((each) => '<tr><td>' + each + '</td><td>4.20</td></tr>').join('');${code}</script>`;

const pages: Readonly<Record<string, string | ((page: number, query: URLSearchParams) => string)>> = {
  links: (page) =>
    `${table(symbols.slice((page - 1) * 25, page * 25))}<p>Showing ${(page - 1) * 25 + 1} to ${Math.min(60, page * 25)} of 60 entries</p>
     <ul class="pagination"><li><a href="?page=1">1</a></li>${page < 3 ? `<li><a href="?page=${page + 1}" aria-label="Next"><span>&raquo;</span></a></li>` : ''}</ul>`,
  'links without a count': (page) =>
    `${table(symbols.slice((page - 1) * 25, page * 25))}<nav>${page < 3 ? `<a rel="next" href="?page=${page + 1}">more of them</a>` : ''}</nav>`,
  buttons: `${table(symbols.slice(0, 25))}<div id="p">1-25 of 60</div><button id="on">Next \u203a</button>${script(`
    let at = 0; const on = document.getElementById('on');
    on.onclick = () => setTimeout(() => { at += 25; body.innerHTML = rows(at, at + 25); document.getElementById('p').textContent = (at + 1) + '-' + Math.min(60, at + 25) + ' of 60'; on.disabled = at + 25 >= 60; }, 150)`)}`,
  'load more': `${table(symbols.slice(0, 25))}<button id="on">Load more</button>${script(`
    let at = 25; document.getElementById('on').onclick = (event) => setTimeout(() => { body.insertAdjacentHTML('beforeend', rows(at, at + 25)); at += 25; if (at >= 60) event.target.remove(); }, 150)`)}`,
  'show all': `<label>Show <select id="n"><option>25</option><option>50</option><option value="-1">All</option></select> entries</label>${table(symbols.slice(0, 25))}${script(`
    document.getElementById('n').onchange = (event) => { body.innerHTML = rows(0, event.target.value === '-1' ? 60 : Number(event.target.value)); }`)}`,
  'a select of its pages': `<label>Page <select id="n"><option>1</option><option>2</option><option>3</option></select> of 3</label>${table(symbols.slice(0, 25))}${script(`
    document.getElementById('n').onchange = (event) => { const at = (event.target.value - 1) * 25; body.innerHTML = rows(at, at + 25); }`)}`,
  'a select of how many rows': `<label>Rows <select id="n"><option>10</option><option>25</option><option>100</option></select></label>${table(symbols.slice(0, 10))}${script(`
    document.getElementById('n').onchange = (event) => { body.innerHTML = rows(0, Number(event.target.value)); }`)}`,
  'numbers as links': (page) =>
    `${table(symbols.slice((page - 1) * 25, page * 25))}<ul class="pagination">${[1, 2, 3].map((at) => `<li class="${at === page ? 'active' : ''}"><a href="?page=${at}">${at}</a></li>`).join('')}</ul>`,
  'numbers as buttons': `${table(symbols.slice(0, 25))}<div class="pager"><button aria-current="page">1</button><button>2</button><button>3</button></div>${script(`
    for (const each of document.querySelectorAll('.pager button')) each.onclick = () => { const at = (each.textContent - 1) * 25; body.innerHTML = rows(at, at + 25);
      for (const other of document.querySelectorAll('.pager button')) other.toggleAttribute('aria-current', other === each); }`)}`,
  'pages behind a hash': `${table(symbols.slice(0, 25))}<nav><a href="#2" id="on">Next</a></nav>${script(`
    addEventListener('hashchange', () => { const page = Number(location.hash.slice(1)); body.innerHTML = rows((page - 1) * 25, page * 25); const on = document.getElementById('on'); if (page === 3) on.remove(); else on.href = '#' + (page + 1); })`)}`,
  'a picture for a button': `${table(symbols.slice(0, 25))}<a href="#" id="on"><img alt="Next page" src="/x.png"></a>${script(`
    let at = 0; document.getElementById('on').onclick = (event) => { event.preventDefault(); at += 25; body.innerHTML = rows(at, at + 25); if (at >= 50) event.currentTarget.remove(); }`)}`,
  'a sign that more is loaded': `${table(symbols.slice(0, 59))}<div class="spinner">Loading…</div>${script(`
    setTimeout(() => { body.insertAdjacentHTML('beforeend', rows(59, 60)); document.querySelector('.spinner').remove(); }, 4000)`)}`,
  'rows that come late': `${table(symbols.slice(0, 50))}${script(`setTimeout(() => body.insertAdjacentHTML('beforeend', rows(50, 60)), 1200)`)}`,
  'rows where one scrolls to': `${table(symbols.slice(0, 20))}<p id="end" style="margin-top:1200px">.</p>${script(`
    let at = 20; new IntersectionObserver(([seen]) => { if (seen.isIntersecting && at < 60) setTimeout(() => { body.insertAdjacentHTML('beforeend', rows(at, at + 10)); at += 10; }, 100); }, { rootMargin: '1200px' }).observe(document.getElementById('end'));
    addEventListener('scroll', () => { if (at < 60) { body.insertAdjacentHTML('beforeend', rows(at, at + 10)); at += 10; } })`)}`,
  'a list of which only what is in view exists': `<div id="box" style="height:200px;overflow-y:auto;overflow-anchor:none"><div id="above"></div>${table([], 'aria-rowcount="61"')}<div id="below"></div></div>${script(`
    const box = document.getElementById('box');
    const draw = () => { const from = Math.min(50, Math.floor(box.scrollTop / 20)); body.innerHTML = rows(from, from + 10); body.querySelectorAll('tr').forEach((each) => { each.style.height = '20px'; });
      document.getElementById('above').style.height = from * 20 + 'px'; document.getElementById('below').style.height = (50 - from) * 20 + 'px'; };
    box.onscroll = draw; draw()`)}`,
  'pages by an offset': (_, query) => {
    const at = Number(query.get('offset') ?? 0);
    return `${table(symbols.slice(at, at + 20))}<div class="pagination">${at < 40 ? `<a href="?offset=${at + 20}">Next page \u2192</a>` : ''}</div>`;
  },
  'pages by a cursor': (_, query) => {
    const at = Number((query.get('cursor') ?? 'x0').slice(1));
    return `${table(symbols.slice(at, at + 20))}${at < 40 ? `<a href="?cursor=x${at + 20}">Next 20</a>` : ''}`;
  },
  'a button for the full list': `${table(symbols.slice(0, 20))}<button id="on">View full list</button>${script(`
    document.getElementById('on').onclick = (event) => { body.innerHTML = rows(0, 60); event.target.remove(); }`)}`,
  'a button that expands it': `${table(symbols.slice(0, 20))}<button id="on" aria-expanded="false">Expand table \u25be</button>${script(`
    document.getElementById('on').onclick = (event) => { body.innerHTML = rows(0, 60); event.target.remove(); }`)}`,
  'a button in another language': `${table(symbols.slice(0, 20))}<button id="on">Mehr anzeigen</button>${script(`
    let at = 20; document.getElementById('on').onclick = (event) => { body.insertAdjacentHTML('beforeend', rows(at, at + 20)); at += 20; if (at >= 60) event.target.remove(); }`)}`,
  'a script and all rows at once': `${table(symbols)}<p>Showing 1 to 60 of 60 entries</p>${script('')}`,
  'a carousel beside it': `${table(symbols)}<div><button class="next">Next</button><p>1 to 3 of 9 news</p></div>${script('')}`,
  'a link to another list': `${table(symbols)}<a href="/other" class="next">Next</a>`,
};

const parts: Readonly<Record<string, string>> = {
  'a count that is higher': `${table(symbols.slice(0, 50))}<p>Showing 1 to 50 of 60 entries</p>`,
  'a number beside it': `<p>60 results</p>${table(symbols.slice(0, 50))}`,
  'a number of a number': `${table(symbols.slice(0, 50))}<p>Showing 50 of 60</p>`,
  'a number in French': `${table(symbols.slice(0, 50))}<p>Affichage de 1 \u00e0 50 sur 60 \u00e9l\u00e9ments</p>`,
  'a number in Spanish': `${table(symbols.slice(0, 50))}<p>Mostrando 1 a 50 de 60 registros</p>`,
  'a number in Japanese': `${table(symbols.slice(0, 50))}<p>60 \u4ef6\u4e2d 1 \u304b\u3089 50 \u307e\u3067\u3092\u8868\u793a</p>`,
  'a number of what is loaded': `${table(symbols.slice(0, 50))}<div>50 of 60 loaded</div>`,
  'a total before what is shown': `<p>60 results, showing 1 - 50</p>${table(symbols.slice(0, 50))}`,
  'a number of companies': `<p>All 60 companies</p>${table(symbols.slice(0, 59))}`,
  'an offer to see the others': `${table(symbols.slice(0, 10))}<p>Sign up to see all 60 companies</p>`,
  'the first of more': `${table(symbols.slice(0, 10))}<div>Showing top 10 of 60. <a href="/plans">Upgrade</a></div>`,
  'a button that does nothing': `${table(symbols.slice(0, 50))}<p>1\u201350 of 60</p><button>Next</button>${script('')}`,
  'rows that never end': `${table(symbols.slice(0, 5))}${script(`let n = 0; setInterval(() => body.insertAdjacentHTML('beforeend', '<tr><td>N' + n++ + '</td><td>1</td></tr>'), 100)`)}`,
  'pages that never end': `${table(symbols.slice(0, 5))}<button id="on">Next</button>${script(`let n = 0; document.getElementById('on').onclick = () => { body.innerHTML = '<tr><td>N' + 'x'.repeat(n++) + '</td><td>1</td></tr>' }`)}`,
};

let site: Site;
let browser: ChromiumBrowser;
beforeAll(async () => {
  const served = Object.entries({ ...pages, ...parts }).map(([name, page]) => [
    `/${name.replaceAll(' ', '-')}`,
    (
      request: { url?: string | undefined },
      response: { writeHead(status: number, headers: Record<string, string>): { end(body: string): unknown } },
    ) => {
      const query = new URL(request.url ?? '', 'http://x').searchParams;
      const at = Number(query.get('page') ?? 1);
      response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
        .end(`<!doctype html><body>${typeof page === 'string' ? page : page(at, query)}</body>`);
    },
  ]);
  site = await startSite({ ...Object.fromEntries(served), '/other': table(['OTHER']) });
  browser = chromiumBrowser({ executable: process.env['QUOTRON_CHROMIUM'] });
});
afterAll(async () => {
  await browser.close();
  await site.close();
});

async function read(name: string, timeoutMs: number) {
  const rules = { origins: [site.origin], allowPrivate: true, timeoutMs, maxBytes: 2_000_000 };
  const url = new URL(`/${name.replaceAll(' ', '-')}`, site.origin);
  const page = { waitFor: 'table.a', table: { selector: 'table.a' } };
  const answer = await browser.upstream(rules)({ method: 'GET', url, headers: {}, page });
  expect(answer.error).toBeNull();
  const html = readHtml(answer.response?.body ?? '');
  if ('failure' in html) throw new Error(html.failure.message);
  return {
    list: html.list,
    failure: unfinishedList(html),
    rows: html.table('table.a')?.rows.map(([symbol]) => symbol),
  };
}

describe('a table', () => {
  it.each(Object.keys(pages))('with %s is read whole', { timeout: 90_000 }, async (name) => {
    const { list, failure, rows } = await read(name, 60_000);
    expect(failure).toBeNull();
    expect(list).toMatchObject({ isWhole: true, rows: 60 });
    expect(rows).toEqual(symbols);
  });

  it.each(Object.keys(parts))('with %s is never taken for whole', { timeout: 90_000 }, async (name) => {
    const { list, failure } = await read(name, name === 'rows that never end' ? 6_000 : 60_000);
    expect(list?.isWhole).toBe(false);
    expect(failure).toMatchObject({
      reason: name === 'rows that never end' ? 'timeout' : 'schema_drift',
      detail: { code: 'table_incomplete' },
    });
  });
});
