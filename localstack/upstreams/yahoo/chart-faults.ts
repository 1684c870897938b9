/**
 * What vendors of charts get wrong, planted into a right chart: amounts in another unit, splits that are applied late or never
 * were, dividends of another day, days that are not there, that stand still or that had no trading, and the live row.
 */
import type { Control } from '../control.ts';
import { dayOf, sessionOf, trades } from './calendar.ts';
import { shortest } from './prices.ts';
import type { SimInstrument } from './universe.ts';

const source = 'yahoo';
const prices = ['open', 'high', 'low', 'close', 'adjclose'] as const;
type Column = (typeof prices)[number] | 'volume';

interface Row extends Readonly<Record<Column, number>> {
  /** Seconds since the epoch. */
  readonly at: number;
}
interface Payment {
  readonly amount: number;
  readonly date: number;
}
interface Split {
  readonly date: number;
  readonly numerator: number;
  readonly denominator: number;
  readonly splitRatio: string;
}

/** A chart in rows. */
export interface ChartRows {
  readonly rows: readonly Row[];
  readonly dividends: readonly Payment[];
  readonly splits: readonly Split[];
}

/** What a fault needs to know of the chart. */
export interface ChartOf {
  readonly instrument: SimInstrument;
  readonly interval: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The chart with the faults that are on for its symbol. A chart without bars has none to spoil. */
export function withChartFaults(chart: ChartRows, of: ChartOf, control: Control): ChartRows {
  const hit = <Name extends ChartFault>(name: Name) => control.hit(name, source, 'chart', of.instrument.symbol);
  const last = chart.rows.at(-1);
  if (!last) return chart;
  let faulty = chart;
  const late = hit('split-late');
  if (late) faulty = withSplit(faulty, late.ratio, late.sessions, late.ratio);
  const withdrawn = hit('split-withdrawn');
  if (withdrawn) faulty = withSplit(faulty, withdrawn.ratio, withdrawn.sessions, 1 / withdrawn.ratio);
  const unit = hit('dividend-unit');
  if (unit)
    faulty = { ...faulty, dividends: faulty.dividends.map((paid) => ({ ...paid, amount: paid.amount * unit.factor })) };
  const redated = hit('redated');
  if (redated) faulty = { ...faulty, dividends: faulty.dividends.map((paid) => moved(paid, redated.days, of)) };
  const frozen = hit('frozen-bars');
  if (frozen) faulty = { ...faulty, rows: frozenFrom(faulty.rows, faulty.rows.length - frozen.sessions) };
  const hole = hit('hole');
  if (hole) {
    const from = Math.max(1, Math.floor((faulty.rows.length - hole.sessions) / 2));
    faulty = { ...faulty, rows: faulty.rows.filter((_, index) => index < from || index >= from + hole.sessions) };
  }
  if (hit('holiday-bar')) faulty = { ...faulty, rows: withClosedDays(faulty.rows, of) };
  if (hit('live-row')) faulty = { ...faulty, rows: withLiveRow(faulty.rows, of) };
  return faulty;
}

type ChartFault =
  | 'dividend-unit'
  | 'split-late'
  | 'split-withdrawn'
  | 'redated'
  | 'hole'
  | 'frozen-bars'
  | 'holiday-bar'
  | 'live-row';

/** A split some sessions before the end, and the prices before it times a factor. */
function withSplit({ rows, splits, ...rest }: ChartRows, ratio: number, sessions: number, factor: number): ChartRows {
  const ex = rows[Math.max(1, rows.length - sessions)];
  if (!ex) return { rows, splits, ...rest };
  const split = { date: ex.at, numerator: ratio, denominator: 1, splitRatio: `${ratio}:1` };
  return {
    ...rest,
    splits: [...splits, split],
    rows: rows.map((row) => (row.at < ex.at ? scaled(row, factor) : row)),
  };
}

function scaled(row: Row, factor: number): Row {
  const of = (column: Column) => Math.fround(shortest(row[column] * factor));
  return { ...row, open: of('open'), high: of('high'), low: of('low'), close: of('close'), adjclose: of('adjclose') };
}

/** A payment so many days later, on a day of trading. */
function moved(paid: Payment, days: number, { instrument: { exchange } }: ChartOf): Payment {
  let to = dayOf(exchange, paid.date * 1000) + days;
  while (!trades(exchange, to)) to++;
  return { ...paid, date: Math.floor(sessionOf(exchange, to).opensAt / 1000) };
}

/** Bars that stand still, without volume, from an index on. */
function frozenFrom(rows: readonly Row[], from: number): Row[] {
  const before = rows[Math.max(0, from - 1)];
  return rows.map((row, index) => (before && index >= Math.max(1, from) ? still(before, row.at) : row));
}

function still({ close, adjclose }: Row, at: number): Row {
  return { at, open: close, high: close, low: close, close, adjclose, volume: 0 };
}

/** A bar that stands still on each weekday without trading. Days only: within a closed day there is no hour to plant. */
function withClosedDays(rows: readonly Row[], { instrument: { exchange }, interval }: ChartOf): Row[] {
  if (interval !== '1d') return [...rows];
  return rows.flatMap((row, index) => {
    const next = rows[index + 1];
    if (!next) return [row];
    const [from, to] = [dayOf(exchange, row.at * 1000), dayOf(exchange, next.at * 1000)];
    const closed = Array.from({ length: to - from - 1 }, (_, at) => from + 1 + at).filter(isWeekday);
    return [row, ...closed.map((each) => still(row, Math.floor(sessionOf(exchange, each).opensAt / 1000)))];
  });
}

function isWeekday(dayNumber: number): boolean {
  const weekday = new Date(dayNumber * 86_400_000).getUTCDay();
  return weekday !== 0 && weekday !== 6;
}

/** The last trade as a row of its own after the bar that it is in, at its own time. */
function withLiveRow(rows: readonly Row[], { now }: ChartOf): Row[] {
  const last = rows.at(-1);
  if (!last) return [];
  const at = Math.max(Math.floor(now / 1000), last.at + 1);
  return [...rows, still(last, at)];
}
