/** Names by which people know an index, in lower case without spaces and signs, and its symbol. */
const byName: ReadonlyMap<string, string> = new Map([
  ['sp500', '^GSPC'],
  ['spx', '^GSPC'],
  ['gspc', '^GSPC'],
  ['nasdaq', '^IXIC'],
  ['nasdaqcomposite', '^IXIC'],
  ['ixic', '^IXIC'],
  ['nasdaq100', '^NDX'],
  ['ndx', '^NDX'],
  ['dow', '^DJI'],
  ['dowjones', '^DJI'],
  ['djia', '^DJI'],
  ['dji', '^DJI'],
  ['russell2000', '^RUT'],
  ['rut', '^RUT'],
  ['vix', '^VIX'],
  ['ftse100', '^FTSE'],
  ['ftse', '^FTSE'],
  ['dax', '^GDAXI'],
  ['gdaxi', '^GDAXI'],
  ['cac40', '^FCHI'],
  ['fchi', '^FCHI'],
  ['eurostoxx50', '^STOXX50E'],
  ['stoxx50e', '^STOXX50E'],
  ['nikkei225', '^N225'],
  ['nikkei', '^N225'],
  ['n225', '^N225'],
  ['hangseng', '^HSI'],
  ['hsi', '^HSI'],
]);

/**
 * The symbol of an index by its symbol (`^GSPC`) or by a name (`sp500`, `S&P 500`); `null` for what is neither.
 *
 * @example
 * indexSymbol('S&P 500') // '^GSPC'
 * indexSymbol('AAPL') // null
 */
export function indexSymbol(text: string): string | null {
  const trimmed = text.trim();
  if (/^\^[A-Z0-9.=-]{1,20}$/i.test(trimmed)) return trimmed.toUpperCase();
  return byName.get(trimmed.toLowerCase().replaceAll(/[^a-z0-9]/g, '')) ?? null;
}

/** One name per index, for the error on an unknown one. */
export const indexNames = [
  'sp500',
  'nasdaq',
  'nasdaq100',
  'dow',
  'russell2000',
  'vix',
  'ftse100',
  'dax',
  'cac40',
  'eurostoxx50',
  'nikkei225',
  'hangseng',
] as const;
