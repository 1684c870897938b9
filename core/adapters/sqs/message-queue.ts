import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { chunked } from '../../contracts/chunked.ts';
import type { MessageQueue } from '../../ports/message-queue.ts';

/** The maximum number of messages per SQS call. Our messages are small, so the limit of 1 MiB does not matter. */
const batchSize = 10;

/** Queues on SQS. `urls` maps a queue's name to its URL. */
export function sqsMessageQueue(urls: Readonly<Record<string, string>>, client = new SQSClient({})): MessageQueue {
  return {
    async send(queue, messages, delaySeconds = 0) {
      const url = Object.hasOwn(urls, queue) ? urls[queue] : undefined;
      if (!url) throw new Error(`Queue ${queue} is not bound to this function: grant it in the stack.`);
      for (const some of chunked(messages, batchSize)) {
        const Entries = some.map((message, index) => ({
          Id: String(index),
          MessageBody: JSON.stringify(message),
          DelaySeconds: delaySeconds,
        }));
        const answer = await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
        const failed = answer.Failed?.length ?? 0;
        if (failed > 0)
          throw new Error(
            `Queue ${queue} did not accept ${failed} of ${Entries.length} messages; they will be sent again.`,
          );
      }
    },
  };
}
