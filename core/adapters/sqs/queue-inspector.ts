import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { chunked } from '../../contracts/chunked.ts';
import { type QueueInspector, UnknownQueueError } from '../../ports/queue-inspector.ts';

/** A queue and its dead-letter queue. */
export interface QueueUrls {
  readonly url: string;
  readonly deadUrl: string;
}

/** Visibility timeout of a dead letter in seconds while it is read or moved. */
const hiddenSeconds = 30;

/**
 * Queues on SQS by name. Dead letters are moved one by one, not by StartMessageMoveTask, which continues after the
 * answer and which emulators lack.
 */
export function sqsQueueInspector(
  queues: Readonly<Record<string, QueueUrls>>,
  client = new SQSClient({}),
): QueueInspector {
  function urlsOf(name: string): QueueUrls {
    const urls = Object.hasOwn(queues, name) ? queues[name] : undefined;
    if (!urls) throw new UnknownQueueError(name, Object.keys(queues));
    return urls;
  }

  async function attributes(url: string): Promise<{ waiting: number; inFlight: number }> {
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl: url,
        AttributeNames: [
          'ApproximateNumberOfMessages',
          'ApproximateNumberOfMessagesNotVisible',
          'ApproximateNumberOfMessagesDelayed',
        ],
      }),
    );
    return {
      waiting:
        Number(Attributes?.ApproximateNumberOfMessages ?? 0) +
        Number(Attributes?.ApproximateNumberOfMessagesDelayed ?? 0),
      inFlight: Number(Attributes?.ApproximateNumberOfMessagesNotVisible ?? 0),
    };
  }

  async function receive(url: string, count: number): Promise<Message[]> {
    const { Messages } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: Math.min(10, count),
        VisibilityTimeout: hiddenSeconds,
        WaitTimeSeconds: 0,
        MessageSystemAttributeNames: ['SentTimestamp', 'ApproximateReceiveCount', 'MessageGroupId'],
      }),
    );
    return Messages ?? [];
  }

  async function show(url: string, messages: readonly Message[]): Promise<void> {
    for (const some of chunked(messages, 10)) {
      const Entries = some.flatMap(({ ReceiptHandle }, index) =>
        ReceiptHandle ? [{ Id: String(index), ReceiptHandle, VisibilityTimeout: 0 }] : [],
      );
      await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries }));
    }
  }

  return {
    counts: () =>
      Promise.all(
        Object.entries(queues).map(async ([name, { url, deadUrl }]) => {
          const [alive, dead] = await Promise.all([attributes(url), attributes(deadUrl)]);
          return { name, ...alive, dead: dead.waiting + dead.inFlight };
        }),
      ),

    async peek(name, limit) {
      const { deadUrl } = urlsOf(name);
      const seen: Message[] = [];
      try {
        // Hidden meanwhile, otherwise every call would return the same ten.
        while (seen.length < limit) {
          const some = await receive(deadUrl, limit - seen.length);
          if (some.length === 0) break;
          seen.push(...some);
        }
      } finally {
        await show(deadUrl, seen);
      }
      return seen.map((message) => ({
        messageId: message.MessageId ?? '',
        sentAt: Number(message.Attributes?.SentTimestamp) || null,
        receiveCount: Number(message.Attributes?.ApproximateReceiveCount ?? 0),
        body: message.Body ?? '',
      }));
    },

    async redrive(name, limit) {
      const { url, deadUrl } = urlsOf(name);
      let moved = 0;
      while (moved < limit) {
        const messages = await receive(deadUrl, limit - moved);
        if (messages.length === 0) break;
        const sent = await client.send(
          new SendMessageBatchCommand({
            QueueUrl: url,
            Entries: messages.map((message, index) => ({
              ...{ Id: String(index), MessageBody: message.Body ?? '' },
              ...inItsGroup(message),
            })),
          }),
        );
        const taken = (sent.Successful ?? []).flatMap(({ Id }) => {
          const handle = messages[Number(Id)]?.ReceiptHandle;
          return handle ? [{ Id: Id ?? '0', ReceiptHandle: handle }] : [];
        });
        if (taken.length > 0) await client.send(new DeleteMessageBatchCommand({ QueueUrl: deadUrl, Entries: taken }));
        moved += taken.length;
        if (taken.length < messages.length) break;
      }
      return moved;
    },
  };
}

/**
 * Of a message of a FIFO queue: its group, and a deduplication id of its own, because with the first one SQS would take it
 * within five minutes and deliver nothing. Two redrives of one dead letter have the same.
 */
function inItsGroup({ MessageId, Attributes }: Message) {
  const group = Attributes?.MessageGroupId;
  return group === undefined ? {} : { MessageGroupId: group, MessageDeduplicationId: `redriven-${MessageId ?? ''}` };
}
