import type { FailureDetail } from '../contracts/words/failure-details.ts';
import type { QuarantineReason } from '../contracts/words/quarantine-reasons.ts';
import type { RowFinding } from '../contracts/words/row-findings.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';
import type { BarSeries } from '../market/bar-series.ts';
import type { DecimalText } from '../market/decimal.ts';
import type { IndexSnapshot } from '../market/index-snapshot.ts';
import type { ListedQuote } from '../market/listed-quote.ts';
import type { AnsweredRange, Overtaken } from './answered-range.ts';
import type { FoundInRow, JudgedSeries } from './judged-series.ts';

/** A row for quarantine. `row` is the row as far as it could be read. */
export interface RejectedRow {
  readonly symbol: string | null;
  readonly reason: QuarantineReason;
  /** What is wrong with it, for rules. */
  readonly finding: RowFinding;
  /** The same for people. */
  readonly detail: string;
  readonly path: string;
  readonly row: Readonly<Record<string, unknown>> | null;
  /** Known where the row could be read; statistics count it there. */
  readonly currency: string | null;
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

/** A symbol that a source does not know, at a time in milliseconds since the epoch. */
export interface UnknownSymbol {
  readonly symbol: string;
  readonly at: number;
}

/** What an answer to symbols of a source says of them. */
export interface SeenSymbols {
  /** It has a row of them that is stored. */
  readonly found: readonly string[];
  /** It has rows of others, and none of these. */
  readonly missing: readonly string[];
}

/** How a task ends. */
export interface Verdict {
  readonly status: 'succeeded' | 'failed';
  readonly reason: RunReason | null;
  /** Of a success `null`, or `some_rows_rejected`. */
  readonly detail: FailureDetail | null;
  readonly message: string | null;
}

/** A finding on a quote of a listing. */
export interface QuoteFinding extends FoundInRow {
  readonly listingId: number;
}

/** A finding on a row of a listing. */
export interface ListedFinding {
  readonly listingId: number;
  readonly finding: FoundInRow;
}

/** A quote that is stored and not served. */
export interface WrongQuote {
  readonly row: ListedQuote;
  /** The same as a row of its answer that is not served: for the task's end, and for quarantine where it cannot be placed. */
  readonly rejected: RejectedRow;
}

/** Bars to be stored. Those that a later answer has spoken for already change nothing that is stored. */
export interface StoredBarSeries extends BarSeries {
  readonly overtaken?: Overtaken | null;
  /** The days that its answer speaks for; `null` for none. */
  readonly spoken?: { readonly firstDay: string; readonly lastDay: string } | null;
}

/** What is to be stored, after all checks. */
export interface Decision {
  readonly quotes: readonly ListedQuote[];
  /** Stored, and not served. */
  readonly wrongQuotes?: readonly WrongQuote[];
  /** What speaks against quotes that are stored, and market times of those that nothing speaks against any more. */
  readonly quoteFindings?: readonly QuoteFinding[];
  readonly clearedQuotes?: readonly { readonly listingId: number; readonly at: number }[];
  readonly bars: readonly StoredBarSeries[];
  readonly constituents?: readonly IndexSnapshot[];
  /** What speaks against bars and actions that are stored. */
  readonly judged?: readonly JudgedSeries[];
  /** What speaks against symbols' meaning what they did. */
  readonly nameFindings?: readonly ListedFinding[];
  /** What speaks against lists of members, which are not stored. */
  readonly memberFindings?: readonly ListedFinding[];
  /** Symbols of the source that it says it does not know. */
  readonly unknown?: readonly UnknownSymbol[];
  /** What is known of the symbols that were asked for; absent for bars, which a symbol may lack. */
  readonly seen?: SeenSymbols;
  /** The ranges of bars that the answers speak for. */
  readonly answered?: readonly AnsweredRange[];
  readonly rejected: readonly RejectedRow[];
  readonly statistics: readonly CurrencyStatistics[];
  readonly verdict: Verdict;
}

/**
 * A decision whose rows were fetched no later than an instant (milliseconds since the epoch): those of a clock that was
 * ahead count as fetched then, and so do market times that are the fetch's. The exchange's times stay as they were checked.
 */
export function fetchedBy(latest: number, decision: Decision): Decision {
  if (latest === Number.POSITIVE_INFINITY) return decision;
  const by = (at: number) => Math.min(at, latest);
  const earlier = <Row extends ListedQuote>(row: Row): Row => ({
    ...row,
    fetchedAt: by(row.fetchedAt),
    quote: row.quote.asOfBasis === 'fetched' ? { ...row.quote, asOf: by(row.quote.asOf) } : row.quote,
  });
  const { quotes, wrongQuotes = [] } = decision;
  const moved = new Set(
    [...quotes, ...wrongQuotes.map(({ row }) => row)]
      .filter(({ quote }) => quote.asOfBasis === 'fetched')
      .map(({ listing, quote }) => `${listing.id} ${quote.asOf}`),
  );
  return {
    ...decision,
    quotes: quotes.map(earlier),
    wrongQuotes: wrongQuotes.map((wrong) => ({ ...wrong, row: earlier(wrong.row) })),
    quoteFindings: (decision.quoteFindings ?? []).map((finding) =>
      finding.subject.at !== null && moved.has(`${finding.listingId} ${finding.subject.at}`)
        ? { ...finding, subject: { ...finding.subject, at: by(finding.subject.at) } }
        : finding,
    ),
    bars: decision.bars.map((series) => ({
      ...series,
      fetchedAt: by(series.fetchedAt),
      basisAt: by(series.basisAt),
    })),
    answered: (decision.answered ?? []).map((range) => ({ ...range, fetchedAt: by(range.fetchedAt) })),
    constituents: (decision.constituents ?? []).map((index) => ({ ...index, fetchedAt: by(index.fetchedAt) })),
  };
}
