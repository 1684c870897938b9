/**
 * Which corporate actions of an answer are stored. Several payments of a day are as real as one: a regular dividend and a
 * special one. The same amount twice is one payment told twice. A share is split once a day: of splits that differ nothing
 * tells which is right.
 */
import type { CorporateAction } from '../market/bar.ts';
import type { BarSeries } from '../market/bar-series.ts';
import type { RejectedRow } from './decision.ts';

/** Amounts nearer to each other than this are the same one, rounded. */
const rounding = 1e-4;

/** The actions to store, and those for quarantine. Never throws. */
export function checkActions({ symbol, path, actions, fetchedAt }: BarSeries): {
  readonly actions: readonly CorporateAction[];
  readonly rejected: readonly RejectedRow[];
} {
  const days = Map.groupBy(actions, ({ type, exDate }) => `${type} ${exDate}`);
  if (days.size === actions.length) return { actions, rejected: [] };
  const kept: CorporateAction[] = [];
  const rejected: RejectedRow[] = [];
  for (const ofDay of days.values()) {
    const told = ofDay.filter((action, index) => !ofDay.slice(0, index).some((other) => isSame(action, other)));
    const rivals = told.filter(({ type }) => type === 'split');
    if (rivals.length <= 1) kept.push(...told);
    else
      rejected.push(
        ...rivals.map((split) => ({
          symbol,
          reason: 'duplicate_conflict' as const,
          finding: { code: 'conflicting_rows' as const, rows: rivals.length },
          detail: `The answer has ${rivals.length} different splits of this day.`,
          path: `${path} split of ${split.exDate}`,
          row: { ...split, fetchedAt },
          currency: null,
        })),
      );
  }
  return { actions: kept, rejected };
}

function isSame(a: CorporateAction, b: CorporateAction): boolean {
  const [one, other] = [a, b].map(({ ratio, amount }) => Number(ratio ?? amount));
  if (one === undefined || other === undefined || a.currency !== b.currency) return false;
  return Math.abs(one - other) <= rounding * Math.abs(one);
}
