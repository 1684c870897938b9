import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, SQSEvent } from 'aws-lambda';
import { httpUpstream } from '../../core/adapters/http/upstream.ts';
import { lambdaState } from '../../core/adapters/lambda/state.ts';
import { s3RawStore } from '../../core/adapters/s3/raw-store.ts';
import { secretsManagerStore } from '../../core/adapters/secrets/secret-store.ts';
import { sqsMessageQueue } from '../../core/adapters/sqs/message-queue.ts';
import { scrapeMessageSchema } from '../../core/contracts/messages.ts';
import { scrapeQueueName } from '../../core/contracts/queues.ts';
import type { UpstreamOptions } from '../../core/ports/upstream.ts';
import { observed } from '../../core/runtime/observe.ts';
import { handleQueue } from '../../core/runtime/queue-handler.ts';
import { scrapeQueueUrls } from '../../core/runtime/queue-urls.ts';
import { numberSetting, setting } from '../../core/runtime/settings.ts';
import { applySourceQuotas } from '../../core/runtime/source-quotas.ts';
import { sourceSettings } from '../../core/runtime/source-settings.ts';
import { openSource } from '../../core/scraping/open-source.ts';
import { scrapeTask } from '../../core/scraping/scrape-task.ts';

applySourceQuotas();

const state = lambdaState(setting('stateFunction'));
const blobs = s3RawStore(setting('rawBucket'));
const queue = sqsMessageQueue({
  ingest: setting('ingestQueueUrl'),
  outcomes: setting('outcomesQueueUrl'),
  ...scrapeQueueUrls(),
});
const timeoutMs = numberSetting('upstreamTimeoutMs');
const world = {
  ...sourceSettings(secretsManagerStore()),
  state,
  upstream: (options: UpstreamOptions) => httpUpstream({ ...options, timeoutMs: timeoutMs ?? options.timeoutMs }),
  now: Date.now,
  wait: (ms: number) => sleep(ms),
};

/** Tasks of the API sources, one queue per source, one message at a time. */
export const handler = observed((event: SQSEvent, context: Context) =>
  handleQueue(event, context, scrapeMessageSchema, {
    async handle(task) {
      const source = await openSource(task.sourceId, world);
      await scrapeTask(task, { source, state, blobs, queue, now: Date.now, worker: context.awsRequestId });
    },
    requeue: (task, delaySeconds) => queue.send(scrapeQueueName(task.sourceId), [task], delaySeconds),
  }),
);
