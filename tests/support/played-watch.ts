/** A watch list that is played with a clock: minutes of planning, fetching and reading in a fraction of the time. */
import { expect } from 'vitest';
import * as z from 'zod';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { quoteSchema } from '../../core/contracts/http/market.ts';
import type { RunningUpstreams } from '../../localstack/upstreams/server.ts';
import { inventedSymbol } from '../../localstack/upstreams/yahoo/listings.ts';
import { makeKeys } from './api-fixture.ts';
import { memoryStores } from './pipeline.ts';
import { type PlayedClock, watchOnly } from './played-world.ts';
import { randomFrom } from './random.ts';
import type { OpenWorld } from './world.ts';

const stepSeconds = 10;

/** What was seen of the prices, once each symbol had one. */
export interface PlayedWatch {
  /** Seconds until each symbol had a price; `null` for never. */
  readonly firstAt: number | null;
  /** Seconds since the last fetch that gave or confirmed a price, of each price at each look, the least first. */
  readonly ages: readonly number[];
}

/** Queues whose messages show after their delay, in no certain order, as those of SQS do. */
function delayedStores(now: () => number) {
  const random = randomFrom(17);
  const waiting = new Map<string, { at: number; text: string }[]>();
  const queue: ReturnType<typeof memoryStores>['queue'] = {
    async send(name, messages, delaySeconds = 0) {
      const own = waiting.get(name) ?? [];
      for (const message of messages) own.push({ at: now() + delaySeconds * 1000, text: JSON.stringify(message) });
      waiting.set(name, own);
    },
    take(name) {
      const own = waiting.get(name) ?? [];
      waiting.set(
        name,
        own.filter(({ at }) => at > now()),
      );
      return random.shuffled(own.filter(({ at }) => at <= now())).map(({ text }): unknown => JSON.parse(text));
    },
    waiting: (name) => (waiting.get(name) ?? []).map(({ text }): unknown => JSON.parse(text)),
  };
  return { ...memoryStores(), queue };
}

/**
 * Plays so many minutes of Yahoo's prices and bars of so many symbols, from an empty watch list on. Looks every so many
 * seconds at all prices, none of which may be called stale, and each minute for tasks that gave no outcome in time.
 */
export async function playWatch(
  world: OpenWorld,
  upstreams: RunningUpstreams,
  clock: PlayedClock,
  { symbols, minutes, lookSeconds }: { symbols: number; minutes: number; lookSeconds: number },
): Promise<PlayedWatch> {
  await watchOnly(
    world,
    Array.from({ length: symbols }, (_, at) => inventedSymbol(at + 1)),
  );
  const stages = world.pipeline({
    stores: delayedStores(clock.now),
    alwaysOpen: true,
    now: clock.now,
    sourceUrls: { yahoo: upstreams.urlOf('yahoo') },
  });
  const api = world.api({ alwaysOpen: true, clock: clock.now });
  const { read } = await makeKeys(world.pool);
  const answer = envelope(z.array(quoteSchema));
  const quotes = async () => {
    const found = [];
    let cursor = '';
    do {
      const { data, meta } = answer.parse(await (await api.ask(`/quotes?limit=500${cursor}`, { key: read })).json());
      found.push(...data);
      cursor = meta.nextCursor === undefined ? '' : `&cursor=${encodeURIComponent(meta.nextCursor)}`;
    } while (cursor !== '');
    return found;
  };

  const begin = clock.now();
  let firstAt: number | null = null;
  const ages: number[] = [];
  for (let second = 0; second <= minutes * 60; second += stepSeconds) {
    await clock.set(begin + second * 1000);
    const time = new Date(clock.now());
    if (second % 60 === 0) {
      await stages.plan({ time: time.toISOString() });
      expect((await stages.watch(time)).overdue).toEqual([]);
    }
    await stages.scrape();
    await stages.monitor();
    await stages.ingest();
    await stages.monitor();
    if (second % lookSeconds !== 0) continue;
    const all = await quotes();
    if (firstAt === null && all.length === symbols) firstAt = second;
    expect(all.filter(({ stale }) => stale).map(({ instrument }) => instrument.symbol)).toEqual([]);
    if (firstAt === null) continue;
    for (const { ageSeconds } of all) ages.push(ageSeconds);
  }
  return { firstAt, ages: ages.sort((a, b) => a - b) };
}

const mostRow = z.object({ most: z.int() });

/** The most requests that any minute has, wherever it begins. */
export async function mostInAMinute(world: OpenWorld): Promise<number> {
  const used = await world.database.query(
    `SELECT max(n)::int AS most FROM (SELECT count(*) OVER (ORDER BY used_at RANGE BETWEEN CURRENT ROW AND interval '60 seconds' FOLLOWING) AS n
     FROM permit WHERE source_id = 'yahoo') m`,
  );
  return mostRow.parse(used.rows[0]).most;
}
