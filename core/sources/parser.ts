import type { Exchange } from '../contracts/blob.ts';
import type { Failure } from '../contracts/failure.ts';
import type { BarRange } from '../contracts/messages.ts';
import type { JobKind } from '../contracts/words/job-kinds.ts';
import type { PageSelectors } from '../contracts/words/page-selectors.ts';
import type { QuarantineReason } from '../contracts/words/quarantine-reasons.ts';
import type { RowFinding } from '../contracts/words/row-findings.ts';
import type { Bar, BarBasis, CorporateAction } from '../market/bar.ts';
import type { SeriesWitnesses } from '../market/bar-series.ts';
import type { DecimalText } from '../market/decimal.ts';
import type { AssetClass, Listing } from '../market/instrument.ts';
import type { Quote } from '../market/quote.ts';

/** By what a browser recognizes that a page is complete. */
export interface PageHint {
  /** A CSS selector. The page is complete when something matches: its data, or what stands there in its place. */
  readonly waitFor: string;
  /** The table whose rows the page is loaded for: it is read whole, over several pages where it has them. */
  readonly table?: {
    /** A CSS selector; of several tables, the one with the most rows. */
    readonly selector: string;
    /** An attribute of the table that has the number of its rows. */
    readonly countAttribute?: string;
  };
}

/** What a record is about, in the source's words. Enough to register a new listing. */
export interface Subject {
  /** In the source's namespace. */
  readonly symbol: string;
  /** As the source writes it. `parserOf` gives it without control characters and not longer than 200. */
  readonly name: string | null;
  readonly assetClass: AssetClass;
  /**
   * `null` where the source names neither venue nor currency. The record then goes on the listing that the canonical
   * symbol already has from another source; where there is none it waits in quarantine.
   */
  readonly listing: Listing | null;
  /** When it was first traded, in milliseconds since the epoch; absent where the source does not say. */
  readonly firstTraded?: number | null;
}

/** A quote of a source that does not say its currency: that of the listing, once it is known. */
export type CurrencylessQuote = Omit<Quote, 'currency'> & { readonly currency: null };
/** A bar of such a source. */
export type CurrencylessBar = Omit<Bar, 'currency'> & { readonly currency: null };

export interface ParsedQuote {
  readonly subject: Subject;
  readonly quote: Quote | CurrencylessQuote;
  /** Where in the answer it stands, where a person wants to find it there; absent for what is found by its symbol. */
  readonly place?: string;
}

/** All bars of one subject from one answer, with all corporate actions of its range: what it leaves out is withdrawn. */
export interface ParsedBars {
  readonly subject: Subject;
  readonly basis: BarBasis;
  /** As of when the prices are adjusted: the time of the fetch. Milliseconds since the epoch. */
  readonly basisAt: number;
  readonly bars: readonly (Bar | CurrencylessBar)[];
  readonly actions: readonly CorporateAction[];
  readonly witnesses?: SeriesWitnesses | undefined;
  /** Days (`yyyy-mm-dd`) that the answer has a place for and no price: there was no trade. */
  readonly untraded?: readonly string[] | undefined;
  /**
   * Times that the answer has a place for, whether there is a bar in it or not: what is stored of another time between the
   * first and the last bar is withdrawn. Those of the bars where it is absent.
   */
  readonly places?: readonly number[];
  /** Single bars and not all of their range: what is not among them stays as it is. */
  readonly isSelection?: boolean;
}

/** One member of an index, with the price that stands beside it. */
export interface ParsedMember {
  readonly subject: Subject;
  /** 1 is the heaviest, or the first that the source names. */
  readonly rank: number;
  /** A fraction: 0.0705 is 7.05 %. */
  readonly weight: DecimalText;
  readonly price: DecimalText;
  readonly previousClose: DecimalText | null;
}

/** What an index is made of. A source that has prices too gives them as quotes as well. */
export interface ParsedConstituents {
  readonly index: Subject;
  /** When it was so, in milliseconds since the epoch; at the fetch unless given. */
  readonly asOf?: number;
  readonly members: readonly ParsedMember[];
}

/** What a parser reads of an answer. Every `Exchange` of a raw blob is one. */
export interface SourceAnswer extends Pick<Exchange, 'response' | 'error' | 'fetchedAt'> {
  readonly request: {
    /** The symbols that were requested, in the source's namespace. */
    readonly symbols: readonly string[];
    /** For answers that do not repeat what was requested, such as the currency. */
    readonly url?: string;
    /** For pages: by which selectors it is to be read; the main ones by default. */
    readonly selectors?: PageSelectors | undefined;
  };
}

/** A row of the answer that cannot become a record. Goes to quarantine with the reason. */
export interface Rejection {
  readonly symbol: string | null;
  readonly reason: QuarantineReason;
  /** What is wrong with it, for rules. */
  readonly finding: RowFinding;
  /** The same for people. */
  readonly detail: string;
  /** Where in the body: a JSON path such as `quoteResponse.result[3]`. */
  readonly path: string;
}

export interface Parsed {
  readonly quotes: readonly ParsedQuote[];
  readonly bars: readonly ParsedBars[];
  readonly constituents?: readonly ParsedConstituents[];
  readonly rejections: readonly Rejection[];
  /** Set when the answer is a failure; there are then no records. */
  readonly failure: Failure | null;
  /** Requested symbols that the answer has nothing on. */
  readonly missing: readonly string[];
}

/** What to send for some symbols of a job. `path` is relative to the source's origin. */
export interface UpstreamRequest {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly symbols: readonly string[];
  /** For browser sources. */
  readonly page?: PageHint;
  /** For browser sources: by which selectors the page is to be read; kept with its answer. The main ones by default. */
  readonly selectors?: PageSelectors;
}

/**
 * A source's code: what to request and how to read the answer. All pure; `parse` and `failureIn` should never throw. One
 * that does costs that answer only: `parserOf` makes sure of that.
 */
export interface SourceParser {
  /** Kept with each row; raise it when the same answer would give other records. */
  readonly version: string;
  /** `now` in milliseconds since the epoch. */
  requests(task: {
    kind: JobKind;
    job: string;
    symbols: readonly string[];
    now: number;
    /** Bars of this range in place of the job's own. */
    range?: BarRange | undefined;
    /** For browser sources: which selectors to wait for, and to read the page by. */
    selectors?: PageSelectors | undefined;
  }): readonly UpstreamRequest[];
  parse(kind: JobKind, answer: SourceAnswer): Parsed;
  /** The `failure` that `parse` would give, without making the records: for the scraper, which stores none. */
  failureIn(kind: JobKind, answer: SourceAnswer): Failure | null;
}
