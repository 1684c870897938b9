import type { DecimalText } from '../market/decimal.ts';

/** What a list of quotes can be ordered by; what is missing comes last. */
export const quoteOrders = [
  'symbol',
  'price',
  'change',
  'changeFraction',
  'bid',
  'ask',
  'volume',
  'asOf',
  'source',
] as const;
export type QuoteOrder = (typeof quoteOrders)[number];

/** What a list orders by. */
interface Ordered {
  readonly symbol: string;
  readonly price: DecimalText;
  readonly change: DecimalText | null;
  readonly changeFraction: DecimalText | null;
  readonly bid: DecimalText | null;
  readonly ask: DecimalText | null;
  readonly volume: DecimalText | null;
  readonly asOf: Date;
  readonly source: string;
}

/** Where a row stands in an order, as text; `null` where it has no value. */
export function placeOf(row: Ordered, order: QuoteOrder): string | null {
  const value = row[order];
  return value instanceof Date ? value.toISOString() : value;
}
