import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import * as z from 'zod';
import { logger } from './observe.ts';

/** A malformed message. It is retried and ends in the dead-letter queue. */
export class MalformedMessageError extends Error {
  override readonly name = 'MalformedMessageError';
  constructor(queue: string, paths: readonly string[]) {
    super(
      `A message on ${queue} is malformed (${paths.join(', ') || 'not JSON'}); after its retries it is in the dead-letter queue. Fix the sender, then redrive or delete it.`,
    );
  }
}

/**
 * Handles an SQS batch message by message: only failed messages return to the queue, the others are acknowledged.
 * Messages run one after the other unless `parallel` is set. `handle` gets the parsed body and must be idempotent.
 *
 * @example
 * export const handler = observed((event: SQSEvent, context: Context) =>
 *   handleQueue(event, context, ingestMessageSchema, async (message) => {
 *     await ingestBlob(message); // a throw returns this message alone to the queue
 *   }),
 * );
 */
export async function handleQueue<S extends z.ZodType>(
  event: SQSEvent,
  context: Context,
  schema: S,
  handle: (message: z.output<S>, record: SQSRecord) => Promise<void>,
  options: { parallel?: boolean } = {},
): Promise<SQSBatchResponse> {
  const answer = await processPartialResponse(
    event,
    async (record: SQSRecord) => {
      const queue = record.eventSourceARN.split(':').at(-1) ?? 'unknown';
      try {
        await handle(parseBody(schema, record.body, queue), record);
      } catch (error) {
        logger.warn('Message failed and returns to its queue', {
          queue,
          messageId: record.messageId,
          receiveCount: Number(record.attributes.ApproximateReceiveCount),
          error: error instanceof Error ? error : new Error('unknown'),
        });
        throw error;
      }
    },
    new BatchProcessor(EventType.SQS),
    { context, throwOnFullBatchFailure: false, processInParallel: options.parallel ?? false },
  );
  return { batchItemFailures: answer.batchItemFailures };
}

/** Whether a Lambda event is a batch from SQS. */
export function isQueueEvent(event: unknown): event is SQSEvent {
  return queueEvent.safeParse(event).success;
}
const queueEvent = z.object({ Records: z.array(z.object({ eventSource: z.literal('aws:sqs') })).min(1) });

function parseBody<S extends z.ZodType>(schema: S, body: string, queue: string): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new MalformedMessageError(queue, []);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    throw new MalformedMessageError(
      queue,
      parsed.error.issues.map((issue) => issue.path.join('.') || issue.code),
    );
  return parsed.data;
}
