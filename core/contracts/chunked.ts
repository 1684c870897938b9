/**
 * A list in parts of `size`, the last one with what is left: one message, request or statement holds only so much.
 *
 * @example chunked(['AAPL', 'MSFT', 'V'], 2) // [['AAPL', 'MSFT'], ['V']]
 */
export function chunked<T>(list: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let from = 0; from < list.length; from += size) parts.push(list.slice(from, from + size));
  return parts;
}
