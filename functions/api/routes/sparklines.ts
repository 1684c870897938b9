import * as z from 'zod';
import { type SparklineView, sparklineSchema } from '../../../core/contracts/http/market.ts';
import { splitSymbols } from '../../../core/http/read-request.ts';
import { type Route, route } from '../../../core/http/route.ts';
import { calendarFor, lastSession } from '../../../core/market/calendar.ts';
import type { NamedListing } from '../../../core/market/instrument.ts';
import { canonicalSymbol } from '../../../core/market/symbol.ts';
import { leftOut } from '../licence.ts';
import type { QuoteRouteDependencies } from '../quote-answers.ts';

/** Symbols of one request: a screen of a table. */
const most = 100;
const parts = 48;
const dayMs = 86_400_000;
/** The price of a close may be stamped some time after it. */
const afterCloseMs = 15 * 60_000;
/** Seconds a cache may keep a line: a part is a quarter of an hour and more. */
const maxAge = 60;

export function sparklineRoutes({
  quotes,
  alwaysOpen,
}: Pick<QuoteRouteDependencies, 'quotes' | 'alwaysOpen'>): Route[] {
  const list = route(
    {
      method: 'get',
      path: '/sparklines',
      access: 'read',
      shows: 'visible',
      tag: 'Quotes',
      summary: 'The last session of several symbols, as small lines',
      description: `Of each symbol with a price, ${parts} prices over its last session, or the last 24 hours where nothing closes its market: those of the source that is served now. Symbols without a price are left out.`,
      query: z.object({
        symbols: z.string().min(1).max(2_500).describe(`Up to ${most}, separated by commas`),
      }),
      data: z.array(sparklineSchema),
    },
    async ({ query, call }) => {
      const symbols = [...new Set(splitSymbols(query.symbols, most).flatMap((each) => canonicalSymbol(each) ?? []))];
      const reader = quotes(call.visible);
      const listings = await reader.listings(symbols, new Date(call.now).toISOString().slice(0, 10));
      const wanted = listings.flatMap((listing) => {
        const { symbol, listingId, chosen: source } = listing;
        return source === null
          ? []
          : [{ symbol, listingId, source, ...timeOf(listing, call.now, alwaysOpen ?? false) }];
      });
      const lines = await reader.sparklines(wanted, parts);
      const data = wanted.map(({ symbol, source, from, to }, index): SparklineView => {
        const prices = (lines[index] ?? []).map((price) => price && call.decimal(price));
        return { symbol, source, from, to, prices };
      });
      return { kind: 'data', data, meta: { count: data.length }, warnings: leftOut(call.visible), maxAge };
    },
  );
  return [list];
}

/** The last session that has begun; the last 24 hours, to the minute, where nothing closes the market. */
function timeOf(
  listing: NamedListing,
  now: number,
  alwaysOpen: boolean,
): { readonly from: string; readonly to: string } {
  const calendar = alwaysOpen ? null : calendarFor(listing);
  const session = calendar && lastSession(calendar, now);
  const end = Math.ceil(now / 60_000) * 60_000;
  const [from, to] = session ? [session.opensAt, session.closesAt + afterCloseMs] : [end - dayMs, end];
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}
