import type { SeriesHistory } from '../coverage/series.ts';
import type { BarBasis } from '../market/bar.ts';
import type { StoredAction, StoredBar } from '../market/stored-bar.ts';

/**
 * Reads of bars and corporate actions that the caller may see; a source named that must not be seen is a `LicenceError`. Instants asked for are ISO 8601 text,
 * days `yyyy-mm-dd` in the venue's zone.
 */
export interface BarReader {
  /**
   * The first of these sources that has bars of the interval, and the basis of its newest one; `null` when none has. `history`
   * is `null` where no answer was noted.
   */
  sourceOf(
    listingId: number,
    interval: string,
    inOrder: readonly string[],
  ): Promise<{
    readonly source: string;
    readonly basis: BarBasis;
    readonly basisAt: number;
    readonly history: SeriesHistory | null;
  } | null>;
  /** Whether only sources that the caller may not see have bars of the interval. Ask when `sourceOf` found none. */
  hidden(listingId: number, interval: string): Promise<boolean>;
  /** Bars of one source that begin in [from, to), one page from `after` on; with `knownAt`, as they were known then. */
  bars(of: {
    listingId: number;
    source: string;
    interval: string;
    zone: string;
    from: string;
    to: string;
    knownAt: string | null;
    order: 'asc' | 'desc';
    after: string | null;
    limit: number;
  }): Promise<StoredBar[]>;
  /** Every split and dividend of a listing, by day; with `knownAt`, those known then. */
  actions(listingId: number, zone: string, knownAt: string | null): Promise<StoredAction[]>;
  /**
   * Of each day, the last daily bar before it; with `knownAt`, as it was known then. Days without one within twelve days
   * before, or since a day that is earlier, are absent.
   */
  closesBefore(
    listingId: number,
    source: string,
    zone: string,
    days: readonly string[],
    since: string,
    knownAt: string | null,
  ): Promise<(StoredBar & { readonly before: string })[]>;
  /** The day of the last daily bar of a source; `null` when it has none. */
  lastDay(listingId: number, source: string): Promise<string | null>;
  /**
   * The longest stretch of days in [from, to] without a daily bar of the source that no answer of it has spoken for: where a
   * split could hide.
   */
  widestGap(
    listingId: number,
    source: string,
    from: string,
    to: string,
  ): Promise<{ readonly days: number; readonly from: string; readonly to: string } | null>;
  /** Days of a series that are to be read again, both ends included. */
  repairs(
    listingId: number,
    source: string,
    interval: string,
  ): Promise<{ readonly from: string; readonly to: string }[]>;
  /**
   * Of each of these starts what the source said before, where no finding ever called that wrong and no split has changed
   * it since; with `knownAt`, of what was known then.
   */
  saidBefore(of: {
    listingId: number;
    source: string;
    interval: string;
    zone: string;
    knownAt: string | null;
    starts: readonly Date[];
  }): Promise<StoredBar[]>;
}
