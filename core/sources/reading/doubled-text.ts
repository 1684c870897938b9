/**
 * Symbols that are a text twice over: what is read of a cell that holds its text once for wide and once for narrow
 * screens, where nothing says which of the two is seen.
 */

/** Symbols of listings that are called so. */
const rightly: ReadonlySet<string> = new Set(['BABA', 'COCO', 'DADA', 'GOGO', 'LULU', 'MAMA', 'MOMO']);

/** Shorter ones are usual: AA, DD, TT. */
const shortest = 4;
/** Of a table with more of them, of any length, no symbol is believed: of real ones they are one in a hundred. */
const mostShare = 0.1;
const least = 3;

/** Whether a symbol is a text twice over, and no listing is known to be called so: none has a space in its name. */
export function isDoubled(symbol: string): boolean {
  if (!isTwice(symbol)) return false;
  return symbol.includes(' ') || (symbol.length >= shortest && !rightly.has(symbol.toUpperCase()));
}

/** Whether so many symbols of a table are a text twice over that all of them were read wrong. */
export function mostAreDoubled(symbols: readonly string[]): boolean {
  const doubled = symbols.filter(isTwice).length;
  return doubled >= least && doubled > symbols.length * mostShare;
}

function isTwice(text: string): boolean {
  const middle = Math.floor(text.length / 2);
  // With a space between them, too.
  const second = text.slice(text.length % 2 === 1 && text[middle] === ' ' ? middle + 1 : middle);
  return middle > 0 && text.slice(0, middle) === second;
}
