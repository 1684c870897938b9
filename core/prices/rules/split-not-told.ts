/**
 * A step at the ratio of a split that nobody names: overnight, on a day as quiet as those around it, and it stays. Prices
 * do fall to a half, but hardly without trades, and none rises to the double so. It is noted, and keeps nothing from being
 * served: the split may be told later, or never have been. Whether another source has the step, the rule on sources says.
 */
import { isCrash } from './crash.ts';
import type { Finding } from './finding.ts';
import { barSubject, dayOf, daysBetween, type Row, rowsOfTenSessions, type Series, splitsOf } from './series.ts';
import { median, moveAround, usualMove, wildMove } from './spread.ts';

/** Ratios of splits, of reverse ones their inverse. Smaller ones than 3:2 are no larger than a bad day. */
const ratios = [1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9, 10];

/** Shares: what else has splits is not told by a day's calm. */
const split: ReadonlySet<string> = new Set(['equity', 'etf', 'fund']);

/** So many rows before a step show what is usual, and so many after it that it stays. */
const [rowsBefore, rowsAfter] = [20, 3];
/** A day on which so many times as much is traded in money, or whose range is so many times as wide, is a market's. */
const [busy, wide] = [2.5, 2.5];
/** After a longer time without rows much may have happened. */
const haltDays = 7;
/** How far from the ratio the step may be, at the most, beside what the price usually moves. */
const slack = { share: 0.06, moves: 2.5 } as const;

/** Finds steps at the ratio of a split that is not told. Expects rows that are right but for that; `judged` are others. */
export function checkSplitsNotTold(series: Series, judged: ReadonlySet<number>): Finding[] {
  const { rows, returns, interval, assetClass } = series;
  if (interval !== '1d' || !split.has(assetClass)) return [];
  const least = Math.max(Math.log(1.5) * 0.9, 3 * wildMove(returns));
  return rows.flatMap((row, index) => {
    const size = Math.abs(returns[index] ?? 0);
    if (!(size >= least) || judged.has(row.at) || judged.has(rows[index - 1]?.at ?? 0)) return [];
    const ratio = ratioOf(series, index);
    if (ratio === null || isTaken(series, index) || isPaid(series, index) || isNamed(series, index)) return [];
    const before = rows[index - 1]?.close ?? row.close;
    return [
      {
        rule: 'splits' as const,
        severity: 'info' as const,
        subject: barSubject(row),
        evidence: { code: 'split_not_told' as const, ratio, moved: Number((before / row.close).toPrecision(6)) },
        proposal: null,
      },
    ];
  });
}

/** The ratio at which a row stands below the one before it, by close and by open, and all rows after it do. */
function ratioOf(series: Series, index: number): number | null {
  const { rows, returns } = series;
  const [before, first] = [rows[index - 1], rows[index]];
  if (!before || !first || index < rowsBefore || rows.length - index < rowsAfter) return null;
  if (daysBetween(dayOf(before, series.zone), dayOf(first, series.zone)) > haltDays) return null;
  const sigma = moveAround(series, index);
  const step = -(returns[index] ?? 0);
  if (Math.abs(step) < 8 * sigma) return null;
  const room = Math.min(slack.moves * sigma, slack.share * Math.abs(step) + sigma);
  const gap = first.open !== null && first.open > 0 ? Math.log(before.close / first.open) : step;
  const level = (some: readonly Row[]) => median(some.map((row) => row.close));
  const after = rows.slice(index, index + rowsBefore);
  const stays = Math.log(level(rows.slice(index - rowsBefore, index)) / level(after));
  const found = ratios.find((each) => {
    const target = Math.sign(step) * Math.log(each);
    return Math.abs(step - target) <= room && Math.abs(gap - target) <= room;
  });
  if (found === undefined || Math.abs(stays - step) > Math.max(0.25 * Math.abs(step), 3 * sigma)) return null;
  // What comes back is a block, or a market.
  for (let at = Math.max(1, index - rowsBefore); at <= Math.min(rows.length - 1, index + rowsBefore); at++)
    if (at !== index && -(returns[at] ?? 0) * step < 0 && Math.abs(returns[at] ?? 0) > 0.6 * Math.abs(step))
      return null;
  return step > 0 ? found : Number((1 / found).toPrecision(6));
}

/** Whether trades, or the range of the day and the days after, show that the market took the step. */
function isTaken(series: Series, index: number): boolean {
  const { rows, returns } = series;
  const row = rows[index];
  if (!row || isCrash(series, index)) return true;
  const before = rows.slice(index - rowsBefore, index);
  const money = ({ volume, close }: Row) => (volume === null ? Number.NaN : volume * close);
  const usual = median(before.map(money));
  if (usual > 0 && money(row) > busy * usual) return true;
  const range = ({ high, low }: Row) => (high !== null && low !== null && low > 0 ? Math.log(high / low) : Number.NaN);
  const usualRange = median(before.map(range));
  if (usualRange > 0 && range(row) > wide * usualRange) return true;
  const after = returns.subarray(index + 1, index + 1 + rowsBefore);
  return after.length >= 8 && usualMove(after) > wide * usualMove(returns.subarray(index - rowsBefore + 1, index));
}

/** Whether what was paid within a day of the step is about as much. */
function isPaid({ rows, actions, zone }: Series, index: number): boolean {
  const [before, first, last] = [rows[index - 1], rows[index], rows[index + 1]];
  if (!before || !first) return false;
  const [from, to] = [dayOf(before, zone), dayOf(last ?? first, zone)];
  const paid = actions
    .filter(({ type, exDate }) => type !== 'split' && exDate >= from && exDate <= to)
    .reduce((sum, { value }) => sum + Number(value), 0);
  return paid > 0 && Math.abs(before.close - first.close) < 2 * paid;
}

/** Whether a split is named within ten sessions: of that the others have spoken. */
function isNamed({ rows, actions, zone, interval }: Series, index: number): boolean {
  const reach = rowsOfTenSessions(interval);
  const [from, to] = [rows[Math.max(0, index - reach)], rows[Math.min(rows.length - 1, index + reach)]];
  if (!from || !to) return false;
  const isLast = index + reach >= rows.length - 1;
  return splitsOf(actions).some(({ exDate }) => exDate >= dayOf(from, zone) && (isLast || exDate <= dayOf(to, zone)));
}
