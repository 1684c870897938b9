import { afterAll, beforeAll, expect, it } from 'vitest';
import { minuteSeconds } from '../../core/planning/permits.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { type RunningUpstreams, startUpstreams } from '../../localstack/upstreams/server.ts';
import { mostInAMinute, playWatch } from '../support/played-watch.ts';
import { playedClock } from '../support/played-world.ts';
import { type OpenWorld, openWorld } from '../support/world.ts';

const minutes = 10;
/** Slots of 75 seconds are planned by ticks of a minute, and fetches wait for the quota: an age of more is a lost round. */
const oldestSeconds = 75 + 60 + minuteSeconds;

let upstreams: RunningUpstreams;
let world: OpenWorld;
/** Where the clock of the use cases and of the database begins; the simulated market's runs behind it. */
const begin = Math.ceil(Date.now() / 60_000) * 60_000;

beforeAll(async () => {
  upstreams = await startUpstreams({ port: 0, listings: 6_000 });
  world = await openWorld({ now: new Date(begin), connections: 6 });
}, 60_000);
afterAll(async () => {
  await upstreams?.stop();
  await world?.stop();
});

it('500 symbols at the usual quota: for ten minutes nothing is dropped, the quota holds, and no price is called stale', async () => {
  const { database } = world;
  const { firstAt, ages } = await playWatch(world, upstreams, playedClock(world, begin), {
    ...{ symbols: 500, minutes, lookSeconds: 10 },
  });
  // Though the bars of 500 symbols want ten minutes of the quota for themselves.
  expect(firstAt ?? Number.POSITIVE_INFINITY).toBeLessThan(180);
  expect(ages.at(-1)).toBeLessThanOrEqual(oldestSeconds);

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
  const most = await mostInAMinute(world);
  expect(most).toBeGreaterThan(40);
  expect(most).toBeLessThanOrEqual(yahoo.quota.perMinute);
  await world.invariant();
}, 600_000);
