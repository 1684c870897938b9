import type { VisibleSources } from '../auth/visible-sources.ts';
import { type BarsAsOf, type BarsAsOfAnswer, mostBarsAsOf } from '../contracts/as-of.ts';
import { hoursOf, isIntraday, type Market, marketOf } from '../coverage/slots.ts';
import type { BarInterval } from '../market/bar.ts';
import { sessionDate } from '../market/calendar.ts';
import type { NamedListing } from '../market/instrument.ts';
import type { StoredBar } from '../market/stored-bar.ts';
import { tradedVolume } from '../market/volume.ts';
import { dateInZone, startOfDate } from '../market/zoned-date.ts';
import type { BarReader } from '../ports/bar-reader.ts';
import { inTodaysShares, NotDerivableError } from './adjust.ts';
import { authorityOf } from './adjust-series.ts';
import { instrumentOf, type PriceReaders, quotesAsOf, sessionAt } from './as-of.ts';
import { startOfRange } from './chart-ranges.ts';
import { judgedSeries } from './judged-series.ts';

export interface BarsAsked {
  readonly symbol: string;
  readonly interval: BarInterval;
  readonly span: { readonly range: string } | { readonly from: number | null; readonly to: number | null };
  readonly totalReturn: boolean;
}

/**
 * Bars as they were known at an instant, in the shares of that instant, with the splits and payments that were known then.
 * Nothing that was learned later is in them.
 */
export async function barsAsOf(
  readers: PriceReaders,
  asked: BarsAsked,
  knownAt: string,
  visible: VisibleSources,
): Promise<BarsAsOfAnswer> {
  const { interval } = asked;
  const now = Date.parse(knownAt);
  const [listing] = await readers.quotes(visible).listings([asked.symbol], knownAt.slice(0, 10));
  if (!listing) return { found: 'nothing' };
  const market = marketOf(listing);
  const from = 'range' in asked.span ? startOfRange(asked.span.range, market, now) : asked.span.from;
  if (from === 'unknown_range') return { found: from };
  const to = 'range' in asked.span ? now : Math.min(asked.span.to ?? now, now);
  const reader = readers.bars(visible);
  const newest = await newestKnown(readers, reader, listing, interval, knownAt, visible);
  if (newest === null) return { found: 'nothing' };
  const { source, bar } = newest;
  const of = { listingId: listing.listingId, source, interval, zone: listing.zone, knownAt } as const;
  const came = await reader.bars({
    ...of,
    from: from === null ? '-infinity' : new Date(Math.max(from, earliest)).toISOString(),
    to: new Date(Math.max(to, earliest)).toISOString(),
    order: 'asc',
    after: null,
    limit: mostBarsAsOf + 1,
  });
  if (came.length > mostBarsAsOf) return { found: 'too_many' };
  const series = await judgedSeries(reader, readers.findings(visible), came, {
    ...of,
    order: 'asc',
    quality: 'served',
    untilNow: true,
  });
  const known = async (): Promise<Omit<BarsAsOf, 'found'>> => {
    const today = dateInZone(now, market.zone);
    // One that is announced for a later day has changed nothing yet.
    const actions = series.actions.filter(({ exDate }) => exDate <= today);
    const lastDay = interval === '1d' ? bar : ((await newestBar(reader, listing, source, '1d', knownAt)) ?? bar);
    const target = { adjustedTo: lastDay.day, now };
    const rows = await series.adjusted({ ...target, adjustment: 'splits' }, actions);
    const adjusted = asked.totalReturn
      ? await series.adjusted({ ...target, adjustment: 'splits_and_dividends' }, actions)
      : null;
    const [first] = rows;
    const before = first ? await series.closeBefore(first.day, now, actions) : null;
    const [quote] = await quotesAsOf(readers, [listing.symbol], knownAt, visible);
    const begins = new Map(interval === '1d' ? rows.map((row) => [row.day, row.startsAt.getTime()]) : []);
    const authority = authorityOf(source, rows, actions);
    const own = inTodaysShares(
      actions.filter((action) => action.source === authority),
      authority !== source || rows.some((row) => row.basis !== 'raw'),
    );
    return {
      instrument: { ...instrumentOf(listing), currency: bar.currency },
      session: sessionAt(listing, now),
      source,
      fetchedAt: came.reduce((newest, row) => Math.max(newest, row.fetchedAt.getTime()), bar.fetchedAt.getTime()),
      startsAt: rows.map((row) => row.startsAt.getTime()),
      open: rows.map((row) => row.open),
      high: rows.map((row) => row.high),
      low: rows.map((row) => row.low),
      close: rows.map((row) => row.close),
      volume: rows.map((row) => tradedVolume(row.volume, listing.assetClass)),
      adjustedClose: adjusted?.map((row) => row.close) ?? null,
      closeBefore: before?.close ?? null,
      actions: own
        .map(({ type, exDate, ratio, amount, currency }) => {
          const at = begins.get(exDate) ?? openingOf(market, exDate);
          return { type, at, ratio, amount, currency };
        })
        .filter(({ at }) => at >= (from ?? earliest) && at < to),
      hours: isIntraday(interval) ? hoursOfDays(market, rows) : [],
      last: quote
        ? { price: quote.price, at: quote.asOf }
        : { price: (await series.inTodaysShares(bar, now, actions)).close, at: bar.startsAt.getTime() },
    };
  };
  try {
    return { found: 'bars', ...(await known()) };
  } catch (error) {
    if (error instanceof NotDerivableError) return { found: 'not_derivable' };
    throw error;
  }
}

/** A time that every database has. */
const earliest = Date.UTC(1800, 0, 1);

/** The source whose bars are given, with the newest of them that was known; `null` where nobody had any then. */
async function newestKnown(
  { quotes, catalogue }: PriceReaders,
  reader: BarReader,
  listing: NamedListing,
  interval: BarInterval,
  knownAt: string,
  visible: VisibleSources,
): Promise<{ readonly source: string; readonly bar: StoredBar } | null> {
  const decided = await quotes(visible).decidedAt([listing.listingId], knownAt);
  const ids = [...decided.flatMap(({ chosen }) => chosen ?? []), ...catalogue.map(({ id }) => id)];
  for (const source of new Set(ids.filter((id) => visible.has(id)))) {
    const bar = await newestBar(reader, listing, source, interval, knownAt);
    if (bar) return { source, bar };
  }
  return null;
}

async function newestBar(
  reader: BarReader,
  { listingId, zone }: NamedListing,
  source: string,
  interval: BarInterval,
  knownAt: string,
): Promise<StoredBar | null> {
  const span = { from: '-infinity', to: knownAt, order: 'desc', after: null, limit: 1 } as const;
  return (await reader.bars({ listingId, source, interval, zone, knownAt, ...span }))[0] ?? null;
}

/** When the session of a date opens, or the date begins where it has none. */
function openingOf(market: Market, date: string): number {
  return hoursOf(market, date)?.opensAt ?? startOfDate(date, market.zone) ?? Date.parse(`${date}T00:00:00Z`);
}

/** The hours of the days that bars are of, the whole day where no session is known. */
function hoursOfDays(market: Market, rows: readonly StoredBar[]): BarsAsOf['hours'] {
  const { calendar } = market;
  const days = rows.map((row) => (calendar === null ? row.day : sessionDate(calendar, row.startsAt.getTime())));
  return [...new Set(days)].map((day) => {
    const hours = hoursOf(market, day) ?? hoursOf({ ...market, calendar: null }, day);
    return { opensAt: hours?.opensAt ?? 0, closesAt: hours?.closesAt ?? 0 };
  });
}
