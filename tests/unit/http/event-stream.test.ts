import { describe, expect, it } from 'vitest';
import { memoryStreamSlots } from '../../../core/adapters/memory/stream-slots.ts';
import { localInstallation } from '../../../core/contracts/installation.ts';
import { feedWatch } from '../../../core/http/event-stream/feed-watch.ts';
import { openStream } from '../../../core/http/event-stream/stream.ts';
import type { EventFeed } from '../../../core/ports/event-feed.ts';

const everything = { wanted: { types: null, sources: null, symbols: null }, visible: { all: true, has: () => true } };

/** A feed that always has more. */
function endlessFeed() {
  const asked = { after: 0, bounds: 0 };
  const feed: EventFeed = {
    async bounds() {
      asked.bounds += 1;
      return { removedTo: '0', newest: '1000000' };
    },
    lag: async () => ({ waiting: 0, seconds: 0 }),
    async after(position) {
      asked.after += 1;
      const at = String(BigInt(position) + 1n);
      const data = { incidentId: crypto.randomUUID(), sourceId: 'yahoo', reason: 'down' as const, count: 1 };
      const event = { type: 'incident.opened' as const, data: { ...data, at: '2026-11-30T12:00:00.000Z' } };
      return { events: [{ id: crypto.randomUUID(), position: at, at: new Date(0), event }], to: at, more: true };
    },
  };
  return { feed, asked };
}

const broke = (error: unknown) => {
  throw error;
};
const client = { name: null, requestId: 'request-1', stillAdmitted: async () => true };
const turn = (ms = 30) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a stream of events', () => {
  it('reads nothing ahead of a client that does not read, and ends without it', async () => {
    const { feed, asked } = endlessFeed();
    const slots = memoryStreamSlots(1);
    // The deadline of a client that does not read is ten seconds after the end.
    const streaming = { slots, watch: feedWatch(feed, 1), lastsMs: -8_000, heartbeatMs: 1_000, broke };
    const stream = await openStream(
      { feed, installation: localInstallation, since: '0', ...everything },
      streaming,
      client,
    );
    await turn();
    expect(asked).toEqual({ after: 0, bounds: 0 });
    expect(await slots.take(null, 1)).toBeNull();
    await expect.poll(() => slots.take(null, 1), { timeout: 20_000 }).not.toBeNull();
    await expect(stream?.getReader().read()).rejects.toThrow('has not read it');
  });

  it('gives as much as is read', async () => {
    const { feed, asked } = endlessFeed();
    const streaming = {
      slots: memoryStreamSlots(1),
      watch: feedWatch(feed, 1),
      lastsMs: 60_000,
      heartbeatMs: 1_000,
      broke,
    };
    const stream = await openStream(
      { feed, installation: localInstallation, since: '0', ...everything },
      streaming,
      client,
    );
    const reader = stream?.getReader();
    for (let each = 0; each < 4; each += 1) await reader?.read();
    await turn();
    expect(asked.after).toBe(3);
    await reader?.cancel();
  });

  it('ends when its client is not admitted any more, and not while nobody can say so', async () => {
    const { feed } = endlessFeed();
    const slots = memoryStreamSlots(1);
    const streaming = { slots, watch: feedWatch(feed, 1), lastsMs: 60_000, heartbeatMs: 0, broke };
    const answers = [() => true, () => Promise.reject(new Error('away')), () => false];
    let asked = 0;
    const stream = await openStream({ feed, installation: localInstallation, since: '0', ...everything }, streaming, {
      ...client,
      async stillAdmitted() {
        asked += 1;
        return (await answers[asked - 1]?.()) ?? true;
      },
    });
    const blocks: unknown[] = [];
    for await (const block of stream ?? []) blocks.push(block);
    // The beginning, and an event after each of the first two.
    expect([blocks.length, asked]).toEqual([3, 3]);
    expect(await slots.take(null, 1)).not.toBeNull();
  });

  it('ends after a whole block where its source fails, says so to whoever runs it, and frees its place', async () => {
    const { feed } = endlessFeed();
    const slots = memoryStreamSlots(1);
    const failing = { ...feed, after: () => Promise.reject(new Error('away')) };
    const told: unknown[] = [];
    const stream = await openStream(
      { feed: failing, installation: localInstallation, since: '0', ...everything },
      {
        ...{ slots, watch: feedWatch(feed, 1), lastsMs: 60_000, heartbeatMs: 1_000 },
        broke: (error, requestId) => told.push([String(error), requestId]),
      },
      client,
    );
    expect(await new Response(stream).text()).toBe('retry: 2000\n\nid: 0\n\nretry: 15000\n\n');
    expect(told).toEqual([['Error: away', 'request-1']]);
    expect(await slots.take(null, 1)).not.toBeNull();
  });

  it('ends when a later one of its client has taken its slot, also while nothing happens', async () => {
    const { feed } = endlessFeed();
    const quiet = { ...feed, after: async (position: string) => ({ events: [], to: position, more: false }) };
    const streaming = {
      ...{ slots: memoryStreamSlots(2), watch: feedWatch(quiet, 5), lastsMs: 60_000, heartbeatMs: 50_000, broke },
    };
    const open = (name: string) =>
      openStream({ feed: quiet, installation: localInstallation, since: '1000000', ...everything }, streaming, {
        ...client,
        name,
      });
    const [first, other] = [await open('a'), await open('b')];
    const whole = new Response(first).text();
    const reader = other?.getReader();
    await reader?.read();
    const next = await open('a');
    expect(next).not.toBeNull();
    expect(await whole).toMatch(/^retry: 2000\n\nid: 1000000\n\nretry: 15000\n\n$/);
    expect(await streaming.slots.take(null, 1), 'both slots are taken').toBeNull();
    await reader?.cancel();
    await next?.cancel();
  });
});

describe('watching the feed', () => {
  it('asks once for all who wait, and not while nobody does', async () => {
    let newest = '5';
    let asked = 0;
    const watch = feedWatch(
      {
        async bounds() {
          asked += 1;
          if (asked === 2) throw new Error('away');
          return { removedTo: '0', newest };
        },
      },
      5,
    );
    const { signal } = new AbortController();
    const woken: string[] = [];
    const all = ['5', '5', '6'].map((at) => watch.changed(at, 60_000, signal).then(() => woken.push(at)));
    await expect.poll(() => asked).toBeGreaterThan(2);
    expect(woken).toEqual([]);
    newest = '6';
    await Promise.all(all.slice(0, 2));
    expect(woken).toEqual(['5', '5']);
    newest = '7';
    await Promise.all(all);
    const before = asked;
    await turn();
    expect(asked).toBe(before);
    const over = new AbortController();
    const aborted = watch.changed('9', 60_000, over.signal);
    over.abort();
    await aborted;
    await watch.changed('9', 1, signal);
  });
});
