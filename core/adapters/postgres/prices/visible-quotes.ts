import type { NamedListing } from '../../../market/instrument.ts';
import type { StoredQuote } from '../../../market/stored-quote.ts';
import type { PricedListing, QuoteReader, ServedBy } from '../../../ports/quote-reader.ts';
import { numbers, texts } from '../database/array-literal.ts';
import type { Pool } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';
import { namedListingColumns } from '../listings/named-listing.ts';
import { decide, type RankOf } from './decide.ts';
import {
  completedBy,
  currentAlias,
  listedQuoteRow,
  namedListingRow,
  namedListings,
  ofTheLatest,
  provenance,
  servedColumns,
} from './quote-columns.ts';

const undecided: ServedBy = { chosen: null, rule: null, spread: null, confidence: null, complement: null };

/**
 * The reads of quotes that depend on which source is the price, for a caller who sees some `sources` only: the decision
 * that is stored is among all of them, so it is made again, among those.
 */
export function visibleQuotes(
  pool: Pool,
  sources: readonly string[],
  rankOf: RankOf,
): Pick<QuoteReader, 'latest' | 'page' | 'listings' | 'decidedAt'> {
  /** Each listing with the source that is its price. */
  async function served(listings: readonly NamedListing[]): Promise<(NamedListing & ServedBy)[]> {
    const ids = listings.map((each) => each.listingId);
    const decisions = new Map((await decide(pool, ids, sources, rankOf)).map((each) => [each.listingId, each]));
    return listings.map((listing) => {
      const decision = decisions.get(listing.listingId);
      if (!decision) return { ...listing, ...undecided };
      const { source: chosen, rule, spread, confidence, complement } = decision;
      return { ...listing, chosen, rule, spread, confidence, complement };
    });
  }

  /** By listing, the latest price of a visible source: the one asked for, or else the one that is the price. */
  async function pricesOf(
    listings: readonly (NamedListing & ServedBy)[],
    source: string | null,
  ): Promise<ReadonlyMap<number, StoredQuote>> {
    const wanted = listings.map((each) => ({
      id: each.listingId,
      source: source ?? each.chosen,
      complement: source === null ? each.complement : null,
    }));
    const result = await pool.query({
      name: 'quote-of-sources',
      text: `SELECT q.listing_id AS "listingId", ${servedColumns}, ${ofTheLatest}, ${provenance}
             FROM unnest($1::int[], $2::text[], $4::text[]) w (listing_id, source, complement)
             JOIN latest_quote q ON q.listing_id = w.listing_id AND q.source = w.source
             ${completedBy('w.complement')}
             LEFT JOIN batch b ON b.id = q.batch_id WHERE q.source = ANY ($3::text[])`,
      values: [
        numbers(wanted.map((each) => each.id)),
        texts(wanted.map((each) => each.source)),
        sources,
        texts(wanted.map((each) => each.complement)),
      ],
    });
    return new Map(rowsOf(listedQuoteRow, result).map(({ listingId, ...quote }) => [listingId, quote]));
  }

  async function listings(symbols: readonly string[], date: string): Promise<(NamedListing & ServedBy)[]> {
    const result = await pool.query({
      name: 'listings-named',
      text: `SELECT ${namedListingColumns} FROM ${namedListings} WHERE a.symbol = ANY ($1::text[]) AND ${currentAlias}`,
      values: [symbols, date],
    });
    return served(rowsOf(namedListingRow, result));
  }

  return {
    listings,

    /** What was decided then was decided among all sources. */
    decidedAt: async () => [],

    async latest(symbols, date, source) {
      const found = await listings(symbols, date);
      const prices = await pricesOf(found, source);
      return found.map((listing) => {
        const price = prices.get(listing.listingId);
        return price ? { ...listing, ...price } : { ...listing, source: null };
      });
    },

    async page(of) {
      const asked = of.source === null ? sources : sources.filter((each) => each === of.source);
      const found: PricedListing[] = [];
      let after = of.after;
      // A listing whose prices are all in doubt has none: the page goes on behind it.
      while (found.length < of.limit) {
        const wanted = of.limit - found.length;
        const result = await pool.query({
          name: 'listings-with-visible-price',
          text: `SELECT ${namedListingColumns} FROM ${namedListings}
                 WHERE a.symbol > $1 AND ${currentAlias} AND ($3::text IS NULL OR i.asset_class = $3)
                   AND EXISTS (SELECT FROM latest_quote q WHERE q.listing_id = l.id AND q.source = ANY ($4::text[]))
                 ORDER BY a.symbol LIMIT $5`,
          values: [after, of.date, of.assetClass, asked, wanted],
        });
        const listed = await served(rowsOf(namedListingRow, result));
        const prices = await pricesOf(listed, of.source);
        for (const listing of listed) {
          const price = prices.get(listing.listingId);
          if (price) found.push({ ...listing, ...price });
        }
        if (listed.length < wanted) break;
        after = listed.at(-1)?.symbol ?? after;
      }
      return found;
    },
  };
}
