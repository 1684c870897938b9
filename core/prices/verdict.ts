import type { Failure } from '../contracts/failure.ts';
import { whyOf } from '../contracts/words/causes.ts';
import type { FailureDetail } from '../contracts/words/failure-details.ts';
import type { JobKind } from '../contracts/words/job-kinds.ts';
import { type QuarantineReason, reasonOfRows, rowReasonWords } from '../contracts/words/quarantine-reasons.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';
import type { ListedQuote } from '../market/listed-quote.ts';
import type { RejectedRow, Verdict } from './decision.ts';
import type { Evidence, PriorQuote } from './evidence.ts';
import { staleBehindStoredMs } from './thresholds.ts';

/** What reading and checking a blob came to. */
export interface Findings {
  readonly kind: JobKind;
  /** Requests that the attempt made. */
  readonly exchanges: number;
  /** Of the requests that failed as a whole, in order. */
  readonly failures: readonly Failure[];
  readonly accepted: number;
  /** What is not served: held back, or stored as wrong. */
  readonly rejected: readonly RejectedRow[];
  /** Requested symbols that no answer has anything on. */
  readonly missing: number;
  /** Every accepted row is older than it should be. */
  readonly stale: boolean;
}

/** Reasons of fewer rows than this share of those that are not served are left out of what is said of all. */
const strayReasons = 0.1;

/**
 * How the task of a blob ends.
 *
 * It has succeeded when a row was accepted, or when bars were requested and there rightly are none (a weekend).
 * Nothing but rows that are not served is `schema_drift` where they cannot be read, and `implausible` where they can: then
 * the format is as ever, and what it says cannot be right.
 */
export function verdictOf(findings: Findings): Verdict {
  const { failures, accepted, rejected, missing } = findings;
  const first = failures[0];
  if (findings.stale)
    return failed(
      'stale',
      { code: 'all_rows_old', rows: accepted },
      `All ${accepted} rows are older than the market: the source serves an old state.`,
    );
  if (accepted > 0) {
    const shortfalls = [
      first && `${failures.length} of ${findings.exchanges} requests failed (${whyOf(first)})`,
      rejected.length === 1 && `1 row is not served (${inWords(rejected)})`,
      rejected.length > 1 && `${rejected.length} rows are not served (${inWords(rejected)})`,
      missing > 0 && `${missing} symbols got no row`,
    ].filter((each) => typeof each === 'string');
    const rows = { rejected: rejected.length, rows: accepted + rejected.length, reasons: reasonsOf(rejected) };
    return {
      status: 'succeeded',
      reason: null,
      detail: rejected.length > 0 ? { code: 'some_rows_rejected', ...rows } : null,
      message: shortfalls.length > 0 ? `${shortfalls.join('; ')}.` : null,
    };
  }
  if (first) return failed(first.reason, first.detail, first.message);
  if (rejected.length > 0) {
    const reasons = reasonsOf(rejected);
    return failed(
      reasonOfRows(reasons),
      { code: 'all_rows_rejected', rows: rejected.length, reasons },
      rejected.length === 1
        ? `Its one row is not served: ${inWords(rejected)}.`
        : `None of its ${rejected.length} rows is served: ${inWords(rejected)}.`,
    );
  }
  if (findings.exchanges === 0) return failed('unexplained', { code: 'no_request' }, 'The attempt made no request.');
  if (findings.kind === 'bars' && missing === 0)
    return {
      status: 'succeeded',
      reason: null,
      detail: null,
      message: 'There are no bars in the range that was asked for.',
    };
  return failed('no_data', { code: 'no_rows' }, 'The source has nothing on any of the symbols asked for.');
}

/**
 * Whether the whole answer stands still: every row is behind what is stored of its listing by more than an ordinary
 * hop between an upstream's caches. Rows without a market time, or at least its day, say nothing.
 *
 * `priors` are what was stored when the answer was fetched: see `isStaleAtFetch`.
 */
export function isStale(rows: readonly ListedQuote[], priors: ReadonlyMap<number, PriorQuote>): boolean {
  return (
    rows.length > 0 &&
    rows.every(({ quote, listing, fetchedAt }) => {
      const prior = priors.get(listing.id);
      const timed = quote.asOfBasis === 'exchange' || quote.asOf < fetchedAt;
      return prior !== undefined && timed && prior.asOf - quote.asOf > staleBehindStoredMs;
    })
  );
}

/**
 * The same for an answer that may come late: it is compared with what had been fetched by then, not with what was fetched
 * since. Reads more only where the latest rows would call it stale and one of them was fetched after it.
 */
export async function isStaleAtFetch(rows: readonly ListedQuote[], evidence: Evidence): Promise<boolean> {
  if (!isStale(rows, evidence.priors)) return false;
  const late = rows.filter(({ listing, fetchedAt }) => (evidence.priors.get(listing.id)?.fetchedAt ?? 0) > fetchedAt);
  if (late.length === 0 || !evidence.priorsAt) return true;
  const then = await evidence.priorsAt(new Map(late.map(({ listing, fetchedAt }) => [listing.id, fetchedAt])));
  const priors = new Map<number, PriorQuote>(evidence.priors);
  for (const { listing } of late) {
    const prior = then.get(listing.id);
    if (prior) priors.set(listing.id, prior);
    else priors.delete(listing.id);
  }
  return isStale(rows, priors);
}

/** Why rows are not served, the most frequent first, without strays. */
function reasonsOf(rejected: readonly RejectedRow[]): QuarantineReason[] {
  return counted(rejected)
    .filter(([, count]) => count >= strayReasons * rejected.length)
    .map(([reason]) => reason);
}

/** `wrong unit`, or `2 wrong unit, 1 unreadable`. */
function inWords(rejected: readonly RejectedRow[]): string {
  const all = counted(rejected);
  return all.map(([reason, count]) => `${all.length > 1 ? `${count} ` : ''}${rowReasonWords[reason]}`).join(', ');
}

function counted(rejected: readonly RejectedRow[]): [QuarantineReason, number][] {
  return [...Map.groupBy(rejected, (row) => row.reason)]
    .map(([reason, rows]): [QuarantineReason, number] => [reason, rows.length])
    .sort((a, b) => b[1] - a[1]);
}

function failed(reason: RunReason, detail: FailureDetail, message: string): Verdict {
  return { status: 'failed', reason, detail, message };
}
