/**
 * Which bars of an answer cannot be a price or cannot be placed: an impossible time or number, another currency than the
 * listing's, a close of nothing, or one of several different bars of the same time. What is odd but possible is no
 * matter of this: it is stored, and the rules find what speaks against it (`rules/`).
 */
import type { QuarantineReason } from '../contracts/words/quarantine-reasons.ts';
import type { RowFinding } from '../contracts/words/row-findings.ts';
import type { Bar } from '../market/bar.ts';
import { type BarSeries, pathOfBar } from '../market/bar-series.ts';
import { checkActions } from './check-actions.ts';
import type { RejectedRow } from './decision.ts';
import { mayBeNegative } from './negative-prices.ts';
import { otherCurrency } from './other-currency.ts';
import { earliestTime, futureToleranceMs } from './thresholds.ts';

export interface CheckedBars {
  readonly accepted: BarSeries;
  readonly rejected: readonly RejectedRow[];
}

interface Rejected {
  readonly reason: QuarantineReason;
  readonly finding: RowFinding;
  readonly detail: string;
}

/** Splits a series into bars to store and bars for quarantine. Never throws. */
export function checkBars(series: BarSeries): CheckedBars {
  const checked = checkActions(series);
  const rejected: RejectedRow[] = [...checked.rejected];
  const reject = (bar: Bar, finding: Rejected) => rejected.push(rejection(series, bar, finding));
  const bars = [...series.bars]
    .sort((a, b) => a.startsAt - b.startsAt)
    .map(withoutZeros)
    .filter((bar) => {
      const finding = checkAlone(bar, series);
      if (finding) reject(bar, finding);
      return finding === null;
    });
  return { accepted: { ...series, bars: withoutDuplicates(bars, reject), actions: checked.actions }, rejected };
}

/** Sources write 0 for an open, high or low that is not known. */
function withoutZeros(bar: Bar): Bar {
  const { open, high, low, close } = bar;
  if (!(isZero(open) || isZero(high) || isZero(low)) || isZero(close)) return bar;
  const known = (price: string | null) => (isZero(price) ? null : price);
  return { ...bar, open: known(open), high: known(high), low: known(low) };
}

function isZero(price: string | null): boolean {
  // Nearly every price begins with another digit than 0, which is seen without reading it.
  return price !== null && !(price >= '1' && price < ':') && Number(price) === 0;
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
      detail: otherCurrency('bar', series.symbol, bar.currency, series.listing.currency),
    };
  const { open, high, low, close } = bar;
  if (!(isPrice(close) && isPrice(open) && isPrice(high) && isPrice(low))) {
    const prices = [open, high, low, close].filter((price) => price !== null);
    const negative = mayBeNegative.has(series.listing.assetClass);
    const wrong = prices.find((price) => !(Number(price) > 0 || (negative && Number(price) < 0)));
    if (wrong !== undefined)
      return {
        reason: 'non_positive',
        finding: { code: 'non_positive_price', price: wrong.slice(0, 100) },
        detail: 'A price of the bar is not positive.',
      };
    if (prices.some((price) => !Number.isFinite(Number(price))))
      return { reason: 'schema', finding: invalid('price'), detail: 'A price is beyond any number.' };
  }
  if (bar.volume !== null && !(Number(bar.volume) >= 0))
    return { reason: 'schema', finding: invalid('volume'), detail: `The volume is ${bar.volume}.` };
  return null;
}

function isPrice(text: string | null): boolean {
  const price = text === null ? 1 : Number(text);
  return price > 0 && price < Number.POSITIVE_INFINITY;
}

/** Bars of the same start: the same content once, different contents not at all. Expects them in order. */
function withoutDuplicates(bars: readonly Bar[], reject: (bar: Bar, finding: Rejected) => void): Bar[] {
  const kept: Bar[] = [];
  for (let from = 0; from < bars.length; ) {
    const first = bars[from];
    let to = from + 1;
    while (bars[to]?.startsAt === first?.startsAt && to < bars.length) to++;
    const group = to === from + 1 ? [] : bars.slice(from, to);
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
    path: pathOfBar(series.path, bar),
    row: { ...bar, basis: series.basis, fetchedAt: series.fetchedAt },
    currency: bar.currency,
  };
}
