import { describe, expect, it } from 'vitest';
import { eventTypes } from '../../../core/contracts/events/event.ts';
import { eventTextReader } from '../../../web/src/live/event-text.ts';
import { follow } from '../../../web/src/live/follow.ts';
import { paced, setFollowing } from '../../../web/src/live/pace.ts';
import { touchedBy } from '../../../web/src/live/touched.ts';

const types = eventTypes().map(({ type }) => type);
const touched = (type: string, data: object) => touchedBy(JSON.stringify({ type: `quotron.${type}`, data }));

describe('what an event touches', () => {
  it.each(types)('%s touches something', (type) => {
    expect(touched(type, { sourceId: 'yahoo', symbol: 'AAPL', rows: [{ symbol: 'AAPL' }] })).not.toEqual([]);
  });

  it('is what it is about, and nothing else', () => {
    const prices = touched('quotes.stored', { sourceId: 'yahoo', rows: [{ symbol: 'AAPL' }, { symbol: 'MSFT' }] });
    expect(prices).toContainEqual(['quote', 'AAPL']);
    expect(prices).toContainEqual(['history', 'MSFT']);
    expect(prices.map(([first]) => first)).not.toContain('sources');
    expect(touched('incident.opened', { sourceId: 'yahoo' })).toContainEqual(['incidents', 'yahoo']);
  });

  it.each(['', 'null', '{}', '{"type":"quotron.else","data":{}}', '{"type":1,"data":{}}'])(
    '%j touches nothing',
    (text) => {
      expect(touchedBy(text)).toEqual([]);
    },
  );
});

describe('an event stream', () => {
  const text = 'retry: 2000\n\nid: 7\n\n: still here\nid: 8\n\nid: 9\nevent: quotron.x\ndata: {"a":"b: c"}\n\n';

  it('is read in pieces of any length', () => {
    for (let length = 1; length <= text.length; length += 1) {
      const read = eventTextReader();
      const blocks = [];
      for (let at = 0; at < text.length; at += length) blocks.push(...read(text.slice(at, at + length)));
      expect(blocks).toEqual([
        { id: null, event: null, data: null, retryMs: 2000 },
        { id: '7', event: null, data: null, retryMs: null },
        { id: '8', event: null, data: null, retryMs: null },
        { id: '9', event: 'quotron.x', data: '{"a":"b: c"}', retryMs: null },
      ]);
    }
  });
});

it('queries ask once a minute while events come', () => {
  const interval = paced(5_000);
  expect(interval()).toBe(5_000);
  setFollowing(true);
  expect([interval(), paced(90_000)()]).toEqual([60_000, 90_000]);
  setFollowing(false);
  expect(interval()).toBe(5_000);
});

it('a stream that breaks before it says where it begins may have had events', async () => {
  const over = new AbortController();
  const begin = { retry: 'retry: 1\n\n', place: 'retry: 1\n\nid: 7\n\n' };
  const streams = [begin.retry, begin.place, begin.place];
  const asked: (string | null)[] = [];
  const open = async (last: string | null) => {
    asked.push(last);
    return new Response(streams.shift());
  };
  let missed = 0;
  await follow(open, over.signal, {
    said: () => (streams.length === 0 ? over.abort() : undefined),
    missed: () => {
      missed += 1;
    },
    lost: () => undefined,
  });
  expect(asked).toEqual([null, null, '7']);
  expect(missed).toBe(1);
});
