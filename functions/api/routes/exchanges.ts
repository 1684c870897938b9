import * as z from 'zod';
import { assetClassSchema, type ExchangeView, exchangeSchema } from '../../../core/contracts/http/market.ts';
import { type Call, type Route, route } from '../../../core/http/route.ts';
import { calendarFor, isOpen, lastSession, nextSession, type TradingSession } from '../../../core/market/calendar.ts';
import { exchangeOf } from '../../../core/market/exchange.ts';
import type { ClassCount, PriceGroup } from '../../../core/ports/quote-reader.ts';
import { oldestPrices } from '../../../core/serving/freshness.ts';
import { keptFor } from '../kept-for.ts';
import { leftOut } from '../licence.ts';
import { type QuoteRouteDependencies, viewContext } from '../quote-answers.ts';
import { sourceLookup } from '../symbols.ts';

/** Seconds for which prices stay summed up: to sum them up reads all of them. */
const keptSeconds = 5;

export function exchangeRoutes({ quotes, periods, catalogue, alwaysOpen }: QuoteRouteDependencies): Route[] {
  const contextOf = viewContext({ sourceOf: sourceLookup(catalogue), alwaysOpen, periods });
  const summedUp = keptFor<readonly PriceGroup[]>(keptSeconds * 1000);
  const counted = keptFor<readonly ClassCount[]>(keptSeconds * 1000);
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
      const groups = await summedUp(seenBy(call), call.now, async () => {
        const context = await contextOf(call);
        const date = new Date(call.now).toISOString().slice(0, 10);
        return quotes(call.visible).groups(date, (kind) => oldestPrices(kind, context));
      });
      const venues = Map.groupBy(groups, ({ mic }) => exchangeOf(mic).mic);
      const data = [...venues.entries()]
        .flatMap(([mic, kinds]) => view(mic, kinds, call.now, alwaysOpen ?? false))
        .toSorted((a, b) => b.instruments - a.instruments || a.name.localeCompare(b.name));
      return { kind: 'data', data, meta: { count: data.length }, warnings: leftOut(call.visible), maxAge: keptSeconds };
    },
  );
  const classes = route(
    {
      method: 'get',
      path: '/asset-classes',
      access: 'read',
      shows: 'visible',
      tag: 'Instruments',
      summary: 'The asset classes with prices: how many instruments, and how many of these are on the watch list',
      description: 'Those with most instruments first.',
      data: z.array(assetClassSchema),
    },
    async ({ call }) => {
      const date = new Date(call.now).toISOString().slice(0, 10);
      const data = await counted(seenBy(call), call.now, () => quotes(call.visible).classes(date));
      return { kind: 'data', data, meta: { count: data.length }, warnings: leftOut(call.visible), maxAge: keptSeconds };
    },
  );
  return [list, classes];
}

/** Prices are summed up once for all callers who see the same sources. */
function seenBy({ visible }: Call): string {
  return JSON.stringify(visible.ids);
}

function view(mic: string, groups: readonly PriceGroup[], now: number, alwaysOpen: boolean): ExchangeView[] {
  const [newest] = groups.toSorted((a, b) => b.newestAsOf.getTime() - a.newestAsOf.getTime());
  if (!newest) return [];
  const { name } = exchangeOf(mic);
  const { zone, assetClass } = newest;
  const calendar = alwaysOpen ? null : calendarFor({ mic: newest.mic, zone, assetClass });
  const last = calendar && lastSession(calendar, now);
  const session = last !== null && now < last.closesAt ? last : calendar && nextSession(calendar, now);
  const sum = (what: 'instruments' | 'stale') => groups.reduce((total, each) => total + each[what], 0);
  return [
    {
      mic,
      name,
      zone,
      open: calendar === null || isOpen(calendar, now),
      session: session && sessionView(session),
      instruments: sum('instruments'),
      stale: sum('stale'),
      newestAsOf: newest.newestAsOf.toISOString(),
      newestSession: newest.session,
    },
  ];
}

function sessionView({ date, opensAt, closesAt }: TradingSession): ExchangeView['session'] {
  return { date, opensAt: new Date(opensAt).toISOString(), closesAt: new Date(closesAt).toISOString() };
}
