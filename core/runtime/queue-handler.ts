import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import * as z from 'zod';
import { pauseOfHeld } from '../planning/held-messages.ts';
import { isDatabaseUnavailable } from '../ports/database-unavailable.ts';
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

/** What every message on a queue has: since when trouble with the database has held it, if it has. */
interface HeldMessage {
  readonly heldSince?: string | undefined;
}

export interface QueueReader<M> {
  readonly handle: (message: M) => Promise<unknown>;
  /** Sends the message to its own queue, where it shows after a delay. */
  readonly requeue: (message: M, delaySeconds: number) => Promise<void>;
  /** What is left to do for all messages of a batch together. Where it throws, those that were handled return to the queue. */
  readonly finish?: (() => Promise<void>) | undefined;
  /** Milliseconds since the epoch; the system's clock unless given. */
  readonly now?: (() => number) | undefined;
}

/**
 * Handles an SQS batch, one message after the other: only failed messages return to the queue, the others are
 * acknowledged. `handle` gets the parsed body and must be idempotent.
 *
 * Of a message that fails because the database is away, a copy is queued by `requeue` and the message is acknowledged:
 * it loses none of its five tries, and lives as long as `pauseOfHeld` says. The rest of the batch is held with it,
 * untried, since each would wait for the same database; it comes back in half the time, without the message that failed,
 * whose own the trouble may be. Any other failure costs a try, and the fifth makes a dead letter.
 *
 * @example
 * export const handler = observed((event: SQSEvent, context: Context) =>
 *   handleQueue(event, context, ingestMessageSchema, {
 *     handle: (message) => ingestBlob(message), // a throw returns this message alone to the queue
 *     requeue: (message, delaySeconds) => queue.send('ingest', [message], delaySeconds),
 *   }),
 * );
 */
export async function handleQueue<M extends HeldMessage>(
  event: SQSEvent,
  context: Context,
  schema: z.ZodType<M>,
  { handle, requeue, finish, now = Date.now }: QueueReader<M>,
): Promise<SQSBatchResponse> {
  let away: unknown = null;
  const handled: string[] = [];
  const answer = await processPartialResponse(
    event,
    async (record: SQSRecord) => {
      const queue = record.eventSourceARN.split(':').at(-1) ?? 'unknown';
      const about = { queue, messageId: record.messageId };
      try {
        const message = parseBody(schema, record.body, queue);
        const isTried = away === null;
        try {
          if (!isTried) throw away;
          // What it sends on is no longer held.
          await handle({ ...message, heldSince: undefined });
          handled.push(record.messageId);
        } catch (error) {
          if (!isDatabaseUnavailable(error)) throw error;
          away = error;
          const held = await hold(message, requeue, now(), isTried);
          if (held === null) throw error;
          logger.warn('The database is away; the message is held', { ...about, ...held, error: asError(error) });
        }
      } catch (error) {
        logger.warn('Message failed and returns to its queue', {
          ...about,
          receiveCount: Number(record.attributes.ApproximateReceiveCount),
          error: asError(error),
        });
        throw asError(error);
      }
    },
    new BatchProcessor(EventType.SQS),
    { context, throwOnFullBatchFailure: false, processInParallel: false },
  );
  const unfinished = finish ? await finishAll(finish, handled) : [];
  return { batchItemFailures: [...answer.batchItemFailures, ...unfinished] };
}

/** The handled messages that return to the queue, because what was left to do for them failed. */
async function finishAll(
  finish: () => Promise<void>,
  handled: readonly string[],
): Promise<SQSBatchResponse['batchItemFailures']> {
  try {
    await finish();
    return [];
  } catch (error) {
    logger.warn('The end of a batch failed; its messages return to the queue', {
      messages: handled.length,
      error: asError(error),
    });
    return handled.map((itemIdentifier) => ({ itemIdentifier }));
  }
}

/** Queues a copy of a message for later. `null` when it was held long enough, or its queue does not take it either. */
async function hold<M extends HeldMessage>(
  message: M,
  requeue: QueueReader<M>['requeue'],
  now: number,
  isTried: boolean,
): Promise<{ since: string; pauseSeconds: number } | null> {
  // A date in the future, by a clock that was wrong, would hold it for ever.
  const since = message.heldSince ? Math.min(now, Date.parse(message.heldSince)) : now;
  const pauseSeconds = pauseOfHeld(now - since, isTried);
  if (pauseSeconds === null) return null;
  const heldSince = new Date(since).toISOString();
  try {
    await requeue({ ...message, heldSince }, pauseSeconds);
  } catch (error) {
    logger.warn('A message could not be held', { error: asError(error) });
    return null;
  }
  return { since: heldSince, pauseSeconds };
}

/**
 * What was thrown, as an error that can be read without harm. Anything can be thrown, and what Powertools cannot read fails
 * the whole batch.
 */
function asError(thrown: unknown): Error {
  try {
    if (!(thrown instanceof Error)) return new Error('Something else than an error was thrown.');
    const { name, message, stack, cause } = thrown;
    const isReadable = [name, message, stack ?? ''].every((each) => typeof each === 'string');
    return isReadable && (cause === undefined || cause instanceof Error) ? thrown : new Error(String(message));
  } catch {
    return new Error('An error was thrown that cannot be read.');
  }
}

/** Whether a Lambda event is a batch from SQS. */
export function isQueueEvent(event: unknown): event is SQSEvent {
  return queueEvent.safeParse(event).success;
}
const queueEvent = z.object({ Records: z.array(z.object({ eventSource: z.literal('aws:sqs') })).min(1) });

function parseBody<M>(schema: z.ZodType<M>, body: string, queue: string): M {
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
