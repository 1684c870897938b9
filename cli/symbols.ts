import { commandToWatch } from '../core/contracts/http/watch.ts';
import { canonicalSymbol } from '../core/market/symbol.ts';
import { safe } from './output.ts';

/** What makes Quotron collect a symbol that it does not know. */
export function howToAdd(symbol: string): string {
  const canonical = canonicalSymbol(symbol);
  return `To collect it: ${canonical === null ? `quotron watch add ${quoted(symbol)}` : commandToWatch(canonical)}`;
}

/** Text as a word for a shell, quoted where it needs that: `^GSPC` and `EURUSD=X` are symbols. */
export function quoted(text: string): string {
  const shown = safe(text);
  return /^[\w@%+:,./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}
