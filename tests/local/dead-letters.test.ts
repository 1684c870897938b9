import { randomUUID } from 'node:crypto';
import { GetQueueAttributesCommand, SendMessageBatchCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deadLetterSchema } from '../../core/contracts/http/operations.ts';
import { planCycle, waitForRuns } from '../../localstack/cycle.ts';
import { eventually, sharedCloud } from '../support/shared-cloud.ts';

const cloud = sharedCloud();
const url = cloud.outputOf('QueueIngest');
let usual: string;

// A failed message is hidden for six minutes, five times over. Only that is shortened: the queue, its event source, its
// dead-letter queue and the function are the deployed ones.
beforeAll(async () => {
  const { Attributes } = await cloud.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['VisibilityTimeout'] }),
  );
  usual = Attributes?.VisibilityTimeout ?? '360';
  await setVisibility('2');
  const runs = await planCycle(cloud.functions, 'quotes');
  await waitForRuns(cloud.pool, runs, 90_000);
});
afterAll(() => setVisibility(usual));

async function setVisibility(seconds: string): Promise<void> {
  await cloud.sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { VisibilityTimeout: seconds } }));
}

describe('a malformed message on the deployed ingest queue', () => {
  it('ends in the dead-letter queue after its retries and shows in the API, while the rest of its batch is stored once', async () => {
    const good = await cloud.quotesAgain();
    const marker = randomUUID();
    await cloud.sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: 'bad', MessageBody: JSON.stringify({ nonsense: marker }) },
          { Id: 'good', MessageBody: JSON.stringify(good) },
        ],
      }),
    );
    const stored = await eventually('the good message to be stored', async () => {
      const found = await cloud.rows('SELECT accepted FROM batch WHERE blob_key = $1', [good.blobKey]);
      return found.length > 0 ? found : undefined;
    });
    expect(stored.length).toBe(1);
    expect(Number(stored[0]?.['accepted'])).toBeGreaterThan(0);

    const dead = await eventually(
      'the bad message among the dead letters',
      async () => {
        const letters = await cloud.read('/dead-letters?queue=ingest', z.array(deadLetterSchema));
        return letters.find(({ body }) => body.includes(marker));
      },
      90_000,
    );
    expect(dead.queue).toBe('ingest');
    // Nothing is left to be tried again.
    const { Attributes } = await cloud.sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: url,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
    );
    expect(Number(Attributes?.ApproximateNumberOfMessages ?? 0)).toBe(0);
  });
});
