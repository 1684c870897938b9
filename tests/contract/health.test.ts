import { afterAll, describe, expect, it } from 'vitest';
import { postgresOutcomeStore } from '../../core/adapters/postgres/sources/outcome-store.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { outcomeMessageSchema } from '../../core/contracts/messages.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { judgeSources, recordOutcome, watchSources } from '../../functions/monitor/watch-sources.ts';
import { faultSchema } from '../../localstack/upstreams/control.ts';
import { type RunningUpstreams, startUpstreams } from '../../localstack/upstreams/server.ts';
import { runNow } from '../support/pipeline.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ connections: 6 });
const running: RunningUpstreams[] = [];

afterAll(async () => {
  for (const upstreams of running) await upstreams.stop();
});

const minute = 60_000;
const at = (text: string) => Date.parse(text);
/** A simulator whose clock starts at an instant and keeps the market's hours; without one, its market never closes. */
async function simulator(clock?: string) {
  const upstreams = await startUpstreams({ port: 0, clock });
  running.push(upstreams);
  const fault = (words: Record<string, unknown>) =>
    upstreams.control.switch(faultSchema.parse({ source: 'yahoo', ...words }));
  return { upstreams, fault };
}
function start(upstreams: RunningUpstreams, now: () => number = Date.now) {
  const made = world.pipeline({
    sourceUrls: Object.fromEntries(catalogue.map(({ id }) => [id, upstreams.urlOf('yahoo')])),
    symbols: ['AAPL', 'MSFT', 'SPY', 'VOD.L'],
    requestTimeoutMs: 400,
    faults: () => upstreams.control.list(),
    now,
  });
  const cycle = (job = 'quotes') => made.cycle(runNow(job, new Date(now()).toISOString()));
  return { ...made, tick: made.cycle, cycle };
}
const store = () => postgresOutcomeStore(world.pool);
const watch = (time: number) => watchSources({ store: store(), sources: [yahoo], random: () => 0.5 }, new Date(time));
const all = async (sql: string) => (await world.pool.query(sql)).rows;
const health = async () =>
  (await all(`SELECT status, reason, score, freshness, message FROM source_health WHERE source_id = 'yahoo'`))[0];
const incidents = () =>
  all(
    `SELECT reason, count, jobs, resolved_at IS NULL AS open FROM incident WHERE source_id = 'yahoo' ORDER BY opened_at, reason`,
  );
const breaker = async () =>
  (
    await all(
      `SELECT breaker, breaker_reason, breaker_opened, breaker_run, breaker_until FROM source_state WHERE source_id = 'yahoo'`,
    )
  )[0];

describe('staleness knows the calendar', () => {
  it.each([
    ['on a Sunday', '2026-11-22T12:00:00Z'],
    ['at night', '2026-11-24T03:00:00Z'],
    ['a minute after the opening', '2026-11-24T14:31:00Z'],
    ['on Thanksgiving', '2026-11-26T22:30:00Z'],
  ])('nothing is stale %s', async (_when, clock) => {
    const { upstreams } = await simulator(clock);
    const { cycle } = start(upstreams, () => at(clock));
    await cycle();
    await cycle('daily-bars');
    for (const later of [0, 60, 360]) {
      await watch(at(clock) + later * minute);
      expect(await health()).toMatchObject({ status: 'healthy', freshness: 1 });
    }
    expect(await incidents()).toEqual([]);
  });

  it('bars that are still under way are not missed', async () => {
    const { upstreams } = await simulator();
    const symbols = ['AAPL', 'MSFT', 'NVDA', 'AMZN', 'GOOGL', 'META', 'TSLA', 'JPM', 'V', 'SPY', 'QQQ', 'VOD.L'];
    const { cycle, plan, scrape, monitor, ingest, queue } = world.pipeline({
      sourceUrls: { yahoo: upstreams.urlOf('yahoo') },
      symbols,
    });
    await cycle(runNow('quotes'));
    await plan(runNow('daily-bars'));
    await scrape();
    await monitor();
    for (const message of queue.take('ingest')) {
      await queue.send('ingest', [message]);
      await ingest();
      await monitor();
      expect(await health()).toMatchObject({ status: 'healthy', freshness: 1 });
    }
    expect(await incidents()).toEqual([]);
  });

  it('on a Tuesday at eleven a source that answers 200 and stands still is failed, with an incident', async () => {
    const ten = await simulator('2026-11-24T15:00:00Z');
    await start(ten.upstreams, () => at('2026-11-24T15:00:30Z')).cycle();
    expect(await health()).toMatchObject({ status: 'healthy', freshness: 1 });
    const frozen = start(ten.upstreams, () => at('2026-11-24T16:00:00Z'));
    await frozen.cycle();
    await frozen.cycle();
    expect(await all(`SELECT DISTINCT status FROM task`)).toEqual([{ status: 'succeeded' }]);
    expect(await health()).toMatchObject({
      status: 'failed',
      reason: 'stale',
      // Vodafone speaks for London alone, fifteen minutes late: it has an hour.
      freshness: 0.25,
      message: expect.stringContaining('older than their exchange'),
    });
    await watch(at('2026-11-24T16:01:00Z'));
    expect(await incidents()).toEqual([{ reason: 'stale', count: 2, jobs: ['quotes'], open: true }]);
    const eleven = await simulator('2026-11-24T16:02:00Z');
    const thawed = start(eleven.upstreams, () => at('2026-11-24T16:02:30Z'));
    await thawed.cycle();
    await thawed.cycle();
    expect(await health()).toMatchObject({ status: 'healthy', freshness: 1 });
    expect(await incidents()).toMatchObject([{ reason: 'stale', open: false }]);
  });
});

describe('incidents', () => {
  it('are two when a source has two faults, each with its evidence', async () => {
    const { upstreams, fault } = await simulator();
    const { cycle } = start(upstreams);
    fault({ fault: '500', kinds: ['quote'] });
    fault({ fault: 'malformed', kinds: ['chart'] });
    for (const job of ['quotes', 'daily-bars', 'quotes', 'daily-bars']) await cycle(job);
    expect(await incidents()).toEqual([
      { reason: 'down', count: 2, jobs: ['quotes'], open: true },
      { reason: 'schema_drift', count: 2, jobs: ['daily-bars'], open: true },
    ]);
    const [sample] = await all(`SELECT evidence->0 AS e FROM incident WHERE reason = 'down'`);
    expect(sample?.e).toMatchObject({
      part: 0,
      message: expect.stringContaining('500'),
      blobKey: expect.stringMatching(/^raw\/yahoo\//),
    });
    expect(await health()).toMatchObject({ status: 'failed' });
    upstreams.control.clear();
    for (const job of ['quotes', 'quotes']) await cycle(job);
    expect((await incidents()).map((each) => each.open)).toEqual([false, true]);
    expect(await health()).toMatchObject({ status: 'degraded', reason: 'schema_drift' });
    for (const job of ['daily-bars', 'daily-bars']) await cycle(job);
    expect((await incidents()).map((each) => each.open)).toEqual([false, false]);
    expect(await health()).toMatchObject({ status: 'healthy' });
  });

  it('count an outcome once that is delivered twice, to two monitors at once', async () => {
    const { upstreams, fault } = await simulator();
    const { plan, scrape, ingest, queue } = start(upstreams);
    fault({ fault: '500' });
    await plan(runNow('quotes'));
    await scrape();
    await ingest();
    const outcomes = queue.take('outcomes').map((message) => outcomeMessageSchema.parse(message));
    const watching = { store: store(), sources: [yahoo] };
    const deliver = () =>
      Promise.all(
        outcomes.map(async (outcome) => {
          await recordOutcome(outcome, watching);
          await judgeSources(new Set(['yahoo']), watching, new Date());
        }),
      );
    await Promise.all([deliver(), deliver(), watch(Date.now()), deliver()]);
    await deliver();
    expect(await incidents()).toMatchObject([{ reason: 'down', count: 1 }]);
    expect(await all('SELECT sum(failed)::int AS failed, sum(succeeded)::int AS succeeded FROM health_sample')).toEqual(
      [{ failed: 1, succeeded: 0 }],
    );
    expect(await all(`SELECT breaker_failures FROM source_state`)).toEqual([{ breaker_failures: 1 }]);
  });

  it('are told, with changes of status, in the outbox', async () => {
    const { upstreams, fault } = await simulator();
    const { cycle } = start(upstreams);
    await cycle();
    fault({ fault: '500', times: 9 });
    await cycle();
    upstreams.control.clear();
    await cycle();
    await cycle();
    const told = await all(
      `SELECT type, data->>'from' AS "from", data->>'to' AS "to", data->>'reason' AS reason FROM outbox WHERE key = 'yahoo' AND type ~ '^(incident|source)' ORDER BY id`,
    );
    expect(told).toEqual([
      { type: 'source.health-changed', from: null, to: 'healthy', reason: null },
      { type: 'source.health-changed', from: 'healthy', to: 'degraded', reason: 'down' },
      { type: 'incident.opened', from: null, to: null, reason: 'down' },
      { type: 'source.health-changed', from: 'degraded', to: 'healthy', reason: null },
      { type: 'incident.resolved', from: null, to: null, reason: 'down' },
    ]);
  });

  it('are not opened of a paused source, which stays paused', async () => {
    const { upstreams, fault } = await simulator();
    await world.pool.query(`INSERT INTO source_state (source_id, paused) VALUES ('yahoo', true)`);
    fault({ fault: '500' });
    await start(upstreams).cycle();
    expect(await incidents()).toEqual([]);
    expect(await health()).toMatchObject({ status: 'paused', reason: null });
  });

  it('of a source that gave no outcome name the silence', async () => {
    const { upstreams } = await simulator();
    const { plan } = start(upstreams);
    await plan(runNow('quotes'));
    expect(await watch(Date.now() + 14 * minute)).toMatchObject({ overdue: [] });
    expect(await watch(Date.now() + 16 * minute)).toMatchObject({ overdue: ['yahoo'] });
    expect(await incidents()).toEqual([{ reason: 'timeout', count: 1, jobs: ['quotes'], open: true }]);
    expect(await breaker()).toMatchObject({ breaker: 'closed' });
  });

  it('are not of the source when a person has stopped the scrapers, or the scheduler', async () => {
    const { upstreams } = await simulator();
    const { plan, cycle } = start(upstreams);
    await cycle();
    const stop = (service: string) =>
      world.pool.query(`INSERT INTO service_state (service_id, running, changed_at) VALUES ($1, false, now())`, [
        service,
      ]);
    await stop('scrapers');
    await plan(runNow('quotes'));
    await watch(Date.now() + 20 * minute);
    expect(await incidents()).toEqual([]);
    expect(await health()).toMatchObject({
      status: 'unknown',
      message: expect.stringContaining('scrapers is stopped'),
    });
    // A stop that has ended excuses what was due until then and a quarter of an hour more.
    await world.pool.query(`UPDATE service_state SET stopped_until = now() + interval '15 minutes'`);
    await watch(Date.now() + 20 * minute);
    expect(await incidents()).toEqual([]);
    await world.pool.query('TRUNCATE service_state');
    await plan({ time: new Date().toISOString() });
    await world.uncheckedFromNow('the tasks that are still open are deleted');
    await world.pool.query('DELETE FROM task WHERE finished_at IS NULL');
    await stop('scheduler');
    await watch(Date.now() + 20 * minute);
    expect(await health()).toMatchObject({
      status: 'unknown',
      message: expect.stringContaining('scheduler is stopped'),
    });
    expect(await incidents()).toEqual([]);
  });
});

describe('the breaker', () => {
  it('opens at the third failure in a row, and nothing is planned or asked while it is open [fault 32]', async () => {
    const { upstreams, fault } = await simulator();
    const { tick, cycle, plan, scrape, queue } = start(upstreams);
    fault({ fault: '500' });
    for (let failure = 0; failure < 3; failure += 1) await cycle();
    expect(await breaker()).toMatchObject({ breaker: 'open', breaker_reason: 'down', breaker_opened: 1 });
    // A run that was planned before waits, and is not overdue.
    await world.pool.query(
      `UPDATE source_state SET breaker_until = now() + interval '1 hour' WHERE source_id = 'yahoo'`,
    );
    upstreams.control.requests(true);
    expect((await tick({ time: new Date().toISOString() })).length).toBeGreaterThanOrEqual(0);
    expect(await all(`SELECT 1 FROM run WHERE source_id = 'yahoo' AND trigger = 'schedule'`)).toEqual([]);
    expect(upstreams.control.requests(false)['yahoo']?.['quote'] ?? 0).toBe(0);
    await plan({
      time: new Date().toISOString(),
      run: { sourceId: 'yahoo', job: 'quotes', trigger: 'first_cycle', requestId: 'before' },
    });
    await scrape();
    expect(upstreams.control.requests(false)['yahoo']?.['quote'] ?? 0).toBe(0);
    expect(queue.take('scrape-yahoo')).toHaveLength(1);
    expect(
      await all(
        `SELECT waits_until > now() + interval '14 minutes' AS waits FROM task WHERE finished_at IS NULL AND source_id = 'yahoo'`,
      ),
    ).toEqual([{ waits: true }]);
  });

  it('lets one planned run through past its time: a failure opens it for longer, a success closes it [fault 32]', async () => {
    const { upstreams, fault } = await simulator();
    const { tick, cycle } = start(upstreams);
    await tick({ time: new Date(Date.now() - 3 * minute).toISOString() });
    fault({ fault: '500' });
    for (let failure = 0; failure < 3; failure += 1) await cycle();
    const expire = () =>
      world.pool.query(`UPDATE source_state SET breaker_until = now() - interval '1 second', held_until = NULL`);
    const scheduled = () =>
      all(
        `SELECT id FROM run WHERE source_id = 'yahoo' AND trigger = 'schedule' AND due_at > now() - interval '150 seconds'`,
      );
    await expire();
    await tick({ time: new Date().toISOString() });
    expect(await scheduled()).toHaveLength(1);
    const again = await breaker();
    expect(again).toMatchObject({ breaker: 'open', breaker_opened: 2, breaker_run: null });
    expect(again?.breaker_until.getTime()).toBeGreaterThan(Date.now() + 80_000);
    upstreams.control.clear();
    await expire();
    await tick({ time: new Date(Date.now() + minute).toISOString() });
    expect(await breaker()).toMatchObject({ breaker: 'closed', breaker_reason: null, breaker_opened: 0 });
  });

  it('admits one trial when many tasks come at once', async () => {
    const { upstreams } = await simulator();
    const { plan, queue } = start(upstreams);
    await plan(runNow('quotes'));
    const first = (request: string) =>
      plan({
        time: new Date().toISOString(),
        run: { sourceId: 'yahoo', job: 'quotes', trigger: 'first_cycle', requestId: request },
      });
    for (const request of ['a', 'b', 'c', 'd']) await first(request);
    queue.take('scrape-yahoo');
    await world.pool.query(
      `INSERT INTO source_state (source_id, breaker, breaker_until, breaker_opened) VALUES ('yahoo', 'open', now() - interval '1 second', 1)
       ON CONFLICT (source_id) DO UPDATE SET breaker = 'open', breaker_until = excluded.breaker_until`,
    );
    const { rows } = await world.pool.query<{ id: string }>(`SELECT id FROM run WHERE trigger = 'first_cycle'`);
    const begun = await Promise.all(
      rows.map(({ id }) =>
        postgresState(world.pool).call({ op: 'beginAttempt', runId: id, part: 0, worker: 'w', requests: 1 }),
      ),
    );
    expect(begun.filter((each) => each.go)).toHaveLength(1);
    expect(begun.filter((each) => !each.go && each.why === 'held')).toHaveLength(3);
    expect(await breaker()).toMatchObject({ breaker: 'half_open' });
    expect(await all('SELECT count(*)::int AS trials FROM task WHERE trial')).toEqual([{ trials: 1 }]);
  });

  it('lets a run pass that a person asks for', async () => {
    const { upstreams } = await simulator();
    await world.pool.query(
      `INSERT INTO source_state (source_id, breaker, breaker_until, breaker_opened) VALUES ('yahoo', 'open', now() + interval '1 hour', 3)`,
    );
    await start(upstreams).cycle();
    expect(await breaker()).toMatchObject({ breaker: 'closed', breaker_opened: 0 });
    expect(await health()).toMatchObject({ status: 'healthy' });
  });
});
