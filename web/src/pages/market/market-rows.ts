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
 * The rows of the market for the address: filtered by text, class and watchlist, and sorted. Watched symbols are pinned to
 * the top, missing values come last in either direction, and equal values are ordered by symbol.
 */
export function marketRows(
  quotes: readonly QuoteView[],
  search: MarketSearch,
  watched: ReadonlySet<string>,
): QuoteView[] {
  const text = search.q?.trim().toLowerCase() ?? '';
  const { key, descending } = sortOf(search.sort) ?? { key: 'symbol' as const, descending: false };
  const read = values[key];
  return quotes
    .filter(
      ({ instrument }) =>
        (search.class === undefined || instrument.assetClass === search.class) &&
        (search.watch === undefined || watched.has(instrument.symbol)) &&
        (text === '' || `${instrument.symbol} ${instrument.name ?? ''}`.toLowerCase().includes(text)),
    )
    .toSorted(
      (a, b) =>
        Number(watched.has(b.instrument.symbol)) - Number(watched.has(a.instrument.symbol)) ||
        compare(read(a), read(b), descending) ||
        compare(a.instrument.symbol, b.instrument.symbol, false),
    );
}

function compare(a: string | number | null, b: string | number | null, descending: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const order = a < b ? -1 : a > b ? 1 : 0;
  return descending ? -order : order;
}
