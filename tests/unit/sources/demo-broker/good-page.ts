/** The broker's page of positions, after its simulator. */
export const heads = ['Symbol', 'Name', 'Type', 'Market', 'Last', 'Previous', 'Volume', 'Currency', 'Time'];
export const golden: readonly (readonly string[])[] = [
  ['AAPL', 'Apple Inc.', 'Share', 'XNAS', '244.6', '241.53', '53614054', 'USD', '2026-11-20T14:59:00.000Z'],
  ['VOD.L', 'VODAFONE GROUP PLC', 'Share', 'XLON', '67.3', '66.1', '61000000', 'GBp', '2026-11-20T14:44:00.000Z'],
  ['BTC-USD', 'Bitcoin USD', 'Crypto', 'CCC', '96077.5', '95000', '0', 'USD', '2026-11-20T14:59:00.000Z'],
];
export const page = (rows: readonly (readonly string[])[], headings = heads, filled = true) =>
  `<html><body><span id="account">Signed in</span><table id="positions"${filled ? ` data-rows="${rows.length}"` : ''}><thead><tr>${headings
    .map((head) => `<th>${head}</th>`)
    .join(
      '',
    )}</tr></thead><tbody>${rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('')}</tbody></table></body></html>`;
