import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, SQSEvent } from 'aws-lambda';
import { chromiumBrowser } from '../../core/adapters/chromium/browser.ts';
import { lambdaState } from '../../core/adapters/lambda/state.ts';
import { s3ArtifactStore } from '../../core/adapters/s3/artifact-store.ts';
import { s3RawStore } from '../../core/adapters/s3/raw-store.ts';
import { secretsManagerStore } from '../../core/adapters/secrets/secret-store.ts';
import { sqsMessageQueue } from '../../core/adapters/sqs/message-queue.ts';
import { scrapeMessageSchema } from '../../core/contracts/messages.ts';
import { ingestQueueName, scrapeQueueName } from '../../core/contracts/queues.ts';
import { observed } from '../../core/runtime/observe.ts';
import { handleQueue } from '../../core/runtime/queue-handler.ts';
import { scrapeQueueUrls } from '../../core/runtime/queue-urls.ts';
import { numberSetting, optionalSetting, setting } from '../../core/runtime/settings.ts';
import { applySourceQuotas } from '../../core/runtime/source-quotas.ts';
import { sourceSettings } from '../../core/runtime/source-settings.ts';
import { scrapeTask } from '../../core/scraping/scrape-task.ts';
import { browserSource } from './browser-source.ts';

applySourceQuotas();

const state = lambdaState(setting('stateFunction'));
const blobs = s3RawStore(setting('rawBucket'));
const artifacts = s3ArtifactStore(setting('rawBucket'));
const queue = sqsMessageQueue({
  [ingestQueueName('browser')]: setting('ingestPagesQueueUrl'),
  outcomes: setting('outcomesQueueUrl'),
  ...scrapeQueueUrls(),
});
const pageTimeoutMs = numberSetting('upstreamTimeoutMs');
const browser = chromiumBrowser({
  executable: optionalSetting('chromium'),
  unpackIn: optionalSetting('chromiumFolder'),
  pack: optionalSetting('chromiumPack'),
  // On AWS, child processes of the browser may not drop privileges, and crash when they try.
  oneProcess: optionalSetting('stage') !== 'local',
});
const world = {
  ...sourceSettings(secretsManagerStore()),
  browser,
  state,
  now: Date.now,
  wait: (ms: number) => sleep(ms),
  ...(pageTimeoutMs && { pageTimeoutMs }),
};

/** Tasks of the browser sources, one queue per source, one message at a time. */
export const handler = observed((event: SQSEvent, context: Context) =>
  handleQueue(event, context, scrapeMessageSchema, {
    async handle(task) {
      const source = await browserSource(task.sourceId, world);
      if (task.fresh) await browser.forget();
      try {
        await scrapeTask(task, { source, state, blobs, artifacts, queue, now: Date.now, worker: context.awsRequestId });
      } finally {
        await browser.rest();
      }
    },
    requeue: (task, delaySeconds) => queue.send(scrapeQueueName(task.sourceId), [task], delaySeconds),
  }),
);
