/**
 * What becomes of the quotes of one answer, on data alone:
 *
 *   1. each row by itself: possible times and numbers, a price that can be one, the listing's currency
 *   2. rows of the same key in one answer: the same content once, different contents not at all
 *   3. each row against what is known: units (100 or 1,000 times), then jumps (`rules/quotes.ts`)
 *
 * Held back is only what cannot be a price or cannot be placed, a price whose unit nothing tells included. A row that is
 * wrong is stored with its finding, and not served.
 */
import type { QuarantineReason } from '../contracts/words/quarantine-reasons.ts';
import type { RowFinding } from '../contracts/words/row-findings.ts';
import type { ListedQuote } from '../market/listed-quote.ts';
import type { Quote } from '../market/quote.ts';
import type { QuoteFinding, RejectedRow, WrongQuote } from './decision.ts';
import type { Evidence } from './evidence.ts';
import { mayBeNegative } from './negative-prices.ts';
import { otherCurrency } from './other-currency.ts';
import type { Finding } from './rules/finding.ts';
import { isInOtherUnit, isUndisputed, judgeQuote, nothingAround, type QuoteJudgement } from './rules/quotes.ts';
import { earliestTime, futureToleranceMs } from './thresholds.ts';

/** How many prices an answer has at the least to speak of its whole feed. */
const leastOfFeed = 3;

export interface CheckedQuotes {
  /** By listing and time. */
  readonly accepted: readonly ListedQuote[];
  /** Stored, and not served: each has a finding. */
  readonly wrong: readonly WrongQuote[];
  readonly rejected: readonly RejectedRow[];
  /** On these rows, and on rows of these listings that were stored before. */
  readonly findings: readonly QuoteFinding[];
  /** Rows that were held to be wrong, and are not: market times by listing id. */
  readonly cleared: readonly { readonly listingId: number; readonly at: number }[];
}

interface Rejected {
  readonly reason: QuarantineReason;
  readonly finding: RowFinding;
  readonly detail: string;
}

/**
 * Judges rows. Never throws. `believed` are the paths of rows whose price a person vouches for, however far it is from what
 * is known.
 */
export async function checkQuotes(
  rows: readonly ListedQuote[],
  evidence: Evidence,
  believed: ReadonlySet<string> = new Set(),
): Promise<CheckedQuotes> {
  const rejected: RejectedRow[] = [];
  const possible = rows.filter((row) => {
    const finding = checkAlone(row);
    if (finding) rejected.push(rejection(row, finding));
    return finding === null;
  });
  possible.sort((a, b) => a.listing.id - b.listing.id || a.quote.asOf - b.quote.asOf);
  const sound = withoutDuplicates(possible, rejected);
  const suspects = sound.filter(
    (row) => !believed.has(row.path) && !isUndisputed(row, evidence.priors.get(row.listing.id)),
  );
  if (suspects.length === 0) return { accepted: sound, wrong: [], rejected, findings: [], cleared: [] };

  const around = await evidence.around?.(suspects.map((row) => ({ listingId: row.listing.id, asOf: row.quote.asOf })));
  const off = suspects.filter((row) => isInOtherUnit(row, evidence.priors.get(row.listing.id))).length;
  const feedIsOff = sound.length >= leastOfFeed && off > sound.length / 2;
  const judged = new Map<ListedQuote, QuoteJudgement>(
    suspects.map((row, index) => [
      row,
      judgeQuote(row, evidence.priors.get(row.listing.id), around?.[index] ?? nothingAround, feedIsOff),
    ]),
  );
  const accepted: ListedQuote[] = [];
  const wrong: WrongQuote[] = [];
  const findings: QuoteFinding[] = [];
  const cleared: { listingId: number; at: number }[] = [];
  for (const row of sound) {
    const judgement = judged.get(row);
    const listingId = row.listing.id;
    if (!judgement) accepted.push(row);
    else if (judgement.kind === 'right') {
      accepted.push(judgement.provisional ? { ...row, provisional: true } : row);
      findings.push(...judgement.findings.map((each) => ({ ...each, listingId, row: row.quote.price })));
      for (const before of judgement.wrongBefore)
        findings.push({ ...before.finding, listingId, row: String(before.row.price) });
      cleared.push(...judgement.cleared.map((at) => ({ listingId, at })));
    } else if (judgement.kind === 'wrong') {
      wrong.push({ row, rejected: rejection(row, inWords(judgement.finding, row, evidence)) });
      findings.push({ ...judgement.finding, listingId, row: row.quote.price });
    } else rejected.push(rejection(row, ofNoKnownUnit(judgement.ratio, row)));
  }
  return { accepted, wrong, rejected, findings, cleared };
}

function checkAlone(row: ListedQuote): Rejected | null {
  const { quote, listing } = row;
  if (!(quote.asOf >= earliestTime))
    return { reason: 'schema', finding: invalid('asOf'), detail: 'The market time is not a time.' };
  if (quote.asOf > row.fetchedAt + futureToleranceMs) {
    const seconds = Math.round((quote.asOf - row.fetchedAt) / 1000);
    return {
      reason: 'future_time',
      finding: { code: 'future_time', seconds },
      detail: `The market time is ${seconds} s after the fetch.`,
    };
  }
  const price = Number(quote.price);
  if (!(price > 0 || (price < 0 && mayBeNegative.has(listing.assetClass))))
    return {
      reason: 'non_positive',
      finding: { code: 'non_positive_price', price: quote.price.slice(0, 100) },
      detail: `The price is ${quote.price}.`,
    };
  if (!Number.isFinite(price))
    return { reason: 'schema', finding: invalid('price'), detail: 'The price is beyond any number.' };
  if (quote.volume !== null && !(Number(quote.volume) >= 0))
    return { reason: 'schema', finding: invalid('volume'), detail: `The volume is ${quote.volume}.` };
  if (quote.currency !== listing.currency)
    return {
      reason: 'source_mismatch',
      finding: { code: 'other_currency', currency: quote.currency, expected: listing.currency },
      detail: otherCurrency('quote', row.symbol, quote.currency, listing.currency),
    };
  return null;
}

/** A finding as the reason for which a task's rows are not served. */
function inWords({ evidence }: Finding, { listing, quote }: ListedQuote, { priors }: Evidence): Rejected {
  const of = { surroundings: 'its own bars', other_source: 'other sources', previous_close: 'the previous close' };
  const witness = 'witness' in evidence ? evidence.witness : 'stored_quote';
  const than = Object.hasOwn(of, witness) ? of[witness as keyof typeof of] : 'the stored price';
  const isUnit = evidence.code === 'other_unit';
  const isInverted = evidence.code === 'inverted';
  const times = isUnit ? 1 / evidence.factor : isInverted || evidence.code === 'price_off' ? evidence.ratio : 1;
  const ratio = Number(times.toPrecision(3));
  const to = witness === 'previous_close' ? 'previous_close' : 'stored';
  const stored = witness === 'stored_quote' ? priors.get(listing.id)?.price : undefined;
  const other = to === 'previous_close' ? quote.previousClose : stored;
  return {
    reason: isUnit || isInverted ? 'unit_suspect' : 'implausible_jump',
    finding: { code: 'price_ratio', ratio, to, ...thanOf(other) },
    detail: `The price is ${isUnit ? 'about ' : ''}${ratio} times what ${than} says${isInverted ? ', and its reciprocal' : ''}.`,
  };
}

/** The price that a row was compared with, where it is one. */
function thanOf(other: string | number | null | undefined): { than?: string } {
  return other === null || other === undefined ? {} : { than: String(other).slice(0, 100) };
}

function ofNoKnownUnit(times: number, { quote }: ListedQuote): Rejected {
  const ratio = Number(times.toPrecision(3));
  return {
    reason: 'unit_suspect',
    finding: { code: 'price_ratio', ratio, to: 'previous_close', ...thanOf(quote.previousClose) },
    detail: `The price is ${ratio} times the previous close beside it, and nothing tells which of them is right.`,
  };
}

function invalid(field: string): RowFinding {
  return { code: 'invalid_fields', fields: [field] };
}

/**
 * One row per listing and time, of rows in that order. Rows of one answer that contradict each other are all held back:
 * nothing tells which is right. Of several answers in one blob the last counts.
 */
function withoutDuplicates(rows: readonly ListedQuote[], rejected: RejectedRow[]): readonly ListedQuote[] {
  if (!rows.some((row, index) => isSameKey(row, rows[index - 1]))) return rows;
  const kept: ListedQuote[] = [];
  for (let from = 0, to = 0; from < rows.length; from = to) {
    const first = rows[from];
    do to++;
    while (isSameKey(rows[to], first));
    const group = rows.slice(from, to);
    const lastFetch = Math.max(...group.map((row) => row.fetchedAt));
    const rivals = group.filter((row) => row.fetchedAt === lastFetch);
    const [rival] = rivals;
    if (rival && rivals.every((row) => isSameQuote(row.quote, rival.quote))) {
      kept.push(rival);
      continue;
    }
    const detail = `The answer has ${rivals.length} quotes of this time that differ.`;
    const finding = { code: 'conflicting_rows', rows: rivals.length } as const;
    rejected.push(...rivals.map((row) => rejection(row, { reason: 'duplicate_conflict', finding, detail })));
  }
  return kept;
}

function isSameKey(a: ListedQuote | undefined, b: ListedQuote | undefined): boolean {
  return a !== undefined && b !== undefined && a.listing.id === b.listing.id && a.quote.asOf === b.quote.asOf;
}

/** Whether two quotes of the same key say the same. */
export function isSameQuote(a: Quote, b: Quote): boolean {
  return (
    a.price === b.price &&
    a.previousClose === b.previousClose &&
    a.bid === b.bid &&
    a.ask === b.ask &&
    a.volume === b.volume &&
    a.currency === b.currency &&
    a.minorFactor === b.minorFactor &&
    a.session === b.session &&
    a.delaySeconds === b.delaySeconds &&
    a.asOfBasis === b.asOfBasis
  );
}

function rejection(row: ListedQuote, found: Rejected): RejectedRow {
  return {
    symbol: row.symbol,
    ...found,
    path: row.path,
    row: { ...row.quote, fetchedAt: row.fetchedAt },
    currency: row.quote.currency,
  };
}
