import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { type CloudEvent, cloudEventSchema } from '../contracts/events/cloud-event.ts';
import { logger } from './observe.ts';

/**
 * Handles a batch of events from a FIFO queue on the topic, one after the other. An event that fails returns to the queue,
 * and with it all later ones of its key, untried: they keep their order. After its tries it is in the dead-letter queue, and
 * those after it go on. `handle` may get an event twice, with the same id, and must be idempotent.
 *
 * @example
 * export const handler = observed((event: SQSEvent) => handleEvents(event, (each) => evaluate(each)));
 */
export async function handleEvents(
  { Records }: SQSEvent,
  handle: (event: CloudEvent) => Promise<unknown>,
): Promise<SQSBatchResponse> {
  const failedKeys = new Set<string>();
  const batchItemFailures: { itemIdentifier: string }[] = [];
  for (const { messageId, body, attributes } of Records) {
    const key = attributes.MessageGroupId ?? '';
    if (!failedKeys.has(key)) {
      try {
        await handle(cloudEventSchema.parse(JSON.parse(body)));
        continue;
      } catch (error) {
        failedKeys.add(key);
        const receiveCount = Number(attributes.ApproximateReceiveCount);
        logger.warn('An event failed and returns to its queue, with those of its key', {
          ...{ messageId, key, receiveCount },
          error: error instanceof Error ? error : new Error('Something else than an error was thrown.'),
        });
      }
    }
    batchItemFailures.push({ itemIdentifier: messageId });
  }
  return { batchItemFailures };
}
