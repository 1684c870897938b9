import { noCurrency } from '../../core/market/money.ts';
import type { Parsed } from '../../core/sources/parser.ts';
import type { Enriched } from './enrich-answer.ts';

/** The symbols that an answer has rows on. */
export function subjectsOf({ quotes, bars }: Parsed): string[] {
  return [...new Set([...quotes, ...bars].map(({ subject }) => subject.symbol))];
}

/** The symbols that the answers give in another currency than their listings'. */
export function otherCurrencies(
  enriched: readonly Enriched[],
): { symbol: string; currency: string; minorFactor: number }[] {
  const found = new Map<string, { symbol: string; currency: string; minorFactor: number }>();
  for (const { quotes, bars } of enriched) {
    for (const { symbol, listing, quote } of quotes)
      if (quote.currency !== listing.currency && listing.currency !== noCurrency)
        found.set(symbol, { symbol, currency: quote.currency, minorFactor: quote.minorFactor });
    for (const { symbol, listing, bars: rows } of bars) {
      const last = rows.at(-1);
      if (last?.currency && last.currency !== listing.currency && listing.currency !== noCurrency)
        found.set(symbol, { symbol, currency: last.currency, minorFactor: last.minorFactor });
    }
  }
  return [...found.values()];
}
