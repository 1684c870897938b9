/**
 * What the rules read: the rows of one listing from one answer as numbers, in order of time, and what else is known
 * that can speak for or against them.
 */
import type { Bar, BarBasis, BarInterval } from '../../market/bar.ts';
import type { DecimalText } from '../../market/decimal.ts';
import type { AssetClass } from '../../market/instrument.ts';
import { dateInZone } from '../../market/zoned-date.ts';
import { mayBeNegative } from '../negative-prices.ts';
import { rateLevel } from '../thresholds.ts';
import type { RowSubject } from './finding.ts';
import { logReturns, median, usualMove } from './spread.ts';

/** A split, dividend or distributed capital gain, as the source named it. */
export interface RuleAction {
  readonly type: 'split' | 'dividend' | 'capital_gain';
  readonly exDate: string;
  /** The ratio of a split, the amount of the others in major units. */
  readonly value: DecimalText;
  readonly currency: string | null;
}

/** A price and its time in milliseconds since the epoch. */
export interface PriceAt {
  readonly price: number;
  readonly at: number;
}

/** A bar of the same source as it is stored. */
export interface StoredRow {
  readonly startsAt: number;
  readonly close: number;
  /** The close as it is stored. */
  readonly said?: DecimalText;
  /** As of when its prices are adjusted for splits, `yyyy-mm-dd`. */
  readonly basisDay: string;
  /** Fetched after its interval had ended and settled: it should not change any more. */
  readonly settled: boolean;
}

/** What is known besides the rows themselves. All of it may be missing. */
export interface SeriesEvidence {
  /** The stored latest quote of the same source, unless it is provisional. */
  readonly quote?: PriceAt | undefined;
  /** The price that stands beside the bars in their own answer. */
  readonly market?: PriceAt | undefined;
  /** The close before the first bar, as the answer gives it. */
  readonly closeBefore?: number | undefined;
  /** Latest prices of other sources. */
  readonly others?: readonly PriceAt[] | undefined;
  /** Closes of other sources by the day of their daily bar, one map a source. */
  readonly otherCloses?: readonly ReadonlyMap<string, number>[] | undefined;
  readonly stored?: readonly StoredRow[] | undefined;
  readonly storedActions?: readonly RuleAction[] | undefined;
  /** Whether the venue traded on a day; `null` where no calendar says. */
  readonly tradedOn?: ((date: string) => boolean | null) | undefined;
  /** The date of the session of an instant, where sessions open on the evening before; else it is the day of the zone. */
  readonly sessionDay?: ((at: number) => string) | undefined;
}

export interface SeriesInput {
  readonly assetClass: AssetClass;
  readonly currency: string;
  readonly minorFactor: number;
  readonly zone: string;
  readonly basis: BarBasis;
  readonly bars: readonly Bar[];
  /** The vendor's own adjusted close by the start of the bar: a witness, never a price. */
  readonly adjusted?: ReadonlyMap<number, number> | undefined;
  readonly actions: readonly RuleAction[];
  readonly evidence?: SeriesEvidence | undefined;
}

/** A bar with its prices as numbers. */
export interface Row {
  readonly bar: Bar;
  readonly at: number;
  readonly open: number | null;
  readonly high: number | null;
  readonly low: number | null;
  readonly close: number;
  readonly volume: number | null;
  readonly adjusted: number | null;
}

/** Classes whose prices may go anywhere in a day, and come back. */
export const wildClasses: ReadonlySet<AssetClass> = new Set(['crypto', 'option', 'other']);

export interface Series extends Omit<SeriesInput, 'bars' | 'adjusted' | 'evidence'> {
  readonly interval: BarInterval;
  readonly rows: readonly Row[];
  /** `log(close / close before)` for each row; NaN for the first and where a price is not positive. */
  readonly returns: Float64Array;
  /** The usual size of a return: about its standard deviation, whatever a few wild ones do. */
  readonly sigma: number;
  readonly evidence: SeriesEvidence;
}

/** The rows as numbers, in order of time. Rows whose close is no number are left out. */
export function seriesOf(input: SeriesInput): Series {
  const rows: Row[] = [];
  for (const bar of input.bars) {
    const close = Number(bar.close);
    if (!Number.isFinite(close)) continue;
    rows.push({
      bar,
      at: bar.startsAt,
      open: priceOf(bar.open),
      high: priceOf(bar.high),
      low: priceOf(bar.low),
      close,
      volume: bar.volume === null ? null : Number(bar.volume),
      adjusted: input.adjusted?.get(bar.startsAt) ?? null,
    });
  }
  if (rows.some((row, index) => index > 0 && row.at < (rows[index - 1]?.at ?? 0))) rows.sort((a, b) => a.at - b.at);
  const { bars: _bars, adjusted: _adjusted, evidence = {}, ...rest } = input;
  const returns = logReturns(rows.map((row) => row.close));
  return {
    ...rest,
    interval: rows[0]?.bar.interval ?? '1d',
    rows,
    returns,
    sigma: usualMove(returns),
    evidence,
  };
}

/** A price; 0 is how sources write that none is known. */
function priceOf(text: DecimalText | null): number | null {
  if (text === null) return null;
  const value = Number(text);
  return Number.isFinite(value) && value !== 0 ? value : null;
}

/** Rates and spreads that cross zero or come near it: they move by points, and their ratios say nothing. */
export function isRate({ assetClass, rows }: Pick<Series, 'assetClass' | 'rows'>): boolean {
  if (assetClass === 'future' || !mayBeNegative.has(assetClass)) return false;
  const level = median(rows.map((row) => Math.abs(row.close)));
  return level < rateLevel && (level < 0.5 || rows.some((row) => row.close <= 0));
}

/** The day of a row in the venue's zone. */
export function dayOf(row: Row, zone: string): string {
  return row.bar.date ?? dateInZone(row.at, zone);
}

/** How many rows make up ten sessions, at least one. */
export function rowsOfTenSessions(interval: BarInterval): number {
  if (interval === '1d') return 10;
  if (interval === '1wk') return 2;
  return interval === '1mo' ? 1 : 80;
}

const coarseDays: ReadonlyMap<BarInterval, number> = new Map([
  ['1wk', 7],
  ['1mo', 31],
]);

/**
 * The first row that a split or dividend of a day applies to: of days and less the first one from that day on, of weeks
 * and months the one that the day is in. As many as there are rows when the day lies after all of them.
 */
export function exRow(series: Pick<Series, 'rows' | 'interval' | 'zone'>, exDate: string): number {
  const { rows, interval, zone } = series;
  let [from, to] = [0, rows.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const row = rows[middle];
    if (row && dayOf(row, zone) < exDate) from = middle + 1;
    else to = middle;
  }
  const span = coarseDays.get(interval);
  const row = rows[from];
  const before = rows[from - 1];
  if (span === undefined || !before || (row && dayOf(row, zone) === exDate)) return from;
  return daysBetween(dayOf(before, zone), exDate) < span ? from - 1 : from;
}

/** Calendar days from one day to another. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}

/** The subject of a finding on a bar. */
export function barSubject(row: Row): RowSubject {
  return { kind: 'bar', interval: row.bar.interval, date: row.bar.date, at: row.at, said: null };
}

/** The subject of a finding on an action. */
export function actionSubject(action: RuleAction): RowSubject {
  return { kind: action.type, interval: null, date: action.exDate, at: null, said: action.value };
}

/** The splits of a series that change anything, with their ratios as numbers. */
export function splitsOf(actions: readonly RuleAction[]): { action: RuleAction; exDate: string; ratio: number }[] {
  return actions.flatMap((action) => {
    const ratio = Number(action.value);
    return action.type === 'split' && ratio > 0 && Number.isFinite(ratio) && ratio !== 1
      ? [{ action, exDate: action.exDate, ratio }]
      : [];
  });
}

/** The product of the ratios of the splits in (after, until]. */
export function splitsBetween(actions: readonly RuleAction[], after: string, until: string): number {
  return splitsOf(actions).reduce(
    (product, { exDate, ratio }) => (exDate > after && exDate <= until ? product * ratio : product),
    1,
  );
}
