import type { SQSEvent, SQSRecord } from 'aws-lambda';
import type { MessageQueue } from '../../core/ports/message-queue.ts';

export interface SimulatedQueueOptions {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Seconds that a received message is hidden; six times the reader's timeout on AWS. */
  readonly visibilitySeconds: number;
  readonly maxReceiveCount: number;
  /** How long a second of the queue takes, in milliseconds: 1,000 unless a test has no time. */
  readonly secondMs?: number;
  /** Whether messages of a group come in their order, and none while an earlier one is hidden. */
  readonly fifo?: boolean;
  /** In which order messages come that show; as they were sent unless given. */
  readonly order?: <T>(messages: readonly T[]) => readonly T[];
}

interface Waiting {
  readonly id: string;
  readonly body: string;
  readonly group: string;
  readonly sentAt: number;
  visibleAt: number;
  receives: number;
  receipt: string;
}

/**
 * What Lambda takes an answer for, where the event source reports failures by item: the failed messages of the batch. An
 * answer without a list is a success of all. One whose list names what is no message of the batch, or that is no object, is a
 * failure of all.
 */
export function failedOf(event: SQSEvent, answer: unknown): readonly { readonly itemIdentifier: string }[] {
  const all = event.Records.map(({ messageId }) => ({ itemIdentifier: messageId }));
  if (answer === null || answer === undefined) return [];
  if (typeof answer !== 'object') return all;
  const list: unknown = 'batchItemFailures' in answer ? answer.batchItemFailures : null;
  if (list === null || list === undefined) return [];
  if (!Array.isArray(list)) return all;
  const named = list.map((item: unknown) =>
    all.find(
      ({ itemIdentifier }) =>
        typeof item === 'object' && item !== null && 'itemIdentifier' in item && item.itemIdentifier === itemIdentifier,
    ),
  );
  return named.every((item) => item !== undefined) ? named : all;
}

export type SimulatedQueue = ReturnType<typeof simulatedQueue>;

/**
 * A queue that works as SQS does: at least once, in no certain order, a received message is hidden for a while, and one
 * that was received too often is a dead letter. What is sent to other queues is counted and dropped.
 */
export function simulatedQueue(options: SimulatedQueueOptions) {
  const { name, now, visibilitySeconds, maxReceiveCount, secondMs = 1_000, order = (messages) => messages } = options;
  const waiting = new Map<string, Waiting>();
  /** Those that may come: of a FIFO queue none of a group that has a hidden one. */
  const shownNow = () => {
    const all = [...waiting.values()];
    const hidden = new Set(all.filter(({ visibleAt }) => visibleAt > now()).map(({ group }) => group));
    return all.filter(({ visibleAt, group }) => visibleAt <= now() && !(options.fifo && hidden.has(group)));
  };
  const dead: string[] = [];
  let sent = 0;
  let receives = 0;

  function sendBody(body: string, delaySeconds: number, group = ''): void {
    const id = `message-${++sent}`;
    const sentAt = now();
    const visibleAt = sentAt + delaySeconds * secondMs;
    waiting.set(id, { id, body, group, sentAt, visibleAt, receives: 0, receipt: '' });
  }

  const queue: MessageQueue = {
    async send(to, messages, delaySeconds = 0) {
      if (to !== name) return;
      for (const message of messages) sendBody(JSON.stringify(message), delaySeconds);
    },
  };

  return {
    ...queue,
    name,
    /** Sends a text, whatever it is. */
    sendBody,
    /** Takes dead letters out, such as to send them again. */
    takeDead(which: (body: string) => boolean): string[] {
      const taken = dead.filter(which);
      dead.splice(0, dead.length, ...dead.filter((body) => !which(body)));
      return taken;
    },
    /** Loses one of the messages, as nobody is told. Gives whether there was one. */
    lose(which: (body: string) => boolean): boolean {
      const lost = [...waiting.values()].find(({ body }) => which(body));
      return lost !== undefined && waiting.delete(lost.id);
    },
    /** One of the messages becomes a dead letter, as one that was received too often. Gives whether there was one. */
    bury(which: (body: string) => boolean): boolean {
      const buried = [...waiting.values()].find(({ body }) => which(body));
      if (buried === undefined) return false;
      waiting.delete(buried.id);
      dead.push(buried.body);
      return true;
    },
    /** What was sent with a delay shows now. What was received stays hidden. */
    hurry(): void {
      for (const message of waiting.values()) if (message.receives === 0) message.visibleAt = now();
    },
    /** Messages that are neither done nor dead. */
    get size() {
      return waiting.size;
    },
    get dead(): readonly string[] {
      return dead;
    },
    /** How often a message was received. */
    get receives() {
      return receives;
    },
    /** When the next message shows; `null` for an empty queue. */
    get nextAt(): number | null {
      return waiting.size === 0 ? null : Math.min(...[...waiting.values()].map(({ visibleAt }) => visibleAt));
    },
    /** A batch of messages that show now, as Lambda hands it over; `null` when there are none. */
    receive(most: number): SQSEvent | null {
      const records: SQSRecord[] = [];
      const shown = order(shownNow());
      for (const message of shown.slice(0, most)) {
        if (message.receives === maxReceiveCount) {
          waiting.delete(message.id);
          dead.push(message.body);
          continue;
        }
        receives++;
        message.receives++;
        message.visibleAt = now() + visibilitySeconds * secondMs;
        message.receipt = `${message.id}-${message.receives}`;
        records.push(recordOf(message));
      }
      return records.length === 0 ? null : { Records: records };
    },
    /** Deletes what was handled: all of a batch but the failed ones, as Lambda does after the function. */
    settle(event: SQSEvent, failed: readonly { readonly itemIdentifier: string }[]): void {
      const again = new Set(failed.map(({ itemIdentifier }) => itemIdentifier));
      for (const { messageId, receiptHandle } of event.Records) {
        // A receipt of an earlier receive deletes nothing.
        if (!again.has(messageId) && waiting.get(messageId)?.receipt === receiptHandle) waiting.delete(messageId);
      }
    },
  };

  function recordOf(message: Waiting): SQSRecord {
    return {
      messageId: message.id,
      receiptHandle: message.receipt,
      body: message.body,
      attributes: {
        ApproximateReceiveCount: String(message.receives),
        SentTimestamp: String(message.sentAt),
        SenderId: 'test',
        ...(options.fifo && { MessageGroupId: message.group }),
        ApproximateFirstReceiveTimestamp: String(now()),
      },
      messageAttributes: {},
      md5OfBody: '',
      eventSource: 'aws:sqs',
      eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${name}`,
      awsRegion: 'us-east-1',
    };
  }
}
