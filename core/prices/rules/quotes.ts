/**
 * A quote against what is known of its listing: in another unit, or a jump.
 *
 * The stored price speaks only once something has agreed with it: a second fetch, a bar or another source. Until then it
 * is provisional, and blocks nothing. A factor that a settled price speaks against is let through where something
 * explains it: a split of that ratio, the source's own bar, another source, the previous close beside the price, or
 * later answers. All else is wrong, and is not served.
 */
import type { PriceWitness } from '../../contracts/words/price-findings.ts';
import type { ListedQuote } from '../../market/listed-quote.ts';
import { dateInZone } from '../../market/zoned-date.ts';
import type { LatestPrior, QuoteSurroundings, RecentQuote } from '../evidence.ts';
import { mayBeNegative } from '../negative-prices.ts';
import {
  corroborationFraction,
  corroborationMs,
  jumpFactor,
  latestBarMs,
  outvotingAnswers,
  outvotingMs,
  priorValidMs,
  rateLevel,
  unitSlack,
} from '../thresholds.ts';
import type { Finding } from './finding.ts';
import { invertedFinding, priceFinding, unitFinding } from './quote-findings.ts';
import { isWithin, unitPower } from './unit.ts';

/** Whether a quote is in another unit than the settled price of its source. */
export function isInOtherUnit({ quote }: ListedQuote, prior: LatestPrior | undefined): boolean {
  return prior !== undefined && !prior.provisional && unitPower(Number(quote.price) / prior.price, unitSlack) !== 0;
}

/** What becomes of a quote. Findings of `right` are on the row itself, or on rows stored before it. */
export type QuoteJudgement =
  | {
      readonly kind: 'right';
      readonly provisional: boolean;
      readonly findings: readonly Finding[];
      /** Rows before it in another unit: what they said, and what speaks against them. */
      readonly wrongBefore: readonly { readonly row: RecentQuote; readonly finding: Finding }[];
      /** Market times of rows that were held to be wrong and are not. */
      readonly cleared: readonly number[];
    }
  | { readonly kind: 'wrong'; readonly finding: Finding }
  /** Price and previous close are in different units, and nothing tells which is right. */
  | { readonly kind: 'undecided'; readonly ratio: number };

/** Nothing is known around the row. */
export const nothingAround: QuoteSurroundings = { recent: [], splits: [], lastBar: null, others: [], usualMove: null };

/** How many first rows may turn out wrong once two others agree. */
const mostFirstRows = 3;

/** So many usual moves a price may make at once … */
const jumpMoves = 6;
/** … and no farther than this: what lies beyond may be another unit. */
const greatestJump = Math.log(10);

/** A split may be known so many days before or after the price moves. */
const splitDays = 10;
const dayMs = 86_400_000;

/** The row that a quote is compared with. */
interface Anchor {
  readonly price: number;
  readonly asOf: number;
  readonly settled: boolean;
}

interface Witness {
  readonly witness: PriceWitness;
  readonly price: number;
  readonly agrees: boolean;
  /** The power of ten by which the quote stands above it, where that is one of a unit. */
  readonly power: number;
}

/**
 * Whether a settled price lets a quote through by itself: nothing else need be looked up.
 */
export function isUndisputed(row: ListedQuote, prior: LatestPrior | undefined): boolean {
  if (!prior || prior.provisional) return false;
  if (invertedAgainst(row, prior.price) !== null) return false;
  return isUnrated(row) || (isLikeStored(row, prior) && unitPower(toPreviousClose(row) ?? 1, unitSlack) === 0);
}

/**
 * Judges a quote by the latest stored one of its source and by what else is known. `feedIsOff` says that most prices of its
 * answer are in another unit: then answers outvote nothing. Never throws.
 */
export function judgeQuote(
  row: ListedQuote,
  prior: LatestPrior | undefined,
  around: QuoteSurroundings = nothingAround,
  feedIsOff = false,
): QuoteJudgement {
  const price = Number(row.quote.price);
  const anchor = anchorOf(row, prior, around);
  const strong = witnessesOf(row, around);
  const agreed = strong.some(({ agrees }) => agrees);
  const again = prior !== undefined && row.fetchedAt > (prior.fetchedAt ?? 0);
  if (isUnrated(row)) return right({ provisional: !agreed && !(anchor?.settled || again) });

  const turned = invertedAgainst(row, anchor?.settled ? anchor.price : null);
  const isExplained = () =>
    turned?.witness === 'stored_quote' &&
    anchor !== null &&
    (agreed || explanationOf(row, anchor, around, strong, feedIsOff) !== null);
  if (turned !== null && !isExplained()) return { kind: 'wrong', finding: invertedFinding(row, turned) };

  const findings = doubtsOf(row, anchor, strong, around);
  if (anchor && isLikeStored(row, anchor, around.usualMove)) {
    const settled = anchor.settled || agreed || (again && isNear(price, anchor.price, row, around));
    const wrongBefore = anchor.settled || !settled ? [] : firstRowsInOtherUnit(row, around);
    return right({ provisional: !settled, findings, wrongBefore });
  }
  if (anchor?.settled) {
    const why = explanationOf(row, anchor, around, strong, feedIsOff);
    if (why === null) return { kind: 'wrong', finding: offFinding(row, anchor) };
    const cleared = around.recent.filter(
      (each) =>
        each.wrong &&
        each.asOf > anchor.asOf &&
        (isNear(price, each.price, row, around) || (why === 'later_answers' && isOnTheWay(each.price, anchor, price))),
    );
    return right({ provisional: why === 'previous_close', cleared: cleared.map((each) => each.asOf) });
  }
  if (agreed) return right({ provisional: false, findings, wrongBefore: firstRowsInOtherUnit(row, around) });
  const against = strong.find(({ power }) => power !== 0);
  if (against) return { kind: 'wrong', finding: unitFinding(row, 'wrong', against.power, against.witness) };
  const toPrevious = toPreviousClose(row);
  if (toPrevious !== null && unitPower(toPrevious, unitSlack) !== 0) {
    if (!anchor) return { kind: 'undecided', ratio: toPrevious };
    // The stored price and the previous close say the same, and this one is apart from both.
    if (isNear(anchor.price, price / toPrevious, row, around))
      return { kind: 'wrong', finding: unitFinding(row, 'wrong', unitPower(toPrevious, unitSlack), 'previous_close') };
  }
  return right({ provisional: true, findings });
}

function right(
  of: Partial<Omit<Extract<QuoteJudgement, { kind: 'right' }>, 'kind'>> & { readonly provisional: boolean },
): QuoteJudgement {
  return { kind: 'right', findings: [], wrongBefore: [], cleared: [], ...of };
}

/** Ratios say nothing of prices below zero, and of rates near it. */
function isUnrated({ quote, listing }: ListedQuote): boolean {
  const price = Number(quote.price);
  return (
    mayBeNegative.has(listing.assetClass) && (price <= 0 || (listing.assetClass !== 'future' && price < rateLevel))
  );
}

/** The latest stored row; for a quote that comes late, the one that it follows. */
function anchorOf(row: ListedQuote, prior: LatestPrior | undefined, around: QuoteSurroundings): Anchor | null {
  if (!prior) return null;
  const settled = prior.provisional !== true;
  const before =
    prior.asOf > row.quote.asOf ? around.recent.find((each) => !each.wrong && each.asOf <= row.quote.asOf) : undefined;
  const { price, asOf } = before ?? prior;
  return { price, asOf, settled };
}

/** Whether a quote is where the stored price is, or where its own previous close is, and in the same unit. */
function isLikeStored(
  row: ListedQuote,
  anchor: { readonly price: number; readonly asOf: number },
  usualMove: number | null = null,
): boolean {
  const { quote } = row;
  const limit = jumpOf(row, usualMove);
  const toStored = anchor.price > 0 ? Number(quote.price) / anchor.price : null;
  const toPrevious = toPreviousClose(row);
  if (toStored !== null && unitPower(toStored, unitSlack) !== 0) return false;
  if (toPrevious !== null && isWithin(toPrevious, limit)) return true;
  const recent = Math.abs(quote.asOf - anchor.asOf) <= priorValidMs;
  if (toStored !== null && recent) return isWithin(toStored, limit);
  return toPrevious === null;
}

/** Nearer to 1 than this, a pair and its reciprocal are a day's move apart. */
const leastTurn = 0.03;

/**
 * What says that a currency pair is the other way round: its own previous close, or the settled price of its source, is
 * about the reciprocal and not about the price. Without such a word nothing is said.
 */
function invertedAgainst(
  row: ListedQuote,
  settled: number | null,
): { readonly witness: PriceWitness; readonly price: number } | null {
  const { quote, listing } = row;
  const price = Number(quote.price);
  if (listing.assetClass !== 'fx' || !(price > 0)) return null;
  const fitsTurned = (by: number) => {
    const [own, turned] = [Math.abs(Math.log(price / by)), Math.abs(Math.log(price * by))];
    return own >= leastTurn && turned <= leastTurn && turned <= own / 4;
  };
  const previous = Number(quote.previousClose);
  if (previous > 0 && fitsTurned(previous)) return { witness: 'previous_close', price: previous };
  return settled !== null && settled > 0 && fitsTurned(settled) ? { witness: 'stored_quote', price: settled } : null;
}

/** `null` where there is none, or it says nothing by its ratio: oil closed below zero in April 2020. */
function toPreviousClose({ quote }: ListedQuote): number | null {
  const previous = Number(quote.previousClose);
  return previous > 0 ? Number(quote.price) / previous : null;
}

function isNear(a: number, b: number, row: ListedQuote, { usualMove }: Pick<QuoteSurroundings, 'usualMove'>): boolean {
  return a > 0 && b > 0 && isWithin(a / b, jumpOf(row, usualMove));
}

/** By what factor a price may move at once: a share that moves by a sixth each day doubles in a day now and then. */
function jumpOf({ listing }: ListedQuote, usualMove: number | null): number {
  return Math.max(jumpFactor[listing.assetClass], Math.exp(Math.min(jumpMoves * (usualMove ?? 0), greatestJump)));
}

/** The source's own last bar, and other sources' settled prices of about the same time. */
function witnessesOf(row: ListedQuote, around: QuoteSurroundings): Witness[] {
  const { lastBar, others, splits } = around;
  const { quote, listing } = row;
  const price = Number(quote.price);
  const found: Witness[] = [];
  if (lastBar && lastBar.close > 0 && Math.abs(quote.asOf - lastBar.at) <= latestBarMs) {
    // A bar of before a split may not be adjusted yet.
    const [from, to] = [lastBar.at, quote.asOf].map((at) => dateInZone(at, listing.zone));
    const since = splits.filter(({ exDate }) => exDate > (from ?? '') && exDate <= (to ?? ''));
    const ratio = price / lastBar.close;
    const agrees = [1, ...since.map((split) => split.ratio)].some((each) =>
      isNear(price * each, lastBar.close, row, around),
    );
    found.push({
      witness: 'surroundings',
      price: lastBar.close,
      agrees,
      power: agrees ? 0 : unitPower(ratio, unitSlack),
    });
  }
  for (const other of others) {
    if (other.provisional || !(other.price > 0) || Math.abs(other.asOf - quote.asOf) > corroborationMs) continue;
    const agrees = Math.abs(other.price / price - 1) <= corroborationFraction;
    found.push({
      witness: 'other_source',
      price: other.price,
      agrees,
      power: unitPower(price / other.price, unitSlack),
    });
  }
  return found;
}

/** Why a quote that is far off a settled price may be right; `null` where nothing says so. */
function explanationOf(
  row: ListedQuote,
  anchor: Anchor,
  around: QuoteSurroundings,
  strong: readonly Witness[],
  feedIsOff: boolean,
): 'split' | 'bar' | 'other_source' | 'previous_close' | 'later_answers' | null {
  const { quote, listing } = row;
  const price = Number(quote.price);
  const ratio = price / anchor.price;
  const power = unitPower(ratio, unitSlack);
  const near = (day: string) => {
    const at = Date.parse(day);
    return at >= anchor.asOf - splitDays * dayMs && at <= quote.asOf + splitDays * dayMs;
  };
  if (around.splits.some((split) => near(split.exDate) && isWithin(ratio * split.ratio, unitSlack))) return 'split';
  if (strong.some(({ witness, agrees }) => witness === 'surroundings' && agrees)) return 'bar';
  // A whole feed may come in another unit, so there another source is not enough.
  if (power === 0 && around.others.some((other) => isSaidBy(other, row))) return 'other_source';
  const contradicted = strong.some(
    (each) => each.witness === 'other_source' && !each.agrees && isNear(each.price, anchor.price, row, around),
  );
  if (contradicted) return null;
  const toPrevious = toPreviousClose(row);
  const inMinorUnits = listing.minorFactor !== 1 || quote.minorFactor !== 1;
  // Within a day no previous close moves; where a venue has minor units, a whole row may come in the other one.
  const nextDay = dateInZone(anchor.asOf, listing.zone) < dateInZone(quote.asOf, listing.zone);
  if (power !== 0 && nextDay && !inMinorUnits && toPrevious !== null && isNear(toPrevious, 1, row, around))
    return 'previous_close';
  const said = around.recent.filter(
    (each) =>
      each.wrong &&
      each.asOf > anchor.asOf &&
      each.asOf < quote.asOf &&
      (isNear(price, each.price, row, around) || isOnTheWay(each.price, anchor, price)),
  );
  // Only the name of the unit has changed, and not the number: pence called pounds, however often.
  const renamed = quote.minorFactor < listing.minorFactor && power !== 0;
  if (renamed && isNear((price * quote.minorFactor) / listing.minorFactor, anchor.price, row, around)) return null;
  const since = Math.min(...said.map((each) => each.asOf));
  const outvoted = said.length + 1 >= outvotingAnswers && quote.asOf - since >= outvotingMs;
  return outvoted && !feedIsOff ? 'later_answers' : null;
}

/** A price that collapses, or rises, by the hour is at another place in each answer: those on the way to it say so, too. */
function isOnTheWay(each: number, anchor: Anchor, price: number): boolean {
  return (each - anchor.price) * (each - price) < 0;
}

function isSaidBy(other: { readonly price: number; readonly asOf: number }, { quote }: ListedQuote): boolean {
  return (
    Math.abs(other.price / Number(quote.price) - 1) <= corroborationFraction &&
    Math.abs(other.asOf - quote.asOf) <= corroborationMs
  );
}

/** What puts a quote in doubt that is stored and served. */
function doubtsOf(
  row: ListedQuote,
  anchor: Anchor | null,
  strong: readonly Witness[],
  around: QuoteSurroundings,
): Finding[] {
  const { others } = around;
  const price = Number(row.quote.price);
  const toPrevious = toPreviousClose(row);
  const previousPower = toPrevious === null ? 0 : unitPower(toPrevious, unitSlack);
  if (previousPower !== 0 && anchor) return [unitFinding(row, 'doubt', previousPower, 'previous_close')];
  if (strong.some(({ agrees }) => agrees)) return [];
  const unit = strong.find(({ power }) => power !== 0);
  if (unit) return [unitFinding(row, 'doubt', unit.power, unit.witness)];
  const newcomer = others.find(
    (other) =>
      other.provisional &&
      Math.abs(other.asOf - row.quote.asOf) <= corroborationMs &&
      unitPower(price / other.price, unitSlack) !== 0,
  );
  if (newcomer && !anchor?.settled)
    return [unitFinding(row, 'doubt', unitPower(price / newcomer.price, unitSlack), 'other_source')];
  const off = strong.find((each) => !isNear(price, each.price, row, around));
  if (off) return [priceFinding(row, 'doubt', price / off.price, off.witness)];
  if (!anchor && toPrevious !== null && !isNear(toPrevious, 1, row, around))
    return [priceFinding(row, 'doubt', toPrevious, 'previous_close')];
  return [];
}

/**
 * Once two rows agree, the few before them in another unit are wrong, unless a split explains it, or two of them agreed
 * in their turn: a price that was settled has truly moved since.
 */
function firstRowsInOtherUnit(row: ListedQuote, around: QuoteSurroundings) {
  const { recent, splits } = around;
  const price = Number(row.quote.price);
  const first = recent.filter((each) => !each.wrong && each.asOf < row.quote.asOf);
  if (first.length > mostFirstRows) return [];
  const isOther = (each: RecentQuote | undefined) =>
    each !== undefined && unitPower(each.price / price, unitSlack) !== 0 ? each.price : null;
  const settled = first.some((each, index) => {
    const [one, other] = [isOther(each), isOther(first[index + 1])];
    return one !== null && other !== null && isNear(one, other, row, around);
  });
  if (settled) return [];
  return first.flatMap((each) => {
    const power = unitPower(each.price / price, unitSlack);
    if (power === 0 || splits.some((split) => isWithin((price / each.price) * split.ratio, unitSlack))) return [];
    const before = { ...row, quote: { ...row.quote, price: String(each.price), asOf: each.asOf } };
    return [{ row: each, finding: unitFinding(before, 'wrong', power, 'surroundings') }];
  });
}

/** What speaks against a quote that is far off the settled price. */
function offFinding(row: ListedQuote, anchor: Anchor): Finding {
  const ratio = Number(row.quote.price) / anchor.price;
  const power = unitPower(ratio, unitSlack);
  return power === 0
    ? priceFinding(row, 'wrong', ratio, 'stored_quote')
    : unitFinding(row, 'wrong', power, 'stored_quote');
}
