import { afterAll, beforeAll, expect, it } from 'vitest';
import { setQuotas } from '../../core/sources/catalogue.ts';
import { type RunningUpstreams, startUpstreams } from '../../localstack/upstreams/server.ts';
import { mostInAMinute, playWatch } from '../support/played-watch.ts';
import { playedClock } from '../support/played-world.ts';
import { type OpenWorld, openWorld } from '../support/world.ts';

const quota = { perMinute: 200, perDay: 300_000 };

let upstreams: RunningUpstreams;
let world: OpenWorld;
const begin = Math.ceil(Date.now() / 60_000) * 60_000;

beforeAll(async () => {
  setQuotas(new Map([['yahoo', quota]]));
  upstreams = await startUpstreams({ port: 0, listings: 6_000 });
  world = await openWorld({ now: new Date(begin), connections: 6 });
}, 60_000);
afterAll(async () => {
  setQuotas(new Map());
  await upstreams?.stop();
  await world?.stop();
});

it('5,000 symbols at 200 requests a minute: prices are as fresh as planned while their bars are read for hours, and none is called stale', async () => {
  const { firstAt, ages } = await playWatch(world, upstreams, playedClock(world, begin), {
    // At each sixth of a minute in turn.
    ...{ symbols: 5_000, minutes: 10, lookSeconds: 50 },
  });
  const periods = await world.database.query(
    `SELECT job, period_seconds AS seconds FROM planner_state WHERE source_id = 'yahoo' ORDER BY job`,
  );
  expect(periods.rows).toEqual([
    { job: 'daily-bars', seconds: 21_600 },
    { job: 'quotes', seconds: 60 },
  ]);
  expect(firstAt ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(100);
  const p95 = ages[Math.floor(ages.length * 0.95)] ?? Number.POSITIVE_INFINITY;
  expect(p95).toBeLessThanOrEqual(1.25 * 60);

  const tasks = await world.database.query(
    `SELECT r.job, t.status, count(*)::int AS count FROM task t JOIN run r ON r.id = t.run_id GROUP BY 1, 2 ORDER BY 1, 2`,
  );
  expect(tasks.rows.filter(({ status }) => status === 'failed')).toEqual([]);
  // Of 500 tasks of bars some fifty have had their turn; the others are not in the queue.
  const [waiting] = tasks.rows.filter(({ job, status }) => job === 'daily-bars' && status === 'planned');
  expect(waiting?.['count']).toBeGreaterThan(400);
  const most = await mostInAMinute(world);
  expect(most).toBeGreaterThan(120);
  expect(most).toBeLessThanOrEqual(quota.perMinute);
  await world.invariant();
}, 1_500_000);
