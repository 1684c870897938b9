import { everySource, type VisibleTo } from '../../core/auth/visible-sources.ts';
import type { AlertCondition } from '../../core/contracts/http/alerts.ts';
import { absentOf, countOf } from '../../core/coverage/ledger.ts';
import { coverageQuestions, ledgersOf, plannedSeries } from '../../core/coverage/ledgers.ts';
import { addDays } from '../../core/coverage/slots.ts';
import { type WatchList, withWatched } from '../../core/planning/watch-list.ts';
import type { CoverageReader } from '../../core/ports/coverage-reader.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';

export interface CoverageShareReaders {
  readonly coverage: VisibleTo<CoverageReader>;
  readonly watched: () => Promise<WatchList>;
  readonly catalogue: readonly SourceDefinition[];
  readonly alwaysOpen: boolean;
}

type CoverageCondition = Extract<AlertCondition, { kind: 'coverage_below' }>;

/** Of the sessions of the last days whose daily bar is due, the share of which a source has it; `null` where none is due. */
export async function coverageShare(
  { symbol, sourceId, days }: CoverageCondition,
  now: number,
  of: CoverageShareReaders,
): Promise<number | null> {
  const reader = of.coverage(everySource);
  const catalogue = withWatched(of.catalogue, await of.watched());
  const to = new Date(now).toISOString().slice(0, 10);
  const asked = {
    ...{ interval: '1d' as const, from: addDays(to, 1 - days), to, now, catalogue },
    alwaysOpen: of.alwaysOpen,
  };
  const series = await reader.series({
    ...{ symbol, source: sourceId, interval: asked.interval, after: null, limit: 1 },
    planned: plannedSeries(catalogue, asked.interval),
  });
  const [ledger] = ledgersOf(series, await reader.read(coverageQuestions(series, asked)), asked);
  if (!ledger) return null;
  const { entries } = ledger.ledger;
  const { present } = countOf(entries);
  const due = present + absentOf(entries);
  return due === 0 ? null : present / due;
}
