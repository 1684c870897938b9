import type { Alias } from '../../../core/market/instrument.ts';
import type { LatestPrior, PriorQuote } from '../../../core/prices/evidence.ts';
import { latestBarMs } from '../../../core/prices/thresholds.ts';
import type { StoredRows } from './stored-rows.ts';

/** What symbols mean, by `source symbol`. */
export type Aliases = ReadonlyMap<string, readonly Alias[]>;

/** What the symbols of each source mean by now. */
export function aliasesOf(stored: StoredRows): Aliases {
  const found = new Map<string, Alias[]>();
  for (const row of stored.aliases) {
    const key = `${row.namespace} ${row.symbol}`;
    const { listingId: id, assetClass, mic, currency, minorFactor, zone } = row;
    const alias = {
      listing: { id, assetClass, mic, currency, minorFactor, zone },
      from: row.from ?? Number.NEGATIVE_INFINITY,
      to: row.to ?? Number.POSITIVE_INFINITY,
    };
    found.set(key, [...(found.get(key) ?? []), alias]);
  }
  return found;
}

/** Every price that was stored at some time: what a row may have been compared with when it came. */
export function candidatePriors(stored: StoredRows) {
  const versions = [...stored.quotes, ...stored.quoteRevisions].map((row) => ({
    listingId: row.listingId,
    source: row.source,
    basis: row.asOfBasis,
    prior: { price: Number(row.price), asOf: row.asOf, fetchedAt: row.fetchedAt } satisfies LatestPrior,
  }));
  const days = [...stored.bars, ...stored.barRevisions].filter((row) => row.interval === '1d');
  const daysOf = Map.groupBy(days, (row) => `${row.listingId} ${row.source}`);
  const ofListing = Map.groupBy(versions, (row) => row.listingId);
  const ofSource = Map.groupBy(versions, (row) => `${row.listingId} ${row.source}`);
  return {
    /** Of the source itself. */
    own: (listingId: number, source: string): (PriorQuote & { readonly fetchedAt: number })[] =>
      (ofSource.get(`${listingId} ${source}`) ?? []).map(({ prior }) => prior),
    /** Daily bars of the source itself, any of which may have been the newest before a market time. */
    lastBars: (listingId: number, source: string, asOf: number): { close: number; at: number }[] =>
      (daysOf.get(`${listingId} ${source}`) ?? [])
        .filter(({ startsAt }) => startsAt <= asOf && startsAt >= asOf - latestBarMs)
        .map(({ close, startsAt }) => ({ close: Number(close), at: startsAt })),
    /** Of other sources, with the exchange's time. */
    others: (listingId: number, source: string): PriorQuote[] =>
      (ofListing.get(listingId) ?? [])
        .filter((row) => row.source !== source && row.basis === 'exchange')
        .map(({ prior }) => prior),
  };
}
