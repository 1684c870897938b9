import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { registerListings } from '../../core/adapters/postgres/listings/listing-store.ts';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import type { Listing } from '../../core/market/instrument.ts';
import type { Quote } from '../../core/market/quote.ts';
import { checkQuotes } from '../../core/prices/check-quotes.ts';
import { quoteRow } from './price-rows.ts';
import { header } from './quote-store-rows.ts';

/** What a source answers on a symbol at a time, in milliseconds since the epoch. */
export interface QuoteAnswer {
  readonly source: string;
  readonly price: number;
  readonly at: number;
  /** Five seconds later unless given. */
  readonly fetchedAt?: number;
  readonly previousClose?: number | null;
  /** Of the answer, where it is not the listing's. */
  readonly currency?: string;
  readonly minorFactor?: number;
}

/** What the answers are on. */
export interface AnsweredListing {
  readonly symbol: string;
  readonly assetClass?: 'equity' | 'crypto' | 'fx' | 'future';
  readonly listing?: Partial<Listing>;
}

/**
 * Puts answers of sources through the checks and the store, one after the other, each as a batch of its own. `ranks` are
 * of the sources, which need be in no catalogue.
 */
export async function putQuotes(
  pool: Pool,
  { symbol, assetClass = 'equity', listing = {} }: AnsweredListing,
  ranks: Readonly<Record<string, number>>,
  answers: readonly QuoteAnswer[],
): Promise<void> {
  const store = postgresIngestStore(pool, (source) => ranks[source] ?? 0);
  for (const { source, price, at, fetchedAt = at + 5_000, previousClose = null, currency, minorFactor } of answers) {
    const listed = { mic: 'XNAS', currency: 'USD', minorFactor: 1, zone: 'America/New_York', ...listing };
    const known = await registerListings(pool, source, [
      { symbol, canonical: symbol, name: symbol, assetClass, listing: listed },
    ]);
    const of = known.get(symbol)?.at(-1)?.listing;
    if (!of) throw new Error(`${symbol} was not registered.`);
    const said: Partial<Quote> = {
      price: String(price),
      previousClose: previousClose === null ? null : String(previousClose),
      asOf: at,
      currency: currency ?? of.currency,
      minorFactor: minorFactor ?? of.minorFactor,
    };
    const row = quoteRow({ ...said, listing: of, fetchedAt });
    await store.store(header(source), [of.id], async (evidence) => {
      const { accepted, wrong, rejected, findings, cleared } = await checkQuotes([row], evidence);
      return {
        quotes: accepted,
        wrongQuotes: wrong,
        quoteFindings: findings,
        clearedQuotes: cleared,
        bars: [],
        rejected,
        statistics: [],
        verdict: { status: 'succeeded', reason: null, detail: null, message: null },
      };
    });
  }
}
