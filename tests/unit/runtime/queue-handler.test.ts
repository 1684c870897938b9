import type { Context, SQSEvent } from 'aws-lambda';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { handleQueue, isQueueEvent } from '../../../core/runtime/queue-handler.ts';

const schema = z.object({ key: z.string() });
const context = { awsRequestId: 'request' } as Context;

function batch(...bodies: string[]): SQSEvent {
  return {
    Records: bodies.map((body, index) => ({
      messageId: `m${index}`,
      receiptHandle: 'r',
      body,
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: '0',
        SenderId: 's',
        ApproximateFirstReceiveTimestamp: '0',
      },
      messageAttributes: {},
      md5OfBody: '',
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:ingest',
      awsRegion: 'us-east-1',
    })),
  };
}

it('a message that fails goes back alone, the rest of its batch is done', async () => {
  const done: string[] = [];
  const answer = await handleQueue(
    batch('{"key":"a"}', '{"key":"boom"}', '{"key":"c"}'),
    context,
    schema,
    async ({ key }) => {
      if (key === 'boom') throw new Error('no database');
      done.push(key);
    },
  );
  expect(done).toEqual(['a', 'c']);
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
});

it.each(['', 'not json', '{"key":1}', 'null', '{"other":"x"}'])(
  'a malformed message (%j) goes back alone and reaches nobody',
  async (body) => {
    const done: string[] = [];
    const answer = await handleQueue(batch(body, '{"key":"b"}'), context, schema, async ({ key }) => {
      done.push(key);
    });
    expect(done).toEqual(['b']);
    expect(answer.batchItemFailures).toEqual([{ itemIdentifier: 'm0' }]);
  },
);

it('when all fail, all go back: the handler itself does not fail', async () => {
  const answer = await handleQueue(batch('x', 'y'), context, schema, async () => undefined);
  expect(answer.batchItemFailures).toHaveLength(2);
});

it('tells a batch of a queue from a tick', () => {
  expect(isQueueEvent(batch('{}'))).toBe(true);
  expect(isQueueEvent({ time: '2026-11-22T10:00:00Z' })).toBe(false);
  expect(isQueueEvent({ Records: [{ eventSource: 'aws:s3' }] })).toBe(false);
});
