/**
 * The simulated SlickCharts: one page an index, as the real site renders it: a table of Bootstrap classes among a menu,
 * images, a font and a tracker that a scraper does not need.
 */
import { type Answer, html, type Request, text } from '../answer.ts';
import type { RequestKind } from '../control.ts';
import type { SimSource, Simulation, Simulator } from '../simulator.ts';
import { doubledCell, faceStyles, headRow, twoHeadRows } from '../table-faces.ts';
import { type SimMarket, snapshotOf } from '../yahoo/market.ts';
import { pricesOf } from '../yahoo/prices.ts';
import { type SimMember, simulatedIndices } from './members.ts';

const source = 'slickcharts';

/** SlickCharts, simulated. */
export const simulator: Simulator = {
  start: simulateSlickCharts,
  faults: {
    drift: 'schema_drift',
    unit: 'implausible',
    stale: 'stale',
    layout: 'schema_drift',
    'frozen-page': 'stale',
    loading: 'down',
    turnover: 'implausible',
  },
  readThrough: ['doubled-cells', 'two-header-rows', 'split-table', 'paged', 'late-rows'],
};

function simulateSlickCharts({ seed, alwaysOpen, control, now }: Simulation): SimSource {
  const market: SimMarket = { seed, alwaysOpen, priceOf: pricesOf(seed) };

  function page({ path, query }: Request): Answer {
    const index = simulatedIndices.get(path);
    if (!index)
      return html(404, '<!DOCTYPE html><html><head><title>404</title></head><body>Page not found</body></html>');
    const stale = control.hit('stale', source, 'page');
    const drift = control.hit('drift', source, 'page') !== undefined;
    const factor = control.hit('unit', source, 'page') ? 100 : 1;
    const frozen = control.hit('frozen-page', source, 'page');
    const at = now() - (stale?.ageMs ?? frozen?.ageMs ?? 0);
    const asOf = frozen?.says === 'text' ? `<p>Prices as of ${new Date(at).toISOString()}</p>` : '';
    const turnover = control.hit('turnover', source, 'page');
    const others = turnover ? Math.ceil((index.members.length * turnover.percent) / 100) : 0;
    const members = index.members.map((member, at) =>
      at < others
        ? { ...member, symbol: `QX${String.fromCharCode(65 + (at % 26), 65 + Math.floor(at / 26))}` }
        : member,
    );
    const doubled = control.hit('doubled-cells', source, 'page') !== undefined;
    const rows = members.map((member, rank) =>
      row(member, rank + 1, priceOf(member, at), factor, doubled ? doubledCell : (text) => text),
    );
    const columns = drift ? driftedHeads : heads;
    const pages = control.hit('paged', source, 'page');
    const paged = pages ? pageOf(pages.rows, rows.length, Number(query.get('page') ?? 1), path) : null;
    const late = control.hit('late-rows', source, 'page');
    const body = document(path, index.title, {
      head: control.hit('two-header-rows', source, 'page') ? twoHeadRows(columns, 'Today', 4) : headRow(columns),
      rows: control.hit('loading', source, 'page')
        ? [loadingRow]
        : rows.slice(paged?.from, late ? -lateRows : paged?.to),
      late: late ? { rows: rows.slice(-lateRows), delayMs: late.delayMs } : null,
      pager: `${paged?.pager ?? ''}${asOf}`,
      classes: control.hit('layout', source, 'page') ? 'grid grid-striped' : usualClasses,
      split: control.hit('split-table', source, 'page') !== undefined,
      styles: doubled ? faceStyles : '',
    });
    const cut = control.hit('malformed', source, 'page') !== undefined;
    return html(200, cut ? body.slice(0, Math.floor(body.length * 0.6)) : body, {
      'cache-control': 'public, max-age=60',
      // The headers of a cache that serves an old page.
      ...(stale ? { age: String(Math.round(stale.ageMs / 1000)), 'last-modified': new Date(at).toUTCString() } : {}),
      ...(frozen?.says === 'header' ? { 'last-modified': new Date(at).toUTCString() } : {}),
    });
  }

  function priceOf({ instrument, symbol }: SimMember, at: number): { last: number; previous: number } {
    const { close, previousClose } = snapshotOf(market, instrument, at);
    const wanted = control.hit('price', source, 'page', symbol)?.price;
    return { last: wanted ?? close, previous: previousClose };
  }

  return {
    kindOf,
    answer(request: Request): Answer {
      switch (kindOf(request.path)) {
        case 'page':
          return page(request);
        case 'asset':
          return text(200, '');
        default:
          return request.path === '/css/slick.css'
            ? text(200, 'table { width: 100% }', { 'content-type': 'text/css' })
            : html(404, '<!DOCTYPE html><title>404</title>');
      }
    },
  };
}

function kindOf(path: string): RequestKind {
  if (/^\/(img|fonts)\//.test(path)) return 'asset';
  return /^\/[a-z0-9]+$/.test(path) ? 'page' : 'other';
}

const heads = ['#', 'Company', 'Symbol', 'Weight', '&nbsp;&nbsp;&nbsp;Price', 'Chg', '% Chg'];
/** The page after a redesign. */
const driftedHeads = ['Rank', 'Holding', 'Ticker', 'Portfolio%', '&nbsp;&nbsp;&nbsp;Last', 'Move', 'Move %'];

/** What a script would replace. */
const loadingRow = '<tr class="loading-row"><td colspan="7">Loading…</td></tr>';

function row(
  member: SimMember,
  rank: number,
  price: { last: number; previous: number },
  factor: number,
  face: (text: string, column: number) => string,
): string {
  const last = price.last * factor;
  const change = (price.last - price.previous) * factor;
  const colour = change < 0 ? 'red' : 'green';
  const link = `/symbol/${member.symbol}`;
  return `<tr>
<td>${rank}</td>
<td class="text-nowrap"><a href="${link}">${face(escaped(member.instrument.longName), 1)}</a></td>
<td><a href="${link}">${face(member.symbol, 2)}</a></td>
<td>${face(`${member.weight}%`, 3)}</td>
<td class="text-nowrap"><img alt="" src="img/${change < 0 ? 'down' : 'up'}.gif"/>&nbsp;&nbsp; ${face(money(last), 4)}</td>
<td class="text-nowrap" style="color: ${colour}">${face(money(change), 5)}</td>
<td class="text-nowrap" style="color: ${colour}">${face(`(${((change / (price.previous * factor)) * 100).toFixed(2)}%)`, 6)}</td>
</tr>`;
}

function money(value: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

const usualClasses = 'table table-hover table-borderless table-sm';

/** How many rows come late. */
const lateRows = 6;

/** The rows of a page of a table, with what stands below it. */
function pageOf(
  pageRows: number,
  rows: number,
  page: number,
  path: string,
): { from: number; to: number; pager: string } {
  const from = (page - 1) * pageRows;
  const to = Math.min(rows, from + pageRows);
  const next =
    to < rows
      ? `<a class="page-link" rel="next" href="${path.slice(1)}?page=${page + 1}">Next</a>`
      : '<span class="disabled">Next</span>';
  return {
    from,
    to,
    pager: `<div class="pagination"><p>Showing ${from + 1} to ${to} of ${rows} entries</p>${next}</div>`,
  };
}

interface Table {
  readonly head: string;
  readonly rows: readonly string[];
  readonly classes: string;
  /** The headings in a table of their own. */
  readonly split: boolean;
  readonly styles: string;
  readonly pager: string;
  readonly late: { readonly rows: readonly string[]; readonly delayMs: number } | null;
}

function document(path: string, title: string, { head, rows, classes, split, styles, pager, late }: Table): string {
  const table = `<table class="${classes}" data-page="${path.slice(1)}">`;
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title>
<link rel="stylesheet" href="css/slick.css"><link rel="preload" as="font" href="fonts/inter.woff2" crossorigin>
<script async src="https://tracker.slickcharts.invalid/tag.js"></script>${styles}</head>
<body><nav class="navbar"><a href="sp500">S&amp;P 500</a> <a href="nasdaq100">Nasdaq 100</a> <a href="dowjones">Dow Jones</a></nav>
<div class="container-fluid maximum-width"><h1>${escaped(title)}</h1>
<div class="table-responsive">${table}
<thead>${head}</thead>${split ? `</table>${table}` : ''}
<tbody>
${rows.join('\n')}
</tbody></table>${pager}</div>${late ? lateScript(late.rows, late.delayMs) : ''}
<table class="table table-sm"><tbody><tr><td>Returns</td><td>by year</td></tr></tbody></table>
<img alt="ad" src="img/banner.png"></div></body></html>`;
}

function lateScript(rows: readonly string[], delayMs: number): string {
  return `<script>setTimeout(() => [...document.querySelectorAll('table[data-page] tbody')].at(-1).insertAdjacentHTML('beforeend', ${JSON.stringify(rows.join('')).replaceAll('<', '\\u003c')}), ${delayMs})</script>`;
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
