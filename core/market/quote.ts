import type { DecimalText } from './decimal.ts';

/** The venue's state when the quote was taken. */
export const sessions = ['pre', 'regular', 'post', 'closed'] as const;
export type Session = (typeof sessions)[number];

/** Whether `asOf` is the venue's own time or, where the upstream gives none, the time of the fetch. */
export const asOfBases = ['exchange', 'fetched'] as const;
export type AsOfBasis = (typeof asOfBases)[number];

/**
 * One price of one listing from one source, in major currency units. Change and its fraction are not carried: the
 * database derives them from `price` and `previousClose`, so they can never disagree with the price beside them.
 */
export interface Quote {
  readonly price: DecimalText;
  readonly previousClose: DecimalText | null;
  readonly bid: DecimalText | null;
  readonly ask: DecimalText | null;
  readonly volume: DecimalText | null;
  /** Major currency, ISO 4217. */
  readonly currency: string;
  /** The divisor that made major units of what the upstream gave: 100 for pence, 1 otherwise. */
  readonly minorFactor: number;
  readonly session: Session | null;
  /** The delay that the source states, in seconds. */
  readonly delaySeconds: number | null;
  /** Milliseconds since the Unix epoch. */
  readonly asOf: number;
  readonly asOfBasis: AsOfBasis;
}
