/**
 * History: what the same source said before against what it says now.
 *
 * A settled price of the past does not move, but for splits since it was read. One that moves by more than 1 %, and by
 * more than six times as much as its neighbours', is in doubt: one of the two answers is wrong. So is a dividend or
 * split that has another amount than before.
 */
import type { Finding } from './finding.ts';
import {
  actionSubject,
  barSubject,
  dayOf,
  type Row,
  type RuleAction,
  type Series,
  type StoredRow,
  splitsBetween,
  splitsOf,
} from './series.ts';
import { median } from './spread.ts';

const leastMove = 0.01;
const leastMads = 6;

export function checkHistory(series: Series): Finding[] {
  return [...movedRows(series), ...changedActions(series)];
}

function movedRows({ rows, evidence, actions, basis, zone }: Series): Finding[] {
  const stored = new Map(evidence.stored?.filter((row) => row.settled).map((row) => [row.startsAt, row]));
  // Prices that are adjusted for dividends move with every dividend, and say so nowhere.
  if (stored.size === 0 || basis === 'splits_and_dividends') return [];
  const splits = basis === 'raw' ? [] : actions.filter((action) => action.type === 'split');
  const pairs: { row: Row; before: StoredRow; moved: number }[] = [];
  for (const row of rows) {
    const before = stored.get(row.at);
    if (!before || !(before.close > 0) || !(row.close > 0)) continue;
    // The source may or may not have taken a split in: both are explained by it.
    const split = splits.length === 0 ? 1 : splitsSince(splits, before.basisDay, dayOf(row, zone));
    const plain = before.close === row.close ? 0 : Math.log(row.close / before.close);
    const unsplit = split === 1 ? plain : plain + Math.log(split);
    pairs.push({ row, before, moved: Math.abs(unsplit) < Math.abs(plain) ? unsplit : plain });
  }
  const usual = median(pairs.map(({ moved }) => Math.abs(moved)));
  // Where most of a series has moved, its usual move is no excuse: it is all in doubt.
  const limit = Math.max(leastMove, Math.min(leastMads * usual, 5 * leastMove));
  return pairs.flatMap(({ row, before, moved }) =>
    Math.abs(moved) <= limit
      ? []
      : [
          {
            rule: 'history' as const,
            severity: 'doubt' as const,
            subject: barSubject(row),
            evidence: { code: 'history_moved' as const, stored: before.close, ratio: round(Math.exp(moved)) },
            proposal: null,
          },
        ],
  );
}

/** The product of the splits after a row's day that took effect after its stored price was read. */
function splitsSince(actions: readonly RuleAction[], basisDay: string, day: string): number {
  const from = basisDay > day ? basisDay : day;
  // Sources adjust a few days off the ex-date.
  const earlier = new Date(Date.parse(`${from}T00:00:00Z`) - 14 * 86_400_000).toISOString().slice(0, 10);
  return splitsBetween(actions, earlier > day ? earlier : day, '9999-12-31');
}

function changedActions({ actions, evidence }: Series): Finding[] {
  const stored = evidence.storedActions ?? [];
  if (stored.length === 0) return [];
  const isKnown = (exDate: string) => stored.some((each) => each.type === 'split' && each.exDate === exDate);
  const splits = splitsOf(actions).filter(({ exDate }) => !isKnown(exDate));
  return actions.flatMap((action) => {
    const same = stored.filter((each) => each.type === action.type && each.exDate === action.exDate);
    if (same.length === 0 || same.some((each) => each.currency !== action.currency)) return [];
    const value = Number(action.value);
    const nearest = same
      .map((each) => Number(each.value))
      .filter((each) => each > 0)
      .sort((a, b) => Math.abs(Math.log(value / a)) - Math.abs(Math.log(value / b)))[0];
    if (nearest === undefined || !(value > 0)) return [];
    const ratio = value / nearest;
    // A later split that is new changes amounts, too.
    const later = action.type === 'split' ? [] : splits.filter(({ exDate }) => exDate > action.exDate);
    const explained = [1, ...later.flatMap((split) => [split.ratio, 1 / split.ratio])];
    if (explained.some((each) => Math.abs(Math.log(ratio / each)) <= leastMove)) return [];
    return [
      {
        rule: 'history' as const,
        severity: 'doubt' as const,
        subject: actionSubject(action),
        evidence: { code: 'action_changed' as const, stored: nearest, ratio: round(ratio) },
        proposal: null,
      },
    ];
  });
}

function round(ratio: number): number {
  return Number(ratio.toPrecision(6));
}
