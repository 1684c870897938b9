/**
 * Whether a symbol still means what it did, where its source calls it by a name that shares nothing with the former one.
 *
 * Companies are renamed, and symbols are given to others. A price that goes on where it was is that of the same company.
 * A first day of trading after the last price of before is that of another, and so are two of these: another kind of
 * instrument, another currency, a price far off the last one. Where nothing is certain, a person decides.
 */
import type { NameContradiction } from '../../contracts/words/price-findings.ts';
import type { AssetClass, Listing } from '../../market/instrument.ts';
import { dateInZone } from '../../market/zoned-date.ts';
import { corroborationFraction, earliestTime, jumpFactor } from '../thresholds.ts';

/** Symbols of these are given to others. Those of the rest say what they are, and their names change with each contract. */
export const namedClasses: ReadonlySet<AssetClass> = new Set(['equity', 'etf', 'fund', 'crypto']);

/** A price this long after the last one does not go on from it. */
const goesOnMs = 7 * 86_400_000;

/** What an answer calls a symbol. Times in milliseconds since the epoch. */
export interface SaidName {
  /** In the source's namespace. */
  readonly symbol: string;
  readonly name: string;
  readonly assetClass: AssetClass;
  readonly listing: Listing;
  /** When it was first traded, where the source says so. */
  readonly firstTraded: number | null;
  readonly price: { readonly price: number; readonly previousClose: number | null; readonly at: number } | null;
  readonly fetchedAt: number;
}

/** What the symbol has meant so far. */
export interface KnownName {
  readonly assetClass: AssetClass;
  readonly currency: string;
  /** Whether a finding says so already of another name: its newest price may be that of something else. */
  readonly doubted: boolean;
  /** Of the newest price or bar of any source. */
  readonly lastPriced: number | null;
  /** The newest price of this source. */
  readonly price: { readonly price: number; readonly at: number } | null;
}

export type Identity =
  | { readonly kind: 'renamed' }
  /** From this day on. */
  | { readonly kind: 'another'; readonly from: string }
  | { readonly kind: 'unknown'; readonly from: string; readonly contradicts: readonly NameContradiction[] };

/** Judges a name that shares nothing with the former one. Never throws. */
export function judgeIdentity(said: SaidName, known: KnownName): Identity {
  const { zone } = said.listing;
  const lastDay = known.lastPriced === null ? null : dateInZone(known.lastPriced, zone);
  const firstDay = isTime(said.firstTraded, said.fetchedAt) ? dateInZone(said.firstTraded, zone) : null;
  if (firstDay !== null && lastDay !== null && firstDay > lastDay) return { kind: 'another', from: firstDay };
  const pricedAt = said.price?.at ?? null;
  const from = dateInZone(isTime(pricedAt, said.fetchedAt) ? pricedAt : said.fetchedAt, zone);
  const contradicts = contradictionsOf(said, known);
  if (contradicts.length === 0 && !known.doubted && goesOn(said, known)) return { kind: 'renamed' };
  if (contradicts.length > 1 && lastDay !== null && from > lastDay) return { kind: 'another', from };
  return { kind: 'unknown', from, contradicts };
}

function isTime(at: number | null, latest: number): at is number {
  return at !== null && at >= earliestTime && at <= latest;
}

function contradictionsOf(said: SaidName, known: KnownName): NameContradiction[] {
  const found: NameContradiction[] = [];
  if (namedClasses.has(said.assetClass) && said.assetClass !== known.assetClass) found.push('asset_class');
  if (said.listing.currency !== known.currency) found.push('currency');
  else if (said.price && known.price && known.price.price > 0 && !isNear(said.price.previousClose, known.price.price)) {
    const ratio = said.price.price / known.price.price;
    const most = jumpFactor[said.assetClass];
    if (ratio > most || ratio < 1 / most) found.push('price');
  }
  return found;
}

function goesOn({ price }: SaidName, { price: last }: KnownName): boolean {
  if (!price || !last || price.at - last.at > goesOnMs) return false;
  return isNear(price.price, last.price) || isNear(price.previousClose, last.price);
}

function isNear(price: number | null, other: number): boolean {
  return price !== null && Math.abs(price / other - 1) <= corroborationFraction;
}
