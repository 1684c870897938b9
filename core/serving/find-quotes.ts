import { isImport } from '../contracts/words/imports.ts';
import type { NamedListing } from '../market/instrument.ts';
import type { PricedListing, QuoteReader } from '../ports/quote-reader.ts';
import { consolidate } from '../prices/consolidate.ts';
import type { SourceDefinition } from '../sources/definition.ts';

interface QuoteRequest {
  readonly source: string | null;
  readonly knownAt: string | null;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The price of a symbol, or that only sources have one which the caller may not see, or that nobody has. */
export type FoundQuote = PricedListing | 'licence_forbids' | null;

/**
 * The price of each symbol: latest, or as known at an instant. A symbol that nobody knows is absent.
 *
 * With `knownAt` the price is that of the source that was served then. Where that decision was not kept, or was made among
 * sources that the caller may not see, the rule of today decides among what was known then.
 */
export async function findQuotes(
  quotes: QuoteReader,
  sourceOf: (id: string) => SourceDefinition | undefined,
  symbols: readonly string[],
  request: QuoteRequest,
): Promise<Map<string, FoundQuote>> {
  if (symbols.length === 0) return new Map();
  if (request.knownAt === null) {
    const rows = await quotes.latest(symbols, new Date(request.now).toISOString().slice(0, 10), request.source);
    const without = await whyNone(rows.filter((row) => row.source === null));
    return new Map(rows.map((row) => [row.symbol, row.source === null ? without(row) : row]));
  }
  const listings = await quotes.listings(symbols, request.knownAt.slice(0, 10));
  const ids = listings.map((listing) => listing.listingId);
  const known = Map.groupBy(await quotes.knownAt(ids, request.knownAt), (row) => row.listingId);
  const decisions = new Map((await quotes.decidedAt(ids, request.knownAt)).map((each) => [each.listingId, each]));
  const without = await whyNone(listings);
  return new Map(
    listings.map((listing) => {
      const rows = known.get(listing.listingId) ?? [];
      const decided = consolidate(
        rows.map((row) => ({
          source: row.source,
          price: Number(row.price),
          asOf: row.asOf.getTime(),
          basis: row.asOfBasis,
          rank: sourceOf(row.source)?.rank[listing.assetClass] ?? 0,
          yields: isImport(row.source),
        })),
        { assetClass: listing.assetClass },
      );
      const kept = decisions.get(listing.listingId);
      const held = kept && rows.some((row) => row.source === kept.chosen) ? kept : null;
      const wanted = request.source ?? held?.chosen ?? decided?.source;
      const row = rows.find((each) => each.source === wanted);
      const decision = {
        chosen: held?.chosen ?? decided?.source ?? null,
        rule: held?.rule ?? decided?.rule ?? null,
        // The one of then where the same source is the price by today's rule; a kept one is of the decision's last minute.
        spread: (held && held.chosen !== decided?.source ? held.spread : decided?.spread) ?? null,
        confidence: held?.confidence ?? decided?.confidence ?? null,
        complement: null,
      };
      return [listing.symbol, row ? { ...listing, ...row, ...decision } : without(listing)];
    }),
  );

  /** Why listings have no price: nobody gave one, or nobody whom the caller may see. */
  async function whyNone(listings: readonly Pick<NamedListing, 'listingId'>[]) {
    const ids = listings.map((each) => each.listingId);
    const hidden = ids.length === 0 ? new Set() : await quotes.hidden(ids, request.source);
    return ({ listingId }: Pick<NamedListing, 'listingId'>) => (hidden.has(listingId) ? 'licence_forbids' : null);
  }
}
