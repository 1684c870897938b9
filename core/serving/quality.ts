/**
 * Which bars and actions a reader gets, by what was found in them: `raw` is what came; `served` leaves out what is wrong;
 * `repaired` applies accepted proposals and leaves out the other wrong ones.
 */
import type { Bar } from '../market/bar.ts';
import type { StoredAction, StoredBar } from '../market/stored-bar.ts';
import type { StoredFinding } from '../ports/finding-records.ts';
import type { Finding } from '../prices/rules/finding.ts';
import { repair } from '../prices/rules/repair.ts';

export const qualities = ['served', 'raw', 'repaired'] as const;
export type Quality = (typeof qualities)[number];

export interface Qualified<Row> {
  readonly rows: readonly Row[];
  /** Days or times of the rows that were left out. */
  readonly leftOut: readonly string[];
  /** Those of them whose prices are wrong, while there should be a row. */
  readonly wrong: readonly Row[];
}

/** The bars of one interval. */
export function qualifiedBars<Row extends StoredBar>(
  rows: readonly Row[],
  interval: Bar['interval'],
  findings: readonly StoredFinding[],
  quality: Quality,
): Qualified<Row> {
  const ofBars = findings.filter((finding) => finding.kind === 'bar' && finding.interval === interval);
  if (quality === 'raw' || ofBars.length === 0) return { rows, leftOut: [], wrong: [] };
  const byTime = Map.groupBy(ofBars, (finding) => finding.at?.getTime() ?? 0);
  const leftOut: string[] = [];
  const wrong: Row[] = [];
  const kept = rows.flatMap((row): Row[] => {
    const found = byTime.get(row.startsAt.getTime()) ?? [];
    if (found.length === 0) return [row];
    const accepted = quality === 'repaired' ? found.filter(isApplied) : [];
    if (found.some((finding) => finding.severity === 'wrong' && !accepted.includes(finding))) {
      leftOut.push(nameOf(row));
      if (found.every(({ evidence, proposal }) => evidence.code !== 'closed_day' && proposal?.field !== 'row'))
        wrong.push(row);
      return [];
    }
    if (accepted.length === 0) return [row];
    const bar: Bar = { ...row, interval, startsAt: row.startsAt.getTime(), minorFactor: 1 };
    const [repaired] = repair([bar], [], accepted.map(asFound)).bars;
    if (!repaired) return [];
    const { open, high, low, close, volume } = repaired;
    return [{ ...row, open, high, low, close, volume }];
  });
  return { rows: kept, leftOut, wrong };
}

/** What a row is called in a warning: its day, or its time where it has none. */
export function nameOf(row: StoredBar): string {
  return row.date ?? row.startsAt.toISOString();
}

/** The ids of the findings on a bar that are open or accepted: one of the latter has made a repaired bar what it is. */
export function findingsOf(
  findings: readonly StoredFinding[],
  interval: Bar['interval'],
): (bar: Pick<StoredBar, 'startsAt'>) => string[] {
  const ofBars = findings.filter((finding) => finding.kind === 'bar' && finding.interval === interval);
  const byTime = Map.groupBy(ofBars, (finding) => finding.at?.getTime());
  return ({ startsAt }) => (byTime.get(startsAt.getTime()) ?? []).map(({ id }) => id);
}

/** The actions of a listing, of the source that the findings are of. */
export function qualifiedActions(
  actions: readonly StoredAction[],
  findings: readonly StoredFinding[],
  quality: Quality,
): StoredAction[] {
  const ofActions = findings.filter((finding) => finding.kind !== 'bar' && finding.kind !== 'quote');
  if (quality === 'raw' || ofActions.length === 0) return [...actions];
  return actions.flatMap((action): StoredAction[] => {
    const value = action.ratio ?? action.amount;
    const found = ofActions.filter(
      ({ kind, date, said, source }) =>
        kind === action.type && date === action.exDate && said === value && source === action.source,
    );
    const accepted = quality === 'repaired' ? found.filter(isApplied) : [];
    if (found.some((finding) => finding.severity === 'wrong' && !accepted.includes(finding))) return [];
    if (accepted.length === 0 || value === null) return [action];
    const { type, exDate, currency } = action;
    const [repaired] = repair([], [{ type, exDate, value, currency }], accepted.map(asFound)).actions;
    if (!repaired) return [];
    const amount = action.amount === null ? null : repaired.value;
    return [{ ...action, exDate: repaired.exDate, ratio: action.ratio === null ? null : repaired.value, amount }];
  });
}

function isApplied({ status, proposal }: StoredFinding): boolean {
  return status === 'accepted' && proposal !== null;
}

function asFound({ rule, severity, kind, interval, date, at, said, evidence, proposal }: StoredFinding): Finding {
  const onBar = kind === 'bar';
  return {
    rule,
    severity,
    subject: {
      kind,
      interval: onBar ? interval : null,
      date,
      at: onBar ? (at?.getTime() ?? null) : null,
      said: onBar ? null : said,
    },
    evidence,
    proposal,
  };
}
