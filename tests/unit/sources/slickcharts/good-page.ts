export const nbsp = '\u00a0';

export const headings = ['#', 'Company', 'Symbol', 'Weight', `${nbsp}${nbsp}${nbsp}Price`, 'Chg', '% Chg'];
/** As the site writes a row: with links, a picture, spaces that do not break. */
export const rowOf = (cells: readonly string[]) =>
  `<tr><td>${cells[0]}</td><td class="text-nowrap"><a href="/symbol/x">${cells[1]}</a></td><td><a href="/symbol/x">${cells[2]}</a></td><td>${cells[3]}</td>
   <td class="text-nowrap"><img alt="" src="/img/up.gif"/>${nbsp}${nbsp} ${cells[4]}</td><td class="text-nowrap" style="color: green">${cells[5]}</td><td>${cells[6]}</td></tr>`;
export const page = (rows: readonly (readonly string[])[], heads = headings) =>
  `<!DOCTYPE html><html><body><h1>Dow</h1><table class="table table-hover table-borderless table-sm"><thead><tr>${heads
    .map((head) => `<th>${head}</th>`)
    .join('')}</tr></thead><tbody>${rows.map(rowOf).join('')}</tbody></table></body></html>`;

/** The row that SlickCharts' description shows, a falling one, one in thousands, and others that make up a Dow of 30. */
export const golden: readonly (readonly string[])[] = [
  ['1', 'Berkshire Hathaway Inc Cl B', 'BRK.B', '10%', '338.83', '0.52', '(0.15%)'],
  ['2', 'Falling &amp; Co', 'FALL', '10.5%', '237.30', '-4.20', '(-1.74%)'],
  ['3', 'NVR Inc', 'NVR', '9.5', '8,123.40', '1,002.10', '(14.07%)'],
  ...Array.from({ length: 27 }, (_, at) => [
    String(at + 4),
    `Company ${at}`,
    `C${'ABCDEFGHIJKLMNOPQRSTUVWXYZ1'[at]}`,
    (70 / 27).toFixed(4),
    '100.00',
    '1.00',
    '(1.01%)',
  ]),
];
