import type { SortKey } from './market-search.ts';

/** A column of the market table: how it is called, how it is sorted first, and the class that places it. */
export interface Column {
  readonly id: 'star' | 'currency' | SortKey;
  readonly title: string;
  /** Absent for what is not sorted. `descending`: the largest first, as one looks for movers. */
  readonly first?: 'ascending' | 'descending';
  readonly numeric?: boolean;
  /** How a phone, which has no column heads, calls the order. */
  readonly order?: string;
}

export const columns: readonly Column[] = [
  { id: 'star', title: '' },
  { id: 'symbol', title: 'Instrument', first: 'ascending', order: 'A to Z' },
  { id: 'price', title: 'Last', first: 'descending', numeric: true, order: 'Price' },
  { id: 'currency', title: '' },
  { id: 'change', title: 'Change', first: 'descending', numeric: true },
  { id: 'percent', title: 'Change %', first: 'descending', numeric: true, order: 'Gainers' },
  { id: 'bid', title: 'Bid', first: 'descending', numeric: true },
  { id: 'ask', title: 'Ask', first: 'descending', numeric: true },
  { id: 'volume', title: 'Volume', first: 'descending', numeric: true, order: 'Volume' },
  { id: 'asOf', title: 'As of', first: 'descending', order: 'Newest' },
  { id: 'source', title: 'Source', first: 'ascending', order: 'Source' },
];
