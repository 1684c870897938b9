import type { VisibleSources, VisibleTo } from '../../auth/visible-sources.ts';
import type { BarReader } from '../../ports/bar-reader.ts';
import type { ExportedFactor, ExportRows } from '../../ports/export-rows.ts';
import type { HistoryFiles } from '../../ports/history-archive.ts';
import { dailyFactors } from '../../serving/factors.ts';
import type { Pool } from '../postgres/database/pool.ts';
import { archiveIndex } from '../postgres/history/archive-index.ts';
import { exportedRows } from '../postgres/history/export-rows.ts';
import { barReader } from '../postgres/prices/bar-reader.ts';
import { quoteVersions } from './quote-versions.ts';

/** What is exported: from Postgres, quotes of months that are in the archive from its files. */
export function exportRows(pool: Pool, files: HistoryFiles, now: () => number): VisibleTo<ExportRows> {
  const index = archiveIndex(pool);
  const quotes = quoteVersions(index, files);
  const bars: VisibleTo<BarReader> = barReader(pool);
  return (visible: VisibleSources) => {
    const { dailySources, ...rows } = exportedRows(pool, visible);
    return {
      ...rows,
      quotes,
      async sourcesOf(ids) {
        return (await index.sourcesOf(ids)).filter(({ source }) => visible.has(source));
      },
      async factors(listing, from, to) {
        const found: ExportedFactor[] = [];
        for (const source of await dailySources(listing)) {
          const of = { listingId: listing.id, zone: listing.zone, source, now: now() };
          const days = await dailyFactors(bars(visible), of, from, to);
          found.push(...days.map((day) => ({ listingId: listing.id, source, ...day })));
        }
        return found;
      },
    };
  };
}
