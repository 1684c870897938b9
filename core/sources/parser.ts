import type { Exchange } from '../contracts/blob.ts';
import type { JobKind, QuarantineReason, RunReason } from '../contracts/reasons.ts';
import type { Bar, BarBasis, CorporateAction } from '../market/bar.ts';
import type { AssetClass, Listing } from '../market/instrument.ts';
import type { Quote } from '../market/quote.ts';

/** Who a record is about, in the source's words. Enough to register a listing that nobody has seen yet. */
export interface Subject {
  /** In the source's namespace. */
  readonly symbol: string;
  readonly name: string | null;
  readonly assetClass: AssetClass;
  readonly listing: Listing;
}

export interface ParsedQuote {
  readonly subject: Subject;
  readonly quote: Quote;
}

/** All bars of one subject from one answer, with the corporate actions the answer told of. */
export interface ParsedBars {
  readonly subject: Subject;
  readonly basis: BarBasis;
  /** As of when the prices are adjusted: the time of the fetch. Milliseconds since the epoch. */
  readonly basisAt: number;
  readonly bars: readonly Bar[];
  readonly actions: readonly CorporateAction[];
}

/** A row of the answer that cannot become a record. Goes to quarantine with the reason. */
export interface Rejection {
  readonly symbol: string | null;
  readonly reason: QuarantineReason;
  readonly detail: string;
  /** Where in the body: a JSON path such as `quoteResponse.result[3]`. */
  readonly path: string;
}

/** Why an answer as a whole is not one. */
export interface Failure {
  readonly reason: RunReason;
  /** Of our own words only: never a piece of the body. */
  readonly message: string;
}

export interface Parsed {
  readonly quotes: readonly ParsedQuote[];
  readonly bars: readonly ParsedBars[];
  readonly rejections: readonly Rejection[];
  /** Set when the answer is a failure; there are then no records. */
  readonly failure: Failure | null;
  /** Symbols asked for that the answer has nothing on. */
  readonly missing: readonly string[];
}

/** What to send for some symbols of a job. `path` is relative to the source's origin. */
export interface UpstreamRequest {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly symbols: readonly string[];
}

/** A source's code: what to ask and how to read the answer. Both pure; `parse` total: it never throws. */
export interface SourceParser {
  /** Kept with each row; raise it when the same answer would give other records. */
  readonly version: string;
  /** `now` in milliseconds since the epoch. */
  requests(task: { kind: JobKind; job: string; symbols: readonly string[]; now: number }): readonly UpstreamRequest[];
  parse(kind: JobKind, exchange: Exchange): Parsed;
  /** The source's symbol for a canonical one, and back. */
  toSource(canonical: string): string;
  toCanonical(symbol: string): string;
}
