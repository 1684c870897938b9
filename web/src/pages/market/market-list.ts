/** The rows of the market as they are needed: the pinned ones at once, of the others the pages that are looked at. */
import { keepPreviousData, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import type { QuoteView, SparklineView } from '../../../../core/contracts/http/market.ts';
import {
  classesQuery,
  fitting,
  namedQuotesQuery,
  type QuotesAsked,
  quotePageQuery,
  rowsOfPage,
  sparklinesBefore,
  sparklinesQuery,
} from '../../api/market-queries.ts';
import { useTogether } from '../../components/together.ts';
import { useWatchlist } from '../../market/watchlist.ts';
import { pinnedRows } from './market-rows.ts';
import { type MarketSearch, orderOf } from './market-search.ts';

/** What the API is asked for by the address. Until the classes are known, what was asked for is there. */
function askedOf(search: MarketSearch, all: boolean, text: string): QuotesAsked {
  return {
    sort: orderOf(search.sort),
    filter: text,
    assetClass: search.class,
    watched: all ? undefined : '1',
  };
}

/** The list for an address. `text` is what is filtered by, once typing rests. */
export function useMarketList(search: MarketSearch, text: string) {
  const watched = useWatchlist();
  const classes = useQuery(classesQuery);
  const collected = classes.data?.reduce((sum, each) => sum + each.watched, 0);
  const all = search.all === '1' || collected === 0;
  const pins = useMemo(() => fitting([...watched]), [watched]);
  const named = useQuery(namedQuotesQuery(pins));
  const pinned = named.data;
  const top = useMemo(
    () => (pinned === undefined ? [] : pinnedRows(pinned, { ...search, q: text }, new Set(pins))),
    [pinned, search, text, pins],
  );

  const listed = askedOf(search, all, text);
  const asked: QuotesAsked = { ...listed, except: pins.join() };
  const only = search.watch === '1';
  const first = useQuery({ ...quotePageQuery(asked, 0), placeholderData: keepPreviousData, enabled: !only });
  const wait = useTogether([first, classes, named]);
  const [range, setRange] = useState({ from: 0, to: 0 });
  const pageOf = (row: number) => Math.max(0, Math.floor((row - top.length) / rowsOfPage));
  const seen: number[] = [];
  for (let page = pageOf(range.from); page <= pageOf(range.to) && !only; page += 1) seen.push(page);
  const later = seen.filter((page) => page > 0);
  const pages = useQueries({ queries: later.map((page) => quotePageQuery(asked, page)) });
  const quotesOf = (page: number) => (page === 0 ? first.data : pages[later.indexOf(page)]?.data)?.quotes;

  const below = only ? 0 : rowsBelow(first.data, later, pages);
  const isPinned = new Set(top.map(({ instrument }) => instrument.symbol));
  const rowAt = (index: number): QuoteView | undefined => {
    if (index < top.length) return top[index];
    const page = pageOf(index);
    const quote = quotesOf(page)?.[index - top.length - page * rowsOfPage];
    // A page of before it was pinned.
    return quote && isPinned.has(quote.instrument.symbol) ? undefined : quote;
  };

  const client = useQueryClient();
  const drawn = [top, ...seen.map((page) => quotesOf(page) ?? [])].filter((quotes) => quotes.length > 0);
  const lines = useQueries({
    queries: drawn.map((quotes) =>
      sparklinesQuery(fitting(quotes.map(({ instrument }) => instrument.symbol).toSorted())),
    ),
  });
  // A row that moved is asked for with others than before: until these are here, it keeps its line.
  const known = [
    ...lines.flatMap(({ data }) => data ?? []),
    ...(lines.some(({ isLoading }) => isLoading) ? sparklinesBefore(client) : []),
  ];
  const lineOf = (symbol: string): SparklineView | undefined => known.find((each) => each.has(symbol))?.get(symbol);

  const look = useCallback((from: number, to: number) => {
    setRange((before) => (before.from === from && before.to === to ? before : { from, to }));
  }, []);
  return {
    /** Whether its parts still wait for each other. */
    wait,
    /** The first page, by which one sees how reading goes. */
    first,
    classes: classes.data,
    all,
    listed,
    pins,
    watched,
    /** All rows, as far as their number is known. */
    count: top.length + below,
    /** Whether that is all there are. */
    counted: only || first.data?.total !== undefined,
    rowAt,
    lineOf,
    /** Says which rows are looked at. */
    look,
  };
}

export type MarketList = ReturnType<typeof useMarketList>;

/** Rows that are not pinned. Where the API does not count them, those that were seen and a page more. */
function rowsBelow(
  first:
    | { readonly total: number | undefined; readonly quotes: readonly QuoteView[]; readonly more: boolean }
    | undefined,
  later: readonly number[],
  pages: readonly { readonly data: { readonly quotes: readonly QuoteView[]; readonly more: boolean } | undefined }[],
): number {
  if (first === undefined) return 0;
  if (first.total !== undefined) return first.total;
  const last = later.at(-1);
  const page = pages.at(-1)?.data;
  if (last === undefined) return first.quotes.length + (first.more ? rowsOfPage : 0);
  return last * rowsOfPage + (page === undefined ? rowsOfPage : page.quotes.length + (page.more ? rowsOfPage : 0));
}
