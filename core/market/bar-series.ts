import type { Bar, BarBasis, CorporateAction } from './bar.ts';
import type { KnownListing } from './instrument.ts';

/** What an answer says beside its bars, in major units: it speaks for or against them, and is never a price itself. */
export interface SeriesWitnesses {
  /** The vendor's own adjusted close by the start of the bar. */
  readonly adjusted: ReadonlyMap<number, number>;
  /** The latest price, and its time in milliseconds since the epoch. */
  readonly market: { readonly price: number; readonly at: number } | null;
  /** The close before the first bar. */
  readonly closeBefore: number | null;
}

/** The bars of one listing from one answer. */
export interface BarSeries {
  readonly listing: KnownListing;
  readonly symbol: string;
  readonly basis: BarBasis;
  readonly basisAt: number;
  readonly bars: readonly Bar[];
  readonly actions: readonly CorporateAction[];
  /** Absent where the source says nothing beside its bars. */
  readonly witnesses?: SeriesWitnesses | undefined;
  /** Days (`yyyy-mm-dd`) of which the answer says that there was no trade; absent where it says nothing of such days. */
  readonly untraded?: readonly string[] | undefined;
  /** Times that the answer has a place for, whether there is a bar in it or not; those of the bars where it is absent. */
  readonly places?: readonly number[] | undefined;
  /** Single bars and not all of their range: what is not among them stays as it is. */
  readonly isSelection?: boolean | undefined;
  readonly fetchedAt: number;
  readonly path: string;
}

/** Where a bar of a series stands in its blob. */
export function pathOfBar(path: string, { line, date, startsAt }: Pick<Bar, 'line' | 'date' | 'startsAt'>): string {
  return line === undefined ? `${path} at ${date ?? startsAt}` : `${path} line ${line}`;
}
