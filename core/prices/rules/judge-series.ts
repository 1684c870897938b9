/**
 * All rules over one series, in order: each sees the rows as the findings before it would make them, so that a row in
 * pence is not a crash for the rules that come after.
 */
import type { DecimalText } from '../../market/decimal.ts';
import { checkAdjustedClose } from './adjusted-close.ts';
import { adjustmentsOf, dividendEvents } from './dividend-events.ts';
import { checkDividends } from './dividends.ts';
import { checkEdges } from './edges.ts';
import { type Finding, keyOf } from './finding.ts';
import { checkHistory } from './history.ts';
import { checkInverted } from './inverted.ts';
import { checkMixed } from './mixed.ts';
import { isRate, type Row, type Series, type SeriesInput, seriesOf } from './series.ts';
import { checkShape } from './shape.ts';
import { checkSources } from './sources.ts';
import { checkSplitsNotTold } from './split-not-told.ts';
import { checkSplits } from './splits.ts';
import { logReturns, usualMove } from './spread.ts';
import { checkUnit } from './unit.ts';
import { checkVolume } from './volume.ts';

const daily: ReadonlySet<string> = new Set(['1d', '1wk', '1mo']);

/** What the rules find in a series. The same rows give the same findings, whatever their order. Never throws. */
export function judgeSeries(input: SeriesInput): readonly Finding[] {
  const series = seriesOf(input);
  if (series.rows.length === 0) return [];
  const splits = checkSplits(series);
  const bySplit = corrected(series, splits);
  const units = isRate(series)
    ? []
    : checkUnit(bySplit.series, new Set(bySplit.series.rows.filter((row) => bySplit.touched.has(row.at))));
  const byUnit = corrected(bySplit.series, units);
  const inverted = checkInverted(byUnit.series);
  const byTurn = corrected(byUnit.series, inverted);
  const mixed = isRate(series) ? [] : checkMixed(byTurn.series);
  const edges = isRate(series) || mixed.length > 0 ? mixed : checkEdges(byTurn.series);
  const byEdges = corrected(byTurn.series, edges);
  const sound = byEdges.series;
  const shape = checkShape(withoutRows(series, bySplit.touched, byUnit.touched));
  const found = [
    ...splits,
    ...units,
    ...inverted,
    ...edges,
    ...shape,
    ...checkSplitsNotTold(
      sound,
      new Set([...bySplit.touched, ...byUnit.touched, ...byTurn.touched, ...byEdges.touched]),
    ),
    ...checkHistory(series),
    ...checkSources(series),
    ...checkVolume(series),
  ];
  if (daily.has(series.interval)) found.push(...onActions(sound, splits));
  const unique = new Map<string, Finding>();
  for (const finding of found) if (!unique.has(keyOf(finding))) unique.set(keyOf(finding), finding);
  return [...unique.values()];
}

function onActions(series: Series, splits: readonly Finding[]): Finding[] {
  const dropped = new Set(
    splits.filter((finding) => finding.subject.kind === 'split').map((each) => each.subject.date),
  );
  const actions = series.actions.filter((action) => action.type !== 'split' || !dropped.has(action.exDate));
  const counted = { ...series, actions };
  const adjustments = adjustmentsOf(counted);
  const events = dividendEvents(counted, adjustments);
  const dividends = checkDividends(counted, events, adjustments);
  const judged = new Set(dividends.flatMap((finding) => finding.subject.date ?? []));
  return [...dividends, ...checkAdjustedClose(counted, events, adjustments, judged)];
}

/** The series as its findings would make it: scaled where they say by what, without the wrong rows elsewhere. */
function corrected(series: Series, findings: readonly Finding[]): { series: Series; touched: ReadonlySet<number> } {
  const byTime = new Map<number, Finding>();
  for (const finding of findings)
    if (finding.subject.kind === 'bar' && finding.subject.at !== null) byTime.set(finding.subject.at, finding);
  if (byTime.size === 0) return { series, touched: new Set() };
  const rows = series.rows.flatMap((row) => {
    const finding = byTime.get(row.at);
    if (!finding || finding.severity === 'info') return [row];
    const { proposal } = finding;
    if (proposal?.field === 'prices') return [scaledRow(row, proposal.factor, proposal.fields)];
    return finding.severity === 'wrong' ? [] : [row];
  });
  const returns = logReturns(rows.map((row) => row.close));
  return { series: { ...series, rows, returns, sigma: usualMove(returns) }, touched: new Set(byTime.keys()) };
}

function scaledRow(row: Row, text: DecimalText, fields: readonly string[]): Row {
  const factor = Number(text);
  const of = (field: 'open' | 'high' | 'low') => {
    const price = row[field];
    return price !== null && fields.includes(field) ? price * factor : price;
  };
  const scale = fields.includes('close') ? factor : 1;
  return {
    ...row,
    open: of('open'),
    high: of('high'),
    low: of('low'),
    close: row.close * scale,
    adjusted: row.adjusted === null ? null : scaledAdjusted(row.adjusted, row.close, scale),
  };
}

/** Some vendors give the adjusted close of a row in the right unit and the close beside it in the wrong one. */
function scaledAdjusted(adjusted: number, close: number, scale: number): number {
  const apart = (value: number) => Math.abs(Math.log(value / (close * scale)));
  return apart(adjusted) < apart(adjusted * scale) ? adjusted : adjusted * scale;
}

/** The shape of a row whose prices are of two units is a matter of the unit. */
function withoutRows(series: Series, ...times: readonly ReadonlySet<number>[]): Series {
  if (times.every((each) => each.size === 0)) return series;
  return { ...series, rows: series.rows.filter((row) => !times.some((each) => each.has(row.at))) };
}
