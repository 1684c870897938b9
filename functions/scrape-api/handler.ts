import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, SQSEvent } from 'aws-lambda';
import { httpUpstream } from '../../core/adapters/http/upstream.ts';
import { lambdaState } from '../../core/adapters/lambda/state.ts';
import { s3RawStore } from '../../core/adapters/s3/raw-store.ts';
import { secretsManagerStore } from '../../core/adapters/secrets/secret-store.ts';
import { sqsMessageQueue } from '../../core/adapters/sqs/message-queue.ts';
import { scrapeMessageSchema } from '../../core/contracts/messages.ts';
import { scrapeQueueName } from '../../core/contracts/queues.ts';
import { observed } from '../../core/runtime/observe.ts';
import { handleQueue } from '../../core/runtime/queue-handler.ts';
import { mapSetting, numberSetting, setting } from '../../core/runtime/settings.ts';
import { openSource } from '../../core/scraping/open-source.ts';
import { scrapeTask } from '../../core/scraping/scrape-task.ts';

const state = lambdaState(setting('stateFunction'));
const blobs = s3RawStore(setting('rawBucket'));
const secrets = secretsManagerStore();
const queue = sqsMessageQueue({
  ingest: setting('ingestQueueUrl'),
  outcomes: setting('outcomesQueueUrl'),
  ...Object.fromEntries(Object.entries(mapSetting('scrapeQueueUrls')).map(([id, url]) => [scrapeQueueName(id), url])),
});
const sourceUrls = mapSetting('sourceUrls');
const credentialSecrets = new Map(Object.entries(mapSetting('credentialSecrets')));
const timeoutMs = numberSetting('upstreamTimeoutMs');

/** Tasks of the API sources, one queue per source, one message at a time. */
export const handler = observed((event: SQSEvent, context: Context) =>
  handleQueue(event, context, scrapeMessageSchema, async (task) => {
    const source = await openSource(task.sourceId, {
      state,
      sourceUrls,
      sessionSecret: () => secrets.get(setting('sessionKeySecret')),
      upstream: (options) => httpUpstream({ ...options, timeoutMs: timeoutMs ?? options.timeoutMs }),
      now: Date.now,
      wait: (ms) => sleep(ms),
      credentials: async (id) => {
        const secret = credentialSecrets.get(id);
        return secret ? secrets.current(secret) : null;
      },
    });
    await scrapeTask(task, { source, state, blobs, queue, now: Date.now, worker: context.awsRequestId });
  }),
);
