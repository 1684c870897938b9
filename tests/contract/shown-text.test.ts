import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChromiumBrowser, chromiumBrowser } from '../../core/adapters/chromium/browser.ts';
import { type HtmlTable, readHtml } from '../../core/sources/reading/html.ts';
import { type Site, startSite } from '../support/hostile-site.ts';

const styles = `<meta charset="utf-8"><style>
  td, th { padding: 4px }
  .narrow { display: none } @media (max-width: 700px) { .wide { display: none } .narrow { display: inline } }
  @media (min-width: 700px) { .only-narrow { display: none } }
  .ears { position: absolute; width: 1px; height: 1px; overflow: hidden; clip: rect(0, 0, 0, 0) }
  .ears-now { position: absolute; clip-path: inset(50%) }
  .minus::before { content: "\\2212" } .unit::after { content: " USD" } .icon-up::before { content: "\\e013"; font-family: Icons }
  .label::before { content: attr(data-label) }
  .hint { position: relative } .hint::after { content: attr(data-hint); position: absolute; transform: scale(0) }
  .tip { position: absolute; opacity: 0 }
</style>`;

/** What stands in a cell, and what people see there. */
const cells: readonly (readonly [what: string, html: string, seen: string])[] = [
  ['a copy for narrow screens', '<span class="wide">GS</span><span class="narrow">GS</span>', 'GS'],
  ['a copy that is hidden by its attribute', 'GS<span hidden>GS</span>', 'GS'],
  ['one for screen readers', '<span aria-hidden="true">GS</span><span class="ears">GS</span>', 'GS'],
  ['one that is clipped away', 'GS<span class="ears-now">GS</span>', 'GS'],
  ['one moved out of the page', '<span style="position:absolute;left:-9999px">GS</span>GS', 'GS'],
  ['one moved out to the right', '<span style="position:absolute;left:9999px">GS</span>GS', 'GS'],
  ['one of no height', '<div style="height:0;overflow:hidden">GS</div>GS', 'GS'],
  ['one of no size of letters', '<span style="font-size:0">GS</span>GS', 'GS'],
  ['one scaled to nothing', '<span style="display:inline-block;transform:scale(0)">GS</span>GS', 'GS'],
  ['one that is transparent', '<span style="opacity:0">GS</span>GS', 'GS'],
  [
    'text moved out of its box',
    '<span style="display:inline-block;width:9px;text-indent:-999px;overflow:hidden">x</span>GS',
    'GS',
  ],
  [
    'hidden text around what is shown',
    '<span style="visibility:hidden">x<b style="visibility:visible">GS</b></span>',
    'GS',
  ],
  ['an element without a box of its own', '<span style="display:contents">GS</span>', 'GS'],
  ['a tooltip', 'GS<span class="tip">Goldman Sachs</span>', 'GS'],
  ['a template', 'GS<template>GS</template>', 'GS'],
  ['a script and a style', 'GS<script>0</script><style>p { }</style>', 'GS'],
  ['closed details', '<details><summary>GS</summary>more</details>', 'GS'],
  ['an icon of a font', '<i class="icon-up"></i>7', '7'],
  ['the name of an icon', '<i class="icon" aria-hidden="true">arrow_upward</i>7', '7'],
  ['a picture with a title', '<svg><title>up</title></svg>7', '7'],
  ['a star', '\u2605 GS', 'GS'],
  ['a footnote', 'GS<sup>1</sup>', 'GS'],
  ['a footnote by style', '4.20<span style="vertical-align:super">a</span>', '4.20'],
  ['a dagger', '4.20\u2020', '4.20'],
  ['raised digits that may be cents', '12<sup>50</sup>', '12^50'],
  ['a number over several elements', '<span>1,234</span><span>.56</span>', '1,234.56'],
  ['a number in boxes side by side', '<div style="display:flex"><b>1,234</b><b>.56</b></div>', '1,234.56'],
  ['a letter twice, both seen', '<span>F</span><span>F</span>', 'F F'],
  ['a digit twice, as a counter shows it', '<span>1</span><span>1</span>', '11'],
  ['two lines', 'GS<br>Goldman', 'GS Goldman'],
  ['two blocks', '<div>GS</div><div>Goldman</div>', 'GS Goldman'],
  [
    'blocks that are displayed in a line',
    '<div style="display:inline">4</div><div style="display:inline">.20</div>',
    '4.20',
  ],
  ['elements with room between them', '<span>GS</span><span style="margin-left:12px">Goldman</span>', 'GS Goldman'],
  [
    'lines that are elements of a line',
    '<span style="display:block">GS</span><span style="display:block">Goldman</span>',
    'GS Goldman',
  ],
  ['a sign that a style writes', '<span class="minus">4.20</span>', '\u22124.20'],
  ['a unit that a style writes', '<span class="unit">4.20</span>', '4.20 USD'],
  ['a value that a style writes', '<span class="label" data-label="4.20"></span>', '4.20'],
  ['capitals by style', '<span style="text-transform:uppercase">gs</span>', 'GS'],
  ['a shadow root', '<x-shown></x-shown>', 'GS'],
  ['what a shadow root does not show', '<x-hiding>GS</x-hiding>', ''],
  ['a table in a cell', '<table><tr><td>4.20</td><td>USD</td></tr></table>', '4.20 USD'],
  ['one that is nearly transparent', 'GS<span style="opacity:.01">GS</span>', 'GS'],
  ['one that a filter takes away', 'GS<span style="filter:opacity(0)">GS</span>', 'GS'],
  [
    'one behind a mask of nothing',
    'GS<span style="mask-image:linear-gradient(transparent, transparent)">GS</span>',
    'GS',
  ],
  [
    'one clipped to nothing by pixels',
    'GS<span style="display:inline-block;clip-path:inset(0 300px 0 0)">GS</span>',
    'GS',
  ],
  ['one without colour', 'GS<span style="color:transparent">GS</span>', 'GS'],
  ['one in the colour of its ground', 'GS<span style="color:#fff">XX</span>', 'GS'],
  [
    'letters filled with a gradient',
    '<span style="color:transparent;background:linear-gradient(red, blue);-webkit-background-clip:text">GS</span>',
    'GS',
  ],
  ['letters of one pixel', 'GS<span style="font-size:1px">GS</span>', 'GS'],
  ['one without room between its letters', 'GS<span style="letter-spacing:-1em">GS</span>', 'GS'],
  [
    'one behind another',
    '<span style="position:relative;display:inline-block"><b style="background:#fff">GS</b><i style="position:absolute;inset:0;z-index:-1">XX</i></span>',
    'GS',
  ],
  [
    'one that another lies over',
    '<span style="position:relative;display:inline-block">XX<b style="position:absolute;inset:0;background:#fff">GS</b></span>',
    'GS',
  ],
  [
    'figures that roll past a window',
    '<span style="display:inline-block;overflow:hidden;height:20px;line-height:20px;vertical-align:top"><span style="display:block;transform:translateY(-20px)"><b style="display:block">1</b><b style="display:block">2</b><b style="display:block">3</b></span></span>',
    '2',
  ],
  [
    'a back that is turned to one',
    'GS<span style="display:inline-block;transform:rotateY(180deg);backface-visibility:hidden">GS</span>',
    'GS',
  ],
  ['content that is not drawn', 'GS<span style="content-visibility:hidden;display:inline-block">GS</span>', 'GS'],
  ['what is shown once it is searched for', 'GS<span hidden="until-found">GS</span>', 'GS'],
  [
    'a picture in place of text',
    'GS<span style="content:url(data:image/gif;base64,R0lGODlhAQABAAAAACw=)">GS</span>',
    'GS',
  ],
  ['readings above letters', '<ruby>GS<rp>(</rp><rt>Goldman</rt><rp>)</rp></ruby>', 'GS'],
  ['letters in reverse', '<bdo dir="rtl">SG</bdo>', 'GS'],
  ['letters reversed by a mark', '\u202eSG\u202c', 'GS'],
  ['boxes in another order', '<span style="display:inline-flex"><b>.20</b><b style="order:-1">4</b></span>', '4.20'],
  [
    'boxes from the right',
    '<span style="display:inline-flex;flex-direction:row-reverse"><b>.20</b><b>4</b></span>',
    '4.20',
  ],
  ['wide letters', '\uff14.\uff12\uff10', '4.20'],
  ['letters that are blank', 'G\u034fS\u2800\u3164\ufe0e', 'GS'],
  ['a footnote below', 'GS<sub>a</sub>', 'GS'],
  ['a footnote by its role', 'GS<a href="#n" role="doc-noteref">1</a>', 'GS'],
  ['a count of zeros', '0.0<sub>5</sub>12', '0.0^512'],
  ['a button for copying', 'GS<button>\u29c9</button>', 'GS'],
  ['a tooltip that a style writes', '<span class="hint" data-hint="Goldman">GS</span>', 'GS'],
  ['what says itself that it is not shown', '<b data-quotron-shown="none">GS</b>', 'GS'],
];

/** The same where a style writes it before or after the content of the cell itself. */
const ownCells: readonly (readonly [what: string, html: string, seen: string])[] = [
  ['the label of its column', '<td class="label" data-label="Seen">4.20</td>', '4.20'],
  ['a sign', '<td class="minus">4.20</td>', '\u22124.20'],
];

const inCells = cells.map(([what, html, seen]) => [what, `<td>${html}</td>`, seen] as const);
const all = [...inCells, ...ownCells];
const rows = all.map(([what, cell]) => `<tr><td>${what}</td>${cell}<td class="only-narrow">x</td><td>z</td></tr>`);
const page = `<!doctype html>${styles}<table id="cells"><thead><tr><th>What</th><th>Seen<span class="ears">x</span></th>
  <th class="only-narrow">Narrow</th><th><span class="ears">Last</span></th></tr></thead>
  <tbody>${rows.join('')}<tr hidden><td>hidden</td><td>row</td><td></td><td>z</td></tr></tbody></table>
  <table id="cells" class="narrow"><tbody>${rows.join('').repeat(2)}</tbody></table>
  <table id="cells" style="position:absolute;left:-9999px"><tbody>${rows.join('').repeat(2)}</tbody></table>
  <script>
    for (const [name, html] of [['x-shown', '<b>GS</b>'], ['x-hiding', '']])
      for (const each of document.querySelectorAll(name)) each.attachShadow({ mode: 'open' }).innerHTML = html;
    // What a page does to the built-in objects changes nothing.
    Element.prototype.checkVisibility = () => true;
    window.getComputedStyle = () => ({ display: 'block' });
    Array.prototype.push = () => 0;
  </script>`;

let site: Site;
let browser: ChromiumBrowser;
beforeAll(async () => {
  site = await startSite({ '/cells': page });
  browser = chromiumBrowser({ executable: process.env['QUOTRON_CHROMIUM'] });
});
afterAll(async () => {
  await browser.close();
  await site.close();
});

async function bodyOf(path: string): Promise<string> {
  const rules = { origins: [site.origin], allowPrivate: true, timeoutMs: 10_000, maxBytes: 2_000_000 };
  const url = new URL(path, site.origin);
  const answer = await browser.upstream(rules)({ method: 'GET', url, headers: {}, page: { waitFor: 'table' } });
  expect(answer.error).toBeNull();
  return answer.response?.body ?? '';
}

function tableOf(body: string): HtmlTable | null {
  const read = readHtml(body);
  return 'failure' in read ? null : read.table('table#cells');
}

describe('a page in the browser', () => {
  it('is read as people see it, whatever else its cells hold', async () => {
    const table = tableOf(await bodyOf('/cells'));
    expect(Object.fromEntries((table?.rows ?? []).map(([what, seen]) => [what, seen]))).toEqual(
      Object.fromEntries(all.map(([what, , seen]) => [what, seen])),
    );
    expect(table?.rows.every((row) => row.length === 3 && row[2] === 'z')).toBe(true);
    // A heading that only screen readers have is the column's all the same.
    expect(['What', 'Seen', 'Last', 'Narrow'].map((name) => table?.column(name))).toEqual([0, 1, 2, -1]);
  });

  it('is kept whole: what is not seen is in it too, and the page is left without marks', async () => {
    const body = await bodyOf('/cells');
    expect(body).toContain('Goldman Sachs');
    const captured = await browser.capture((text) => text);
    // But for its own, in each of its five copies of the cells.
    expect(captured?.html.match(/data-quotron-\w+="[^"]*"/g)).toEqual(Array(5).fill('data-quotron-shown="none"'));
  });
});
