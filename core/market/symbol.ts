import { isCurrency } from './currencies.ts';

/** Yahoo's one-letter exchange suffixes, which a share class must not be mistaken for (`VOD.L` is London). */
const oneLetterVenues = new Set(['L', 'F', 'T', 'V']);
const allowed = /^[A-Z0-9^][A-Z0-9.^=&_-]{0,31}$/;

/** Whether a text has the form of a canonical symbol. */
export function isSymbol(text: string): boolean {
  return allowed.test(text);
}

/**
 * A currency pair by its full name: Yahoo calls the dollar's pairs `USDJPY=X` and `JPY=X`, and answers the first as the
 * second. Any other symbol as it is.
 *
 * @example
 * fullPair('JPY=X') // 'USDJPY=X'
 * fullPair('EURUSD=X') // 'EURUSD=X'
 */
export function fullPair(symbol: string): string {
  const currency = symbol.length === 5 && symbol.endsWith('=X') ? symbol.slice(0, 3) : null;
  return currency !== null && currency !== 'USD' && isCurrency(currency) ? `USD${symbol}` : symbol;
}

/**
 * How symbols are spelled: what `canonicalSymbol` reads, and a few pairs with a slash whose second half is no currency. For
 * documents of the API, in the dialect that JavaScript and Python share.
 */
export const symbolPattern =
  /^\s*([A-Za-z0-9^][A-Za-z0-9.^=&_-]{0,31}|[A-Za-z0-9]{1,30}\/[A-Za-z]|[A-Za-z0-9]{2,10}\/[A-Za-z]{3})\s*$/;

/**
 * The canonical symbol, which is Yahoo's: `BRK-B`, `^GSPC`, `BTC-USD`, `EURUSD=X`, `VOD.L`.
 *
 * Accepts common spellings: `brk.b`, `BRK/B`, `EUR/USD`, `btc/usd`, `JPY=X`. A pair of two currencies is one, whatever
 * coin has the first one's name. Gives `null` for an invalid symbol.
 *
 * @example
 * canonicalSymbol('brk.b') // 'BRK-B'
 * canonicalSymbol('EUR/USD') // 'EURUSD=X'
 * canonicalSymbol('VOD.L') // 'VOD.L'
 * canonicalSymbol('not a symbol!') // null
 */
export function canonicalSymbol(input: string): string | null {
  // Before letters are made upper case: some of other scripts become ASCII then.
  if (!symbolPattern.test(input)) return null;
  const text = input.trim().toUpperCase();
  const pair = /^([A-Z0-9]{2,10})\/([A-Z]{3})$/.exec(text);
  if (pair?.[1] && pair[2] && isCurrency(pair[2])) {
    return isCurrency(pair[1]) ? `${pair[1]}${pair[2]}=X` : `${pair[1]}-${pair[2]}`;
  }
  const shareClass = /^([A-Z0-9]+)[./]([A-Z])$/.exec(text);
  if (shareClass?.[1] && shareClass[2] && !(text.includes('.') && oneLetterVenues.has(shareClass[2]))) {
    return `${shareClass[1]}-${shareClass[2]}`;
  }
  return isSymbol(text) ? fullPair(text) : null;
}
