import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context, SQSEvent } from 'aws-lambda';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { timeLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { s3RawStore } from '../../core/adapters/s3/raw-store.ts';
import { sqsMessageQueue } from '../../core/adapters/sqs/message-queue.ts';
import { ingestMessageSchema } from '../../core/contracts/messages.ts';
import { ingestQueueUrls } from '../../core/runtime/ingest-queue-urls.ts';
import { logger, metrics, observed } from '../../core/runtime/observe.ts';
import { handleQueue } from '../../core/runtime/queue-handler.ts';
import { acceptedRulesSetting, databaseSettings, setting } from '../../core/runtime/settings.ts';
import { applySourceQuotas } from '../../core/runtime/source-quotas.ts';
import { ingestQueueOf } from '../../core/sources/catalogue.ts';
import { ingestBlobs } from './ingest-blob.ts';
import { ringRelay } from './ring-relay.ts';
import { sendTogether } from './send-together.ts';

applySourceQuotas();

const queue = sendTogether(
  sqsMessageQueue({
    ...ingestQueueUrls(),
    outcomes: setting('outcomesQueueUrl'),
    events: setting('eventsQueueUrl'),
  }),
  'outcomes',
);
const ring = ringRelay(queue, () => performance.now());
const ingestBlob = ingestBlobs({
  rawStore: s3RawStore(setting('rawBucket')),
  store: postgresIngestStore(
    createPool(databaseSettings(), 1, timeLimits('ingest')),
    undefined,
    acceptedRulesSetting(),
  ),
  queue,
  fetchedAhead(ms) {
    logger.warn('An answer was fetched by a clock that is ahead; it counts as fetched now', {
      seconds: Math.round(ms / 1000),
    });
    metrics.addMetric('ClockAhead', MetricUnit.Count, 1);
  },
});

/**
 * Blobs to ingest, message by message: only failed messages return to the queue, or wait for the database. Their outcomes
 * are sent at the end.
 */
export const handler = observed((event: SQSEvent, context: Context) =>
  handleQueue(event, context, ingestMessageSchema, {
    async handle(message) {
      const stored = await ingestBlob(message);
      if (!stored || stored.repeated) return;
      // A ring that is lost costs a minute: the relay's tick comes anyway.
      await ring().catch(() => logger.warn('The relay was not woken for new events; its next tick publishes them'));
      metrics.addMetric('RowsAccepted', MetricUnit.Count, stored.accepted);
      metrics.addMetric('RowsQuarantined', MetricUnit.Count, stored.rejected);
    },
    requeue: (message, delaySeconds) => queue.send(ingestQueueOf(message.sourceId), [message], delaySeconds),
    finish: () => queue.sendKept(),
  }),
);
