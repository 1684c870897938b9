/**
 * The rule of history for an answer that comes late: a later one has been stored already, so it is the stored row that has
 * moved since this one. The same is found as if the answers had come in the order of their fetches.
 */
import type { Bar } from '../market/bar.ts';
import type { BarSeries } from '../market/bar-series.ts';
import type { StoredSeries } from './evidence.ts';
import type { FoundInRow } from './judged-series.ts';
import { checkHistory } from './rules/history.ts';
import { type RuleAction, seriesOf } from './rules/series.ts';
import { settledAfterDays } from './thresholds.ts';

const dayMs = 86_400_000;

/** Findings on stored rows whose settled closes were others in this answer. `late` are the starts of rows of a later answer. */
export function toldBefore(
  series: BarSeries,
  bars: readonly Bar[],
  late: ReadonlyMap<number, number>,
  stored: StoredSeries,
  actions: readonly RuleAction[],
): FoundInRow[] {
  if (late.size === 0) return [];
  const said = new Map(stored.rows.map((row) => [row.startsAt, row.said ?? String(row.close)]));
  const before = bars.filter((bar) => late.has(bar.startsAt) && said.has(bar.startsAt));
  const basisDay = new Date(series.basisAt).toISOString().slice(0, 10);
  const { assetClass, currency, minorFactor, zone } = series.listing;
  const found = checkHistory(
    seriesOf({
      assetClass,
      currency,
      minorFactor,
      zone,
      basis: series.basis,
      bars: before.map((bar) => ({ ...bar, close: said.get(bar.startsAt) ?? bar.close })),
      actions,
      evidence: {
        stored: before.map((bar) => ({
          startsAt: bar.startsAt,
          close: Number(bar.close),
          basisDay,
          settled: series.fetchedAt > bar.startsAt + settledDays(bar) * dayMs,
        })),
      },
    }),
  );
  return found.map((finding) => ({ ...finding, row: said.get(finding.subject.at ?? Number.NaN) ?? null }));
}

function settledDays({ interval }: Bar): number {
  return interval === '1d' || interval === '1wk' || interval === '1mo'
    ? settledAfterDays[interval]
    : settledAfterDays.intraday;
}
