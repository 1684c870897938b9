/** What kind of thing is traded. `index` is not traded itself; `other` is what no source explained. */
export const assetClasses = ['equity', 'etf', 'fund', 'index', 'crypto', 'fx', 'future', 'option', 'other'] as const;
export type AssetClass = (typeof assetClasses)[number];

/**
 * An instrument as one venue lists it: what facts (quotes, bars) key on. `mic` is an ISO 10383 code, or one of the
 * pseudo-MICs of `exchange.ts` for what has no exchange, or an upstream's own code where the table has none.
 */
export interface Listing {
  readonly mic: string;
  /** Major currency, ISO 4217. */
  readonly currency: string;
  /** The venue quotes in units of which this many make one of `currency`. */
  readonly minorFactor: number;
  /** IANA zone of the venue. */
  readonly zone: string;
}
