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

/** `{"quoteResponse":{"result":[…],"error":null}}` from rows that are JSON texts. `fields` empty means all. */
export function quoteAnswerBody(rows: readonly string[], fields: ReadonlySet<string>): string {
  const shown = fields.size === 0 ? rows : rows.map((row) => selected(row, fields));
  return `{"quoteResponse":{"result":[${shown.join(',')}],"error":null}}`;
}

function selected(row: string, fields: ReadonlySet<string>): string {
  const whole: unknown = JSON.parse(row);
  if (typeof whole !== 'object' || whole === null) return row;
  return JSON.stringify(
    Object.fromEntries(Object.entries(whole).filter(([name]) => always.has(name) || fields.has(name))),
  );
}
