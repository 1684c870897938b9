import type { MSKEvent, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import * as z from 'zod';
import { type CloudEvent, cloudEventSchema } from '../contracts/events/cloud-event.ts';
import { usualTries } from '../contracts/queues.ts';
import { logger } from './observe.ts';
import { isQueueEvent } from './queue-handler.ts';

/** An event as a transport delivered it. */
interface Delivered {
  /** By which the transport knows it. */
  readonly id: string;
  readonly key: string;
  readonly body: string;
  /** Whether this is its last try: where it fails, it is a dead letter. */
  readonly last: boolean;
}

/**
 * Handles a batch of events, from a FIFO queue on the topic or from Kafka, one after the other. An event that fails comes
 * again, and with it all later ones of its key, untried: they keep their order. After its tries it is a dead letter, and those
 * after it are handled: at once in the last try, because the queue counts a receipt of theirs, too, and would take them with
 * it. `handle` may get an event twice, with the same id, and must be idempotent.
 *
 * Of a queue, the failed ones are reported and return alone. Of Kafka, the batch fails as a whole: its event source splits it
 * until the event that fails is by itself.
 *
 * @example
 * export const handler = observed((event: SQSEvent | MSKEvent) => handleEvents(event, (each) => evaluate(each)));
 */
export async function handleEvents(
  event: SQSEvent | MSKEvent,
  handle: (event: CloudEvent) => Promise<unknown>,
  { tries = usualTries } = {},
): Promise<SQSBatchResponse> {
  if (!('records' in event)) {
    const delivered = event.Records.map(({ messageId, body, attributes }) => ({
      ...{ id: messageId, body, key: attributes.MessageGroupId ?? '' },
      receiveCount: Number(attributes.ApproximateReceiveCount),
      last: Number(attributes.ApproximateReceiveCount) >= tries,
    }));
    const failed = await handleInOrder(delivered, handle);
    return { batchItemFailures: failed.map(({ id }) => ({ itemIdentifier: id })) };
  }
  const failed = await handleInOrder(ofKafka(event), handle);
  if (failed.length > 0) throw new EventsFailedError(failed.length);
  return { batchItemFailures: [] };
}

/** Whether an invocation brings events, from a queue or from Kafka, and is no tick. */
export function isEventBatch(event: unknown): event is SQSEvent | MSKEvent {
  return isQueueEvent(event) || (typeof event === 'object' && event !== null && 'records' in event);
}

/** Some events of a batch of Kafka failed: it is delivered again. */
export class EventsFailedError extends Error {
  override readonly name = 'EventsFailedError';
  constructor(count: number) {
    super(`${count} events of the batch were not handled: each that failed is in the log.`);
  }
}

/** Those that failed, and those of their keys after them. */
async function handleInOrder<Given extends Delivered>(
  delivered: readonly Given[],
  handle: (event: CloudEvent) => Promise<unknown>,
): Promise<Given[]> {
  const failedKeys = new Set<string>();
  const failed: Given[] = [];
  for (const each of delivered) {
    if (!failedKeys.has(each.key)) {
      try {
        await handle(cloudEventSchema.parse(JSON.parse(each.body)));
        continue;
      } catch (error) {
        if (!each.last) failedKeys.add(each.key);
        const { body: _body, ...known } = each;
        logger.warn(
          each.last ? 'An event failed for the last time' : 'An event failed and comes again, with those of its key',
          {
            ...known,
            error: error instanceof Error ? error : new Error('Something else than an error was thrown.'),
          },
        );
      }
    }
    failed.push(each);
  }
  return failed;
}

const base64Text = z.base64().transform((text) => Buffer.from(text, 'base64').toString('utf8'));
const kafkaRecords = z.record(
  z.string(),
  z.array(
    z.object({
      ...{ topic: z.string(), partition: z.int(), offset: z.int() },
      ...{ key: base64Text.nullish(), value: base64Text.nullish() },
    }),
  ),
);

/** Records by partition, each in its order. A record without a key shares one with all such of its partition. */
function ofKafka({ records }: MSKEvent): Delivered[] {
  return Object.entries(kafkaRecords.parse(records)).flatMap(([partition, of]) =>
    of.map(({ offset, key, value }) => ({
      ...{ id: `${partition}@${offset}`, body: value ?? '', key: key ?? partition, last: false },
    })),
  );
}
