import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context } from 'aws-lambda';
import { databaseClock } from '../../core/adapters/postgres/database/database-clock.ts';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { switchStore } from '../../core/adapters/postgres/database/switches.ts';
import { timeLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { flowSamples } from '../../core/adapters/postgres/events/flow-samples.ts';
import { relayLag } from '../../core/adapters/postgres/events/relay-store.ts';
import { postgresComparisonStore } from '../../core/adapters/postgres/prices/blob-comparison.ts';
import { rereadStore } from '../../core/adapters/postgres/prices/reread-store.ts';
import { postgresRecoveryStore } from '../../core/adapters/postgres/recovery/recovery-store.ts';
import { healthReader } from '../../core/adapters/postgres/sources/health-reader.ts';
import { postgresOutcomeStore } from '../../core/adapters/postgres/sources/outcome-store.ts';
import { sourceReader } from '../../core/adapters/postgres/sources/source-reader.ts';
import { systemSamples } from '../../core/adapters/postgres/sources/system-samples.ts';
import { readWatchList } from '../../core/adapters/postgres/work/watch-list.ts';
import { s3BlobIndex } from '../../core/adapters/s3/blob-index.ts';
import { impatientS3, s3RawStore } from '../../core/adapters/s3/raw-store.ts';
import { sqsMessageQueue } from '../../core/adapters/sqs/message-queue.ts';
import { outcomeMessageSchema, tickSchema } from '../../core/contracts/messages.ts';
import { blobsNeverRead, eventsLag } from '../../core/contracts/metrics.ts';
import { importFolder } from '../../core/contracts/words/imports.ts';
import { refuseTickAhead } from '../../core/planning/wrong-clock.ts';
import { ingestQueueUrls } from '../../core/runtime/ingest-queue-urls.ts';
import { installedSources } from '../../core/runtime/installed-sources.ts';
import { logger, metrics, observed } from '../../core/runtime/observe.ts';
import { handleQueue, isQueueEvent } from '../../core/runtime/queue-handler.ts';
import { alwaysOpenSetting, databaseSettings, setting } from '../../core/runtime/settings.ts';
import { applySourceQuotas } from '../../core/runtime/source-quotas.ts';
import { compareBlobs } from './compare-blobs.ts';
import { findLostBlobs } from './find-lost-blobs.ts';
import { publishFailing } from './publish-failing.ts';
import { rereadHeld } from './reread-held.ts';
import { sampleSystem } from './sample-system.ts';
import { startRecoveries } from './start-recoveries.ts';
import { judgeSources, recordOutcome, watchSources } from './watch-sources.ts';

applySourceQuotas();

const pool = createPool(databaseSettings(), 1, timeLimits('monitor'));
const watching = {
  store: postgresOutcomeStore(pool),
  sources: installedSources(),
  planned: { watched: () => readWatchList(pool), alwaysOpen: alwaysOpenSetting() },
};
const queue = sqsMessageQueue({
  recoveries: setting('recoveriesQueueUrl'),
  ...ingestQueueUrls(),
  outcomes: setting('outcomesQueueUrl'),
});
const s3 = impatientS3();
const blobs = s3RawStore(setting('rawBucket'), s3);
const finding = { store: watching.store, blobs, queue };
const comparing = {
  store: postgresComparisonStore(pool),
  blobs,
  index: s3BlobIndex(setting('rawBucket'), s3),
  queue,
  // The imports of all licence classes are in one folder.
  sources: [...installedSources(), { id: importFolder }],
};
const flow = flowSamples(pool);
const system = {
  health: healthReader(pool),
  samples: systemSamples(pool),
  sources: sourceReader(pool),
  switches: switchStore(pool),
  catalogue: installedSources(),
};
const held = rereadStore(pool);
const starting = {
  recoveries: postgresRecoveryStore(pool),
  queue,
  sources: installedSources(),
};

/** Outcomes from their queue, or the minute's tick, which also publishes for each source whether it fails. */
export const handler = observed(async (event: unknown, context: Context) => {
  if (isQueueEvent(event)) {
    const urgent = new Set<string>();
    const handled = await handleQueue(event, context, outcomeMessageSchema, {
      async handle(outcome) {
        const sourceId = await recordOutcome(outcome, watching);
        if (sourceId !== null) urgent.add(sourceId);
      },
      requeue: (outcome, delaySeconds) => queue.send('outcomes', [outcome], delaySeconds),
    });
    // What they ended is stored: the next tick judges by it where this does not.
    const { errors } = await judgeSources(urgent, watching, new Date()).catch((error: unknown) => ({
      errors: [error],
    }));
    if (errors.length > 0)
      logger.warn('Sources could not be judged; the next tick tries again', {
        error: new AggregateError(errors, 'Sources could not be judged.'),
      });
    return handled;
  }
  const { time } = tickSchema.parse(event);
  // It would end every task that is under way as overdue.
  refuseTickAhead(Date.parse(time), await databaseClock(pool));
  // First, so that a task whose answer is found is not overdue. A bucket that does not answer keeps nothing else from it.
  const lost = await findLostBlobs(new Date(time), finding).catch((error: unknown) => [error]);
  const found = lost.filter((each) => typeof each === 'string');
  if (found.length > 0) logger.warn('These blobs were kept and never read; they are ingested now', { found });
  const { overdue, statuses, flapping, errors } = await watchSources(watching, new Date(time));
  if (overdue.length > 0) logger.warn('Tasks gave no outcome in time', { sources: overdue });
  publishFailing(statuses, flapping);
  const sampled = await sampleSystem(new Date(time), system).catch((error: unknown) => [error]);
  const { recovering } = await startRecoveries(new Date(time), starting);
  if (recovering.length > 0) logger.info('Recoveries were started', { sources: recovering });
  const unread = await unreadBlobs(new Date(time));
  const reread = await rereadHeld(new Date(time), { store: held, queue }).catch((error: unknown) => [error]);
  if (typeof reread === 'number' && reread > 0)
    logger.info('Rows that were held back are read again', { blobs: reread });
  const lag = await relayLag(pool);
  // Only while they wait: a metric without data costs nothing.
  if (lag.seconds > 60) metrics.addMetric(eventsLag, MetricUnit.Seconds, lag.seconds);
  const flowing = await flow.keep(lag, new Date(time)).catch((error: unknown) => [error]);
  const failed = [
    ...errors,
    ...(sampled ?? []),
    ...(flowing ?? []),
    ...(typeof reread === 'number' ? [] : reread),
    ...lost.filter((each) => typeof each !== 'string'),
    ...unread.errors,
  ];
  if (failed.length > 0)
    throw new AggregateError(
      failed,
      'Sources could not be judged, or lost blobs not looked for; the next tick tries again.',
    );
  return { overdue, recovering };
});

/** Most keys that a line of the log names. */
const mostNamed = 20;

/** Looks for blobs of days gone by that nothing has read, and says what it found. */
async function unreadBlobs(now: Date): Promise<{ errors: readonly unknown[] }> {
  const none = { sent: [], unreadable: [] };
  const { sent, unreadable, errors } = await compareBlobs(now, comparing).catch((error: unknown) => ({
    ...none,
    errors: [error],
  }));
  if (sent.length > 0) {
    logger.warn('These blobs had no batch after days; they are ingested now', {
      count: sent.length,
      first: sent.slice(0, mostNamed),
    });
    metrics.addMetric(blobsNeverRead, MetricUnit.Count, sent.length);
  }
  if (unreadable.length > 0)
    logger.warn('The database does not know these blobs, and they cannot be read', {
      count: unreadable.length,
      first: unreadable.slice(0, mostNamed),
    });
  return { errors };
}
