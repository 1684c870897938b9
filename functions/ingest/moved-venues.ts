import { pseudoMics } from '../../core/market/exchange.ts';
import type { Alias, KnownListing, Listing } from '../../core/market/instrument.ts';
import type { MovedVenue } from '../../core/ports/ingest-store.ts';
import type { Parsed, Subject } from '../../core/sources/parser.ts';

const noVenues: ReadonlySet<string> = new Set(Object.values(pseudoMics));

/**
 * The symbols that answers name at another exchange than their listing's: companies move. Each once, by its last answer.
 * What has no exchange, or one that is not known, moves nowhere.
 */
export function movedVenues(
  answers: readonly { readonly parsed: Parsed; readonly fetchedAt: number }[],
  aliases: ReadonlyMap<string, readonly Alias[]>,
  latest: number,
): MovedVenue[] {
  const moved = new Map<string, MovedVenue>();
  const look = ({ symbol, assetClass, listing: said }: Subject, at: number) => {
    const alias = aliases.get(symbol)?.at(-1);
    if (said === null || alias?.to !== Number.POSITIVE_INFINITY || !hasMoved(alias.listing, said)) return;
    if (assetClass !== alias.listing.assetClass || (moved.get(symbol)?.fetchedAt ?? at) > at) return;
    moved.set(symbol, { symbol, listingId: alias.listing.id, mic: said.mic, zone: said.zone, fetchedAt: at });
  };
  for (const { parsed, fetchedAt } of answers) {
    const at = Math.min(fetchedAt, latest);
    for (const { subject } of parsed.quotes) look(subject, at);
    for (const { subject } of parsed.bars) look(subject, at);
  }
  return [...moved.values()];
}

/** In another currency or unit it is another listing: that is for `openCurrencies`. */
function hasMoved(listing: KnownListing, said: Listing): boolean {
  if (said.mic === listing.mic || noVenues.has(said.mic) || noVenues.has(listing.mic)) return false;
  return said.currency === listing.currency && said.minorFactor === listing.minorFactor;
}
