import { expect, it } from 'vitest';
import { permitsRefused } from '../../core/adapters/postgres/work/permits.ts';
import { knownSource } from '../../core/sources/catalogue.ts';
import { runNow } from '../support/pipeline.ts';
import { recoveryWorld } from '../support/recovery-world.ts';

const of = recoveryWorld();
const world = () => of.world({ pageTimeoutMs: 25_000 });
const constituents = () => runNow('constituents', new Date().toISOString(), 'slickcharts');
const permits = async () =>
  (await of.all(`SELECT count(*)::int AS permits FROM permit WHERE source_id = 'slickcharts'`))[0]?.['permits'];
const ended = async () =>
  (await of.all('SELECT status, reason, detail FROM task ORDER BY finished_at DESC LIMIT 1'))[0];
const pagesAsked = () => of.upstreams().control.requests(false)['slickcharts']?.['page'];

it('each further page of a table that is asked for takes a permit', async () => {
  of.fault('slickcharts', 'paged');
  of.upstreams().control.requests(true);
  await world().cycle(constituents());
  expect(await ended()).toMatchObject({ status: 'succeeded' });
  expect(pagesAsked()).toBe(2);
  expect(await permits()).toBe(2);
});

it('a page for which there is no permit any more is not asked for, and the part is not stored', async () => {
  of.fault('slickcharts', 'paged');
  const pipeline = world();
  // The day has room for the first page only.
  const refused = () => permitsRefused(of.pool(), { sourceId: 'slickcharts', count: 2, purpose: 'task' });
  for (let used = 0; used < 200 && (await refused())?.why !== 'day_quota'; used++)
    await of.all(
      `INSERT INTO permit (source_id, purpose, not_before, expires_at, used_at, reserved_at)
       SELECT 'slickcharts', 'task', at, at, at, at FROM (SELECT date_trunc('day', now(), 'UTC') AS at) day`,
    );
  of.upstreams().control.requests(true);
  await pipeline.cycle(constituents());
  expect(await ended()).toMatchObject({ status: 'failed', reason: 'quota_exhausted', detail: { code: 'day_quota' } });
  expect(pagesAsked()).toBe(1);
  expect(await of.all('SELECT 1 FROM constituent')).toEqual([]);
});

it('a list of more pages than the minute has permits left waits for them within its task', async () => {
  of.fault('slickcharts', 'paged');
  const { perMinute } = knownSource('slickcharts').quota;
  // The minute has room for the first page; the others leave it some seconds later.
  await of.all(
    `INSERT INTO permit (source_id, purpose, not_before, expires_at, used_at, reserved_at)
     SELECT 'slickcharts', 'task', at, at, at, at FROM (SELECT now() - interval '45 seconds' AS at) u, generate_series(2, $1)`,
    [perMinute],
  );
  of.upstreams().control.requests(true);
  await world().cycle(constituents());
  expect(await ended()).toMatchObject({ status: 'succeeded' });
  expect(pagesAsked()).toBe(2);
  expect(await of.all('SELECT count(*)::int AS members FROM constituent')).toEqual([{ members: 30 }]);
  const [waited] = await of.all(
    `SELECT extract(epoch FROM max(not_before) - min(not_before))::float AS seconds
     FROM (SELECT not_before FROM permit ORDER BY not_before DESC LIMIT 2) two`,
  );
  expect(waited?.['seconds']).toBeGreaterThan(2);
});
