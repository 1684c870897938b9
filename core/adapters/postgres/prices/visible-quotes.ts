import type { NamedListing } from '../../../market/instrument.ts';
import type { StoredQuote } from '../../../market/stored-quote.ts';
import type { PricedListing, QuotePage, QuoteReader, QuotesWanted, ServedBy } from '../../../ports/quote-reader.ts';
import { placeOf, type QuoteOrder } from '../../../prices/quote-order.ts';
import { numbers, texts } from '../database/array-literal.ts';
import type { Pool } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';
import { listingsOn, namedListingColumns } from '../listings/named-listing.ts';
import { listingsFor, namedIn } from '../listings/text-search.ts';
import { decide, type RankOf } from './decide.ts';
import { classesOf, groupsOf } from './price-groups.ts';
import { provenance } from './provenance.ts';
import {
  completedBy,
  currentAlias,
  listedQuoteRow,
  namedListingRow,
  namedListings,
  ofTheLatest,
  servedColumns,
} from './quote-columns.ts';
import { conditionsOf, Parameters } from './quote-list.ts';

const anyQuote = {
  source: null,
  assetClass: null,
  mic: null,
  text: null,
  watched: false,
  except: [],
  changedSince: null,
};
const undecided: ServedBy = { chosen: null, rule: null, spread: null, confidence: null, complement: null };

/**
 * The reads of quotes that depend on which source is the price, for a caller who sees some `sources` only: the decision
 * that is stored is among all of them, so it is made again, among those.
 */
export function visibleQuotes(
  pool: Pool,
  sources: readonly string[],
  rankOf: RankOf,
): Pick<QuoteReader, 'latest' | 'page' | 'groups' | 'classes' | 'count' | 'listings' | 'decidedAt'> {
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
      text: `SELECT q.listing_id AS "listingId", ${servedColumns}, ${ofTheLatest('$3::text[]')}, ${provenance}
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
      text: `SELECT ${namedListingColumns} FROM ${namedListings('$2')} WHERE a.symbol = ANY ($1::text[]) AND ${currentAlias}`,
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
      const first = of.order === 'symbol' && !of.down;
      // The prices are decided here, so in another order all of them are.
      if (!first) return inOrder(await all(of), of);
      return (await listed(of, of.after?.symbol ?? '', of.offset + of.limit)).slice(of.offset);
    },

    /** Which prices they are is decided here, so they are summed up here. */
    async groups(date, oldest) {
      return groupsOf(await all({ date, ...anyQuote }), oldest);
    },
    classes: async (date) => classesOf(pool, await all({ date, ...anyQuote })),

    count: async () => null,
  };

  function all(of: QuotesWanted): Promise<PricedListing[]> {
    return listed(of, '', Number.POSITIVE_INFINITY);
  }

  /** By symbol, those after one. A listing whose prices are all in doubt has none: the list goes on behind it. */
  async function listed(of: QuotesWanted, from: string, limit: number): Promise<PricedListing[]> {
    const named = await namedIn(pool, of);
    const asked = of.source === null ? sources : sources.filter((each) => each === of.source);
    const found: PricedListing[] = [];
    let after = from;
    while (found.length < limit) {
      const wanted = Math.min(limit - found.length, mostAtOnce);
      const parameters = new Parameters();
      const [date, symbol, seen] = [parameters.add(of.date), parameters.add(after), parameters.add(asked)];
      const conditions = conditionsOf(of, named, parameters, {
        changed: (test) =>
          `EXISTS (SELECT FROM latest_quote q WHERE q.listing_id = l.id AND q.source = ANY (${seen}::text[]) AND ${test('q')})`,
        stored: (at) =>
          `EXISTS (SELECT FROM latest_quote q WHERE q.listing_id = l.id AND q.source = ANY (${seen}::text[]) AND q.ingested_at >= ${at})`,
      });
      const most = parameters.add(wanted);
      const wholly = of.text !== null || of.mic !== null;
      const chosen = `SELECT ${namedListingColumns} FROM ${namedListings(date, wholly ? listingsFor(of) : listingsOn)}
               WHERE a.symbol > ${symbol} AND ${currentAlias.replaceAll('$2', date)}
                 AND EXISTS (SELECT FROM latest_quote q WHERE q.listing_id = l.id AND q.source = ANY (${seen}::text[]))${conditions}`;
      // What few have, or none, is not sought along the index.
      const list = wholly ? `WITH x AS MATERIALIZED (${chosen}) SELECT * FROM x ORDER BY` : `${chosen} ORDER BY`;
      const result = await pool.query({
        name: parameters.named('listings-with-visible-price'),
        text: `${list} symbol LIMIT ${most}`,
        values: parameters.values,
      });
      const listings = await served(rowsOf(namedListingRow, result));
      const prices = await pricesOf(listings, of.source);
      for (const listing of listings) {
        const price = prices.get(listing.listingId);
        if (price) found.push({ ...listing, ...price });
      }
      if (listings.length < wanted) break;
      after = listings.at(-1)?.symbol ?? after;
    }
    return found;
  }
}

/** Listings that are decided on in one statement. */
const mostAtOnce = 5_000;

/** A page of rows in an order, as Postgres orders them. */
function inOrder(rows: readonly PricedListing[], { order, down, after, limit, offset }: QuotePage): PricedListing[] {
  const placed = rows
    .map((row) => ({ row, value: placeOf(row, order), symbol: row.symbol }))
    .toSorted((a, b) => compare(a, b, order, down));
  const rest = after === null ? placed : placed.filter((each) => compare(each, after, order, down) > 0);
  return rest.slice(offset, offset + limit).map(({ row }) => row);
}

interface Place {
  readonly value: string | null;
  readonly symbol: string;
}

function compare(a: Place, b: Place, order: QuoteOrder, down: boolean): number {
  if (a.value === null || b.value === null) {
    if (a.value !== b.value) return a.value === null ? 1 : -1;
  } else {
    const asText = order === 'symbol' || order === 'asOf' || order === 'source';
    const [x, y] = asText ? [a.value, b.value] : [Number(a.value), Number(b.value)];
    if (x !== y) return x < y === down ? 1 : -1;
  }
  return a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0;
}
