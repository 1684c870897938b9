/**
 * Splits: rows that a source should have adjusted for a split and has not, or has twice.
 *
 * In adjusted prices a split leaves no step. A step of its ratio, or of the inverse, within ten sessions of the ex-date
 * shows on which side rows are wrong; so does a block that steps in and out by the ratio anywhere. The newest rows are
 * right: the walk begins there. A single such step within a year of the ex-date, which no market took, is in doubt. A ratio that is no larger than a bad day is believed on the ex-date only, by a gap
 * between one close and the next open, or by stored closes of before the split.
 */
import { Decimal } from 'decimal.js';
import type { FindingSeverity, PriceField } from '../../contracts/words/price-findings.ts';
import { isCrash } from './crash.ts';
import type { Finding } from './finding.ts';
import { quotient, scalePrices } from './scale.ts';
import {
  actionSubject,
  barSubject,
  dayOf,
  daysBetween,
  exRow,
  type Row,
  type RuleAction,
  rowsOfTenSessions,
  type Series,
  splitsOf,
} from './series.ts';
import { logReturns, median, moveAround, usualMove, wildMove } from './spread.ts';

/** A ratio nearer to 1 than this is no split that prices could show. */
const leastRatio = 1.05;

/** Splits of one ratio within so many days are one split under two dates. */
const sameSplitDays = 14;

/** So many rows away from the ex-date a single step of the ratio is in doubt: the split was taken in on another day. */
const farRows = 250;
/** … where it is a fall, from such a ratio on. */
const leastFall = 2.9;

/** So many rows before a step show whether they are adjusted. */
const nearRows = 20;

type Split = ReturnType<typeof splitsOf>[number];

/** Finds rows on the wrong side of a split, splits under two dates, and splits that raw prices do not show. */
export function checkSplits(series: Series): Finding[] {
  const splits = splitsOf(series.actions);
  if (splits.length === 0) return [];
  const twice = toldTwice(series, splits);
  const dropped = new Set(twice.map((each) => each.action));
  const counted = splits.filter((split) => !dropped.has(split.action));
  const found = new Map<Row, Finding>();
  for (const split of counted)
    for (const finding of series.basis === 'raw' ? [] : rowsOnTheWrongSide(series, split))
      if (!found.has(finding.row)) found.set(finding.row, finding.finding);
  return [
    ...twice.map((each) => each.finding),
    ...(series.basis === 'raw' ? counted.flatMap((split) => notSeen(series, split)) : []),
    ...found.values(),
  ];
}

interface Step {
  /** The first row after the step. */
  readonly index: number;
  /** How many times the ratio the rows before it stand above those after it: 1, 2, -1, -2. */
  readonly times: number;
  readonly near: boolean;
  /** As near to the ratio as the series is calm. Others count only where they take the series back to its level. */
  readonly clear: boolean;
  /** Away from the ex-date and with no other that belongs to it: it may be a market's. */
  readonly alone: boolean;
}

function rowsOnTheWrongSide(series: Series, split: Split): { row: Row; finding: Finding }[] {
  const { rows } = series;
  const size = Math.max(split.ratio, 1 / split.ratio);
  if (size < leastRatio) return [];
  const ex = exRow(series, split.exDate);
  if (ex === 0) return [];
  const steps = stepsOf(series, split, ex);
  if (steps.length === 0) return [];
  const levels = new Int8Array(rows.length);
  let level = 0;
  let next = 0;
  for (let index = rows.length - 1; index >= 0; index--) {
    levels[index] = level;
    const step = steps[next];
    if (step?.index === index) {
      level += step.times;
      next++;
    }
  }
  const severity = steps.some((step) => step.alone) ? 'doubt' : 'wrong';
  const edges = new Set(steps.flatMap(({ index }) => [index, index - 1]));
  return rows.flatMap((row, index) => {
    const finding = findingOf(row, levels[index] ?? 0, split, edges.has(index) && size >= 1.8, severity);
    return finding ? [{ row, finding }] : [];
  });
}

/** The steps of the ratio that count, the newest first. */
function stepsOf(series: Series, split: Split, ex: number): Step[] {
  const { rows, returns, interval } = series;
  const size = Math.log(split.ratio);
  const reach = rowsOfTenSessions(interval);
  const far = isFar(series, size);
  const all: Step[] = [];
  for (let index = rows.length - 1; index > 0; index--) {
    const moved = -(returns[index] ?? Number.NaN);
    if (!(Math.abs(moved) > Math.abs(size) / 2)) continue;
    const near = Math.abs(index - ex) <= reach;
    const onExDate = Math.abs(index - ex) <= 1;
    const multiple = multipleOf(series, index, moved, size, near && onExDate);
    // Days away from it a fall may be a true one, of a size that happens to be the ratio.
    const mayBeTrue = near && !onExDate && Math.abs(size) <= greatestMove;
    if (mayBeTrue && (isCrash(series, index) || isAdjustedBefore(series, index, split))) continue;
    if (multiple !== 0) all.push({ index, times: multiple, near, clear: true, alone: false });
    else if (near && far && Math.abs(Math.abs(moved / size) - 1) <= 0.45)
      all.push({ index, times: Math.sign(moved / size), near, clear: false, alone: false });
  }
  const [only] = all;
  if (all.length === 1 && only && !only.near && far && isElsewhere(series, only, split, ex))
    return [{ ...only, alone: true }];
  const counted: Step[] = [];
  let level = 0;
  for (const [place, step] of all.entries()) {
    const returnsHome = level !== 0 && level + step.times === 0;
    if (!step.clear && !returnsHome) continue;
    const older = all[place + 1];
    const begins = level === 0 && older?.times === -step.times;
    if (!step.near && !(far && (returnsHome || begins))) continue;
    level += step.times;
    counted.push(step);
  }
  return counted;
}

/** Whether a step away from the ex-date is one that no market took: the rows of a split that was taken in on another day. */
function isElsewhere(series: Series, { index, times, clear }: Step, { ratio }: Split, ex: number): boolean {
  // A share falls to a half now and then; none rises to the double overnight and stays calm.
  if (times * Math.log(ratio) > 0 && Math.max(ratio, 1 / ratio) < leastFall) return false;
  return clear && Math.abs(times) === 1 && Math.abs(index - ex) <= farRows && !isCrash(series, index);
}

/** Whether a ratio is far beyond what the series does by itself: only then a block away from the ex-date is believed. */
function isFar(series: Series, size: number): boolean {
  return Math.abs(size) >= Math.max(Math.log(1.45), 8 * series.sigma, 2 * wildMove(series.returns));
}

/** No share moves farther in a day. */
const greatestMove = Math.log(12);

/**
 * Whether the rows before a step are adjusted for the split: closes that were read before it took effect stand above them
 * by its ratio.
 */
function isAdjustedBefore({ rows, evidence }: Series, index: number, split: Split): boolean {
  if (!evidence.stored) return false;
  const stored = new Map(evidence.stored.map((each) => [each.startsAt, each]));
  const ratios = rows.slice(Math.max(0, index - nearRows), index).flatMap((row) => {
    const former = stored.get(row.at);
    return former && former.basisDay < split.exDate && former.close > 0 ? [row.close / former.close] : [];
  });
  return ratios.length > 0 && Math.abs(Math.log(median(ratios) * split.ratio)) < 0.25 * Math.abs(Math.log(split.ratio));
}

/** Of which multiple of the ratio a step is, 0 for none. */
function multipleOf(series: Series, index: number, moved: number, size: number, onExDate: boolean): number {
  const sigma = moveAround(series, index);
  const absolute = Math.abs(size);
  // Away from the ex-date a step is believed that is the ratio and a usual move, where a market may move so far.
  const share = onExDate || absolute > greatestMove ? 0.2 : 0.06;
  const slack = Math.min(0.45 * absolute, Math.max(share * absolute, 3 * sigma));
  const multiple = [1, -1, 2, -2].find((each) => Math.abs(moved - each * size) <= slack) ?? 0;
  if (multiple === 0) return 0;
  if (absolute >= Math.max(Math.log(1.45), 5 * sigma))
    return isGap(series, index, size, multiple, slack) ? multiple : 0;
  // No larger than a bad day: believed on the ex-date, by the gap from one close to the next open.
  if (!onExDate || Math.abs(multiple) !== 1) return 0;
  const gaps = gapsOf(series);
  const usual = usualMove(gaps);
  const gap = -(gaps[index] ?? Number.NaN);
  const clear = absolute >= 5 * usual && absolute >= 2.5 * sigma;
  return clear && Math.abs(gap - multiple * size) <= 2.5 * usual && Math.abs(moved - multiple * size) <= 2.5 * sigma
    ? multiple
    : 0;
}

/**
 * Whether the step lies between two rows and not within one, as far as days and less are concerned: a crash that ends
 * near the ratio trades its way there.
 */
function isGap(series: Series, index: number, size: number, multiple: number, slack: number): boolean {
  if (series.interval === '1wk' || series.interval === '1mo') return true;
  const { open } = series.rows[index] ?? {};
  const { close } = series.rows[index - 1] ?? {};
  if (open == null || close === undefined || !(open > 0)) return true;
  return Math.abs(Math.log(close / open) - multiple * size) <= slack * 1.5;
}

/** `log(open / close before)` of each row. */
function gapsOf({ rows }: Series): Float64Array {
  const gaps = logReturns(rows.map((row) => row.close));
  for (const [index, row] of rows.entries()) {
    const before = rows[index - 1];
    if (before && row.open !== null) gaps[index] = Math.log(row.open / before.close);
  }
  return gaps;
}

function findingOf(row: Row, level: number, split: Split, atStep: boolean, severity: FindingSeverity): Finding | null {
  const ratio = split.ratio ** level;
  const evidence = { exDate: split.exDate, ratio: split.ratio } as const;
  const fields = (['open', 'high', 'low', 'close'] as const).filter((field) => row[field] !== null);
  if (level !== 0) {
    // In the row at the step some prices may be on the right side already.
    const off = atStep
      ? fields.filter((field) => {
          const price = row[field] ?? 0;
          const right = row.close / ratio;
          return Math.abs(Math.log(price / ratio / right)) < Math.abs(Math.log(price / right));
        })
      : fields;
    return {
      rule: 'splits',
      severity,
      subject: barSubject(row),
      evidence: { code: level > 0 ? 'split_not_applied' : 'split_applied_twice', ...evidence, fields: off },
      proposal: scalePrices(row, factorOf(split, level), off, 'split'),
    };
  }
  if (!atStep) return null;
  for (const each of [1, -1]) {
    const factor = split.ratio ** each;
    const slack = 0.25 * Math.abs(Math.log(split.ratio));
    const off = fields.filter(
      (field): field is PriceField =>
        field !== 'close' && Math.abs(Math.log((row[field] ?? row.close) / factor / row.close)) <= slack,
    );
    if (off.length === 0) continue;
    return {
      rule: 'splits',
      severity: 'doubt',
      subject: barSubject(row),
      evidence: { code: each > 0 ? 'split_not_applied' : 'split_applied_twice', ...evidence, fields: off },
      proposal: scalePrices(row, factorOf(split, each), off, 'split'),
    };
  }
  return null;
}

/** What the prices of a row are to be multiplied by. */
function factorOf({ action }: Split, level: number): string {
  const power = new Decimal(action.value).pow(Math.abs(level)).toFixed();
  return level > 0 ? quotient('1', power) : power;
}

function toldTwice(series: Series, splits: readonly Split[]): { action: RuleAction; finding: Finding }[] {
  const inOrder = splits.toSorted((a, b) => (a.exDate < b.exDate ? -1 : 1));
  const found: { action: RuleAction; finding: Finding }[] = [];
  for (let index = 1; index < inOrder.length; index++) {
    const [first, second] = [inOrder[index - 1], inOrder[index]];
    if (!first || !second || first.exDate === second.exDate) continue;
    if (daysBetween(first.exDate, second.exDate) > sameSplitDays) continue;
    if (Math.abs(Math.log(first.ratio / second.ratio)) > 0.01) continue;
    // The date on which the market traded is the one; of two such days the first.
    const traded = (split: Split) => tradedOn(series, split.exDate);
    const [kept, other] = !traded(first) && traded(second) ? [second, first] : [first, second];
    found.push({
      action: other.action,
      finding: {
        rule: 'splits',
        severity: 'wrong',
        subject: actionSubject(other.action),
        evidence: { code: 'split_told_twice', exDate: kept.exDate, ratio: other.ratio },
        proposal: { field: 'row', from: other.action.value, to: null, why: 'told_twice' },
      },
    });
    index++;
  }
  return found;
}

function tradedOn({ rows, zone, evidence, interval }: Series, date: string): boolean {
  const said = evidence.tradedOn?.(date);
  if (said !== undefined && said !== null) return said;
  const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
  if (weekday === 0 || weekday === 6) return false;
  if (interval !== '1d') return true;
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last || date < dayOf(first, zone) || date > dayOf(last, zone)) return true;
  return rows.some((row) => dayOf(row, zone) === date);
}

/** A split that raw prices should show and do not. */
function notSeen(series: Series, split: Split): Finding[] {
  const { rows, returns, interval } = series;
  const ex = exRow(series, split.exDate);
  const reach = rowsOfTenSessions(interval);
  const size = Math.log(split.ratio);
  if (ex === 0 || ex >= rows.length - 1 || Math.abs(size) < Math.max(Math.log(1.45), 6 * moveAround(series, ex)))
    return [];
  for (let index = Math.max(1, ex - reach); index <= Math.min(rows.length - 1, ex + reach); index++)
    if (Math.abs(-(returns[index] ?? 0) - size) <= 0.35 * Math.abs(size)) return [];
  const moved = Math.exp(-(returns[ex] ?? 0));
  return [
    {
      rule: 'splits',
      severity: 'doubt',
      subject: actionSubject(split.action),
      evidence: { code: 'split_not_seen', ratio: split.ratio, moved },
      proposal: null,
    },
  ];
}
