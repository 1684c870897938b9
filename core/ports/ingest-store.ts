import type { JobKind, QuarantineReason, RunReason } from '../contracts/reasons.ts';
import type { Bar, BarBasis, CorporateAction } from '../market/bar.ts';
import type { DecimalText } from '../market/decimal.ts';
import type { AssetClass, Listing } from '../market/instrument.ts';
import type { Quote } from '../market/quote.ts';

/** A listing as the database knows it. What it says wins over what an answer says of itself. */
export interface KnownListing extends Listing {
  readonly id: number;
  readonly assetClass: AssetClass;
}

/** A symbol means a listing in [from, to), milliseconds since the epoch. */
export interface Alias {
  readonly listing: KnownListing;
  readonly from: number;
  readonly to: number;
}

/** A symbol that was asked for and is not known yet: what it takes to register it. */
export interface Newcomer {
  /** In the source's namespace. */
  readonly symbol: string;
  readonly canonical: string;
  readonly name: string | null;
  readonly assetClass: AssetClass;
  /** `null`: the source does not say. It can be registered only where the canonical symbol is known already. */
  readonly listing: Listing | null;
}

/** A quote whose listing is known, on its way to the database. */
export interface QuoteRow {
  readonly listing: KnownListing;
  readonly symbol: string;
  readonly quote: Quote;
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number;
  /** Where in the blob. */
  readonly path: string;
}

/** The bars of one listing from one answer. */
export interface BarSeries {
  readonly listing: KnownListing;
  readonly symbol: string;
  readonly basis: BarBasis;
  readonly basisAt: number;
  readonly bars: readonly Bar[];
  readonly actions: readonly CorporateAction[];
  readonly fetchedAt: number;
  readonly path: string;
}

/** One member of an index, on a known listing. */
export interface MemberRow {
  readonly listing: KnownListing;
  readonly rank: number;
  /** A fraction. */
  readonly weight: DecimalText;
  /** `null` where the checks held the price back. */
  readonly price: DecimalText | null;
  readonly previousClose: DecimalText | null;
}

/** What an index was made of when it was fetched. Of several fetches on a day of the index's zone the last one is kept. */
export interface ConstituentSnapshot {
  readonly index: KnownListing;
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number;
  /** Each listing once. */
  readonly members: readonly MemberRow[];
}

/** A row for quarantine. `row` is the row as far as it could be read. */
export interface RejectedRow {
  readonly symbol: string | null;
  readonly reason: QuarantineReason;
  readonly detail: string;
  readonly path: string;
  readonly row: Readonly<Record<string, unknown>> | null;
  /** Known where the row could be read; statistics count it there. */
  readonly currency: string | null;
}

/** What the database holds of a listing from the same source, when its next row is judged. */
export interface PriorQuote {
  readonly price: number;
  readonly asOf: number;
}

/** What a row is judged by besides itself. */
export interface Evidence {
  /** By listing id: the latest stored quote of the same source. */
  readonly priors: ReadonlyMap<number, PriorQuote>;
  /** By listing id: the latest exchange-timed prices of other sources. Asked for suspects only. */
  otherPrices(listingIds: readonly number[]): Promise<ReadonlyMap<number, readonly PriorQuote[]>>;
}

/** Statistics of the accepted rows of a batch in one currency. `rejected` counts those of it that were not. */
export interface CurrencyStatistics {
  readonly currency: string;
  readonly count: number;
  readonly rejected: number;
  readonly mean: DecimalText | null;
  readonly median: DecimalText | null;
  readonly min: DecimalText | null;
  readonly max: DecimalText | null;
  readonly up: number;
  readonly down: number;
  readonly unchanged: number;
  readonly volume: DecimalText | null;
}

/** How a task ends. */
export interface Verdict {
  readonly status: 'succeeded' | 'failed';
  readonly reason: RunReason | null;
  readonly message: string | null;
}

/** What is to be stored, after all checks. */
export interface Decision {
  readonly quotes: readonly QuoteRow[];
  readonly bars: readonly BarSeries[];
  readonly constituents?: readonly ConstituentSnapshot[];
  readonly rejected: readonly RejectedRow[];
  readonly statistics: readonly CurrencyStatistics[];
  readonly verdict: Verdict;
}

/** Which blob, read by which parser, for which task. */
export interface BatchHeader {
  readonly blobKey: string;
  readonly parserVersion: string;
  readonly runId: string;
  readonly part: number;
  readonly attempt: number;
  readonly sourceId: string;
  readonly kind: JobKind;
  /** The replay that reads it anew, and closes what an earlier reading put in quarantine. */
  readonly replay?: string | undefined;
}

export interface StoredBatch {
  readonly batchId: string;
  /** The blob had been read by this version before: nothing was changed. */
  readonly repeated: boolean;
  readonly accepted: number;
  readonly rejected: number;
  /** Rows inserted or replaced. */
  readonly written: number;
  /** Rows replaced, whose former content is kept as a revision. */
  readonly revised: number;
}

/** Where checked rows go. One adapter: Postgres. */
export interface IngestStore {
  /** Whether the `ingest` service is switched on. */
  running(): Promise<boolean>;
  /** What symbols of a source mean. A symbol that is not known is absent. */
  aliases(sourceId: string, symbols: readonly string[]): Promise<ReadonlyMap<string, readonly Alias[]>>;
  /** Makes newcomers known, each once however many ask at the same time, and gives what they mean. */
  register(sourceId: string, newcomers: readonly Newcomer[]): Promise<ReadonlyMap<string, readonly Alias[]>>;
  /**
   * Stores a batch in one transaction: rows, latest, revisions, consolidation, quarantine, statistics, events and the
   * task's end. `decide` is called inside it with what is stored already of `listingIds`. A blob that the same parser
   * version has read before, for the same replay or for none, changes nothing, and `decide` is not called.
   */
  store(
    header: BatchHeader,
    listingIds: readonly number[],
    decide: (evidence: Evidence) => Promise<Decision>,
  ): Promise<StoredBatch>;
}
