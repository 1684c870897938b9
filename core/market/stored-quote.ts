import type { DecimalText } from './decimal.ts';
import type { Provenance } from './provenance.ts';
import type { AsOfBasis, Session } from './quote.ts';

/** One source's price as stored, with its provenance, in major currency units. */
export interface StoredQuote extends Provenance {
  readonly source: string;
  readonly asOf: Date;
  readonly price: DecimalText;
  readonly previousClose: DecimalText | null;
  readonly change: DecimalText | null;
  /** A fraction: 0.0127 is 1.27 %. */
  readonly changeFraction: DecimalText | null;
  readonly bid: DecimalText | null;
  readonly ask: DecimalText | null;
  readonly volume: DecimalText | null;
  readonly currency: string;
  readonly minorFactor: number;
  readonly session: Session | null;
  readonly delaySeconds: number | null;
  readonly asOfBasis: AsOfBasis;
  readonly fetchedAt: Date;
  /** ISO 8601 with its microseconds, which a Date would cut off. */
  readonly ingestedAt: string;
  /** The last fetch that said the same. `null` for prices of the past. */
  readonly confirmedAt: Date | null;
  /** Nothing has agreed with it yet. `null` for prices of the past. */
  readonly provisional: boolean | null;
  /** A finding that is open says that the symbol may mean another instrument by now. `null` for prices of the past. */
  readonly nameDoubted: boolean | null;
}

/** A price and the time in which it was what Quotron knew, in ISO 8601 with microseconds. */
export interface KnownQuote extends StoredQuote {
  readonly knownFrom: string;
  /** `null` while it is current. */
  readonly knownTo: string | null;
  /** The finding whose proposal the price is, with what stands beside it left out. */
  readonly repairedBy: string | null;
}
