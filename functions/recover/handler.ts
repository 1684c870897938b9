import type { Context, SQSEvent } from 'aws-lambda';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { timeLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { postgresRecoveryStore } from '../../core/adapters/postgres/recovery/recovery-store.ts';
import { sqsMessageQueue } from '../../core/adapters/sqs/message-queue.ts';
import { recoveryMessageSchema } from '../../core/contracts/messages.ts';
import { installedSources } from '../../core/runtime/installed-sources.ts';
import { observed } from '../../core/runtime/observe.ts';
import { handleQueue } from '../../core/runtime/queue-handler.ts';
import { scrapeQueueUrls } from '../../core/runtime/queue-urls.ts';
import { databaseSettings, setting } from '../../core/runtime/settings.ts';
import { applySourceQuotas } from '../../core/runtime/source-quotas.ts';
import { recoverSource, requeueHeld } from './recover-source.ts';

applySourceQuotas();

const store = postgresRecoveryStore(createPool(databaseSettings(), 1, timeLimits('recover')));
const queue = sqsMessageQueue({
  recoveries: setting('recoveriesQueueUrl'),
  ...scrapeQueueUrls(),
});

/** Recoveries that are under way, one message at a time. */
export const handler = observed((event: SQSEvent, context: Context) =>
  handleQueue(event, context, recoveryMessageSchema, {
    handle: (message) =>
      recoverSource(message, {
        store,
        queue,
        sources: installedSources(),
        now: Date.now,
        worker: context.awsRequestId,
      }),
    requeue: (message, delaySeconds) => requeueHeld(message, delaySeconds, queue),
  }),
);
