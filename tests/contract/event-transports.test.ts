/** The one suite of the port of events, on its transports. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  type Message,
  QueueAttributeName,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryEventTopic } from '../../core/adapters/memory/event-topic.ts';
import { relayLag } from '../../core/adapters/postgres/events/relay-store.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { snsEventTransport } from '../../core/adapters/sns/event-transport.ts';
import { sqsQueueInspector } from '../../core/adapters/sqs/queue-inspector.ts';
import { type CloudEvent, cloudEventSchema } from '../../core/contracts/events/cloud-event.ts';
import { localInstallation } from '../../core/contracts/installation.ts';
import { relayEvents } from '../../core/runtime/relay-events.ts';
import { emulatorClient, type RunningEmulator, startEmulator } from '../../localstack/emulator.ts';
import { type EventWorld, eventTransportSuite, inTurns, tries } from '../support/event-transport-suite.ts';
import { countsOf, incidentEvent, sendAll } from '../support/incident-events.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { incident, tellEvents } from '../support/told-events.ts';
import { useWorld } from '../support/use-world.ts';

/** What Lambda makes of messages of a FIFO queue. */
function sqsEvent(
  messages: readonly { id: string; key: string; body: string; receives: number; handle?: string }[],
): SQSEvent {
  return {
    Records: messages.map(({ id, key, body, receives, handle = id }) => ({
      ...{ messageId: id, body, receiptHandle: handle, messageAttributes: {}, md5OfBody: '' },
      attributes: {
        ...{ ApproximateReceiveCount: String(receives), SentTimestamp: '0', SenderId: 'a' },
        ...{ ApproximateFirstReceiveTimestamp: '0', MessageGroupId: key },
      },
      ...{ eventSource: 'aws:sqs', eventSourceARN: 'arn:aws:sqs:us-east-1:1:follower.fifo', awsRegion: 'us-east-1' },
    })),
  };
}

describe('events in memory', () => {
  eventTransportSuite(async () => {
    const topic = memoryEventTopic({ tries });
    return {
      transport: topic.transport,
      put: async (key, body) => topic.put(key, body),
      deliver: (invoke, done) =>
        inTurns(
          () =>
            topic.next(10, async (messages) => {
              const { batchItemFailures } = await invoke(sqsEvent(messages));
              return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
            }),
          done,
        ),
      dead: async () => topic.dead.map(({ body }) => body),
    };
  });
});

describe('events on SNS FIFO and SQS FIFO, on the emulator', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quotron-events-'));
  let emulator: RunningEmulator;
  let sns: SNSClient;
  let sqs: SQSClient;
  beforeAll(async () => {
    emulator = await startEmulator({ dir: folder, kind: 'ministack', say: () => {} });
    sns = new SNSClient(emulatorClient(emulator));
    sqs = new SQSClient(emulatorClient(emulator));
  }, 300_000);
  afterAll(async () => {
    sns.destroy();
    sqs.destroy();
    await emulator.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The queue, dead letters and raw subscription that `EventTopic.follow` makes. */
  async function follower() {
    const name = `events-${randomUUID().slice(0, 8)}`;
    const fifo = { FifoQueue: 'true', ContentBasedDeduplication: 'false' };
    const arnOf = (queue: string) => `arn:aws:sqs:us-east-1:000000000000:${queue}`;
    const topicArn = `arn:aws:sns:us-east-1:000000000000:${name}.fifo`;
    const deadUrl = await made(`${name}-dead.fifo`, fifo);
    const url = await made(`${name}.fifo`, {
      ...{ ...fifo, VisibilityTimeout: '2' },
      Policy: JSON.stringify({
        Statement: [
          {
            ...{ Effect: 'Allow', Action: 'sqs:SendMessage', Principal: { Service: 'sns.amazonaws.com' } },
            ...{ Resource: arnOf(`${name}.fifo`), Condition: { ArnEquals: { 'aws:SourceArn': topicArn } } },
          },
        ],
      }),
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf(`${name}-dead.fifo`), maxReceiveCount: tries }),
    });
    const { TopicArn = '' } = await sns.send(
      new CreateTopicCommand({ Name: `${name}.fifo`, Attributes: { FifoTopic: 'true' } }),
    );
    await sns.send(
      new SubscribeCommand({
        ...{ TopicArn, Protocol: 'sqs', Endpoint: arnOf(`${name}.fifo`) },
        Attributes: { RawMessageDelivery: 'true', FilterPolicy: JSON.stringify({ type: ['incident.opened'] }) },
      }),
    );
    return { name, url, deadUrl, TopicArn };
  }

  async function made(QueueName: string, Attributes: Record<string, string>): Promise<string> {
    return (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl ?? '';
  }

  async function receive(QueueUrl: string): Promise<Message[]> {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        ...{ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 },
        MessageSystemAttributeNames: [QueueAttributeName.All],
      }),
    );
    return Messages;
  }

  const remove = (QueueUrl: string, messages: readonly Message[]) =>
    sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl,
        Entries: messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle })),
      }),
    );

  async function world(): Promise<EventWorld & { deadUrl: string; url: string }> {
    const { url, deadUrl, TopicArn } = await follower();
    return {
      ...{ url, deadUrl },
      transport: snsEventTransport(TopicArn, sns),
      async put(key, body) {
        await sqs.send(
          new SendMessageCommand({
            ...{ QueueUrl: url, MessageBody: body, MessageGroupId: key, MessageDeduplicationId: randomUUID() },
          }),
        );
      },
      deliver: (invoke, done) =>
        inTurns(async () => {
          const messages = await receive(url);
          if (messages.length === 0) return;
          const event = sqsEvent(
            messages.map(({ MessageId = '', Body = '', Attributes = {}, ReceiptHandle = '' }) => ({
              ...{ id: MessageId, body: Body, handle: ReceiptHandle, key: Attributes['MessageGroupId'] ?? '' },
              receives: Number(Attributes['ApproximateReceiveCount']),
            })),
          );
          const answer = await invoke(event).catch(() => null);
          // Dead: its messages return when they have been hidden for long enough.
          if (answer === null) return;
          const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
          const handled = messages.filter(({ MessageId = '' }) => !failed.has(MessageId));
          if (handled.length > 0) await remove(url, handled);
        }, done),
      async dead() {
        const letters: string[] = [];
        // A message becomes one when it would be received once more: when it has been hidden for long enough.
        for (let turn = 0; turn < 5; turn++) {
          if (letters.length === 0) await receive(url);
          const messages = await receive(deadUrl);
          if (messages.length > 0) await remove(deadUrl, messages);
          letters.push(...messages.map(({ Body = '' }) => Body));
        }
        return letters;
      },
    };
  }

  eventTransportSuite(world);

  it('a dead letter that is sent back comes again, in its key', async () => {
    const { transport, deliver, url, deadUrl } = await world();
    await sendAll(transport, [incidentEvent('yahoo', 1)]);
    let deliveries = 0;
    const inspector = sqsQueueInspector({ follower: { url, deadUrl } }, sqs);
    let dead = 0;
    await deliver(
      async ({ ...batch }) => {
        deliveries += 1;
        const Records = 'Records' in batch ? batch.Records : [];
        return { batchItemFailures: Records.map(({ messageId }) => ({ itemIdentifier: messageId })) };
      },
      () => deliveries >= tries,
    );
    await inTurns(
      async () => {
        await receive(url);
        dead = (await inspector.counts())[0]?.dead ?? 0;
      },
      () => dead === 1,
    );
    expect(await inspector.redrive('follower', 10)).toBe(1);
    const keys: (string | undefined)[] = [];
    await deliver(
      async (batch) => {
        if ('Records' in batch) keys.push(...batch.Records.map(({ attributes }) => attributes.MessageGroupId));
        return { batchItemFailures: [] };
      },
      () => keys.length > 0,
    );
    expect(keys).toEqual(['yahoo']);
  });

  it('a follower gets the types that it asked for', async () => {
    const { transport, deliver } = await world();
    const wanted = incidentEvent('yahoo', 1);
    const symbols = [{ symbol: 'AAPL', sourceSymbol: 'AAPL' }];
    const other: CloudEvent = {
      ...incidentEvent('coingecko', 1),
      event: { type: 'watch.changed', data: { sourceId: 'coingecko', change: 'added', symbols } },
    };
    expect((await sendAll(transport, [other, wanted])).failures).toEqual([]);
    const keys: string[] = [];
    await deliver(
      async (batch) => {
        if ('Records' in batch) keys.push(...batch.Records.map(({ attributes }) => attributes.MessageGroupId ?? ''));
        return { batchItemFailures: [] };
      },
      () => keys.length > 0,
    );
    expect(keys).toEqual(['yahoo']);
  });

  describe('while the topic is away', () => {
    const stored = useWorld({ connections: 2 });

    it('what is written waits in the outbox, and arrives in order afterwards, each event with one id', async () => {
      const proxy = await startTcpProxy(emulator.url);
      const { TopicArn, url } = await follower();
      // The emulator wants its own address in the request, so only the connection is another.
      const httpAgent = Object.assign(new Agent(), { createConnection: () => connect(proxy.port, '127.0.0.1') });
      const client = new SNSClient({ ...emulatorClient(emulator), maxAttempts: 2, requestHandler: { httpAgent } });
      const transport = snsEventTransport(TopicArn, client);
      await stored.pool.query('TRUNCATE outbox, relay_claim');
      const relay = () =>
        relayEvents(Date.now() + 60_000, {
          state: postgresState(stored.pool),
          transport,
          installation: localInstallation,
          holder: randomUUID(),
          now: Date.now,
        });
      const write = (count: number) =>
        tellEvents(stored.pool, [incident('yahoo', count), incident('coingecko', count)]);
      try {
        await write(1);
        expect(await relay()).toMatchObject({ published: 2, failures: [] });
        proxy.refuse(true);
        proxy.reset();
        // The ticks of a minute and more, each of which sends what waits again.
        for (const count of [2, 3, 4]) {
          await write(count);
          const { published, failures } = await relay();
          expect([published, failures.length]).toEqual([0, 1]);
        }
        expect(await relayLag(stored.pool)).toMatchObject({ waiting: 6 });
        proxy.refuse(false);
        await write(5);
        expect(await relay()).toMatchObject({ published: 8, failures: [] });
        const handled: CloudEvent[] = [];
        await inTurns(
          async () => {
            const messages = await receive(url);
            handled.push(...messages.map(({ Body = '' }) => cloudEventSchema.parse(JSON.parse(Body))));
            if (messages.length > 0) await remove(url, messages);
          },
          () => handled.length >= 10,
        );
        for (const source of ['yahoo', 'coingecko']) expect(countsOf(handled, source)).toEqual([1, 2, 3, 4, 5]);
        expect(new Set(handled.map(({ id }) => id)).size).toBe(10);
      } finally {
        client.destroy();
        await proxy.close();
      }
    });
  });
});
