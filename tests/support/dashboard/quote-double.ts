/** The double's list of quotes, by place, order and filter, with what is counted and drawn of it. */
import { z } from 'zod';
import {
  assetClassSchema,
  batchItemSchema,
  type QuoteView,
  quoteSchema,
  type SparklineView,
  sparklineSchema,
} from '../../../core/contracts/http/market.ts';
import { quoteOrders } from '../../../core/prices/quote-order.ts';
import { type Answer, data } from './double-answer.ts';
import type { DoubleState } from './double-state.ts';

/** The answer to a read, or `null` where it is none of these. */
export function readQuotes(state: DoubleState, path: string, query: URLSearchParams): Answer | null {
  if (path === '/quotes') return query.has('symbols') ? named(state, query) : listed(state, query);
  if (path === '/asset-classes') {
    const classes = Map.groupBy(state.quotes, ({ instrument }) => instrument.assetClass);
    const counts = [...classes].map(([assetClass, members]) => ({
      assetClass,
      instruments: members.length,
      watched: members.filter(({ instrument }) => !state.unasked.has(instrument.symbol)).length,
    }));
    return data(z.array(assetClassSchema), counts);
  }
  if (path === '/sparklines') {
    const symbols = new Set(query.get('symbols')?.split(','));
    const those = state.quotes.filter(({ instrument, volume }) => symbols.has(instrument.symbol) && volume !== null);
    return data(z.array(sparklineSchema), those.map(lineOf));
  }
  return null;
}

function named(state: DoubleState, query: URLSearchParams): Answer {
  const symbols = query.get('symbols')?.split(',') ?? [];
  const items = symbols.map((symbol) => {
    const quote = state.quotes.find(({ instrument }) => instrument.symbol === symbol) ?? null;
    const error = quote === null ? { code: 'unknown_symbol', detail: 'Nothing is known.', retryable: false } : null;
    return { symbol, quote, error };
  });
  return data(z.array(batchItemSchema), items);
}

function listed(state: DoubleState, query: URLSearchParams): Answer {
  const text = query.get('filter')?.toUpperCase() ?? '';
  const except = new Set(query.get('except')?.split(','));
  const found = state.quotes.filter(
    ({ instrument: { symbol, name, assetClass } }) =>
      (symbol.includes(text) || (name ?? '').toUpperCase().includes(text)) &&
      (query.get('assetClass') ?? assetClass) === assetClass &&
      (query.get('watched') !== '1' || !state.unasked.has(symbol)) &&
      !except.has(symbol),
  );
  const rows = found.toSorted(orderOf(query.get('sort') ?? 'symbol'));
  const limit = Number(query.get('limit') ?? 1_000);
  const from = Number(query.get('cursor') ?? query.get('offset') ?? 0);
  const page = rows.slice(from, from + limit);
  const next = from + limit < rows.length ? String(from + limit) : undefined;
  if (query.get('format') === 'csv') {
    const lines = page.map(({ instrument, price }) => `${instrument.symbol},${price}\r\n`);
    const headers = { 'content-type': 'text/csv', ...(next === undefined ? {} : { 'x-next-cursor': next }) };
    return { status: 200, text: ['symbol,price\r\n', ...lines].join(''), headers };
  }
  return data(z.array(quoteSchema), page, {
    ...(next === undefined ? {} : { nextCursor: next }),
    ...(from === 0 ? { total: rows.length } : {}),
  });
}

function orderOf(sort: string): (a: QuoteView, b: QuoteView) => number {
  const down = sort.startsWith('-');
  const order = quoteOrders.find((each) => each === sort.replace('-', ''));
  const keyOf = (quote: QuoteView) => {
    if (order === undefined || order === 'symbol') return quote.instrument.symbol;
    const value = quote[order];
    return order === 'asOf' || order === 'source' || value === null ? value : Number(value);
  };
  const bySymbol = (a: QuoteView, b: QuoteView) => (a.instrument.symbol < b.instrument.symbol ? -1 : 1);
  return (a, b) => {
    const [x, y] = [keyOf(a), keyOf(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null) || bySymbol(a, b);
    return x === y ? bySymbol(a, b) : x < y === down ? 1 : -1;
  };
}

/** A wave about the price, half of the session long. */
function lineOf({ instrument, price, source }: QuoteView): SparklineView {
  const prices = Array.from({ length: 48 }, (_, part) =>
    part > 30 || part === 7 ? null : Number((Number(price) * (1 + Math.sin(part / 5) / 100)).toFixed(4)),
  );
  return {
    symbol: instrument.symbol,
    source,
    from: '2026-11-20T14:30:00.000Z',
    to: '2026-11-20T21:15:00.000Z',
    prices,
  };
}
