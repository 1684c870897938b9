import type { VisibleSources, VisibleTo } from '../auth/visible-sources.ts';
import type { QuoteAsOf } from '../contracts/as-of.ts';
import { hoursOf, marketOf } from '../coverage/slots.ts';
import { lastSession } from '../market/calendar.ts';
import type { NamedListing } from '../market/instrument.ts';
import { dateInZone } from '../market/zoned-date.ts';
import type { BarReader } from '../ports/bar-reader.ts';
import type { FindingRecords } from '../ports/finding-records.ts';
import type { QuoteReader } from '../ports/quote-reader.ts';
import type { SourceDefinition } from '../sources/definition.ts';
import { findQuotes } from './find-quotes.ts';

/** What prices are read by, for a caller who sees some sources. */
export interface PriceReaders {
  readonly quotes: VisibleTo<QuoteReader>;
  readonly bars: VisibleTo<BarReader>;
  readonly findings: VisibleTo<FindingRecords>;
  readonly catalogue: readonly SourceDefinition[];
}

/** The prices of symbols as they were known at an instant; those of which nothing was known are absent. */
export async function quotesAsOf(
  readers: PriceReaders,
  symbols: readonly string[],
  at: string,
  visible: VisibleSources,
): Promise<QuoteAsOf[]> {
  const byId = new Map(readers.catalogue.map((source) => [source.id, source]));
  const now = Date.parse(at);
  const found = await findQuotes(readers.quotes(visible), (id) => byId.get(id), symbols, {
    source: null,
    knownAt: at,
    now,
  });
  return [...found.values()].flatMap((row): QuoteAsOf[] => {
    if (row === null || row === 'licence_forbids') return [];
    const { source, price, previousClose, bid, ask, volume, delaySeconds } = row;
    return [
      {
        instrument: { ...instrumentOf(row), currency: row.currency, minorFactor: row.minorFactor },
        session: sessionAt(row, now),
        source,
        price,
        previousClose,
        bid,
        ask,
        volume,
        asOf: row.asOf.getTime(),
        fetchedAt: row.fetchedAt.getTime(),
        delaySeconds,
      },
    ];
  });
}

/** What is priced, as functions without a database get it. */
export function instrumentOf(listing: NamedListing): QuoteAsOf['instrument'] {
  const { symbol, assetClass, mic, listingCurrency, listingMinorFactor, zone } = listing;
  return { symbol, assetClass, mic, currency: listingCurrency, minorFactor: listingMinorFactor, zone };
}

/** The session that runs at an instant, or the last one before; round the clock the day. `null` where none is known. */
export function sessionAt(listing: NamedListing, now: number): QuoteAsOf['session'] {
  const market = marketOf(listing);
  const { calendar } = market;
  const session = calendar === null ? hoursOf(market, dateInZone(now, market.zone)) : lastSession(calendar, now);
  if (session === null) return null;
  const { opensAt, closesAt } = session;
  return { opensAt, closesAt, isOpen: now >= opensAt && now < closesAt };
}
