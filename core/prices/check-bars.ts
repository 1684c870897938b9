/**
 * Checks of the bars of one listing from one answer, on data alone:
 *
 *   1. each bar by itself: possible time, positive prices, high and low that enclose the others, one unit within the bar
 *   2. units along the series: a step of about 100 between neighbours splits it; the part that agrees with the stored
 *      latest price is right. Without one, a part of nine tenths outvotes the rest, and else all of it is held back:
 *      a series that is half in pence says nothing of which half
 *   3. a bar far off both neighbours, which agree with each other
 *   4. bars before a split of the same answer that a basis of adjusted prices should have adjusted, and has not
 *
 * A step to another level that stays is a crash or a rise, and let through.
 */
import type { QuarantineReason } from '../contracts/words/quarantine-reasons.ts';
import type { RowFinding } from '../contracts/words/row-findings.ts';
import type { Bar } from '../market/bar.ts';
import type { BarSeries } from '../market/bar-series.ts';
import { isUnitRatio, isWithin } from './check-quotes.ts';
import type { RejectedRow } from './decision.ts';
import type { PriorQuote } from './evidence.ts';
import { earliestTime, futureToleranceMs, jumpFactor, minorUnitRatio, priorValidMs } from './thresholds.ts';

export interface CheckedBars {
  readonly accepted: BarSeries;
  readonly rejected: readonly RejectedRow[];
}

interface Rejected {
  readonly reason: QuarantineReason;
  readonly finding: RowFinding;
  readonly detail: string;
}

/** The share of a series that outvotes the rest on its unit when no stored price can tell. */
const clearMajority = 0.9;

/** By what relative amount an open or close may lie outside high and low: adjusted prices are rounded one by one. */
const roundingSlack = 1e-3;

/** Splits a series into bars to store and bars for quarantine. `prior` is the stored latest quote. Never throws. */
export function checkBars(series: BarSeries, prior: PriorQuote | undefined): CheckedBars {
  const rejected: RejectedRow[] = [];
  const reject = (bar: Bar, finding: Rejected) => rejected.push(rejection(series, bar, finding));
  let bars = [...series.bars].sort((a, b) => a.startsAt - b.startsAt);
  bars = keep(bars, (bar) => checkAlone(bar, series), reject);
  const wrongUnit = barsInWrongUnit(bars, prior);
  bars = keep(bars, (bar) => wrongUnit.get(bar) ?? null, reject);
  const spikes = isolatedBars(bars, jumpFactor[series.listing.assetClass]);
  bars = keep(bars, (bar) => spikes.get(bar) ?? null, reject);
  const missed = barsBeforeMissedSplit(bars, series);
  bars = keep(bars, (bar) => missed.get(bar) ?? null, reject);
  return { accepted: { ...series, bars: withoutDuplicates(bars, reject) }, rejected };
}

function keep(
  bars: readonly Bar[],
  check: (bar: Bar) => Rejected | null,
  reject: (bar: Bar, finding: Rejected) => void,
): Bar[] {
  return bars.filter((bar) => {
    const finding = check(bar);
    if (finding) reject(bar, finding);
    return finding === null;
  });
}

function checkAlone(bar: Bar, series: BarSeries): Rejected | null {
  if (!(bar.startsAt >= earliestTime))
    return { reason: 'schema', finding: invalid('startsAt'), detail: 'The time of the bar is not a time.' };
  if (bar.startsAt > series.fetchedAt + futureToleranceMs)
    return {
      reason: 'future_time',
      finding: { code: 'future_time', seconds: Math.round((bar.startsAt - series.fetchedAt) / 1000) },
      detail: 'The bar starts after the fetch.',
    };
  if (bar.currency !== series.listing.currency)
    return {
      reason: 'source_mismatch',
      finding: { code: 'other_currency', currency: bar.currency, expected: series.listing.currency },
      detail: `The bar is in ${bar.currency}, the listing trades in ${series.listing.currency}.`,
    };
  const texts = [bar.open, bar.high, bar.low, bar.close].filter((text) => text !== null);
  const prices = texts.map(Number);
  const wrong = texts.find((text) => !(Number(text) > 0));
  if (wrong !== undefined)
    return {
      reason: 'non_positive',
      finding: { code: 'non_positive_price', price: wrong.slice(0, 100) },
      detail: 'A price of the bar is not positive.',
    };
  if (prices.some((price) => !Number.isFinite(price)))
    return { reason: 'schema', finding: invalid('price'), detail: 'A price is beyond any number.' };
  if (bar.volume !== null && !(Number(bar.volume) >= 0))
    return { reason: 'schema', finding: invalid('volume'), detail: `The volume is ${bar.volume}.` };
  if (isUnitRatio(Math.max(...prices) / Math.min(...prices)))
    return {
      reason: 'unit_suspect',
      finding: { code: 'units_mixed' },
      detail: 'The prices within the bar differ by about 100 times.',
    };
  const high = bar.high === null ? Number.POSITIVE_INFINITY : Number(bar.high) * (1 + roundingSlack);
  const low = bar.low === null ? 0 : Number(bar.low) * (1 - roundingSlack);
  if (prices.some((price) => price > high || price < low))
    return {
      reason: 'schema',
      finding: { code: 'range_violated' },
      detail: 'High and low do not enclose the other prices of the bar.',
    };
  return null;
}

/** Bars whose unit is not the one that the stored price or nearly all bars have. */
function barsInWrongUnit(bars: readonly Bar[], prior: PriorQuote | undefined): Map<Bar, Rejected> {
  const found = new Map<Bar, Rejected>();
  // The unit of each bar relative to the first one: 0, or ±1 for each step of about 100.
  const units: number[] = [];
  let unit = 0;
  for (const [index, bar] of bars.entries()) {
    const before = bars[index - 1];
    if (before) {
      const ratio = Number(bar.close) / Number(before.close);
      if (isUnitRatio(ratio)) unit += ratio > 1 ? 1 : -1;
    }
    units.push(unit);
  }
  const last = bars.at(-1);
  if (!last) return found;
  // A price of today says nothing of bars of years ago: a share may well have grown a hundredfold.
  const near = prior !== undefined && Math.abs(prior.asOf - last.startsAt) <= priorValidMs;
  const anchored = near ? unitByPrice(Number(last.close), unit, prior.price) : null;
  if (anchored === null && units.every((each) => each === 0)) return found;
  const right = anchored ?? unitByVote(units);
  for (const [index, bar] of bars.entries()) {
    if (units[index] === right) continue;
    found.set(bar, {
      reason: 'unit_suspect',
      finding: { code: right === null ? 'unit_undecided' : 'unit_unlike_series' },
      detail:
        right === null
          ? `The bars step by ${minorUnitRatio} times, and nothing tells which are right.`
          : `The close is in another unit (${minorUnitRatio} times) than its neighbours or the stored price.`,
    });
  }
  return found;
}

/** The unit in which the last bar agrees with the stored price, or `null` when it is too far off to say. */
function unitByPrice(close: number, unit: number, stored: number): number | null {
  const steps = Math.round(Math.log(stored / close) / Math.log(minorUnitRatio));
  const ratio = (stored / close) * minorUnitRatio ** -steps;
  return Math.abs(steps) <= 1 && isWithin(ratio, 3) ? unit + steps : null;
}

function unitByVote(units: readonly number[]): number | null {
  const votes = new Map<number, number>();
  for (const unit of units) votes.set(unit, (votes.get(unit) ?? 0) + 1);
  for (const [unit, count] of votes) if (count >= units.length * clearMajority) return unit;
  return null;
}

/** Bars far off both neighbours, which agree: a wrong price, not a market. */
function isolatedBars(bars: readonly Bar[], limit: number): Map<Bar, Rejected> {
  const found = new Map<Bar, Rejected>();
  for (let index = 1; index < bars.length - 1; index++) {
    const [before, bar, after] = [bars[index - 1], bars[index], bars[index + 1]];
    if (!before || !bar || !after || found.has(before)) continue;
    const close = Number(bar.close);
    const moved = Number(after.close) / Number(before.close);
    // The more the neighbours differ, the farther off a bar must be to be wrong.
    const factor = limit * Math.max(moved, 1 / moved);
    if (
      factor <= limit * limit &&
      !isWithin(close / Number(before.close), factor) &&
      !isWithin(close / Number(after.close), factor)
    )
      found.set(bar, {
        reason: 'implausible_jump',
        finding: { code: 'isolated_price' },
        detail: 'The close is far off the bars before and after, which agree.',
      });
  }
  return found;
}

/** Bars before a split whose step in the series is the split's own ratio: they were not adjusted for it. */
function barsBeforeMissedSplit(bars: readonly Bar[], series: BarSeries): Map<Bar, Rejected> {
  const found = new Map<Bar, Rejected>();
  if (series.basis === 'raw') return found;
  for (const split of series.actions) {
    const ratio = Number(split.ratio);
    // A split of less than 3:2 is hard to tell from a bad day.
    if (split.type !== 'split' || !(ratio > 0) || isWithin(ratio, 1.45)) continue;
    const exDate = bars.findIndex((bar) => bar.date !== null && bar.date >= split.exDate);
    if (exDate < 0) continue;
    const near = (index: number) => {
      const [before, after] = [bars[index - 1], bars[index]];
      if (!before || !after) return false;
      return isWithin(
        Number(before.close) / Number(after.close) / ratio,
        Math.min(1.2, Math.sqrt(Math.max(ratio, 1 / ratio))),
      );
    };
    // Sources stop adjusting a day or two off the ex-date.
    const step = [0, -1, 1, -2, 2].map((off) => exDate + off).find(near);
    if (step === undefined) continue;
    for (const bar of bars.slice(0, step))
      found.set(bar, {
        reason: 'implausible_jump',
        finding: { code: 'unadjusted_split', exDate: split.exDate },
        detail: `The close is not adjusted for the split of ${split.exDate}, as all closes of this source should be.`,
      });
  }
  return found;
}

/** Bars of the same start: the same content once, different contents not at all. Expects them in order. */
function withoutDuplicates(bars: readonly Bar[], reject: (bar: Bar, finding: Rejected) => void): Bar[] {
  const kept: Bar[] = [];
  for (let from = 0; from < bars.length; ) {
    const first = bars[from];
    let to = from + 1;
    while (bars[to]?.startsAt === first?.startsAt && to < bars.length) to++;
    const group = bars.slice(from, to);
    if (first && group.every((bar) => isSameBar(bar, first))) kept.push(first);
    else
      for (const bar of group)
        reject(bar, {
          reason: 'duplicate_conflict',
          finding: { code: 'conflicting_rows', rows: group.length },
          detail: `The answer has ${group.length} different bars of this time.`,
        });
    from = to;
  }
  return kept;
}

function isSameBar(a: Bar, b: Bar): boolean {
  return a.open === b.open && a.high === b.high && a.low === b.low && a.close === b.close && a.volume === b.volume;
}

function invalid(field: string): RowFinding {
  return { code: 'invalid_fields', fields: [field] };
}

function rejection(series: BarSeries, bar: Bar, found: Rejected): RejectedRow {
  return {
    symbol: series.symbol,
    ...found,
    path: `${series.path} at ${bar.date ?? bar.startsAt}`,
    row: { ...bar, basis: series.basis, fetchedAt: series.fetchedAt },
    currency: bar.currency,
  };
}
