import type { AsOfBasis } from '../market/quote.ts';
import { agreementFraction, freshnessToleranceMs } from './thresholds.ts';

/** One source's latest price of a listing. */
export interface Candidate {
  readonly source: string;
  readonly price: number;
  /** Milliseconds since the epoch. */
  readonly asOf: number;
  readonly basis: AsOfBasis;
  /** Of the source for the listing's asset class. Higher wins. */
  readonly rank: number;
}

/** The rule that decided for one source. */
export const consolidationRules = ['only_source', 'exchange_time', 'freshest', 'rank', 'newest'] as const;
export type ConsolidationRule = (typeof consolidationRules)[number];

/** How far the sources agree on a price. */
export const confidences = ['single', 'agreed', 'disputed'] as const;
export type Confidence = (typeof confidences)[number];

/** Which source is the price of a listing, and why. */
export interface Consolidated {
  readonly source: string;
  readonly rule: ConsolidationRule;
  /** Largest relative difference to another source that is as fresh, as a fraction. `null`: there is none. */
  readonly spread: string | null;
  readonly confidence: Confidence;
  readonly candidates: number;
}

/**
 * Picks the source of a listing's price. Each rule looks only at the candidates that the one before it left:
 *
 *   1. a row with the exchange's own time beats one with the time of the fetch
 *   2. the freshest, and those that are older by less than the tolerance
 *   3. the highest rank
 *   4. the newest; then the source's name, so that the same rows always give the same decision
 *
 * Sources left after 2 are compared: within the agreement they are `agreed`, else `disputed`. `null` without candidates.
 *
 * @example
 * consolidate([{ source: 'yahoo', price: 10, asOf: 0, basis: 'exchange', rank: 90 }]).confidence // 'single'
 * consolidate([]) // null
 */
export function consolidate(candidates: readonly Candidate[]): Consolidated | null {
  const timed = candidates.filter((each) => each.basis === 'exchange');
  const eligible = timed.length > 0 ? timed : candidates;
  const newest = Math.max(...eligible.map((each) => each.asOf));
  const fresh = eligible.filter((each) => each.asOf >= newest - freshnessToleranceMs);
  const best = Math.max(...fresh.map((each) => each.rank));
  const ranked = fresh.filter((each) => each.rank === best);
  const chosen = [...ranked].sort((a, b) => b.asOf - a.asOf || (a.source < b.source ? -1 : 1))[0];
  if (!chosen) return null;

  const differences = fresh
    .filter((each) => each !== chosen)
    .map((each) => Math.abs(each.price - chosen.price) / chosen.price);
  const spread = differences.length === 0 ? null : Math.max(...differences);
  return {
    source: chosen.source,
    rule: ruleOf(candidates.length, eligible.length, fresh.length, ranked.length),
    spread: spread === null ? null : String(Number(spread.toFixed(8)).toFixed(8)).replace(/\.?0+$/, ''),
    confidence: spread === null ? 'single' : spread <= agreementFraction ? 'agreed' : 'disputed',
    candidates: candidates.length,
  };
}

function ruleOf(all: number, eligible: number, fresh: number, ranked: number): ConsolidationRule {
  if (all === 1) return 'only_source';
  if (eligible === 1) return 'exchange_time';
  if (fresh === 1) return 'freshest';
  return ranked === 1 ? 'rank' : 'newest';
}
