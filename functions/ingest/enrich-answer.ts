import type { Bar } from '../../core/market/bar.ts';
import { type BarSeries, pathOfBar } from '../../core/market/bar-series.ts';
import type { IndexSnapshot } from '../../core/market/index-snapshot.ts';
import type { Alias, KnownListing } from '../../core/market/instrument.ts';
import type { ListedQuote } from '../../core/market/listed-quote.ts';
import { noCurrency } from '../../core/market/money.ts';
import { tradedVolume } from '../../core/market/volume.ts';
import type { RejectedRow } from '../../core/prices/decision.ts';
import type { Parsed } from '../../core/sources/parser.ts';

/** Resolves a symbol of the source to its listing at a time (milliseconds since the epoch). */
export type Resolve = (symbol: string, at: number) => KnownListing | undefined;

/** Resolves by the alias that is valid at the time. */
export function resolveBy(aliasesOf: (symbol: string) => readonly Alias[] | undefined): Resolve {
  return (symbol, at) => {
    const aliases = aliasesOf(symbol);
    const first = aliases?.[0];
    if (first && first.from <= at && at < first.to) return first.listing;
    return aliases?.find((alias) => alias.from <= at && at < alias.to)?.listing;
  };
}

/** The records of an answer on known listings. */
export interface Enriched {
  readonly quotes: readonly ListedQuote[];
  readonly bars: readonly BarSeries[];
  readonly constituents: readonly IndexSnapshot[];
  readonly rejected: readonly RejectedRow[];
}

/** The maximum of the delay column; a longer delay counts as unknown. */
const longestDelay = 2 ** 31 - 1;

/**
 * Puts the records of one answer on listings. Impossible values become missing: a previous close of 0, an invalid
 * delay, a volume of 0 of a currency. A record of an unknown symbol is rejected, because it was not requested. Without a currency in the answer, the
 * listing's applies.
 *
 * `answer` names the answer within the blob, for the paths of rejected rows.
 */
export function enrich(parsed: Parsed, fetchedAt: number, answer: string, resolve: Resolve): Enriched {
  const quotes: ListedQuote[] = [];
  const bars: BarSeries[] = [];
  const rejected: RejectedRow[] = parsed.rejections.map((rejection) => ({
    ...rejection,
    path: `${answer}.${rejection.path}`,
    row: null,
    currency: null,
  }));
  for (const { subject, quote, place } of parsed.quotes) {
    const path = `${answer} ${subject.symbol}${place === undefined ? '' : ` ${place}`}`;
    const listing = resolve(subject.symbol, quote.asOf);
    if (!listing) {
      rejected.push(unknownListing(subject.symbol, path, { ...quote, fetchedAt }, quote.currency));
      continue;
    }
    if (quote.currency !== null && !inPoints(listing, quote)) {
      quotes.push({
        listing,
        symbol: subject.symbol,
        quote: plausible(quote, listing),
        fetchedAt,
        path,
      });
      continue;
    }
    if (listing.minorFactor === 1) {
      const { currency } = listing;
      quotes.push({
        listing,
        symbol: subject.symbol,
        quote: plausible({ ...quote, currency }, listing),
        fetchedAt,
        path,
      });
    } else rejected.push(unitUnsaid(subject.symbol, path, { ...quote, fetchedAt }));
  }
  for (const { subject, basis, basisAt, bars: rows, actions, ...more } of parsed.bars) {
    const path = `${answer} ${subject.symbol}`;
    // A series belongs to the listing that the symbol means today, because sources answer so.
    const listing = resolve(subject.symbol, fetchedAt);
    if (!listing) {
      for (const bar of rows)
        rejected.push(unknownListing(subject.symbol, placeOf(path, bar), { ...bar, basis, fetchedAt }, bar.currency));
      continue;
    }
    const said: Bar[] = [];
    for (const row of rows) {
      const volume = tradedVolume(row.volume, listing.assetClass);
      const bar = volume === row.volume ? row : { ...row, volume };
      if (bar.currency !== null && !inPoints(listing, bar)) said.push(bar);
      else if (listing.minorFactor === 1) said.push({ ...bar, currency: listing.currency });
      else rejected.push(unitUnsaid(subject.symbol, placeOf(path, bar), { ...bar, basis, fetchedAt }));
    }
    const { witnesses, untraded, places, isSelection } = more;
    const rest = { actions, witnesses, untraded, places, isSelection, fetchedAt, path };
    bars.push({ listing, symbol: subject.symbol, basis, basisAt, bars: said, ...rest });
  }
  const constituents = (parsed.constituents ?? []).flatMap(({ index, asOf, members }): IndexSnapshot[] => {
    const listing = resolve(index.symbol, fetchedAt);
    if (!listing) {
      rejected.push(unknownListing(index.symbol, `${answer} ${index.symbol}`, { fetchedAt }, null));
      return [];
    }
    // A member without a listing is rejected as a quote. Two symbols may mean one listing, which is a member once.
    const known = new Map(
      members.flatMap(({ subject, ...member }) => {
        const of = resolve(subject.symbol, fetchedAt);
        return of ? [[of.id, { listing: of, ...member }]] : [];
      }),
    );
    return [{ index: listing, fetchedAt, asOf: asOf === fetchedAt ? undefined : asOf, members: [...known.values()] }];
  });
  return { quotes, bars, constituents, rejected };
}

/** Bars of an import are found by their lines. */
function placeOf(path: string, bar: Pick<Bar, 'line' | 'date' | 'startsAt'>): string {
  return bar.line === undefined ? path : pathOfBar(path, bar);
}

/** An index that had no currency when it was first seen stays in points, whatever an answer calls them. */
function inPoints(listing: KnownListing, row: { readonly minorFactor: number }): boolean {
  return listing.currency === noCurrency && row.minorFactor === 1;
}

function plausible(quote: ListedQuote['quote'], listing: KnownListing): ListedQuote['quote'] {
  const volume = tradedVolume(quote.volume, listing.assetClass);
  const previousClose = quote.previousClose !== null && Number(quote.previousClose) === 0 ? null : quote.previousClose;
  const { delaySeconds: delay } = quote;
  const delaySeconds = delay !== null && delay >= 0 && delay <= longestDelay ? Math.round(delay) : null;
  return previousClose === quote.previousClose && delaySeconds === delay && volume === quote.volume
    ? quote
    : { ...quote, previousClose, delaySeconds, volume };
}

function unknownListing(
  symbol: string,
  path: string,
  row: Readonly<Record<string, unknown>>,
  currency: string | null,
): RejectedRow {
  return {
    symbol,
    reason: 'unknown_listing',
    finding: { code: currency === null ? 'unregistered_symbol' : 'unasked_symbol' },
    detail:
      currency === null
        ? 'The source does not say in which currency or where, and no other source has registered this symbol yet.'
        : 'The answer has a row on a symbol that was not requested, or that has no meaning at its time.',
    path,
    row,
    currency,
  };
}

/** Pounds or pence? The answer does not say, and a wrong guess is off by a factor of 100. */
function unitUnsaid(symbol: string, path: string, row: Readonly<Record<string, unknown>>): RejectedRow {
  return {
    symbol,
    reason: 'unit_suspect',
    finding: { code: 'unit_unknown' },
    detail: 'The venue quotes in minor units, and the source does not say in which unit it gives the price.',
    path,
    row,
    currency: null,
  };
}
