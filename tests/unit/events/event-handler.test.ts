import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { type CloudEvent, toJson } from '../../../core/contracts/events/cloud-event.ts';
import { handleEvents } from '../../../core/runtime/event-handler.ts';
import { countsOf, incidentEvent } from '../../support/incident-events.ts';

function record(messageId: string, body: string, key: string): SQSRecord {
  return {
    ...{ messageId, body, receiptHandle: messageId, messageAttributes: {}, md5OfBody: '' },
    attributes: {
      ...{ ApproximateReceiveCount: '1', SentTimestamp: '0', SenderId: 'a', ApproximateFirstReceiveTimestamp: '0' },
      MessageGroupId: key,
    },
    ...{ eventSource: 'aws:sqs', eventSourceARN: 'arn:aws:sqs:us-east-1:1:alerts.fifo', awsRegion: 'us-east-1' },
  };
}

const batchOf = (events: readonly CloudEvent[]): SQSEvent => ({
  Records: events.map((event) => record(event.id, toJson(event), event.partitionkey)),
});

describe('a batch of events', () => {
  const events = [1, 2, 3].flatMap((count) => ['yahoo', 'coingecko'].map((key) => incidentEvent(key, count)));

  it('is handled in order', async () => {
    const handled: CloudEvent[] = [];
    expect(await handleEvents(batchOf(events), async (event) => handled.push(event))).toEqual({
      batchItemFailures: [],
    });
    expect(handled).toEqual(events);
  });

  it('stops a key at the event that fails; other keys go on', async () => {
    const handled: CloudEvent[] = [];
    const answer = await handleEvents(batchOf(events), async (event) => {
      if (event.event.data.sourceId === 'yahoo' && countsOf([event], 'yahoo')[0] === 2) throw new Error('broken');
      handled.push(event);
    });
    const failed = events.filter(({ event }) => event.data.sourceId === 'yahoo').slice(1);
    expect(answer).toEqual({ batchItemFailures: failed.map(({ id }) => ({ itemIdentifier: id })) });
    expect([countsOf(handled, 'yahoo'), countsOf(handled, 'coingecko')]).toEqual([[1], [1, 2, 3]]);
  });

  it.each([
    ['what is no JSON', 'nothing'],
    ['an envelope without an event', '{"specversion":"1.0"}'],
    ['a type that this release does not know', toJson(incidentEvent('yahoo', 1)).replace('incident.opened', 'x.y')],
  ])('fails %s, and what comes after it in its key', async (_, body) => {
    const [, next] = events;
    const Records = [record('a', body, 'coingecko'), ...batchOf(next ? [next] : []).Records];
    expect(await handleEvents({ Records }, async () => undefined)).toEqual({
      batchItemFailures: [{ itemIdentifier: 'a' }, { itemIdentifier: next?.id }],
    });
  });
});
