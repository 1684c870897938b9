import type { AssetClass, Listing } from '../market/instrument.ts';

/** What becomes of a symbol from a day on. */
export type ListingChange =
  /** The listing trades in another currency: a new listing of the same instrument. */
  | { readonly change: 'currency'; readonly currency: string; readonly minorFactor: number }
  /** The listing has another symbol. */
  | { readonly change: 'symbol'; readonly to: string }
  /** The symbol means another instrument: the former one is not listed any more. */
  | {
      readonly change: 'instrument';
      readonly name: string | null;
      readonly currency: string | null;
      /** How and where it is listed; as the former one, unless given. */
      readonly listing?: Listing & { readonly assetClass: AssetClass };
    };

/** A symbol's new validity. */
export interface OpenedValidity {
  readonly symbol: string;
  readonly formerSymbol: string;
  readonly listingId: number;
  readonly formerListingId: number;
  /** Of the listing from then on. */
  readonly currency: string;
  readonly from: string;
}

/**
 * Why none was opened: nobody knows the symbol; the new one means something already; what it means has begun on that day or
 * later; or there is nothing to change.
 */
export type UnopenedValidity = 'unknown' | 'taken' | 'too_early' | 'same';

/** Opens validities of symbols. */
export interface ValidityStore {
  /**
   * What a canonical symbol means from a day on (`yyyy-mm-dd`); until then it means what it did. What is stored of the
   * former listing stays, and is read with dates of before. An event reports it.
   */
  open(symbol: string, from: string, change: ListingChange): Promise<OpenedValidity | UnopenedValidity>;
}
