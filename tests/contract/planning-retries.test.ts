import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { memoryMessageQueue } from '../../core/adapters/memory/message-queue.ts';
import { postgresRecoveryStore } from '../../core/adapters/postgres/recovery/recovery-store.ts';
import { postgresPlanStore } from '../../core/adapters/postgres/work/plan-store.ts';
import { runIdOf } from '../../core/contracts/run-id.ts';
import type { RunReason } from '../../core/contracts/words/run-reasons.ts';
import { firstList } from '../../core/planning/watch-list.ts';
import { alphaVantage } from '../../core/sources/alpha-vantage/source.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { planRuns } from '../../functions/schedule/plan-runs.ts';
import { runNow } from '../support/pipeline.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ connections: 6, sources: ['yahoo'] });

/** Twenty-five symbols are three tasks of daily bars. */
const universe = Array.from({ length: 25 }, (_, index) => `SYM${index}`);
const bars: SourceDefinition = { ...yahoo, jobs: yahoo.jobs.filter((job) => job.id === 'daily-bars') };

function planner(of: { source?: SourceDefinition; symbols?: string[]; alwaysOpen?: boolean } = {}) {
  const { source = bars, symbols = universe, alwaysOpen = true } = of;
  const planning = {
    store: postgresPlanStore(world.pool),
    queue: memoryMessageQueue(),
    sources: [source],
    watched: async () => firstList([source], symbols),
    alwaysOpen,
  };
  const time = (text: string) => (text.length > 8 ? text : `2026-11-22T${text}Z`);
  return {
    plan: (text: string) => planRuns({ time: time(text) }, planning),
    ask: (text: string, trigger: 'manual' | 'first_cycle') =>
      planRuns({ time: time(text), run: { trigger, requestId: randomUUID() } }, planning),
  };
}
const at = (time: string) => (time.length > 8 ? time : `2026-11-22T${time}Z`);

/** Ends what is under way: parts named fail, the others succeed. */
async function end(time: string, parts: readonly number[], reason: RunReason = 'down'): Promise<void> {
  await world.pool.query(
    `UPDATE task SET finished_at = $1, status = CASE WHEN part = ANY ($2::int[]) THEN 'failed' ELSE 'succeeded' END,
                     reason = CASE WHEN part = ANY ($2::int[]) THEN $3 END
     WHERE finished_at IS NULL`,
    [at(time), parts, reason],
  );
}
const retries = async () =>
  (
    await world.pool.query<{ time: string; symbols: string[] }>(
      `SELECT to_char(r.due_at AT TIME ZONE 'UTC', 'HH24:MI') AS time, t.symbols FROM run r JOIN task t ON t.run_id = r.id
       WHERE r.trigger = 'retry' ORDER BY r.due_at, t.part`,
    )
  ).rows.map(({ time, symbols }) => [time, symbols.length, symbols[0]]);
const state = (columns: string, values: string) =>
  world.pool.query(`INSERT INTO source_state (source_id, ${columns}) VALUES ('yahoo', ${values})`);

describe('a run of a job that is due again in hours', () => {
  it('is tried again for its failed tasks only, after 5, 15 and 45 minutes, and then no more', async () => {
    const { plan } = planner();
    await plan('06:00:00');
    await end('06:01:00', [1, 2]);
    await plan('06:05:00');
    expect(await retries()).toEqual([]);
    await plan('06:06:00');
    expect(await retries()).toEqual([
      ['06:06', 10, 'SYM10'],
      ['06:06', 5, 'SYM20'],
    ]);
    await end('06:07:00', [1]);
    for (const time of ['06:12:00', '06:21:00', '06:22:00']) await plan(time);
    expect((await retries()).slice(2)).toEqual([['06:22', 5, 'SYM20']]);
    await end('06:23:00', [0]);
    for (const time of ['06:38:00', '07:07:00', '07:08:00']) await plan(time);
    expect((await retries()).slice(3)).toEqual([['07:08', 5, 'SYM20']]);
    await end('07:09:00', [0]);
    for (const time of ['07:54:00', '09:00:00', '11:00:00']) await plan(time);
    expect(await retries()).toHaveLength(4);
  });

  it('is not tried again when a retry has succeeded, nor before all of its tasks have ended', async () => {
    const { plan } = planner();
    await plan('06:00:00');
    await world.pool.query(`UPDATE task SET status = 'failed', reason = 'down', finished_at = $1 WHERE part = 0`, [
      at('06:01:00'),
    ]);
    await plan('06:10:00');
    expect(await retries()).toEqual([]);
    await end('06:11:00', []);
    await plan('06:12:00');
    await end('06:13:00', []);
    await plan('08:00:00');
    expect(await retries()).toEqual([['06:12', 10, 'SYM0']]);
  });

  it('is tried again once by six planners at once, on ticks that come doubled and late', async () => {
    const { plan } = planner();
    await plan('06:00:00');
    await end('06:01:00', [0]);
    const times = ['06:06:00', '06:06:00', '06:09:00', '06:07:00', '06:06:00', '06:08:00'];
    await Promise.all(times.map((time) => planner().plan(time)));
    expect(await retries()).toHaveLength(1);
    const { rows } = await world.pool.query<{ id: string; slot: string }>(
      `SELECT id, slot FROM run WHERE trigger = 'retry'`,
    );
    const base = runIdOf({
      sourceId: 'yahoo',
      job: 'daily-bars',
      trigger: 'schedule',
      slot: '2026-11-22T06:00:00.000Z',
    });
    expect(rows[0]?.slot).toBe(`${base}/1`);
  });

  it.each(['blocked', 'auth_expired', 'schema_drift', 'not_found', 'no_data', 'stale', 'bad_request'] as const)(
    'is left to a recovery or a person where it failed as %s',
    async (reason) => {
      const { plan } = planner();
      await plan('06:00:00');
      await end('06:01:00', [0, 1, 2], reason);
      for (const time of ['06:06:00', '06:30:00', '08:00:00']) await plan(time);
      expect(await retries()).toEqual([]);
    },
  );

  it.each(['timeout', 'down', 'rate_limited', 'unexplained'] as const)('is tried again after %s', async (reason) => {
    const { plan } = planner();
    await plan('06:00:00');
    await end('06:01:00', [0], reason);
    await plan('06:06:00');
    expect(await retries()).toHaveLength(1);
  });

  it('that found the quota exhausted is tried again when the quota has begun again', async () => {
    const { plan } = planner();
    await plan('18:00:00');
    await end('18:30:00', [0], 'quota_exhausted');
    await plan('23:00:00');
    expect(await retries()).toEqual([]);
    // Midnight is the job's own next time.
    await plan('2026-11-23T00:00:00Z');
    expect(await retries()).toEqual([]);
  });

  it('is not tried again past the next due time, nor right before it', async () => {
    const { plan } = planner();
    await plan('06:00:00');
    await end('11:50:00', [0]);
    await plan('11:55:00');
    await plan('11:59:00');
    await plan('12:00:00');
    expect(await retries()).toEqual([]);
  });

  it('is tried again after its market has closed: what the session brought is wanted still', async () => {
    const daily = { ...alphaVantage, jobs: alphaVantage.jobs.filter((job) => job.id === 'daily-bars') };
    const { plan } = planner({ source: daily, symbols: ['AAPL'], alwaysOpen: false });
    await world.pool.query(`INSERT INTO source_credentials (source_id, is_set) VALUES ('alpha-vantage', true)`);
    // Friday 18:30 in New York; due again on Monday.
    await plan('2026-11-20T23:30:20Z');
    await end('2026-11-20T23:31:00Z', [0], 'quota_exhausted');
    await plan('2026-11-20T23:55:00Z');
    expect(await retries()).toEqual([]);
    await plan('2026-11-21T00:00:00Z');
    expect(await retries()).toEqual([['00:00', 1, 'AAPL']]);
  });

  it('leaves the quota to what is due today', async () => {
    const { plan } = planner({ source: alphaVantage, symbols: ['AAPL', 'MSFT'], alwaysOpen: false });
    await world.pool.query(`INSERT INTO source_credentials (source_id, is_set) VALUES ('alpha-vantage', true)`);
    // Friday 8:00 in New York: quotes and bars are due later, two requests each.
    await world.pool.query(
      `INSERT INTO planner_state (source_id, job, planned_to)
       SELECT 'alpha-vantage', unnest('{quotes,daily-bars}'::text[]), '2026-11-20T12:59:00Z'`,
    );
    const use = (requests: number) =>
      world.pool.query(
        `INSERT INTO permit (source_id, purpose, not_before, expires_at, used_at)
         SELECT 'alpha-vantage', 'task', now(), now(), '2026-11-20T13:01:00Z' FROM generate_series(1, $1)`,
        [requests],
      );
    await plan('2026-11-20T13:00:20Z');
    await end('2026-11-20T13:01:00Z', [0]);
    await use(20);
    await plan('2026-11-20T13:06:20Z');
    expect(await retries()).toEqual([]);
    await world.pool.query('DELETE FROM permit');
    await use(19);
    await plan('2026-11-20T13:07:20Z');
    expect(await retries()).toEqual([['13:07', 2, 'AAPL']]);
  });

  it('counts the first cycle as the run of the slot before it', async () => {
    const { plan, ask } = planner();
    await ask('06:30:00', 'first_cycle');
    await end('06:31:00', [2]);
    await plan('06:36:00');
    expect(await retries()).toEqual([['06:36', 5, 'SYM20']]);
  });

  it('is not tried again while what a person asked for is under way, or has brought it', async () => {
    const { plan, ask } = planner();
    await plan('06:00:00');
    await end('06:01:00', [0]);
    await ask('06:05:00', 'manual');
    await plan('06:06:00');
    await end('06:07:00', []);
    await plan('06:30:00');
    expect(await retries()).toEqual([]);
  });

  it('waits while a recovery is under way, which runs it again itself', async () => {
    const { plan } = planner();
    await plan('06:00:00');
    await end('06:01:00', [0]);
    await world.pool.query(
      `INSERT INTO recovery (id, source_id, trigger, requested_at) VALUES (gen_random_uuid(), 'yahoo', 'automatic', now())`,
    );
    await plan('06:06:00');
    expect(await retries()).toEqual([]);
    await world.pool.query(`UPDATE recovery SET status = 'failed', finished_at = now()`);
    await plan('06:09:00');
    expect(await retries()).toHaveLength(1);
  });

  it.each([
    ['is paused', () => state('paused', 'true')],
    ['is on hold', () => state('held_until', `now() + interval '1 hour'`)],
    ['has an open breaker', () => state('breaker, breaker_until', `'open', '2026-11-22T07:00:00Z'`)],
    [
      'is not asked, as the scheduler is stopped',
      () => world.pool.query(`INSERT INTO service_state (service_id, running) VALUES ('scheduler', false)`),
    ],
  ])('is not tried again while its source %s, and afterwards it is', async (_how, stop) => {
    const { plan } = planner();
    await plan('06:00:00');
    await end('06:01:00', [0]);
    await stop();
    await plan('06:06:00');
    expect(await retries()).toEqual([]);
    await world.pool.query('TRUNCATE source_state, service_state');
    await plan('06:30:00');
    expect(await retries()).toEqual([['06:30', 10, 'SYM0']]);
  });

  it('is the trial of a breaker whose time is over', async () => {
    const { plan } = planner();
    await plan('06:00:00');
    await end('06:01:00', [0]);
    await state('breaker, breaker_until', `'open', '2026-11-22T06:05:00Z'`);
    const { runs } = await plan('06:06:00');
    const { rows } = await world.pool.query('SELECT breaker, breaker_run FROM source_state');
    expect(rows).toEqual([{ breaker: 'half_open', breaker_run: runs[0] }]);
  });
});

describe('a run of a job that is due again in a minute', () => {
  it('is not tried again: its next run is', async () => {
    const { plan } = planner({ source: { ...yahoo, jobs: yahoo.jobs.filter((job) => job.id === 'quotes') } });
    for (const time of ['06:00:00', '06:01:00', '06:06:00', '06:30:00']) {
      await plan(time);
      await end(time, [0]);
    }
    expect(await retries()).toEqual([]);
  });

  it('is tried again for what has traded for the last time of the day', async () => {
    const quotes = { ...yahoo, jobs: yahoo.jobs.filter((job) => job.id === 'quotes') };
    const { plan } = planner({ source: quotes, symbols: ['AAPL', 'BTC-USD'], alwaysOpen: false });
    await world.pool.query(
      `INSERT INTO planner_state (source_id, job, planned_to) VALUES ('yahoo', 'quotes', '2026-11-20T21:29:00Z')`,
    );
    // Friday 16:30 in New York: half an hour after the close, the last run of the week.
    await plan('2026-11-20T21:30:00Z');
    await end('2026-11-20T21:30:30Z', [0]);
    await plan('2026-11-20T21:31:00Z');
    await end('2026-11-20T21:31:30Z', []);
    await plan('2026-11-20T21:36:00Z');
    expect(await retries()).toEqual([['21:36', 1, 'AAPL']]);
  });
});

describe('on the whole pipeline', () => {
  const fault = (fault: string) => world.fault({ source: 'yahoo', fault });
  const minute = 60_000;
  const period = 6 * 60 * minute;
  const universeOfTwelve = ['AAPL', 'MSFT', 'NVDA', 'AMZN', 'GOOGL', 'META', 'TSLA', 'JPM', 'V', 'SPY', 'QQQ', 'VOD.L'];
  /** The planner's clock is behind where the bars are due again soon. */
  const behind = period - (Date.now() % period) < 30 * minute ? 40 * minute : 0;
  function start() {
    const stages = world.pipeline({
      // The simulated Yahoo stands for all sources.
      sourceUrls: Object.fromEntries(catalogue.map(({ id }) => [id, world.upstreams.urlOf('yahoo')])),
      symbols: universeOfTwelve,
      requestTimeoutMs: 400,
    });
    const tick = async () => {
      await stages.plan({ time: new Date(Date.now() - behind).toISOString() });
      await world.pool.query('UPDATE planner_state SET planned_to = now()');
      await stages.scrape();
      await stages.monitor();
      await stages.ingest();
      await stages.monitor();
      await stages.judge();
    };
    /** So many minutes later; what a source or a breaker waits for is over. */
    const later = async (minutes: number) => {
      await world.pool.query(`UPDATE source_state SET held_until = NULL, breaker = 'closed', breaker_failures = 0`);
      await world.pool.query(`UPDATE task SET finished_at = finished_at - make_interval(mins => $1)`, [
        minutes + behind / minute,
      ]);
      await tick();
    };
    return { ...stages, tick, later };
  }
  const barsOf = async () =>
    (await world.pool.query<{ count: number }>('SELECT count(DISTINCT listing_id)::int AS count FROM bar')).rows[0]
      ?.count;
  const healthOf = async () =>
    (await world.pool.query(`SELECT status, reason, freshness FROM source_health WHERE source_id = 'yahoo'`)).rows[0];

  it('bars that a time of trouble cost are there minutes later, and the source is healthy', async () => {
    const { tick, later, cycle } = start();
    fault('500');
    await tick();
    expect(await healthOf()).toMatchObject({ status: 'failed', reason: 'down' });
    world.upstreams.control.clear();
    await later(4);
    expect(await barsOf()).toBe(0);
    await later(2);
    expect(await barsOf()).toBe(12);
    const { rows } = await world.pool.query(
      `SELECT job, trigger, slot FROM run WHERE source_id = 'yahoo' AND trigger <> 'schedule'`,
    );
    expect(rows).toEqual([{ job: 'daily-bars', trigger: 'retry', slot: expect.stringMatching(/\/1$/) }]);
    await cycle(runNow('quotes'));
    expect(await healthOf()).toMatchObject({ status: 'healthy', freshness: 1 });
    expect(
      await world.pool.query(`SELECT 1 FROM incident WHERE source_id = 'yahoo' AND resolved_at IS NULL`),
    ).toMatchObject({
      rowCount: 0,
    });
  });

  it('a retry of one part leaves the listings of the others in the judgement', async () => {
    const { tick, later } = start();
    await tick();
    expect(await healthOf()).toMatchObject({ status: 'healthy', freshness: 1 });
    await world.uncheckedFromNow('a task is made another end, and bars are made old');
    // The second part failed, and what the first one had brought is old.
    await world.pool.query(
      `UPDATE task SET status = 'failed', reason = 'down'
       WHERE part = 1 AND run_id = (SELECT id FROM run WHERE source_id = 'yahoo' AND job = 'daily-bars')`,
    );
    await world.pool.query(`UPDATE bar SET starts_at = starts_at - interval '900 days', date = date - 900`);
    await later(6);
    expect(
      (await world.pool.query(`SELECT symbols FROM run JOIN task ON run_id = id WHERE trigger = 'retry'`)).rows,
    ).toEqual([{ symbols: ['QQQ', 'VOD.L'] }]);
    expect((await healthOf())?.freshness).toBeCloseTo(2 / 12);
  });

  it('what has been tried again is not asked for once more by a recovery', async () => {
    const { tick, later } = start();
    const isRetried = async () => {
      await world.pool.query(`UPDATE incident SET jobs = '{daily-bars}', resolved_at = NULL WHERE source_id = 'yahoo'`);
      return (await postgresRecoveryStore(world.pool).conditionOf('yahoo')).failing?.retried;
    };
    fault('500');
    await tick();
    await world.uncheckedFromNow('an incident is opened again that nothing told');
    expect(await isRetried()).toBe(false);
    world.upstreams.control.clear();
    await later(6);
    expect(await isRetried()).toBe(true);
  });
});
