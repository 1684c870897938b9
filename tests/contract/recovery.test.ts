import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { acquireLease } from '../../core/adapters/postgres/database/leases.ts';
import { inTransaction } from '../../core/adapters/postgres/database/pool.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { recoveryStepSchema } from '../../core/contracts/http/recovery.ts';
import { quoteQuestion } from '../../core/proxy/read-question.ts';
import { runNow } from '../support/pipeline.ts';
import { recoveryWorld } from '../support/recovery-world.ts';

const of = recoveryWorld();
const minute = 60_000;
const canaryKey = quoteQuestion('AAPL').key;
const { all, later, fault, newest } = of;
const cycle = (world: ReturnType<typeof of.world>, source: string, job = 'quotes') =>
  world.cycle(runNow(job, new Date().toISOString(), source));
const stepsOf = (recovery: Record<string, unknown> | undefined) =>
  z.array(recoveryStepSchema).parse(recovery?.['steps']);

describe('a recovery', () => {
  it('of a source that is well is verified by its canary, recorded step by step, and published', async () => {
    const world = of.world();
    await cycle(world, 'yahoo');
    await of.ask(world, 'yahoo');
    await world.heal();
    const recovery = await newest('yahoo');
    expect(recovery).toMatchObject({
      status: 'verified',
      trigger: 'manual',
      reason: null,
      canary_run_id: expect.any(String),
    });
    expect(stepsOf(recovery).map(({ name, status }) => [name, status])).toEqual([
      ['renew_session', 'done'],
      ['half_open_breaker', 'skipped'],
      ['canary', 'done'],
    ]);
    expect(await all(`SELECT type FROM outbox WHERE type LIKE 'recovery.%' ORDER BY id`)).toEqual([
      { type: 'recovery.started' },
      { type: 'recovery.finished' },
    ]);
    expect(
      await all(`SELECT symbols, trigger FROM task t JOIN run r ON r.id = t.run_id WHERE trigger = 'canary'`),
    ).toEqual([{ symbols: ['AAPL'], trigger: 'canary' }]);
    expect(await all(`SELECT DISTINCT purpose FROM permit ORDER BY 1`)).toEqual([
      { purpose: 'canary' },
      { purpose: 'login' },
      { purpose: 'task' },
    ]);
    // What it brought was stored before: that is proof all the same.
    expect(await all(`SELECT newest_as_of IS NOT NULL AS told FROM batch ORDER BY id`)).toEqual([
      { told: true },
      { told: true },
    ]);
  });

  it('resumes where it was interrupted: each step is done once', async () => {
    const world = of.world();
    await cycle(world, 'yahoo');
    fault('yahoo', '429');
    await cycle(world, 'yahoo');
    fault('yahoo', '429', false);
    const id = await of.ask(world, 'yahoo');
    await world.recover();
    await later();
    // Delivered twice, and again from the beginning, while the canary is on its way.
    for (let delivery = 0; delivery < 3; delivery++) {
      await world.queue.send('recoveries', [{ recoveryId: id }, { recoveryId: id }]);
      await world.recover();
    }
    await world.heal(later);
    const recovery = await newest('yahoo');
    expect(recovery).toMatchObject({ status: 'verified', id });
    expect(stepsOf(recovery).map(({ name }) => name)).toEqual(['lower_budget', 'half_open_breaker', 'canary']);
    expect(await all('SELECT budget_factor FROM source_state')).toEqual([{ budget_factor: 0.5 }]);
    expect(await all(`SELECT count(*)::int AS canaries FROM run WHERE trigger = 'canary'`)).toEqual([{ canaries: 1 }]);
  });

  it('is not touched by a second worker while a first one has its lease', async () => {
    const world = of.world();
    const id = await of.ask(world, 'yahoo');
    await inTransaction(of.pool(), (db) => acquireLease(db, `recovery:${id}`, 'another', 60));
    await world.recover();
    expect(await newest('yahoo')).toMatchObject({ status: 'pending' });
    expect(world.queue.take('recoveries')).toEqual([]);
  });

  it('that was abandoned is failed by the monitor, and its source can be recovered again', async () => {
    const world = of.world();
    await of.ask(world, 'yahoo');
    await world.recover();
    world.queue.take('recoveries');
    await world.watch(new Date());
    expect(await newest('yahoo')).toMatchObject({ status: 'running' });
    await of.pool().query(`UPDATE recovery SET deadline_at = clock_timestamp() - interval '2 minutes'`);
    await world.watch(new Date());
    expect(await newest('yahoo')).toMatchObject({
      status: 'failed',
      reason: 'unexplained',
      message: expect.stringContaining('was interrupted'),
    });
    expect(await of.recover(world, 'yahoo')).toMatchObject({ status: 'verified' });
  });

  it('whose message was lost is sent again with the next tick', async () => {
    const world = of.world();
    await of.ask(world, 'yahoo');
    world.queue.take('recoveries');
    await world.watch(new Date());
    await world.heal();
    expect(await newest('yahoo')).toMatchObject({ status: 'verified' });
  });

  it('waits while its service is stopped, and none is started automatically', async () => {
    const world = of.world();
    await of.pool().query(`INSERT INTO service_state (service_id, running) VALUES ('recovery', false)`);
    await of.ask(world, 'yahoo');
    await world.recover();
    expect(await newest('yahoo')).toMatchObject({ status: 'pending' });
    await of.pool().query(`UPDATE service_state SET running = true`);
    await world.heal();
    expect(await newest('yahoo')).toMatchObject({ status: 'verified' });
  });

  it('is one at a time for each source', async () => {
    const world = of.world();
    const first = await of.ask(world, 'yahoo');
    const second = {
      id: randomUUID(),
      sourceId: 'yahoo',
      trigger: 'manual',
      requestedAt: new Date(),
      requestedBy: null,
    } as const;
    expect(await world.recoveries.create(second)).toEqual({ created: false, active: first });
    expect(await world.recoveries.create({ ...second, id: first })).toEqual({ created: true, active: first });
  });
});

describe('what its steps do', () => {
  it('a stored session is dropped, and a renewal under way can no longer store its own', async () => {
    const world = of.world();
    await cycle(world, 'yahoo');
    const state = postgresState(of.pool());
    const { token } = await state.call({ op: 'acquireRenewal', sourceId: 'yahoo', ttlSeconds: 60 });
    await of.recover(world, 'yahoo');
    const late = { sourceId: 'yahoo', sealed: 'late', expiresAt: new Date(Date.now() + minute).toISOString() };
    expect(await state.call({ op: 'putSession', token: token ?? 0, ...late })).toEqual({ kept: false });
    expect(await all('SELECT sealed FROM auth_session')).not.toEqual([{ sealed: 'late' }]);
    expect(of.upstreams().control.requests(false)['yahoo']).toMatchObject({ crumb: 2 });
  });

  it('a lowered budget is obeyed by all workers until its time is over', async () => {
    const world = of.world();
    await cycle(world, 'coingecko');
    fault('coingecko', '429');
    await cycle(world, 'coingecko');
    await later();
    await of.recover(world, 'coingecko');
    await later();
    const state = postgresState(of.pool());
    const take = (count: number) =>
      state.call({ op: 'takePermits', sourceId: 'coingecko', count, purpose: 'task' }).then(({ why }) => why);
    // Half of five a minute, and none in pieces; a task that is larger still goes when it is the first.
    expect([await take(1), await take(1), await take(1)]).toEqual([null, null, 'minute_quota']);
    await later();
    expect([await take(4), await take(1)]).toEqual([null, 'minute_quota']);
    await later();
    await of.pool().query(`UPDATE source_state SET budget_until = clock_timestamp()`);
    expect([await take(4), await take(1)]).toEqual([null, null]);
  });

  it('a source whose quota of the day is used up gets no request: its recovery fails for that', async () => {
    const world = of.world();
    await cycle(world, 'alpha-vantage');
    fault('alpha-vantage', 'quota');
    await cycle(world, 'alpha-vantage');
    await of.pool().query(`UPDATE source_state SET held_until = now() + interval '6 hours'`);
    of.upstreams().control.requests(true);
    await of.ask(world, 'alpha-vantage');
    await world.heal();
    const recovery = await newest('alpha-vantage');
    expect(recovery).toMatchObject({ status: 'failed', reason: 'quota_exhausted', canary_run_id: null });
    expect(of.upstreams().control.requests(false)).toEqual({});
  });

  it('an open breaker lets the canary through, which closes it', async () => {
    const world = of.world();
    await cycle(world, 'yahoo');
    fault('yahoo', '403');
    for (let failure = 0; failure < 3; failure++) await cycle(world, 'yahoo');
    expect(await all('SELECT breaker FROM source_state')).toEqual([{ breaker: 'open' }]);
    fault('yahoo', '403', false);
    expect(await of.recover(world, 'yahoo')).toMatchObject({ status: 'verified' });
    await world.watch(new Date());
    expect(await all(`SELECT breaker FROM source_state WHERE source_id = 'yahoo'`)).toEqual([{ breaker: 'closed' }]);
  });

  it('the first healthy fallback gives the missing rows, by its own names and quota: mitigated, never verified', async () => {
    const world = of.world();
    await cycle(world, 'yahoo');
    await cycle(world, 'coingecko');
    fault('coingecko', '500');
    await cycle(world, 'coingecko');
    of.upstreams().control.requests(true);
    const recovery = await of.recover(world, 'coingecko');
    expect(recovery).toMatchObject({ status: 'mitigated', reason: 'down', fallback_source_id: 'yahoo' });
    expect(stepsOf(recovery).at(-1)).toMatchObject({
      name: 'fallback',
      status: 'done',
      detail: 'yahoo gave 1 rows in its place.',
    });
    expect(
      await all(`SELECT r.source_id, t.symbols FROM task t JOIN run r ON r.id = t.run_id WHERE r.trigger = 'fallback'`),
    ).toEqual([{ source_id: 'yahoo', symbols: ['BTC-USD'] }]);
    expect(of.upstreams().control.requests(false)['yahoo']).toMatchObject({ quote: 1 });
    // The source itself is as sick as before.
    expect(await of.openIncidents('coingecko')).toEqual([{ reason: 'down' }]);
  });

  it('the job that failed is run again once its source is proven', async () => {
    const world = of.world();
    await cycle(world, 'yahoo', 'daily-bars');
    fault('yahoo', '500');
    await cycle(world, 'yahoo', 'daily-bars');
    fault('yahoo', '500', false);
    expect(await of.recover(world, 'yahoo')).toMatchObject({ status: 'verified' });
    // The canary was of the job that failed; its quotes would have proven nothing.
    expect(await all(`SELECT job, trigger FROM run ORDER BY created_at`)).toEqual([
      { job: 'daily-bars', trigger: 'manual' },
      { job: 'daily-bars', trigger: 'manual' },
      { job: 'daily-bars', trigger: 'canary' },
      { job: 'daily-bars', trigger: 'manual' },
    ]);
    await world.cycle({ time: new Date().toISOString(), run: { sourceId: 'none', trigger: 'manual', requestId: 'x' } });
    expect((await all('SELECT status FROM task ORDER BY finished_at DESC LIMIT 1'))[0]).toEqual({
      status: 'succeeded',
    });
  });
});

describe('automatic recoveries', () => {
  it('never touch a paused source, nor one whose credentials are not set', async () => {
    const world = of.world();
    for (const source of ['yahoo', 'alpha-vantage']) {
      fault(source, '403');
      await cycle(world, source);
      await cycle(world, source);
    }
    await of.pool().query(`UPDATE source_state SET paused = true WHERE source_id = 'yahoo'`);
    await of.pool().query(`UPDATE source_credentials SET is_set = false`);
    expect((await world.watch(new Date())).recovering).toEqual([]);
    await of.pool().query(`UPDATE source_state SET paused = false`);
    await of.pool().query(`UPDATE source_credentials SET is_set = true`);
    expect((await world.watch(new Date())).recovering.sort()).toEqual(['alpha-vantage', 'yahoo']);
  });

  it('begin once when ticks come double', async () => {
    const world = of.world();
    fault('yahoo', '403');
    await cycle(world, 'yahoo');
    await cycle(world, 'yahoo');
    const now = new Date();
    const [first, second] = await Promise.all([world.watch(now), world.watch(now)]);
    expect([...first.recovering, ...second.recovering]).toEqual(['yahoo']);
    expect(await all('SELECT count(*)::int AS count FROM recovery')).toEqual([{ count: 1 }]);
  });

  it('are tracked: held when no incident was opened for an hour, not held as soon as one is', async () => {
    const world = of.world();
    const { noteHeld } = world.recoveries;
    await of.recover(world, 'yahoo');
    const finished = Date.now();
    expect(await noteHeld(new Date(finished + 30 * minute))).toEqual([]);
    expect(await newest('yahoo')).toMatchObject({ held: null });
    await noteHeld(new Date(finished + 61 * minute));
    expect(await newest('yahoo')).toMatchObject({ held: true });
    await of.recover(world, 'yahoo');
    await of.uncheckedFromNow('an incident is made that nothing told');
    await of
      .pool()
      .query(
        `INSERT INTO incident (source_id, reason, opened_at, last_seen_at) VALUES ('yahoo', 'down', now() + interval '5 minutes', now())`,
      );
    expect(await noteHeld(new Date(finished + 10 * minute))).toEqual(['yahoo']);
    expect(await newest('yahoo')).toMatchObject({ held: false });
  });
});

describe('the proxy', () => {
  const heartbeat = (failure: string | null) =>
    of.pool().query(
      `INSERT INTO proxy_cache (key, keep_until, fetched_at, failure, failed_until)
       VALUES ($1, now() + interval '1 hour', CASE WHEN $2::text IS NULL THEN now() END, $2,
               CASE WHEN $2::text IS NULL THEN '-infinity' ELSE now() + interval '10 seconds' END)
       ON CONFLICT (key) DO UPDATE SET fetched_at = excluded.fetched_at, failure = excluded.failure, failed_until = excluded.failed_until`,
      [canaryKey, failure],
    );

  it('is flushed, may call again, and is verified by its own heartbeat', async () => {
    const world = of.world();
    await of
      .pool()
      .query(
        `INSERT INTO proxy_cache (key, token, keep_until, fetched_at, body) VALUES ('old', 3, now() + interval '1 hour', now(), 'x')`,
      );
    await of
      .pool()
      .query(`INSERT INTO proxy_pause (source_id, until, reason) VALUES ('yahoo', now() + interval '1 hour', 'down')`);
    await of.ask(world, 'yahoo-proxy');
    await world.recover();
    expect(await all('SELECT token, body FROM proxy_cache')).toEqual([{ token: '4', body: null }]);
    expect(await all('SELECT 1 FROM proxy_pause')).toEqual([]);
    await heartbeat(null);
    await world.heal();
    expect(await newest('yahoo-proxy')).toMatchObject({ status: 'verified', strategy: 'flush' });
  });

  it('fails for the reason of its heartbeat', async () => {
    const world = of.world();
    await of.ask(world, 'yahoo-proxy');
    await world.recover();
    await heartbeat('blocked');
    await world.heal();
    expect(await newest('yahoo-proxy')).toMatchObject({ status: 'failed', reason: 'blocked' });
  });
});
