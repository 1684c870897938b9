import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { parquetQuotes } from '../../core/adapters/parquet/quote-format.ts';
import { databaseClock } from '../../core/adapters/postgres/database/database-clock.ts';
import { maintainDatabase } from '../../core/adapters/postgres/database/housekeeping.ts';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { timeLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { archiveStore } from '../../core/adapters/postgres/history/archive-store.ts';
import { listedVenues } from '../../core/adapters/postgres/listings/listed-venues.ts';
import { coverageReader } from '../../core/adapters/postgres/prices/coverage-reader.ts';
import { wantHoleRepairs } from '../../core/adapters/postgres/prices/repair-wants.ts';
import { storedDaysStore } from '../../core/adapters/postgres/prices/stored-days.ts';
import { unfinishedImports } from '../../core/adapters/postgres/work/unfinished-imports.ts';
import { s3BlobRemoval } from '../../core/adapters/s3/blob-removal.ts';
import { s3HistoryFiles } from '../../core/adapters/s3/history-files.ts';
import { everySource } from '../../core/auth/visible-sources.ts';
import { tickSchema } from '../../core/contracts/messages.ts';
import {
  calendarDaysLeft as calendarDaysLeftMetric,
  databaseBytes,
  rowsInDefaultPartition,
} from '../../core/contracts/metrics.ts';
import { calendarDaysLeft } from '../../core/market/calendar.ts';
import { refuseTickAhead } from '../../core/planning/wrong-clock.ts';
import { installedSources } from '../../core/runtime/installed-sources.ts';
import { logger, metrics, observed } from '../../core/runtime/observe.ts';
import { acceptedRulesSetting, databaseSettings, setting } from '../../core/runtime/settings.ts';
import { applySourceQuotas } from '../../core/runtime/source-quotas.ts';
import { type ArchiveDependencies, archiveQuotes } from './archive-quotes.ts';
import { judgeStored } from './judge-stored.ts';
import { removeUnfinished, type UnfinishedDependencies } from './remove-unfinished.ts';
import { hotMonthsSetting, retentionSetting } from './retention-setting.ts';
import { type HoleDependencies, wantHoles } from './want-holes.ts';

applySourceQuotas();

const pool = createPool(databaseSettings(), 1, timeLimits('maintain'));

const holeDependencies: HoleDependencies = {
  coverage: coverageReader(pool)(everySource),
  catalogue: installedSources(),
  want: (wishes) => wantHoleRepairs(pool, wishes),
};
const retention = retentionSetting();
const hotMonths = hotMonthsSetting();
const accepts = acceptedRulesSetting();
const removal = s3BlobRemoval(setting('rawBucket'));
const archive: ArchiveDependencies = {
  store: archiveStore(pool),
  files: s3HistoryFiles(setting('rawBucket')),
  removal,
  format: parquetQuotes,
};
const unfinished: UnfinishedDependencies = {
  imports: unfinishedImports(pool),
  blobs: removal,
};

/** The daily tick. Its own time is the clock. */
export const handler = observed(async (event: unknown) => {
  const { time } = tickSchema.parse(event);
  // It would remove what is not over yet.
  refuseTickAhead(Date.parse(time), await databaseClock(pool));
  const maintenance = await maintainDatabase(pool, new Date(time), retention);
  metrics.addMetric(rowsInDefaultPartition, MetricUnit.Count, maintenance.rowsInDefault);
  metrics.addMetric(databaseBytes, MetricUnit.Bytes, maintenance.databaseBytes);
  const daysLeft = calendarDaysLeft(Date.parse(time), await listedVenues(pool));
  metrics.addMetric(calendarDaysLeftMetric, MetricUnit.Count, daysLeft);
  const judged = await judgeStored(storedDaysStore(pool, accepts), Date.parse(time));
  const holes = await wantHoles(holeDependencies, Date.parse(time));
  const importsRemoved = await removeUnfinished(unfinished, Date.parse(time));
  // Last: what ends it leaves nothing else undone.
  const archived = await archiveQuotes(archive, Date.parse(time), hotMonths);
  logger.info('Maintained the database', {
    maintenance,
    judged,
    holes,
    importsRemoved,
    archived,
    calendarDaysLeft: daysLeft,
  });
  return { ...maintenance, judged, holes, importsRemoved, archived, calendarDaysLeft: daysLeft };
});
