import { SQSClient } from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { memoryQueueInspector } from '../../core/adapters/memory/queue-inspector.ts';
import { sqsQueueInspector } from '../../core/adapters/sqs/queue-inspector.ts';
import { type QueueInspector, UnknownQueueError } from '../../core/ports/queue-inspector.ts';

/** A queue with two messages that wait and some that died, on each adapter. */
interface World {
  readonly inspector: QueueInspector;
  waiting(): string[];
}

const deadBodies = Array.from({ length: 23 }, (_, index) => `dead-${index}`);

function inMemory(): World {
  const queues = {
    work: {
      waiting: ['a', 'b'],
      dead: deadBodies.map((body, index) => ({
        messageId: String(index),
        sentAt: 1_000 + index,
        receiveCount: 3,
        body,
      })),
    },
    idle: { waiting: [], dead: [] },
  };
  return { inspector: memoryQueueInspector(queues), waiting: () => queues.work.waiting };
}

/** SQS as its client sees it, with its limits: ten a call, hidden while held. The deployed queue is tested in tests/local. */
function onSqs(): World {
  const queues = new Map<string, { body: string; hidden: boolean; receives: number; id: string }[]>();
  const fill = (url: string, bodies: readonly string[]) =>
    queues.set(
      url,
      bodies.map((body, index) => ({ body, hidden: false, receives: 3, id: `${url}-${index}` })),
    );
  fill('work', ['a', 'b']);
  fill('work-dead', deadBodies);
  fill('idle', []);
  fill('idle-dead', []);
  const inputSchema = z.object({
    QueueUrl: z.string(),
    MaxNumberOfMessages: z.number().max(10).optional(),
    Entries: z
      .array(z.object({ Id: z.string(), ReceiptHandle: z.string().optional(), MessageBody: z.string().optional() }))
      .min(1)
      .max(10)
      .optional(),
  });
  const client = new SQSClient({ region: 'us-east-1' });
  Object.assign(client, {
    async send(command: { constructor: { name: string }; input: unknown }) {
      const { QueueUrl, MaxNumberOfMessages = 10, Entries = [] } = inputSchema.parse(command.input);
      const queue = queues.get(QueueUrl) ?? [];
      const held = Entries.map((entry) => queue.find((message) => message.id === entry.ReceiptHandle));
      switch (command.constructor.name) {
        case 'GetQueueAttributesCommand':
          return {
            Attributes: {
              ApproximateNumberOfMessages: String(queue.filter((message) => !message.hidden).length),
              ApproximateNumberOfMessagesNotVisible: String(queue.filter((message) => message.hidden).length),
            },
          };
        case 'ReceiveMessageCommand': {
          const some = queue.filter((message) => !message.hidden).slice(0, MaxNumberOfMessages);
          for (const message of some) message.hidden = true;
          return {
            Messages: some.map((message) => ({
              MessageId: message.id,
              ReceiptHandle: message.id,
              Body: message.body,
              Attributes: { SentTimestamp: '1000', ApproximateReceiveCount: String(message.receives) },
            })),
          };
        }
        case 'ChangeMessageVisibilityBatchCommand':
          for (const message of held) if (message) message.hidden = false;
          return { Successful: Entries };
        case 'DeleteMessageBatchCommand':
          queues.set(
            QueueUrl,
            queue.filter((message) => !held.includes(message)),
          );
          return { Successful: Entries };
        case 'SendMessageBatchCommand':
          for (const entry of Entries)
            queue.push({
              body: entry.MessageBody ?? '',
              hidden: false,
              receives: 0,
              id: `${QueueUrl}-${queue.length}`,
            });
          return { Successful: Entries };
        default:
          throw new Error(`The fake does not know ${command.constructor.name}.`);
      }
    },
  });
  const urls = { work: { url: 'work', deadUrl: 'work-dead' }, idle: { url: 'idle', deadUrl: 'idle-dead' } };
  return {
    inspector: sqsQueueInspector(urls, client),
    waiting: () => (queues.get('work') ?? []).map((message) => message.body),
  };
}

describe.each([
  ['in memory', inMemory],
  ['on SQS', onSqs],
])('a queue inspector %s', (_, make) => {
  let world: World;
  beforeEach(() => {
    world = make();
  });

  it('counts what waits and what died, of every queue', async () => {
    expect(await world.inspector.counts()).toEqual([
      { name: 'work', waiting: 2, inFlight: 0, dead: 23 },
      { name: 'idle', waiting: 0, inFlight: 0, dead: 0 },
    ]);
  });

  it('looks at dead letters, more than one call gives, and leaves them there', async () => {
    const seen = await world.inspector.peek('work', 15);
    expect(seen.map((message) => message.body)).toEqual(deadBodies.slice(0, 15));
    expect(seen[0]).toMatchObject({ sentAt: 1_000, receiveCount: 3 });
    expect(new Set(seen.map((message) => message.messageId)).size).toBe(15);
    expect((await world.inspector.counts())[0]).toMatchObject({ dead: 23 });
    expect(await world.inspector.peek('work', 50)).toHaveLength(23);
    expect(await world.inspector.peek('idle', 50)).toEqual([]);
  });

  it('moves dead letters back, as many as it is told, and tells how many', async () => {
    expect(await world.inspector.redrive('work', 12)).toBe(12);
    expect(world.waiting()).toEqual(['a', 'b', ...deadBodies.slice(0, 12)]);
    expect(await world.inspector.redrive('work', 500)).toBe(11);
    expect(await world.inspector.redrive('work', 500)).toBe(0);
    expect((await world.inspector.counts())[0]).toMatchObject({ waiting: 25, dead: 0 });
  });

  it.each(['nope', '__proto__', 'constructor'])('does not know the queue %s', async (name) => {
    await expect(world.inspector.peek(name, 1)).rejects.toThrow(UnknownQueueError);
    await expect(world.inspector.redrive(name, 1)).rejects.toThrow(/There is no queue/);
  });
});

it('a dead letter of a FIFO queue goes back into its group, with a deduplication id that SQS has not seen', async () => {
  const sent: unknown[] = [];
  let dead = [
    { MessageId: 'm1', ReceiptHandle: 'r1', Body: 'one', Attributes: { MessageGroupId: 'yahoo/0' } },
    { MessageId: 'm2', ReceiptHandle: 'r2', Body: 'two', Attributes: { MessageGroupId: 'yahoo/1' } },
  ];
  const client = new SQSClient({ region: 'us-east-1' });
  const received = z.object({ MessageSystemAttributeNames: z.array(z.string()) });
  const sending = z.object({ Entries: z.array(z.looseObject({ Id: z.string() })) });
  Object.assign(client, {
    async send(command: { constructor: { name: string }; input: unknown }) {
      const { input } = command;
      const { name } = command.constructor;
      if (name === 'ReceiveMessageCommand') {
        expect(received.parse(input).MessageSystemAttributeNames).toContain('MessageGroupId');
        return { Messages: dead };
      }
      if (name === 'DeleteMessageBatchCommand') dead = [];
      if (name !== 'SendMessageBatchCommand') return {};
      const { Entries } = sending.parse(input);
      sent.push(...Entries);
      return { Successful: Entries };
    },
  });
  const inspector = sqsQueueInspector({ alerts: { url: 'alerts.fifo', deadUrl: 'alerts-dead.fifo' } }, client);
  expect(await inspector.redrive('alerts', 10)).toBe(2);
  expect(sent).toEqual([
    { Id: '0', MessageBody: 'one', MessageGroupId: 'yahoo/0', MessageDeduplicationId: 'redriven-m1' },
    { Id: '1', MessageBody: 'two', MessageGroupId: 'yahoo/1', MessageDeduplicationId: 'redriven-m2' },
  ]);
});
