import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { quoteSchema } from '../../core/contracts/http/market.ts';
import { minuteSeconds } from '../../core/planning/permits.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { type RunningUpstreams, startUpstreams } from '../../localstack/upstreams/server.ts';
import { inventedSymbol } from '../../localstack/upstreams/yahoo/listings.ts';
import { makeKeys } from '../support/api-fixture.ts';
import { memoryStores } from '../support/pipeline.ts';
import { randomFrom } from '../support/random.ts';
import { type OpenWorld, openWorld } from '../support/world.ts';

const stepSeconds = 10;
const minutes = 10;
/** Slots of 75 seconds are planned by ticks of a minute, and fetches wait for the quota: an age of more is a lost round. */
const oldestSeconds = 75 + 60 + minuteSeconds;

let upstreams: RunningUpstreams;
let world: OpenWorld;
/** Where the clock of the use cases and of the database stands; the simulated market's runs behind it. */
let clock = Math.ceil(Date.now() / 60_000) * 60_000;

beforeAll(async () => {
  upstreams = await startUpstreams({ port: 0, listings: 6_000 });
  world = await openWorld({ now: new Date(clock), connections: 6 });
}, 60_000);
afterAll(async () => {
  await upstreams?.stop();
  await world?.stop();
});

async function setClock(to: number) {
  clock = to;
  world.setClock(new Date(to));
  await world.database.query('SELECT 1');
}

/** Queues whose messages show after their delay, in no certain order, as those of SQS do. */
function delayedStores() {
  const random = randomFrom(17);
  const waiting = new Map<string, { at: number; text: string }[]>();
  const queue: ReturnType<typeof memoryStores>['queue'] = {
    async send(name, messages, delaySeconds = 0) {
      const own = waiting.get(name) ?? [];
      for (const message of messages) own.push({ at: clock + delaySeconds * 1000, text: JSON.stringify(message) });
      waiting.set(name, own);
    },
    take(name) {
      const own = waiting.get(name) ?? [];
      waiting.set(
        name,
        own.filter(({ at }) => at > clock),
      );
      return random.shuffled(own.filter(({ at }) => at <= clock)).map(({ text }): unknown => JSON.parse(text));
    },
    waiting: (name) => (waiting.get(name) ?? []).map(({ text }): unknown => JSON.parse(text)),
  };
  return { ...memoryStores(), queue };
}

it('500 symbols at the usual quota: for ten minutes nothing is dropped, the quota holds, and no price is called stale', async () => {
  const { database } = world;
  await database.query('DELETE FROM watch');
  await database.query(
    `INSERT INTO watch (symbol, source_id, source_symbol, added_at) SELECT s, 'yahoo', s, now() FROM unnest($1::text[]) s`,
    [Array.from({ length: 500 }, (_, at) => inventedSymbol(at + 1))],
  );
  const stages = world.pipeline({
    stores: delayedStores(),
    alwaysOpen: true,
    now: () => clock,
    sourceUrls: { yahoo: upstreams.urlOf('yahoo') },
  });
  const api = world.api({ alwaysOpen: true, clock: () => clock });
  const { read } = await makeKeys(world.pool);
  const quotes = async () =>
    envelope(z.array(quoteSchema)).parse(await (await api.ask('/quotes?limit=500', { key: read })).json()).data;

  const begin = clock;
  let firstAt: number | null = null;
  let oldest = 0;
  for (let second = 0; second <= minutes * 60; second += stepSeconds) {
    await setClock(begin + second * 1000);
    const time = new Date(clock);
    if (second % 60 === 0) {
      await stages.plan({ time: time.toISOString() });
      expect((await stages.watch(time)).overdue).toEqual([]);
    }
    await stages.scrape();
    await stages.monitor();
    await stages.ingest();
    await stages.monitor();
    const all = await quotes();
    if (firstAt === null && all.length === 500) firstAt = second;
    expect(all.filter(({ stale }) => stale).map(({ instrument }) => instrument.symbol)).toEqual([]);
    if (firstAt !== null) oldest = Math.max(oldest, ...all.map(({ ageSeconds }) => ageSeconds));
  }
  // Though the bars of 500 symbols want ten minutes of the quota for themselves.
  expect(firstAt ?? Number.POSITIVE_INFINITY).toBeLessThan(180);
  expect(oldest).toBeLessThanOrEqual(oldestSeconds);

  // Nothing was dropped: all tasks have ended well, or wait for their turn.
  const tasks = await database.query(
    `SELECT r.job, t.status, count(*)::int AS count FROM task t JOIN run r ON r.id = t.run_id GROUP BY 1, 2 ORDER BY 1, 2`,
  );
  expect(tasks.rows.filter(({ status }) => status === 'failed')).toEqual([]);
  const rounds = await database.query(`SELECT count(*)::int AS count FROM run WHERE job = 'quotes'`);
  expect(rounds.rows[0]?.['count']).toBeGreaterThanOrEqual((minutes * 60) / 75);
  // What the API calls stale by is what the planner keeps.
  const periods = await database.query(
    'SELECT job, period_seconds AS seconds FROM planner_state WHERE source_id = $1 ORDER BY job',
    ['yahoo'],
  );
  expect(periods.rows).toEqual([
    { job: 'daily-bars', seconds: 21_600 },
    { job: 'quotes', seconds: 75 },
  ]);
  const quarantined = await database.query('SELECT count(*)::int AS count FROM quarantine');
  expect(quarantined.rows).toEqual([{ count: 0 }]);

  // The quota: no minute, wherever it begins, has more requests than it allows.
  const used = await database.query(
    `SELECT max(n)::int AS most FROM (SELECT count(*) OVER (ORDER BY used_at RANGE BETWEEN CURRENT ROW AND interval '60 seconds' FOLLOWING) AS n
     FROM permit WHERE source_id = 'yahoo') m`,
  );
  const most = z.object({ most: z.int() }).parse(used.rows[0]).most;
  expect(most).toBeGreaterThan(40);
  expect(most).toBeLessThanOrEqual(yahoo.quota.perMinute);
  await world.invariant();
}, 600_000);
