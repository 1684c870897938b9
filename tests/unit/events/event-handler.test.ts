import type { MSKEvent, SQSEvent, SQSRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { type CloudEvent, toJson } from '../../../core/contracts/events/cloud-event.ts';
import { usualTries } from '../../../core/contracts/queues.ts';
import { EventsFailedError, handleEvents } from '../../../core/runtime/event-handler.ts';
import { countsOf, incidentEvent } from '../../support/incident-events.ts';

function record(messageId: string, body: string, key: string, receives = 1): SQSRecord {
  return {
    ...{ messageId, body, receiptHandle: messageId, messageAttributes: {}, md5OfBody: '' },
    attributes: {
      ...{
        ApproximateReceiveCount: String(receives),
        SentTimestamp: '0',
        SenderId: 'a',
        ApproximateFirstReceiveTimestamp: '0',
      },
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
      if (event.partitionkey === 'yahoo' && countsOf([event], 'yahoo')[0] === 2) throw new Error('broken');
      handled.push(event);
    });
    const failed = events.filter(({ partitionkey }) => partitionkey === 'yahoo').slice(1);
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

it('in its last try an event that fails holds its key no longer: those after it would be dead letters with it', async () => {
  const events = [1, 2, 3].map((count) => incidentEvent('yahoo', count));
  const [first] = events;
  const handled: CloudEvent[] = [];
  const Records = events.map((event) => record(event.id, toJson(event), event.partitionkey, usualTries));
  const answer = await handleEvents({ Records }, async (event) => {
    if (event.id === first?.id) throw new Error('poison');
    handled.push(event);
  });
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: first?.id }] });
  expect(countsOf(handled, 'yahoo')).toEqual([2, 3]);
});

describe('a batch of events from Kafka', () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const mskEvent = (partitions: Readonly<Record<string, readonly { key: string; body: string }[]>>): MSKEvent => ({
    ...{ eventSource: 'aws:kafka', eventSourceArn: 'arn:aws:kafka:us-east-1:1:cluster/a/b-1', bootstrapServers: 'b:1' },
    records: Object.fromEntries(
      Object.entries(partitions).map(([partition, records]) => [
        `events-${partition}`,
        records.map(({ key, body }, offset) => ({
          ...{ topic: 'events', partition: Number(partition), offset, timestamp: 0, timestampType: 'CREATE_TIME' },
          ...{ key: base64(key), value: base64(body), headers: [] },
        })),
      ]),
    ),
  });
  const given = (events: readonly CloudEvent[]) =>
    events.map((event) => ({ key: event.partitionkey, body: toJson(event) }));
  const yahoo = [1, 2, 3].map((count) => incidentEvent('yahoo', count));
  const coingecko = [1, 2].map((count) => incidentEvent('coingecko', count));

  it('is handled in order of each partition', async () => {
    const handled: CloudEvent[] = [];
    const event = mskEvent({ 0: given(yahoo), 1: given(coingecko) });
    expect(await handleEvents(event, async (each) => handled.push(each))).toEqual({ batchItemFailures: [] });
    expect([countsOf(handled, 'yahoo'), countsOf(handled, 'coingecko')]).toEqual([
      [1, 2, 3],
      [1, 2],
    ]);
  });

  it('fails as a whole after an event that fails, of whose key nothing more was tried', async () => {
    const handled: CloudEvent[] = [];
    const event = mskEvent({ 0: [...given(yahoo), ...given(coingecko)] });
    const failing = handleEvents(event, async (each) => {
      if (each.id === yahoo[1]?.id) throw new Error('broken');
      handled.push(each);
    });
    await expect(failing).rejects.toThrow(EventsFailedError);
    expect([countsOf(handled, 'yahoo'), countsOf(handled, 'coingecko')]).toEqual([[1], [1, 2]]);
  });

  it.each([['no JSON'], ['{"specversion":"1.0"}']])('fails with what is no event: %s', async (body) => {
    const event = mskEvent({ 0: [{ key: 'yahoo', body }] });
    await expect(handleEvents(event, async () => undefined)).rejects.toThrow(EventsFailedError);
  });
});
