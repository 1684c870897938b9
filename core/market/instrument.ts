/** A listing as stored. It takes precedence over what an answer says. */
export interface KnownListing extends Listing {
  readonly id: number;
  readonly assetClass: AssetClass;
}

/** A listing and what it is called: what its canonical symbol means at a date. */
export interface NamedListing {
  readonly listingId: number;
  readonly symbol: string;
  readonly name: string | null;
  readonly assetClass: AssetClass;
  readonly mic: string;
  /** Major currency of the listing, ISO 4217. */
  readonly listingCurrency: string;
  /** The venue quotes in units of which this many make one of it. */
  readonly listingMinorFactor: number;
  /** IANA zone of the venue. */
  readonly zone: string;
}

/** A symbol means a listing in [from, to), milliseconds since the epoch. */
export interface Alias {
  readonly listing: KnownListing;
  readonly from: number;
  readonly to: number;
  /** What the source calls it; `null` where it has not said so yet. */
  readonly name?: string | null;
  /** A finding that is open says that it may mean something else by now. */
  readonly doubted?: boolean;
}

/** A requested symbol that is not known yet, with the data to register it. */
export interface NewListing {
  /** In the source's namespace. */
  readonly symbol: string;
  readonly canonical: string;
  readonly name: string | null;
  readonly assetClass: AssetClass;
  /** `null`: the source does not say. It can be registered only where the canonical symbol is known already. */
  readonly listing: Listing | null;
}

/** The asset class. `index` is not traded itself; `other` is what no source explained. */
export const assetClasses = ['equity', 'etf', 'fund', 'index', 'crypto', 'fx', 'future', 'option', 'other'] as const;
export type AssetClass = (typeof assetClasses)[number];

/**
 * An instrument as one venue lists it: what facts (quotes, bars) key on. `mic` is an ISO 10383 code, or one of the
 * pseudo-MICs of `exchange.ts` for what has no exchange, or one that nobody here knows.
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
