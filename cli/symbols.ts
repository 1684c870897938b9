import { safe } from './output.ts';

/** What makes Quotron collect a symbol that it does not know. */
export function howToAdd(symbol: string): string {
  return `To collect it: quotron watch add ${quoted(symbol)}`;
}

/** Text as a word for a shell, quoted where it needs that: `^GSPC` and `EURUSD=X` are symbols. */
export function quoted(text: string): string {
  const shown = safe(text);
  return /^[\w@%+:,./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}
