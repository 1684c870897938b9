import { type PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import { snsEventTransport } from '../../../core/adapters/sns/event-transport.ts';
import { type CloudEvent, cloudEventSchema } from '../../../core/contracts/events/cloud-event.ts';
import { countsOf, incidentEvent, sendAll } from '../../support/incident-events.ts';

/** A topic that takes each entry of a call on its own, as SNS does. `refuses` says which it does not take. */
function topic(refuses: (event: CloudEvent, call: number) => boolean | Error = () => false) {
  const taken: CloudEvent[] = [];
  const calls: number[] = [];
  const client = new SNSClient({ region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
  client.send = async (command: unknown) => {
    const { PublishBatchRequestEntries: entries = [] } = (command as PublishBatchCommand).input;
    calls.push(entries.length);
    const groups = entries.map(({ MessageGroupId }) => MessageGroupId);
    expect(new Set(groups).size, 'one event of a key in a call').toBe(groups.length);
    const answer = { Successful: [] as { Id: string }[], Failed: [] as { Id: string; Code: string }[] };
    for (const { Id = '', Message = '', MessageGroupId, MessageDeduplicationId } of entries) {
      const event = cloudEventSchema.parse(JSON.parse(Message));
      expect([MessageGroupId, MessageDeduplicationId]).toEqual([event.partitionkey, event.id]);
      const refused = refuses(event, calls.length);
      if (refused instanceof Error) throw refused;
      if (refused) answer.Failed.push({ Id, Code: 'InternalError' });
      else {
        taken.push(event);
        answer.Successful.push({ Id });
      }
    }
    return answer;
  };
  return { taken, calls, transport: snsEventTransport('arn:aws:sns:us-east-1:1:events.fifo', client) };
}

const keys = Array.from({ length: 23 }, (_, at) => `source-${at}`);
const events = [0, 1, 2].flatMap((count) => keys.map((key) => incidentEvent(key, count)));

describe('events on SNS', () => {
  it('are sent in order of each key, ten in a call', async () => {
    const { taken, calls, transport } = topic();
    const { sent, failures } = await sendAll(transport, events);
    expect([sent.length, failures]).toEqual([events.length, []]);
    for (const key of keys) expect(countsOf(taken, key)).toEqual([0, 1, 2]);
    expect(calls).toEqual([10, 10, 3, 10, 10, 3, 10, 10, 3]);
    expect(await sendAll(transport, [])).toEqual({ sent: [], failures: [] });
  });

  it('of a key stop at one that is not taken, while those of other keys go on', async () => {
    const { taken, transport } = topic((event) => countsOf([event], 'source-3')[0] === 1);
    const { sent, failures } = await sendAll(transport, events);
    expect(sent).toHaveLength(events.length - 2);
    expect(failures).toHaveLength(1);
    for (const key of keys) expect(countsOf(taken, key)).toEqual(key === 'source-3' ? [0] : [0, 1, 2]);
  });

  it('are all left where the topic is away, after one round', async () => {
    const { calls, transport } = topic(() => new Error('away'));
    const { sent, failures } = await sendAll(transport, events);
    expect([sent, failures]).toEqual([[], ['Error: away', 'Error: away', 'Error: away']]);
    expect(calls).toHaveLength(3);
  });

  it('of a call that got no answer count as not taken', async () => {
    const { transport } = topic((_, call) => (call === 2 ? new Error('lost') : false));
    const { sent } = await sendAll(transport, events);
    expect(sent).toHaveLength(events.length - 30);
  });

  it('that are long share fewer calls', async () => {
    const long = keys.slice(0, 4).map((key): CloudEvent => {
      const event = incidentEvent(key, 0);
      return { ...event, source: 'x'.repeat(100_000) };
    });
    const { calls, transport } = topic();
    expect((await sendAll(transport, long)).sent).toHaveLength(4);
    expect(calls).toEqual([2, 2]);
  });
});
