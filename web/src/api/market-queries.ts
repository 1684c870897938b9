/** What the pages of the market read: a page of quotes at a place of an order, counts by class, small lines. */
import { keepPreviousData, type QueryClient, queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import {
  assetClassSchema,
  quoteSchema,
  type SparklineView,
  sparklineSchema,
} from '../../../core/contracts/http/market.ts';
import { paced } from '../live/pace.ts';
import { reader } from './client.ts';

const readQuotes = reader(z.array(quoteSchema));
const readClasses = reader(z.array(assetClassSchema));
const readSparklines = reader(z.array(sparklineSchema));

/** Rows of one page of the market. */
export const rowsOfPage = 100;
/** What the API takes as symbols of one request. */
const most = { symbols: 100, letters: 2_400 } as const;

/** Which quotes are asked for: what is not named is as the API has it. */
export interface QuotesAsked {
  readonly sort?: string | undefined;
  readonly filter?: string | undefined;
  readonly assetClass?: string | undefined;
  /** `1`: only what is on the watch list. */
  readonly watched?: '1' | undefined;
  /** Symbols that are left out, separated by commas. */
  readonly except?: string | undefined;
}

/** The address of quotes under the API. */
export function quotesPath(asked: QuotesAsked, more: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(more);
  for (const name of ['sort', 'filter', 'assetClass', 'watched', 'except'] as const) {
    const value = asked[name];
    if (value !== undefined && value !== '') query.set(name, value);
  }
  return `/quotes?${query}`;
}

/** The rows of a page of quotes, counted from 0, as they stand now. The first page has the number of all rows. */
export function quotePageQuery(asked: QuotesAsked, page: number) {
  return queryOptions({
    queryKey: ['quotes', asked, page],
    queryFn: async ({ signal }) => {
      const place: Record<string, string> = page === 0 ? {} : { offset: String(page * rowsOfPage) };
      const answer = await readQuotes(quotesPath(asked, { limit: String(rowsOfPage), ...place }), signal);
      const { total, nextCursor } = answer.meta;
      return { quotes: answer.data, warnings: answer.warnings, total, more: nextCursor !== undefined };
    },
    refetchInterval: paced(5_000),
    gcTime: 60_000,
  });
}

/** As many of the symbols as fit into an address. */
export function fitting(symbols: readonly string[]): string[] {
  const taken: string[] = [];
  let letters = 0;
  for (const symbol of symbols) {
    letters += encodeURIComponent(symbol).length + 3;
    if (taken.length === most.symbols || letters > most.letters) break;
    taken.push(symbol);
  }
  return taken;
}

const readNamed = reader(z.array(z.object({ symbol: z.string(), quote: quoteSchema.nullable() })));

/** The quotes of some symbols; those without a price are left out. */
export function namedQuotesQuery(symbols: readonly string[]) {
  return queryOptions({
    queryKey: ['quotes', 'named', symbols],
    queryFn: async ({ signal }) =>
      (await readNamed(`/quotes?symbols=${encodeURIComponent(symbols.join())}`, signal)).data.flatMap(
        ({ quote }) => quote ?? [],
      ),
    enabled: symbols.length > 0,
    refetchInterval: paced(5_000),
    placeholderData: keepPreviousData,
  });
}

/** How many instruments there are of each class, and how many of these are on the watch list. */
export const classesQuery = queryOptions({
  queryKey: ['asset-classes'],
  queryFn: async ({ signal }) => (await readClasses('/asset-classes', signal)).data,
  refetchInterval: paced(30_000),
});

const sparklines = 'sparklines';

/** The last session of some symbols, by symbol. */
export function sparklinesQuery(symbols: readonly string[]) {
  return queryOptions({
    queryKey: [sparklines, symbols],
    queryFn: async ({ signal }) => {
      const answer = await readSparklines(`/sparklines?symbols=${encodeURIComponent(symbols.join())}`, signal);
      return new Map(answer.data.map((line) => [line.symbol, line]));
    },
    staleTime: 60_000,
    refetchInterval: 5 * 60_000,
  });
}

/** The last sessions that were read before, with whichever other symbols; what was first asked for last comes first. */
export function sparklinesBefore(client: QueryClient): ReadonlyMap<string, SparklineView>[] {
  return client
    .getQueriesData<ReadonlyMap<string, SparklineView>>({ queryKey: [sparklines] })
    .flatMap(([, lines]) => lines ?? [])
    .toReversed();
}
