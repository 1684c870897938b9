import { type QuoteView, quoteSchema } from '../../../../core/contracts/http/market.ts';

const classes = quoteSchema.shape.instrument.shape.assetClass.options;
const sortKeys = ['symbol', 'price', 'change', 'percent', 'bid', 'ask', 'volume', 'asOf', 'source'] as const;
export type SortKey = (typeof sortKeys)[number];

/** The market table's state, all of it in the address. */
export interface MarketSearch {
  /** Text in the symbol or name. */
  q?: string | undefined;
  class?: QuoteView['instrument']['assetClass'] | undefined;
  /** A column, with a minus for the largest first. */
  sort?: string | undefined;
  /** `1`: only watched symbols. */
  watch?: '1' | undefined;
  /** `1`: also what nobody asked for, such as the constituents of indices. */
  all?: '1' | undefined;
}

/** A sort of the address as the API names it; without one, by symbol. */
export function orderOf(text: string | undefined): string | undefined {
  return text?.replace('percent', 'changeFraction');
}

/** Parses the address; unknown parameters are dropped. */
export function marketSearch(search: Record<string, unknown>): MarketSearch {
  const read: MarketSearch = {};
  if (typeof search['q'] === 'string' && search['q'] !== '') read.q = search['q'];
  const assetClass = classes.find((one) => one === search['class']);
  if (assetClass) read.class = assetClass;
  if (typeof search['sort'] === 'string' && sortOf(search['sort'])) read.sort = search['sort'];
  if (search['watch'] === '1') read.watch = '1';
  if (search['all'] === '1') read.all = '1';
  return read;
}

/** The column and direction in `-percent`, or `null`. */
export function sortOf(text: string | undefined): { key: SortKey; descending: boolean } | null {
  if (text === undefined) return null;
  const descending = text.startsWith('-');
  const key = sortKeys.find((one) => one === text.slice(descending ? 1 : 0));
  return key ? { key, descending } : null;
}
