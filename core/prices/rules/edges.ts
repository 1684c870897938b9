/**
 * Edges: a few rows at a price where the market was not.
 *
 * A block of at most five rows that is reached and left by a gap, with the market before and after it at one price, is
 * wrong. At the first and last rows one side is missing: there the stored quote, the price beside the bars or the close
 * before them decides, and without them only a step beyond any ordinary one, which no trades show, is in doubt. A price
 * that the bars trade their way to is a market, however wild.
 */
import type { FindingSeverity, PriceWitness } from '../../contracts/words/price-findings.ts';
import type { AssetClass } from '../../market/instrument.ts';
import { unitSlack } from '../thresholds.ts';
import { isCrash } from './crash.ts';
import type { Finding } from './finding.ts';
import {
  barSubject,
  dayOf,
  daysBetween,
  type PriceAt,
  type Row,
  type Series,
  splitsBetween,
  splitsOf,
  wildClasses,
} from './series.ts';
import { median, moveAround, wildMove } from './spread.ts';
import { unitPower } from './unit.ts';

/** By what factor a block must stand off, at the least. */
const leastFactor: Readonly<Record<AssetClass, number>> = {
  equity: 1.35,
  etf: 1.25,
  fund: 1.15,
  index: 1.15,
  crypto: 1.5,
  fx: 1.1,
  future: 1.4,
  option: 20,
  other: 2,
};

const longestBlock = 5;

/**
 * A longer block must stand off by such a factor, and come back by the same one: no market does. A smaller factor, as of a
 * split that was applied to some rows only, counts for fewer rows, which must be as calm as those around them.
 */
const longBlock = { rows: 250, factor: 4, shareOfAll: 1 / 3 } as const;
const stretch = { rows: 10, factor: 1.8 } as const;

/** Some rows at more than such a factor need not be calm: no market goes so far and comes back within days. */
const sureFactor = 2.5;

/** Rows of a mistake are as calm as the market: they move, and range, by no more usual moves than this. */
const [calmMoves, calmRange] = [4, 6];

/** Where so many times as much is traded as before, a squeeze is as likely as a mistake: the rows are in doubt. */
const heavyVolume = 5;
/** A day whose range is so many times as wide as others is a market's. */
const heavyRange = 4;

/** By how many of the logarithms of `leastFactor` an edge must step with nothing to compare it with. */
const bareFactors = 3.3;
/** A step by such a factor is in doubt however much was traded. */
const sureStep = 8;

/** A smaller step is one where it is so many usual moves, of a block that is as quiet and calm as the days around it. */
const quietBlock = { factor: 1.18, moves: 10, rows: 60, slack: 2 } as const;

/** How far a series must rise or fall at once and stay, so many rows at least, and after no longer a time without rows. */
const [stayingRise, stayingFall, stayingRows, haltDays] = [Math.log(3), Math.log(12), 20, 7];
/** Prices that are no single trade's, though no trades are counted. */
const uncounted: ReadonlySet<AssetClass> = new Set(['fx', 'index', 'fund']);

/** A quote farther from the last row than this does not decide about it. */
const quoteDays = 5;

/** Prices move in ticks: a step of fewer says nothing, whatever it is in percent. */
const leastTicks = 5;

/** Finds rows at a wrong price. Expects rows whose units and splits are right. */
export function checkEdges(series: Series): Finding[] {
  const { rows } = series;
  if (rows.length < 3) return againstQuote(series);
  const usual = limitOf(series);
  const least = Math.min(usual, Math.max(Math.log(quietBlock.factor), quietBlock.moves * series.sigma));
  const found: Finding[] = [];
  let index = 1;
  while (index < rows.length) {
    const size = Math.abs(series.returns[index] ?? 0);
    const block =
      size > least ? ((size > usual ? blockAt(series, index, usual) : null) ?? quietBlockAt(series, index)) : null;
    if (block === null) {
      index++;
      continue;
    }
    found.push(...block.findings);
    index = block.next;
  }
  const known = new Set(found.map((finding) => finding.subject.at));
  return [...found, ...againstQuote(series).filter((finding) => !known.has(finding.subject.at))];
}

/** The logarithm that a step must exceed. */
function limitOf(series: Series): number {
  const least = Math.log(leastFactor[series.assetClass]);
  return Math.max(least, 6 * series.sigma, 2.5 * wildMove(series.returns));
}

interface Block {
  readonly findings: readonly Finding[];
  readonly next: number;
}

function blockAt(series: Series, index: number, usual: number): Block | null {
  const { rows } = series;
  const before = rows[index - 1];
  const first = rows[index];
  if (!before || !first || !(before.close > 0) || !(first.close > 0)) return null;
  const limit = Math.max(usual, 8 * moveAround(series, index));
  const step = Math.log(first.close / before.close);
  if (Math.abs(step) <= limit || isTick(series, first.close, before.close)) return null;
  if (!hasGap(before, first, limit) && !isApart(first, limit)) return null;
  for (let end = index + 1; end <= Math.min(index + longestBlock, rows.length - 1); end++) {
    const [last, after] = [rows[end - 1], rows[end]];
    if (!last || !after || !(last.close > 0) || !(after.close > 0)) return null;
    const back = Math.log(after.close / last.close);
    if (Math.abs(back) <= limit || Math.sign(back) === Math.sign(step)) continue;
    const moved = Math.abs(Math.log(after.close / before.close));
    // The longer it lasts, the more it looks like a market.
    if (Math.abs(step) < limit * (1 + 0.2 * (end - index - 1))) return null;
    if (moved > 0.35 * Math.abs(step) || !(hasGap(last, after, limit) || isApart(last, limit))) return null;
    const level = Math.sqrt(before.close * after.close);
    // One day is a mistake; what lasts for days may be a market that is thin, unless it looks like the one around it.
    const isSure = Math.abs(step) > Math.log(sureFactor) || isCalm(series, index, end);
    const looksWrong = end === index + 1 || (isCounted(series, index, end) && isSure);
    const severity = looksWrong && !isHeavy(series, index) ? 'wrong' : 'doubt';
    return { findings: offRows(rows.slice(index, end), level, 'surroundings', severity), next: end + 1 };
  }
  return (
    longBlockAt(series, index, step, limit) ?? edgeAt(series, index, step, limit) ?? stepAt(series, index, step, limit)
  );
}

/** More rows at a multiple of the price, entered and left by a gap of the same factor. */
function longBlockAt(series: Series, index: number, step: number, limit: number): Block | null {
  const { rows, returns, assetClass } = series;
  const least = Math.max(Math.log(longBlock.factor), Math.log(leastFactor[assetClass]) * 2, limit);
  const before = rows[index - 1];
  if (Math.abs(step) < Math.max(Math.log(stretch.factor), limit) || !before) return null;
  const isLarge = Math.abs(step) >= least;
  const most = isLarge ? longBlock.rows : stretch.rows;
  const longest = Math.min(most, Math.floor(rows.length * longBlock.shareOfAll));
  for (let end = index + longestBlock + 1; end <= Math.min(index + longest, rows.length - 1); end++) {
    const back = returns[end] ?? 0;
    if (Math.abs(back) < limit || Math.sign(back) === Math.sign(step)) continue;
    const [last, after] = [rows[end - 1], rows[end]];
    if (!last || !after || !hasGap(last, after, limit)) return null;
    if (Math.abs(step + back) > Math.max(0.1 * Math.abs(step), 3 * moveAround(series, end))) return null;
    if (!isLarge && (isHeavy(series, index, end) || !isCalm(series, index, end))) return null;
    const level = Math.sqrt(before.close * after.close);
    const severity = isLarge || isCounted(series, index, end) ? 'wrong' : 'doubt';
    return { findings: offRows(rows.slice(index, end), level, 'surroundings', severity), next: end + 1 };
  }
  return null;
}

/**
 * Rows at another price, entered and left by a gap of just the same factor, with no more trades than before and calm all the
 * time: another currency, or a split, that some rows have. A market that goes and comes back is seen in its trades.
 */
function quietBlockAt(series: Series, index: number): Block | null {
  const { rows, returns, interval, assetClass } = series;
  const [before, first, step] = [rows[index - 1], rows[index], returns[index] ?? 0];
  if (interval !== '1d' || wildClasses.has(assetClass) || !before || !first) return null;
  const sigma = moveAround(series, index);
  const limit = Math.max(Math.log(quietBlock.factor), quietBlock.moves * sigma);
  if (Math.abs(step) < limit || !hasGap(before, first, limit) || isTick(series, first.close, before.close)) return null;
  const longest = Math.min(quietBlock.rows, Math.floor(rows.length * longBlock.shareOfAll));
  for (let end = index + 1; end <= Math.min(index + longest, rows.length - 1); end++) {
    const back = returns[end] ?? 0;
    if (Math.abs(back) < limit * 0.7) continue;
    const [last, after] = [rows[end - 1], rows[end]];
    if (!last || !after || Math.abs(step + back) > quietBlock.slack * sigma || !hasGap(last, after, limit)) return null;
    const isQuiet = [index, end].every((each) => !isHeavy(series, each));
    if (!isQuiet || isCrash(series, index) || isCrash(series, end)) return null;
    if (!(uncounted.has(assetClass) || isCounted(series, index, end)) || !isCalm(series, index, end)) return null;
    const level = Math.sqrt(before.close * after.close);
    return { findings: offRows(rows.slice(index, end), level, 'surroundings', 'doubt'), next: end + 1 };
  }
  return null;
}

/** Whether trades are counted in some rows and in those before them: where none are, a price may be a single trade's. */
function isCounted({ rows }: Series, from: number, end: number): boolean {
  const traded = (some: readonly Row[]) => median(some.map((row) => row.volume ?? 0)) > 0;
  return traded(rows.slice(Math.max(0, from - 20), from)) && traded(rows.slice(from, end));
}

/** Whether rows move and range no more than the market around them, and have it where they left it. */
function isCalm(series: Series, from: number, end: number): boolean {
  const { rows, returns } = series;
  const sigma = moveAround(series, from);
  const [before, after] = [rows[from - 1]?.close ?? 0, rows[end]?.close ?? 0];
  if (Math.abs(Math.log(after / before)) > 3 * sigma * Math.sqrt(end - from + 1)) return false;
  for (let index = from; index < end; index++) {
    if (index > from && !(Math.abs(returns[index] ?? 0) <= calmMoves * sigma)) return false;
    const row = rows[index];
    const [high, low] = row ? rangeOf(row) : [1, 1];
    if (Math.log(high / low) > calmRange * sigma) return false;
  }
  return true;
}

/** Whether far more was traded in a row, or in most of some, than in those before. */
function isHeavy({ rows }: Series, from: number, end = from + 1): boolean {
  const volumeOf = (some: readonly Row[]) => median(some.map((row) => row.volume ?? Number.NaN));
  const usual = volumeOf(rows.slice(Math.max(0, from - 20), from));
  return usual > 0 && volumeOf(rows.slice(from, end)) >= heavyVolume * usual;
}

/** A step that is not taken back: of the first or last few rows. */
function edgeAt(series: Series, index: number, step: number, limit: number): Block | null {
  const { rows, evidence } = series;
  const [before, first] = [rows[index - 1], rows[index]];
  if (!before || !first) return null;
  const size = Math.abs(step);
  const bare = bareFactors * Math.log(leastFactor[series.assetClass]);
  const isFar = size > Math.max(bare, limit) && (size > Math.log(sureStep) || !isTaken(series, index));
  if (rows.length - index <= longestBlock && rows.length - index < index) {
    for (const [witness, price] of witnessesOf(series)) {
      const toBefore = Math.abs(Math.log(price / before.close));
      const toLast = Math.abs(Math.log(price / (rows.at(-1)?.close ?? first.close)));
      // What stands beside the bars is made of the last one, as a rule.
      if (toLast <= 0.35 * size && witness === 'market_price' && isFar) continue;
      if (toLast <= 0.35 * size) return null;
      if (toBefore <= 0.35 * size)
        return { findings: offRows(rows.slice(index), price, witness, 'wrong'), next: rows.length };
    }
    if (isFar)
      return { findings: offRows(rows.slice(index), before.close, 'surroundings', 'doubt'), next: rows.length };
  }
  if (index <= longestBlock && index < rows.length - index) {
    const { closeBefore } = evidence;
    if (closeBefore !== undefined && closeBefore > 0) {
      const opening = rows[0]?.close ?? before.close;
      if (Math.abs(Math.log(closeBefore / opening)) <= 0.35 * size) return null;
      if (Math.abs(Math.log(closeBefore / first.close)) <= 0.35 * size)
        return { findings: offRows(rows.slice(0, index), closeBefore, 'previous_close', 'wrong'), next: index + 1 };
    }
    if (isFar)
      return { findings: offRows(rows.slice(0, index), first.close, 'surroundings', 'doubt'), next: index + 1 };
  }
  return null;
}

/** Whether the trades or the range of a row, or of the one before it, are beyond those of the rows on the longer side. */
function isTaken({ rows }: Series, index: number): boolean {
  const others =
    index < rows.length - index ? rows.slice(index + 12, index + 42) : rows.slice(Math.max(0, index - 31), index - 1);
  const volumeOf = (row: Row) => row.volume ?? Number.NaN;
  const widthOf = (row: Row) => {
    const [high, low] = rangeOf(row);
    return Math.log(high / low);
  };
  const isBeyond = (of: (row: Row) => number, times: number) => {
    const usual = median(others.map(of));
    return usual > 0 && rows.slice(index - 1, index + 1).some((row) => of(row) > times * usual);
  };
  return isBeyond(volumeOf, heavyVolume) || isBeyond(widthOf, heavyRange);
}

/** A step that stays, of a factor that no market took: another currency, or a split that nobody names. */
function stepAt(series: Series, index: number, step: number, limit: number): Block | null {
  const { rows, interval, assetClass } = series;
  const [before, first] = [rows[index - 1], rows[index]];
  if (interval !== '1d' || wildClasses.has(assetClass) || !before || !first) return null;
  if (
    Math.abs(step) < Math.max(step > 0 ? stayingRise : stayingFall, limit) ||
    first.at - before.at > haltDays * 86_400_000
  )
    return null;
  if (index < stayingRows || rows.length - index < stayingRows || isCrash(series, index)) return null;
  // Of units and of splits that are named others have spoken.
  const isNamed = splitsOf(series.actions).some(({ ratio }) => Math.abs(Math.abs(step / Math.log(ratio)) - 1) <= 0.2);
  if (isNamed || unitPower(first.close / before.close, unitSlack) !== 0) return null;
  const level = (some: readonly Row[]) => median(some.map((row) => row.close));
  const stays = Math.log(level(rows.slice(index, index + stayingRows)) / level(rows.slice(index - stayingRows, index)));
  if (Math.abs(stays - step) > 0.35 * Math.abs(step)) return null;
  // A currency is devalued overnight, now and then to a third, without anything that its own bars would show.
  const severity = assetClass === 'fx' ? 'info' : 'doubt';
  return { findings: offRows([first], before.close, 'surroundings', severity), next: index + 1 };
}

/** Prices of about the time of the last row, in its shares. */
function witnessesOf({ rows, evidence, actions, zone, basis }: Series): [PriceWitness, number][] {
  const last = rows.at(-1);
  if (!last) return [];
  const lastDay = dayOf(last, zone);
  const near = (price: PriceAt | undefined): number | null => {
    if (!price || !(price.price > 0)) return null;
    const day = new Date(price.at).toISOString().slice(0, 10);
    if (Math.abs(daysBetween(lastDay, day)) > quoteDays) return null;
    return price.price / splitsBetween(actions, day, basis === 'raw' ? lastDay : '9999-12-31');
  };
  const others = (evidence.others ?? []).map(near).filter((price) => price !== null);
  return (
    [
      ['stored_quote', near(evidence.quote)],
      ['market_price', near(evidence.market)],
      ['other_source', others.length > 0 ? median(others) : null],
    ] as const
  ).flatMap(([witness, price]) => (price === null ? [] : [[witness, price] as [PriceWitness, number]]));
}

/** The last row against the stored quote, where its surroundings say nothing against it. */
function againstQuote(series: Series): Finding[] {
  const last = series.rows.at(-1);
  const [witness, price] = witnessesOf(series).find(([name]) => name === 'stored_quote') ?? [];
  if (!last || !(last.close > 0) || witness === undefined || price === undefined) return [];
  const off = Math.abs(Math.log(last.close / price));
  const limit = Math.max(Math.log(1.5), 1.5 * limitOf(series), 10 * moveAround(series, series.rows.length - 1));
  return off > limit && !isTick(series, last.close, price) ? offRows([last], price, witness, 'doubt') : [];
}

/** Whether the ranges of two neighbours are apart by about their step: no trade took the way. */
export function hasGap(before: Row, after: Row, limit: number): boolean {
  const [high, low] = rangeOf(before);
  const [nextHigh, nextLow] = rangeOf(after);
  const apart = after.close > before.close ? Math.log(nextLow / high) : Math.log(low / nextHigh);
  return apart > limit * 0.7;
}

/** Whether a close is far outside the high and low of its own bar. */
function isApart({ high, low, close }: Row, limit: number): boolean {
  return (
    (high !== null && Math.log(close / high) > limit * 0.7) || (low !== null && Math.log(low / close) > limit * 0.7)
  );
}

function rangeOf({ open, high, low, close }: Row): [high: number, low: number] {
  const prices = [open, high, low, close].filter((price) => price !== null && price > 0).map(Number);
  return [Math.max(...prices), Math.min(...prices)];
}

/** Whether two prices differ by a few of the smallest steps that the series has. */
export function isTick({ rows }: Series, a: number, b: number): boolean {
  let tick = Number.POSITIVE_INFINITY;
  for (let index = 1; index < rows.length; index++) {
    const moved = Math.abs((rows[index]?.close ?? 0) - (rows[index - 1]?.close ?? 0));
    // What rounding leaves is no tick.
    if (moved > 1e-6 * Math.abs(b) && moved < tick) tick = moved;
  }
  return Math.abs(a - b) < leastTicks * tick * 0.99 && tick !== Number.POSITIVE_INFINITY && rows.length > 3;
}

function offRows(rows: readonly Row[], level: number, witness: PriceWitness, severity: FindingSeverity): Finding[] {
  return rows.map((row) => ({
    rule: 'edges',
    severity,
    subject: barSubject(row),
    evidence: { code: 'price_off', ratio: Number((row.close / level).toPrecision(4)), rows: rows.length, witness },
    proposal: null,
  }));
}
