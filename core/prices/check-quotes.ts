/**
 * Checks of quotes, on data alone:
 *
 *   1. each row by itself: possible times and numbers, a positive price, the listing's currency
 *   2. rows of the same key in one answer: the same content once, different contents not at all
 *   3. each row against what is known: units (100×), then jumps
 *   4. jumps that another source confirms are let through
 *
 * A real crash looks like a wrong price for as long as only one source has it. It is believed when the row's own
 * previous close is where the price is (the next session at the latest), or when another source says the same.
 * A factor of 100 is never believed: whole rows come in the wrong unit, previous close and all.
 */
import type { QuarantineReason } from '../contracts/words/quarantine-reasons.ts';
import type { RowFinding } from '../contracts/words/row-findings.ts';
import type { ListedQuote } from '../market/listed-quote.ts';
import type { Quote } from '../market/quote.ts';
import type { RejectedRow } from './decision.ts';
import type { Evidence, PriorQuote } from './evidence.ts';
import {
  corroborationFraction,
  corroborationMs,
  earliestTime,
  futureToleranceMs,
  jumpFactor,
  minorUnitRatio,
  priorValidMs,
  unitSlack,
} from './thresholds.ts';

export interface CheckedQuotes {
  readonly accepted: readonly ListedQuote[];
  readonly rejected: readonly RejectedRow[];
}

interface Rejected {
  readonly reason: QuarantineReason;
  readonly finding: RowFinding;
  readonly detail: string;
}

/**
 * Splits rows into those to store, by listing id, and those for quarantine. Never throws. `believed` are the paths of rows
 * whose jump a person vouches for.
 */
export async function checkQuotes(
  rows: readonly ListedQuote[],
  evidence: Evidence,
  believed: ReadonlySet<string> = new Set(),
): Promise<CheckedQuotes> {
  const sound: ListedQuote[] = [];
  const suspects: ListedQuote[] = [];
  const rejected: RejectedRow[] = [];
  for (const row of rows) {
    const finding = checkAlone(row) ?? checkAgainst(row, evidence.priors.get(row.listing.id));
    const vouched = finding?.reason === 'implausible_jump' && believed.has(row.path);
    if (!finding || vouched) sound.push(row);
    else if (finding.reason === 'implausible_jump') suspects.push(row);
    else rejected.push(rejection(row, finding));
  }
  if (suspects.length > 0) {
    const others = await evidence.otherPrices(suspects.map((row) => row.listing.id));
    for (const row of suspects) {
      if (confirmed(row, others.get(row.listing.id) ?? [])) sound.push(row);
      else {
        const finding = checkAgainst(row, evidence.priors.get(row.listing.id));
        if (finding) rejected.push(rejection(row, finding));
      }
    }
  }
  sound.sort((a, b) => a.listing.id - b.listing.id || a.quote.asOf - b.quote.asOf);
  return { accepted: withoutDuplicates(sound, rejected), rejected };
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
  if (!(price > 0))
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
      detail: `The quote is in ${quote.currency}, the listing trades in ${listing.currency}.`,
    };
  return null;
}

function checkAgainst(row: ListedQuote, prior: PriorQuote | undefined): Rejected | null {
  const { quote, listing } = row;
  const price = Number(quote.price);
  const toStored = prior ? price / prior.price : null;
  // A previous close can be negative (oil in April 2020) and then says nothing by its ratio.
  const previous = Number(quote.previousClose);
  const toPrevious = previous > 0 ? price / previous : null;
  if (toStored !== null && isUnitRatio(toStored)) return { reason: 'unit_suspect', ...off(toStored, 'stored') };
  if (toPrevious !== null && isUnitRatio(toPrevious))
    return { reason: 'unit_suspect', ...off(toPrevious, 'previous_close') };
  const limit = jumpFactor[listing.assetClass];
  if (toPrevious !== null && isWithin(toPrevious, limit)) return null;
  const recent = prior !== undefined && Math.abs(quote.asOf - prior.asOf) <= priorValidMs;
  if (toStored !== null && recent)
    return isWithin(toStored, limit) ? null : { reason: 'implausible_jump', ...off(toStored, 'stored') };
  if (toPrevious !== null) return { reason: 'implausible_jump', ...off(toPrevious, 'previous_close') };
  return null;
}

/** Whether another source has about the same price at about the same time. */
function confirmed(row: ListedQuote, others: readonly PriorQuote[]): boolean {
  const price = Number(row.quote.price);
  return others.some(
    (other) =>
      Math.abs(other.price / price - 1) <= corroborationFraction &&
      Math.abs(other.asOf - row.quote.asOf) <= corroborationMs,
  );
}

/** Whether a ratio of prices is about 100 or 1/100. */
export function isUnitRatio(ratio: number): boolean {
  return isWithin(ratio / minorUnitRatio, unitSlack) || isWithin(ratio * minorUnitRatio, unitSlack);
}

/** Whether a ratio is in [1/factor, factor]. */
export function isWithin(ratio: number, factor: number): boolean {
  return ratio <= factor && ratio >= 1 / factor;
}

function invalid(field: string): RowFinding {
  return { code: 'invalid_fields', fields: [field] };
}

/** That a price is so many times another one. */
function off(price: number, to: 'stored' | 'previous_close'): Pick<Rejected, 'finding' | 'detail'> {
  const ratio = Number(price.toPrecision(3));
  return {
    finding: { code: 'price_ratio', ratio, to },
    detail: `The price is ${ratio} times the ${to === 'stored' ? 'stored one' : 'previous close beside it'}.`,
  };
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
