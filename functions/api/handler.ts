import { handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda';
import * as z from 'zod';
import { tieredQuotes } from '../../core/adapters/parquet/tiered-quotes.ts';
import { apiKeyStore } from '../../core/adapters/postgres/access/api-key-store.ts';
import { idempotencyStore } from '../../core/adapters/postgres/access/idempotency-store.ts';
import { alertStore } from '../../core/adapters/postgres/alerts/alert-store.ts';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { switchStore } from '../../core/adapters/postgres/database/switches.ts';
import { timeLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { diagnosisStore } from '../../core/adapters/postgres/diagnosis/diagnosis-store.ts';
import { factsReader } from '../../core/adapters/postgres/diagnosis/facts-reader.ts';
import { eventFeed } from '../../core/adapters/postgres/events/event-feed.ts';
import { flowSamples } from '../../core/adapters/postgres/events/flow-samples.ts';
import { exportStore } from '../../core/adapters/postgres/history/export-store.ts';
import { instrumentReader } from '../../core/adapters/postgres/listings/instrument-reader.ts';
import { validityStore } from '../../core/adapters/postgres/listings/validity-store.ts';
import { modelStore } from '../../core/adapters/postgres/models/model-store.ts';
import { barReader } from '../../core/adapters/postgres/prices/bar-reader.ts';
import { constituentReader } from '../../core/adapters/postgres/prices/constituent-reader.ts';
import { coverageReader } from '../../core/adapters/postgres/prices/coverage-reader.ts';
import { findingRecords } from '../../core/adapters/postgres/prices/finding-records.ts';
import { quarantineStore } from '../../core/adapters/postgres/prices/quarantine-store.ts';
import { replayStore } from '../../core/adapters/postgres/prices/replay-store.ts';
import { recoveryRecords } from '../../core/adapters/postgres/recovery/records.ts';
import { healthReader } from '../../core/adapters/postgres/sources/health-reader.ts';
import { incidentStore } from '../../core/adapters/postgres/sources/incident-store.ts';
import { sourceReader } from '../../core/adapters/postgres/sources/source-reader.ts';
import { systemSamples } from '../../core/adapters/postgres/sources/system-samples.ts';
import { backfillStore } from '../../core/adapters/postgres/work/backfill-store.ts';
import { importStore } from '../../core/adapters/postgres/work/import-store.ts';
import { runReader } from '../../core/adapters/postgres/work/run-reader.ts';
import { plannedPeriods } from '../../core/adapters/postgres/work/watch-list.ts';
import { watchStore } from '../../core/adapters/postgres/work/watch-store.ts';
import { s3AnswerStore } from '../../core/adapters/s3/answer-store.ts';
import { s3BlobReader } from '../../core/adapters/s3/blob-reader.ts';
import { s3HistoryFiles } from '../../core/adapters/s3/history-files.ts';
import { s3Presigner } from '../../core/adapters/s3/presigner.ts';
import { s3UploadSigner } from '../../core/adapters/s3/upload-signer.ts';
import { sqsMessageQueue } from '../../core/adapters/sqs/message-queue.ts';
import { sqsQueueInspector } from '../../core/adapters/sqs/queue-inspector.ts';
import { exportLinkSeconds } from '../../core/contracts/http/exports.ts';
import { apiQueues } from '../../core/contracts/queues.ts';
import { settingNames } from '../../core/contracts/settings.ts';
import { version } from '../../core/contracts/version.ts';
import { withRawPath } from '../../core/http/gateway-event.ts';
import { installedSources } from '../../core/runtime/installed-sources.ts';
import { logger } from '../../core/runtime/observe.ts';
import {
  alertHostsSetting,
  alwaysOpenSetting,
  corsOriginsSetting,
  databaseSettings,
  numberSetting,
  optionalSetting,
  ownInstallation,
  SettingError,
  setting,
  simulatedSourcesSetting,
} from '../../core/runtime/settings.ts';
import { shownSettings } from '../../core/runtime/shown-settings.ts';
import { applySourceQuotas } from '../../core/runtime/source-quotas.ts';
import { createApp } from './app.ts';

applySourceQuotas();

const queuesSchema = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue('is not JSON');
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string(), z.object({ url: z.string(), deadUrl: z.string() })));

/** There where a model is configured that writes summaries of reports. */
const summariesQueue = optionalSetting('summariesQueueUrl');

/** Without it, the sender of alerts looks at its next tick. */
const alertsQueue = optionalSetting('alertsQueueUrl');

const pool = createPool(databaseSettings(), 1, timeLimits('api'));
const app = createApp({
  quotes: tieredQuotes(pool, s3HistoryFiles(setting('rawBucket'))),
  bars: barReader(pool),
  coverage: coverageReader(pool),
  instruments: instrumentReader(pool),
  constituents: constituentReader(pool),
  artifactUrl: s3Presigner(setting('rawBucket')),
  longAnswers: s3AnswerStore(setting('rawBucket'), Date.now),
  sources: sourceReader(pool),
  runs: runReader(pool),
  blobs: s3BlobReader(setting('rawBucket')),
  backfills: backfillStore(pool),
  exports: exportStore(pool),
  exportUrl: s3Presigner(setting('rawBucket'), process.env, { seconds: exportLinkSeconds, saved: true }),
  watch: watchStore(pool),
  models: modelStore(pool),
  watchLimit: numberSetting('watchLimit'),
  periods: plannedPeriods(pool),
  quarantine: quarantineStore(pool),
  findings: findingRecords(pool),
  validities: validityStore(pool),
  replays: replayStore(pool),
  recoveries: recoveryRecords(pool),
  switches: switchStore(pool),
  health: healthReader(pool),
  systemSamples: systemSamples(pool),
  flowSamples: flowSamples(pool),
  feed: eventFeed(pool),
  alerts: alertStore(pool),
  alertHosts: alertHostsSetting(),
  installation: ownInstallation(),
  facts: factsReader(pool),
  imports: importStore(pool),
  signUpload: s3UploadSigner(setting('rawBucket')),
  incidents: incidentStore(pool),
  diagnoses: diagnosisStore(pool),
  summaries: summariesQueue !== undefined,
  keys: apiKeyStore(pool),
  requests: idempotencyStore(pool),
  queue: sqsMessageQueue({
    ...Object.fromEntries(Object.entries(apiQueues).map(([queue, url]) => [queue, setting(url)])),
    ...(alertsQueue && { alerts: alertsQueue }),
    ...(summariesQueue && { summaries: summariesQueue }),
  }),
  inspector: sqsQueueInspector(queues()),
  catalogue: installedSources(),
  alwaysOpen: alwaysOpenSetting(),
  simulated: simulatedSourcesSetting(),
  settings: shownSettings(),
  clock: Date.now,
  version,
  protocol: optionalSetting('stage') === 'local' ? 'http' : 'https',
  corsOrigins: corsOriginsSetting(),
  publicStatus: optionalSetting('publicStatus') === 'on',
  log: (error, requestId) =>
    logger.error('A request failed', { requestId, error: error instanceof Error ? error : String(error) }),
});

const answer = handle(app, {
  // Every answer is text, or has a content coding, by which Hono knows that it is binary. Hono takes `text/markdown` for binary, and API Gateway would pass on its base64 as it is.
  isContentTypeBinary: () => false,
});

/** Requests of API Gateway (REST API v1 proxy events), whose stage prefix is gone from `path` already. */
export const handler = (event: LambdaEvent, context?: LambdaContext) => answer(withRawPath(event), context);

function queues() {
  const text = optionalSetting('queues') ?? '{}';
  const parsed = queuesSchema.safeParse(text);
  if (!parsed.success) throw new SettingError(settingNames.queues, 'is not a JSON object of {url, deadUrl}');
  return parsed.data;
}
