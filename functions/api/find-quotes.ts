import type { QuoteReader } from '../../core/adapters/postgres/quote-reader.ts';
import { isQuoted, type Quoted } from './quote-view.ts';

/**
 * The price of each symbol: latest, or as known at an instant. A symbol that has none maps to `null`; one that nobody
 * knows is absent.
 *
 * Decisions of the past are not kept: with `knownAt`, the source that is served now is taken where it had a price then,
 * else the freshest. The rule then reads `known_at`.
 */
export async function findQuotes(
  quotes: QuoteReader,
  symbols: readonly string[],
  asked: { source: string | null; knownAt: string | null; now: number },
): Promise<Map<string, Quoted | null>> {
  if (symbols.length === 0) return new Map();
  if (asked.knownAt === null) {
    const rows = await quotes.latest(symbols, new Date(asked.now).toISOString().slice(0, 10), asked.source);
    return new Map(rows.map((row) => [row.symbol, isQuoted(row) ? row : null]));
  }
  const listings = await quotes.listings(symbols, asked.knownAt.slice(0, 10));
  const known = await quotes.knownAt(
    listings.map((listing) => listing.listing_id),
    asked.knownAt,
  );
  return new Map(
    listings.map((listing) => {
      const wanted = asked.source ?? listing.chosen;
      const of = known.filter((row) => row.listing_id === listing.listing_id);
      const freshest = of.toSorted((a, b) => b.as_of.getTime() - a.as_of.getTime())[0];
      const row = of.find((each) => each.source === wanted) ?? (asked.source === null ? freshest : undefined);
      const decision = {
        chosen: row?.source ?? null,
        rule: 'known_at',
        spread: null,
        confidence: of.length === 1 ? 'single' : null,
      };
      return [listing.symbol, row ? { ...listing, ...row, ...decision } : null];
    }),
  );
}
