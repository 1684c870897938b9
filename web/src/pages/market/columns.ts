import type { SortKey } from './market-search.ts';

/** A column of the market table: title, first sort direction, and the class that places it. */
export interface Column {
  readonly id: 'star' | 'currency' | 'spark' | SortKey;
  readonly title: string;
  /** Absent for columns without sorting. `descending`: the largest first, which shows the movers. */
  readonly first?: 'ascending' | 'descending';
  readonly numeric?: boolean;
  /** The name of the order on a phone, which shows no column headings. */
  readonly order?: string;
}

export const columns: readonly Column[] = [
  { id: 'star', title: '' },
  { id: 'symbol', title: 'Instrument', first: 'ascending', order: 'A to Z' },
  { id: 'price', title: 'Last', first: 'descending', numeric: true, order: 'Price' },
  { id: 'currency', title: '' },
  { id: 'change', title: 'Change', first: 'descending', numeric: true },
  { id: 'percent', title: 'Change %', first: 'descending', numeric: true, order: 'Gainers' },
  { id: 'spark', title: 'Session' },
  { id: 'bid', title: 'Bid', first: 'descending', numeric: true },
  { id: 'ask', title: 'Ask', first: 'descending', numeric: true },
  { id: 'volume', title: 'Volume', first: 'descending', numeric: true, order: 'Volume' },
  { id: 'asOf', title: 'As of', first: 'descending', order: 'Newest' },
  { id: 'source', title: 'Source', first: 'ascending', order: 'Source' },
];
