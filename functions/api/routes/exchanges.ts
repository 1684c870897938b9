import * as z from 'zod';
import { type ExchangeView, exchangeSchema } from '../../../core/contracts/http/market.ts';
import { type Route, route } from '../../../core/http/route.ts';
import { calendarFor, isOpen, lastSession, nextSession, type TradingSession } from '../../../core/market/calendar.ts';
import { exchangeOf } from '../../../core/market/exchange.ts';
import type { PricedListing } from '../../../core/ports/quote-reader.ts';
import { leftOut } from '../licence.ts';
import { type QuoteRouteDependencies, viewContext } from '../quote-answers.ts';
import { sourceLookup } from '../symbols.ts';
import { quoteView, type ViewContext } from '../views/quote.ts';

/** Rows of one statement. */
const rowsAtOnce = 5_000;

/** What is known of a venue while its prices are read. */
interface Venue {
  newest: PricedListing;
  instruments: number;
  stale: number;
}

export function exchangeRoutes({ quotes, periods, catalogue, alwaysOpen }: QuoteRouteDependencies): Route[] {
  const contextOf = viewContext({ sourceOf: sourceLookup(catalogue), alwaysOpen, periods });
  const list = route(
    {
      method: 'get',
      path: '/exchanges',
      access: 'read',
      shows: 'visible',
      feed: 'exchanges',
      tag: 'Instruments',
      summary: 'The exchanges with prices: whether they trade, and how fresh their prices are',
      description:
        'Those with most instruments first. Coins, currencies and indices have pseudo-MICs that begin with `Q`.',
      data: z.array(exchangeSchema),
    },
    async ({ call }) => {
      const reader = quotes(call.visible);
      const context = await contextOf(call);
      const venues = new Map<string, Venue>();
      const date = new Date(call.now).toISOString().slice(0, 10);
      for (let after: string | null = ''; after !== null; ) {
        const rows: PricedListing[] = await reader.page({
          ...{ date, source: null, assetClass: null, mic: null, text: null, changedSince: null },
          ...{ order: 'symbol', down: false, limit: rowsAtOnce },
          after: { value: after, symbol: after },
        });
        for (const row of rows) count(venues, row, context);
        after = rows.length < rowsAtOnce ? null : (rows.at(-1)?.symbol ?? null);
      }
      const data = [...venues.entries()]
        .map(([mic, venue]) => view(mic, venue, call.now, alwaysOpen ?? false))
        .toSorted((a, b) => b.instruments - a.instruments || a.name.localeCompare(b.name));
      return { kind: 'data', data, meta: { count: data.length }, warnings: leftOut(call.visible), maxAge: 5 };
    },
  );
  return [list];
}

function count(venues: Map<string, Venue>, row: PricedListing, context: ViewContext): void {
  const { mic } = exchangeOf(row.mic);
  const venue = venues.get(mic) ?? { newest: row, instruments: 0, stale: 0 };
  if (row.asOf > venue.newest.asOf) venue.newest = row;
  venue.instruments++;
  if (quoteView(row, { source: null }, context).stale) venue.stale++;
  venues.set(mic, venue);
}

function view(mic: string, { newest, instruments, stale }: Venue, now: number, alwaysOpen: boolean): ExchangeView {
  const { name } = exchangeOf(mic);
  const { zone, assetClass } = newest;
  const calendar = alwaysOpen ? null : calendarFor({ mic: newest.mic, zone, assetClass });
  const last = calendar && lastSession(calendar, now);
  const session = last !== null && now < last.closesAt ? last : calendar && nextSession(calendar, now);
  return {
    mic,
    name,
    zone,
    open: calendar === null || isOpen(calendar, now),
    session: session && sessionView(session),
    instruments,
    stale,
    newestAsOf: newest.asOf.toISOString(),
    newestSession: newest.session,
  };
}

function sessionView({ date, opensAt, closesAt }: TradingSession): ExchangeView['session'] {
  return { date, opensAt: new Date(opensAt).toISOString(), closesAt: new Date(closesAt).toISOString() };
}
