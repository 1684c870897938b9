import type { QuoteView } from '../../../../core/contracts/http/market.ts';
import { numberOf } from '../../text/format.ts';
import { type MarketSearch, type SortKey, sortOf } from './market-search.ts';

const values: Record<SortKey, (quote: QuoteView) => string | number | null> = {
  symbol: (quote) => quote.instrument.symbol,
  price: (quote) => numberOf(quote.price),
  change: (quote) => numberOf(quote.change),
  percent: (quote) => numberOf(quote.changeFraction),
  bid: (quote) => numberOf(quote.bid),
  ask: (quote) => numberOf(quote.ask),
  volume: (quote) => numberOf(quote.volume),
  asOf: (quote) => quote.asOf,
  source: (quote) => quote.source,
};

/**
 * The pinned rows for the address, filtered and sorted as the API does it with all others: missing values come last in either
 * direction, and equal values are ordered by symbol.
 */
export function pinnedRows(quotes: readonly QuoteView[], search: MarketSearch, pins: ReadonlySet<string>): QuoteView[] {
  const text = search.q?.trim().toUpperCase() ?? '';
  const { key, descending } = sortOf(search.sort) ?? { key: 'symbol' as const, descending: false };
  const read = values[key];
  return quotes
    .filter(
      ({ instrument }) =>
        pins.has(instrument.symbol) &&
        (search.class === undefined || instrument.assetClass === search.class) &&
        (instrument.symbol.includes(text) || (instrument.name ?? '').toUpperCase().includes(text)),
    )
    .toSorted(
      (a, b) => compare(read(a), read(b), descending) || compare(a.instrument.symbol, b.instrument.symbol, false),
    );
}

function compare(a: string | number | null, b: string | number | null, descending: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const order = a < b ? -1 : a > b ? 1 : 0;
  return descending ? -order : order;
}
