import { jsonParts } from './json-parts.ts';

/** The fields that Yahoo always sends, whatever `fields=` says (from recorded answers). */
const always = new Set([
  'language',
  'region',
  'quoteType',
  'typeDisp',
  'quoteSourceName',
  'triggerable',
  'customPriceAlertConfidence',
  'exchange',
  'exchangeTimezoneName',
  'exchangeTimezoneShortName',
  'gmtOffSetMilliseconds',
  'market',
  'marketState',
  'regularMarketPrice',
  'regularMarketTime',
  'esgPopulated',
  'sourceInterval',
  'exchangeDataDelayedBy',
  'fullExchangeName',
  'tradeable',
  'cryptoTradeable',
  'priceHint',
  'firstTradeDateMilliseconds',
  'hasPrePostMarketData',
  'symbol',
]);

/** `{"quoteResponse":{"result":[…],"error":null}}` from rows that are JSON texts of objects. `fields` empty means all. */
export function quoteAnswerBody(rows: readonly string[], fields: ReadonlySet<string>): string {
  const shown = fields.size === 0 ? rows : rows.map((row) => selected(row, fields));
  return `{"quoteResponse":{"result":[${shown.join(',')}],"error":null}}`;
}

/** The members of a row that are shown, each as Yahoo wrote it. */
function selected(row: string, fields: ReadonlySet<string>): string {
  const shown = jsonParts(row).filter(({ name }) => name !== null && (always.has(name) || fields.has(name)));
  return `{${shown.map(({ name, text }) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
}
