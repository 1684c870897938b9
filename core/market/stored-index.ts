import type { DecimalText } from './decimal.ts';
import type { NamedListing } from './instrument.ts';

/** What is stored of an index's members on a day, without them. */
export interface StoredSnapshot {
  readonly indexListingId: number;
  readonly source: string;
  /** `yyyy-mm-dd`, in the index's zone. */
  readonly date: string;
  readonly fetchedAt: Date;
  readonly confirmedAt: Date;
  readonly members: number;
  /** The sum of the members' weights as a fraction; about 1. */
  readonly weight: DecimalText;
}

/** A member of a snapshot, heaviest first by `rank`. */
export interface StoredMember extends NamedListing {
  readonly rank: number;
  /** A fraction. */
  readonly weight: DecimalText;
  readonly price: DecimalText | null;
  readonly previousClose: DecimalText | null;
  readonly change: DecimalText | null;
  readonly changeFraction: DecimalText | null;
  readonly currency: string;
}
