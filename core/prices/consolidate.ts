import type { AssetClass } from '../market/instrument.ts';
import type { AsOfBasis } from '../market/quote.ts';
import { unitPower } from './rules/unit.ts';
import { agreementFraction, freshnessToleranceMs, unitSlack } from './thresholds.ts';

/** One source's latest price of a listing. */
export interface Candidate {
  readonly source: string;
  readonly price: number;
  /** Milliseconds since the epoch. */
  readonly asOf: number;
  readonly basis: AsOfBasis;
  /** Of the source for the listing's asset class. Higher wins. */
  readonly rank: number;
  /** Bid to ask as a share of the price; none where they are not known. */
  readonly spread?: number;
  /** The newest daily bar of the same source. */
  readonly lastBar?: { readonly close: number; readonly at: number };
  /** Nothing had agreed with it when it was stored: unless another candidate or its own bar does, it settles no dispute. */
  readonly provisional?: boolean;
  /** When it was fetched, in milliseconds since the epoch: of two that are provisional, the first stays. */
  readonly fetchedAt?: number;
  /** It comes with a previous close; with bid and ask. */
  readonly hasPrevious?: boolean;
  readonly hasBook?: boolean;
  /** A finding that is open says that it is wrong: it takes no part. */
  readonly wrong?: boolean;
  /** A person has imported it: it takes no part where a source has a price with the exchange's time. */
  readonly yields?: boolean;
}

/**
 * The candidates that have a say: those that yield have none beside a price with the exchange's time, be it old, and then
 * they speak for no other price either.
 */
export function withoutYielding(candidates: readonly Candidate[]): readonly Candidate[] {
  const isTimed = candidates.some((each) => each.yields !== true && each.wrong !== true && each.basis === 'exchange');
  return isTimed ? candidates.filter((each) => each.yields !== true) : candidates;
}

/** The rule that decided for one source. */
export const consolidationRules = [
  'only_source',
  'majority',
  'own_bar',
  'settled',
  'exchange_time',
  'freshest',
  'rank',
  'newest',
] as const;
export type ConsolidationRule = (typeof consolidationRules)[number];

/** How far the sources agree on a price. */
export const confidences = ['single', 'agreed', 'disputed'] as const;
export type Confidence = (typeof confidences)[number];

/** Which source is the price of a listing, and why. */
export interface Consolidated {
  readonly source: string;
  readonly rule: ConsolidationRule;
  /** Largest relative difference to another source that has a say, as a fraction. `null`: there is none. */
  readonly spread: string | null;
  readonly confidence: Confidence;
  readonly candidates: number;
}

/** What a listing usually moves in a day, as a fraction, where its own bars do not say. */
const movesInADay: Readonly<Record<AssetClass, number>> = {
  equity: 0.02,
  etf: 0.012,
  fund: 0.01,
  index: 0.012,
  crypto: 0.04,
  fx: 0.006,
  future: 0.02,
  option: 0.2,
  other: 0.03,
};

/**
 * Whether what the listing usually moves may decide: two prices differ, or one that nothing has agreed with may be where
 * its own bar is.
 */
export function needsUsualMove(candidates: readonly Candidate[], { assetClass }: ConsolidatedListing): boolean {
  const right = candidates.filter((each) => each.wrong !== true);
  const still = { assetClass, usualMove: 0 };
  return (
    right.some((each) => each.provisional === true && each.lastBar !== undefined) ||
    right.some((each, index) => right.slice(index + 1).some((other) => !agree(each, other, still)))
  );
}

/** By how many usual moves of the time between them two prices may differ and agree. */
const usualMoves = 3;

/** A price without the exchange's time may be as much older than its fetch: most free feeds are. */
const untimedMs = 15 * 60_000;

/** A price that is older than the newest by more has no say against it. */
const sayMs = 3_600_000;

const minuteMs = 60_000;
const roundTheClock: ReadonlySet<AssetClass> = new Set(['crypto', 'fx', 'future']);
const dayMinutes = (assetClass: AssetClass) => (roundTheClock.has(assetClass) ? 1_440 : 390);

/** What the prices are of. */
export interface ConsolidatedListing {
  readonly assetClass: AssetClass;
  /** What it usually moves in a day, as a fraction; its asset class says where its own bars do not. */
  readonly usualMove?: number | null;
}

/**
 * Picks the source of a listing's price:
 *
 *   1. candidates that are wrong take no part
 *   2. of three or more that are about as fresh, those that most agree with
 *   3. where two differ, those that something has agreed with, and that agree with their own last bar; of provisional
 *      ones in different units the one that came first
 *   4. of what is left, unless the exchange's time is hours old and several fetches since say another price: the exchange's
 *      own time before the time of the fetch; the freshest, and those that are older by
 *      less than the tolerance; the highest rank; the newest; the source's name, so that the same rows always give the
 *      same decision
 *
 * Two prices agree when they differ by no more than half a percent, by the spread, or by what the listing usually moves
 * in the time between them, so that feeds a quarter of an hour late have a say. `null` without candidates.
 *
 * @example
 * consolidate([{ source: 'yahoo', price: 10, asOf: 0, basis: 'exchange', rank: 90 }]).confidence // 'single'
 * consolidate([]) // null
 */
export function consolidate(
  all: readonly Candidate[],
  listing: ConsolidatedListing = { assetClass: 'equity' },
): Consolidated | null {
  const candidates = withoutYielding(all);
  const right = candidates.filter((each) => each.wrong !== true && Number.isFinite(each.price));
  const newest = Math.max(...right.map((each) => each.asOf));
  const timed = right.filter((each) => each.basis === 'exchange');
  const newestTimed = Math.max(...timed.map((each) => each.asOf));
  // A price of a fetch is as new as the fetch says, so it is never behind one with the exchange's time.
  const current = right.filter((each) => each.asOf >= (each.basis === 'exchange' ? newestTimed : newest) - sayMs);
  const outvoting = outvotingOf(current);
  const { allowed, reason } =
    outvoting === null ? allowedOf(current, listing) : { allowed: outvoting, reason: 'majority' as const };
  const preferred = preferredOf(allowed);
  const { chosen } = preferred;
  if (!chosen) return null;

  const differences = current
    .filter((each) => each !== chosen && !(reason === 'majority' && !allowed.includes(each)))
    .map((each) => ({
      share: Math.abs(each.price - chosen.price) / Math.abs(chosen.price),
      agrees: agree(each, chosen, listing),
    }));
  const spread = differences.length === 0 ? null : Math.max(...differences.map(({ share }) => share));
  return {
    source: chosen.source,
    rule: candidates.length === 1 ? 'only_source' : (reason ?? preferred.rule),
    spread: spread === null ? null : String(Number(spread.toFixed(8)).toFixed(8)).replace(/\.?0+$/, ''),
    confidence: spread === null ? 'single' : differences.every(({ agrees }) => agrees) ? 'agreed' : 'disputed',
    candidates: candidates.length,
  };
}

/**
 * The fetched prices that outvote those with the exchange's time: more of them, later by more than an hour, alike, and unlike
 * each of those. A source that stands still names the time of its last trade; its price is one of that time. `null` where it is not so.
 */
function outvotingOf(current: readonly Candidate[]): readonly Candidate[] | null {
  const timed = current.filter((each) => each.basis === 'exchange');
  const since = Math.max(...timed.map((each) => each.asOf)) + sayMs;
  const later = current.filter((each) => each.basis !== 'exchange' && each.asOf > since);
  if (timed.length === 0 || later.length < 2 || later.length <= timed.length) return null;
  const isAlike = later.every((each, index) => later.slice(index + 1).every((other) => isSamePrice(each, other)));
  return isAlike && timed.every((each) => later.every((other) => !isSamePrice(each, other))) ? later : null;
}

/** The candidates that may be the price, and why the others may not. */
function allowedOf(
  current: readonly Candidate[],
  listing: ConsolidatedListing,
): { allowed: readonly Candidate[]; reason: 'majority' | 'own_bar' | 'settled' | null } {
  if (current.every((each, index) => current.slice(index + 1).every((other) => agree(each, other, listing))))
    return { allowed: current, reason: null };
  const clusters = current.map((centre) => current.filter((each) => agree(each, centre, listing)));
  const largest = Math.max(...clusters.map((cluster) => cluster.length));
  if (current.length >= 3 && largest > current.length / 2) {
    // Of several as large the one that lies closest together.
    const [majority] = clusters
      .filter((cluster) => cluster.length === largest)
      .sort((a, b) => widthOf(a) - widthOf(b) || (namesOf(a) < namesOf(b) ? -1 : 1));
    return { allowed: majority ?? current, reason: 'majority' };
  }
  const confirmed = new Set(confirmedOf(current, listing));
  const settled = current.filter((each) => each.provisional !== true || confirmed.has(each));
  const among = settled.length > 0 ? settled : firstOfUnits(current);
  const agreeing = among.filter((each) => agreesWithOwnBar(each, listing) === true);
  const unknown = among.filter((each) => agreesWithOwnBar(each, listing) === null);
  const believed = agreeing.length > 0 ? agreeing : unknown.length > 0 ? unknown : among;
  if (believed.length === current.length) return { allowed: current, reason: null };
  const byBar = agreeing.length > 0 || believed.length < among.length;
  return { allowed: believed, reason: byBar ? 'own_bar' : 'settled' };
}

/**
 * The candidate whose previous close, or bid and ask, stand beside a coin's price that lacks them: one that agrees with it,
 * of the highest rank. `null` where nothing is lacking, or nobody has it.
 */
export function complementOf(
  candidates: readonly Candidate[],
  source: string,
  listing: ConsolidatedListing,
): string | null {
  const chosen = candidates.find((each) => each.source === source);
  if (!chosen || listing.assetClass !== 'crypto') return null;
  const filled = (each: Candidate) =>
    Number(!chosen.hasPrevious && each.hasPrevious === true) + Number(!chosen.hasBook && each.hasBook === true);
  const [best] = candidates
    .filter((each) => each !== chosen && each.wrong !== true && filled(each) > 0 && agree(each, chosen, listing))
    .toSorted((a, b) => filled(b) - filled(a) || b.rank - a.rank || (a.source < b.source ? -1 : 1));
  return best?.source ?? null;
}

/**
 * The provisional candidates that are not so any more: another one agrees with them, or the last bar of their own source.
 */
export function confirmedOf(candidates: readonly Candidate[], listing: ConsolidatedListing): Candidate[] {
  return candidates.filter(
    (each) =>
      each.provisional === true &&
      each.wrong !== true &&
      (agreesWithOwnBar(each, listing) === true ||
        candidates.some((other) => other !== each && other.wrong !== true && agree(other, each, listing))),
  );
}

/** Of provisional candidates in different units the one that came first: a first answer displaces none. */
function firstOfUnits(candidates: readonly Candidate[]): readonly Candidate[] {
  const first = candidates.toSorted(
    (a, b) => (a.fetchedAt ?? 0) - (b.fetchedAt ?? 0) || (a.source < b.source ? -1 : 1),
  )[0];
  if (!first || candidates.some((each) => each.fetchedAt === undefined)) return candidates;
  return candidates.filter((each) => unitPower(each.price / first.price, unitSlack) === 0);
}

/** The first by exchange time, freshness, rank, market time and name. */
function preferredOf(candidates: readonly Candidate[]): { chosen: Candidate | undefined; rule: ConsolidationRule } {
  const timed = candidates.filter((each) => each.basis === 'exchange');
  const eligible = timed.length > 0 ? timed : candidates;
  const newest = Math.max(...eligible.map((each) => each.asOf));
  const fresh = eligible.filter((each) => each.asOf >= newest - freshnessToleranceMs);
  const best = Math.max(...fresh.map((each) => each.rank));
  const ranked = fresh.filter((each) => each.rank === best);
  const [chosen] = ranked.toSorted((a, b) => b.asOf - a.asOf || (a.source < b.source ? -1 : 1));
  if (eligible.length === 1 && candidates.length > 1) return { chosen, rule: 'exchange_time' };
  if (fresh.length === 1) return { chosen, rule: 'freshest' };
  return { chosen, rule: ranked.length === 1 ? 'rank' : 'newest' };
}

/** Whether two prices say the same: see `consolidate`. */
export function agree(a: Candidate, b: Candidate, listing: ConsolidatedListing): boolean {
  return differenceOf(a, b) <= toleranceOf(a, b, listing);
}

/** Whether two prices are the same but for what sources differ by at one moment. */
function isSamePrice(a: Candidate, b: Candidate): boolean {
  return differenceOf(a, b) <= Math.max(agreementFraction, a.spread ?? 0, b.spread ?? 0);
}

/** The difference of two prices, as a share of the smaller one: the same from either side. */
function differenceOf(a: Candidate, b: Candidate): number {
  const smaller = Math.min(Math.abs(a.price), Math.abs(b.price));
  const share = Math.abs(a.price - b.price) / smaller;
  // Fifteen digits: 100.5 is half a percent above 100, whatever binary fractions make of it.
  return a.price === b.price ? 0 : Number(share.toPrecision(12));
}

function toleranceOf(a: Candidate, b: Candidate, { assetClass, usualMove }: ConsolidatedListing): number {
  const lag = (each: Candidate) => (each.basis === 'exchange' ? 0 : untimedMs);
  const apart = Math.abs(a.asOf - b.asOf) + Math.abs(lag(a) - lag(b));
  const days = apart <= freshnessToleranceMs ? 0 : apart / minuteMs / dayMinutes(assetClass);
  const moved = usualMoves * (usualMove ?? movesInADay[assetClass]) * Math.sqrt(days);
  return Math.max(agreementFraction, a.spread ?? 0, b.spread ?? 0, moved);
}

/** Whether a price is about where the last bar of its own source is; `null` where there is none. */
function agreesWithOwnBar(
  { price, lastBar, asOf }: Candidate,
  { assetClass, usualMove }: ConsolidatedListing,
): boolean | null {
  if (!lastBar || !(lastBar.close > 0) || !(price > 0)) return null;
  const days = 1 + Math.abs(asOf - lastBar.at) / 86_400_000;
  // A calm listing has news, too: there its own moves are no measure.
  const usual = 2 * usualMoves * Math.max(usualMove ?? 0, movesInADay[assetClass]) * Math.sqrt(days);
  return Math.abs(Math.log(price / lastBar.close)) <= usual;
}

function widthOf(cluster: readonly Candidate[]): number {
  const prices = cluster.map((each) => each.price);
  return Math.max(...prices) / Math.min(...prices);
}

function namesOf(cluster: readonly Candidate[]): string {
  return cluster
    .map((each) => each.source)
    .sort()
    .join(' ');
}
