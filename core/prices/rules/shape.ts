/**
 * Shape of a bar: high and low that do not enclose open and close or lie where nothing was traded, an open far from all closes
 * around it, bars on closed days, and
 * a price that stands still without trades where the listing trades every day, or whose bars are copies of the one before.
 * The close is not in doubt for its high and low.
 */
import type { PriceField } from '../../contracts/words/price-findings.ts';
import type { AssetClass } from '../../market/instrument.ts';
import type { Finding } from './finding.ts';
import { barSubject, dayOf, isRate, type Row, type Series } from './series.ts';
import { wildMove } from './spread.ts';

/** By what relative amount an open or close may lie outside: adjusted prices are rounded one by one. */
const roundingSlack = 1e-3;

/** By what factor a high or low must lie beyond open and close to be in doubt, at the least: no crash of a day came back so. */
const farFactor: Readonly<Record<AssetClass, number>> = {
  equity: 2.5,
  etf: 2,
  fund: 1.5,
  index: 1.5,
  crypto: 3.5,
  fx: 1.35,
  future: 2.7,
  option: 1_000,
  other: 8,
};

/** A price that stands still for this many rows has stopped … */
const frozenRows = 5;
/** … where this share of the other rows has trades. */
const tradedShare = 0.9;

/** No two days have the same range and volume by chance, where it is so large and not a round one; three days have not at all. */
const countedVolume = 10_000;
const roundLot = 100;

export function checkShape(series: Series): Finding[] {
  const found: Finding[] = [];
  const closed = closedDays(series);
  const displaced = displacedDays(series);
  const limit = isRate(series)
    ? Number.POSITIVE_INFINITY
    : Math.max(Math.log(farFactor[series.assetClass]), 8 * series.sigma, 3 * wildMove(series.returns));
  for (const [index, row] of series.rows.entries()) {
    const shut = closed.has(row);
    if (shut)
      found.push({
        rule: 'shape',
        severity: 'wrong',
        subject: barSubject(row),
        evidence: { code: 'closed_day' },
        proposal: { field: 'row', from: row.bar.close, to: null, why: 'closed_day' },
      });
    if (!shut && displaced.has(row))
      found.push({
        rule: 'shape',
        severity: 'doubt',
        subject: barSubject(row),
        evidence: { code: 'closed_day' },
        proposal: null,
      });
    const fields = shut ? none : outside(row);
    if (fields.length > 0)
      found.push({
        rule: 'shape',
        severity: 'doubt',
        subject: barSubject(row),
        evidence: { code: 'outside_range', fields },
        proposal: null,
      });
    const far =
      shut || fields.length > 0 || isNear(row)
        ? none
        : [...farOutside(row, limit), ...farOpen(row, series.rows[index - 1], series.rows[index + 1], limit)];
    if (far.length > 0)
      found.push({
        rule: 'shape',
        severity: 'doubt',
        subject: barSubject(row),
        evidence: { code: 'far_from_close', fields: far },
        proposal: null,
      });
  }
  const known = new Set(found.map((finding) => finding.subject.at));
  const still = [...frozen(series, closed), ...copied(series, closed)];
  return [...found, ...still.filter((finding) => !known.has(finding.subject.at))];
}

const none: readonly PriceField[] = [];

/** Of high and low those that an open or close lies beyond. */
function outside({ open, high, low, close }: Row): readonly PriceField[] {
  const top = open === null ? close : Math.max(open, close);
  const bottom = open === null ? close : Math.min(open, close);
  const overHigh = high !== null && top > high + roundingSlack * Math.abs(high);
  const underLow = low !== null && bottom < low - roundingSlack * Math.abs(low);
  if (!overHigh && !underLow) return none;
  return [...(overHigh ? ['high' as const] : []), ...(underLow ? ['low' as const] : [])];
}

/** No limit is nearer than the least of `farFactor`. */
const nearFactor = 1.3;

/** Whether no price of a row can be far from its close, as of nearly every row: without a logarithm. */
function isNear({ open, high, low, close }: Row): boolean {
  const [least, most] = [close / nearFactor, close * nearFactor];
  return (
    close > 0 &&
    (open ?? close) >= least &&
    (open ?? close) <= most &&
    (high ?? close) <= most &&
    (low ?? close) >= least
  );
}

/** Of high and low those that are farther beyond both open and close than a price goes and comes back. */
function farOutside({ open, high, low, close }: Row, limit: number): PriceField[] {
  const fields: PriceField[] = [];
  const [top, bottom] = [Math.max(open ?? close, close), Math.min(open ?? close, close)];
  if (!(bottom > 0)) return fields;
  if (high !== null && Math.log(high / top) > limit) fields.push('high');
  if (low !== null && low > 0 && Math.log(bottom / low) > limit) fields.push('low');
  return fields;
}

/** An open, with the low or high that it makes, that is far from the closes before, of and after its day. */
function farOpen(row: Row, before: Row | undefined, after: Row | undefined, limit: number): PriceField[] {
  const { open, high, low, close } = row;
  if (open === null || !(open > 0) || !before || !(before.close > 0) || !(close > 0)) return [];
  const off = Math.log(open / close);
  const closes = [before.close, close, after?.close ?? close].filter((price) => price > 0);
  const apart = Math.log(Math.max(...closes) / Math.min(...closes));
  if (!(Math.abs(off) > limit) || apart > limit / 3) return [];
  const extreme = off > 0 ? high : low;
  const isAlone = extreme !== null && Math.abs(Math.log(extreme / open)) <= roundingSlack;
  return isAlone ? ['open', off > 0 ? 'high' : 'low'] : ['open'];
}

/** A venue has special sessions now and then; where this share of the rows, and so many, are on closed weekends … */
const [displacedShare, leastDisplaced] = [0.08, 5];
/** … of what trades on weekdays only, the dates are off by a day: of another zone than the venue's. */
const byDay: ReadonlySet<AssetClass> = new Set(['equity', 'etf', 'fund', 'index']);

function displacedDays({ rows, interval, assetClass, zone, evidence }: Series): ReadonlySet<Row> {
  const { tradedOn } = evidence;
  if (!tradedOn || interval !== '1d' || !byDay.has(assetClass)) return new Set();
  const off = rows.filter((row) => {
    const day = dayOf(row, zone);
    const weekday = weekdayOf(day);
    return (weekday === 0 || weekday === 6 || weekday === 5) && tradedOn(day) === false;
  });
  return new Set(off.length >= leastDisplaced && off.length > displacedShare * rows.length ? off : []);
}

const weekdays = new Map<string, number>();
const mostWeekdays = 50_000;

function weekdayOf(day: string): number {
  const known = weekdays.get(day);
  if (known !== undefined) return known;
  const weekday = new Date(day).getUTCDay();
  if (weekdays.size >= mostWeekdays) weekdays.clear();
  weekdays.set(day, weekday);
  return weekday;
}

/** Rows of days on which the venue did not trade, filled with the close of the day before. */
function closedDays({ rows, interval, zone, evidence }: Series): Set<Row> {
  const closed = new Set<Row>();
  const { tradedOn, sessionDay } = evidence;
  const day = (row: Row) => (interval !== '1d' && sessionDay?.(row.at)) || dayOf(row, zone);
  if (!tradedOn || interval === '1wk' || interval === '1mo') return closed;
  for (const [index, row] of rows.entries()) {
    // A calendar may be wrong about a special session: trades speak for the day.
    const before = rows[index - 1];
    const isFilled = (isFlat(row) && !((row.volume ?? 0) > 0)) || (before !== undefined && isCopy(row, before));
    if (!isFilled || tradedOn(day(row)) !== false) continue;
    if (!before || before.close === row.close || closed.has(before)) closed.add(row);
  }
  return closed;
}

/** Runs of rows at one price without a trade, in a listing that trades otherwise. */
function frozen(series: Series, closed: ReadonlySet<Row>): Finding[] {
  const { rows } = series;
  const runs: Row[][] = [];
  let run: Row[] = [];
  let [others, traded] = [0, 0];
  const end = () => {
    if (run.length >= frozenRows) runs.push(run);
    else others += run.length;
    run = [];
  };
  for (const [index, row] of rows.entries()) {
    if (closed.has(row)) continue;
    const still = row.volume === 0 && isFlat(row) && (run.length > 0 || rows[index - 1]?.close === row.close);
    if (still && (run[0] === undefined || run[0].close === row.close)) {
      run.push(row);
      continue;
    }
    end();
    others++;
    if ((row.volume ?? 0) > 0) traded++;
  }
  end();
  if (others < 2 * frozenRows || traded < tradedShare * others) return [];
  return runs.flatMap(frozenRun);
}

/** Rows that are the one before again, with its range and its volume: the source repeats what it has. */
function copied({ rows, interval }: Series, closed: ReadonlySet<Row>): Finding[] {
  if (interval !== '1d') return [];
  const found: Finding[] = [];
  for (let from = 1; from < rows.length; from++) {
    const first = rows[from - 1];
    if (!first) continue;
    const run: Row[] = [];
    for (let row = rows[from]; row && isCopy(row, first); row = rows[from + run.length]) run.push(row);
    const volume = first.volume ?? 0;
    const isCounted = volume >= countedVolume && volume % roundLot !== 0;
    if (run.length > (isCounted ? 0 : 1)) found.push(...frozenRun(run.filter((row) => !closed.has(row))));
    from += run.length;
  }
  return found;
}

/** Whether a bar with a range and trades has all prices and the volume of another. */
function isCopy(row: Row, other: Row): boolean {
  const { open, high, low, close, volume } = row;
  if (isFlat(row) || !((volume ?? 0) > 0)) return false;
  const same = open === other.open && high === other.high && low === other.low;
  return same && close === other.close && volume === other.volume;
}

function frozenRun(run: readonly Row[]): Finding[] {
  return run.map((row) => ({
    rule: 'shape',
    severity: 'doubt',
    subject: barSubject(row),
    evidence: { code: 'frozen', rows: run.length },
    proposal: null,
  }));
}

function isFlat({ open, high, low, close }: Row): boolean {
  return (open ?? close) === close && (high ?? close) === close && (low ?? close) === close;
}
