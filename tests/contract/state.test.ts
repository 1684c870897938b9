import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { permitsRefused } from '../../core/adapters/postgres/work/permits.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { createApiKey } from '../../core/auth/api-keys.ts';
import { createSealer } from '../../core/auth/seal.ts';
import type { Session } from '../../core/auth/session.ts';
import { sessionKeeper } from '../../core/auth/session-keeper.ts';
import { minuteSeconds } from '../../core/planning/permits.ts';
import type { State } from '../../core/ports/state.ts';
import { alphaVantage } from '../../core/sources/alpha-vantage/source.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ connections: 10 });
let state: State;
const runId = '7b2f6c8e-1111-5111-8111-111111111111';

beforeAll(async () => {
  state = postgresState(world.pool);
});

beforeEach(async () => {
  await world.pool.query(
    `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at) VALUES ($1, 'yahoo', 'quotes', 'quotes', 'manual', 'a', now())`,
    [runId],
  );
  await world.pool.query(
    `INSERT INTO task (run_id, part, source_id, symbols, due_at) VALUES ($1, 0, 'yahoo', '{AAPL}', now())`,
    [runId],
  );
});

const spend = (count: number, when: string) =>
  world.pool.query(
    `INSERT INTO permit (source_id, purpose, not_before, expires_at, used_at)
     SELECT 'yahoo', 'task', now(), now(), ${when} FROM generate_series(1, $1::int)`,
    [count],
  );
const storeSession = () =>
  world.pool.query(
    `INSERT INTO auth_session (source_id, sealed, expires_at, token) VALUES ('yahoo', 'sealed', now() + interval '1 hour', 1)`,
  );
const begin = (requests = 1) => state.call({ op: 'beginAttempt', runId, part: 0, worker: 'test', requests });

describe('taking a task', () => {
  it('gives the first worker an attempt with the session and the first permit, and all others a wait', async () => {
    await storeSession();
    const answers = await Promise.all(Array.from({ length: 8 }, () => begin(2)));
    const begun = answers.filter((answer) => answer.go);
    expect(begun).toHaveLength(1);
    expect(begun[0]).toMatchObject({ attempt: 1, permits: [{}], session: { sealed: 'sealed' } });
    const { rows } = await world.pool.query(
      'SELECT run_id, part, attempt, promised, used_at IS NOT NULL AS used FROM permit',
    );
    expect(rows).toEqual([{ run_id: runId, part: 0, attempt: 1, promised: 1, used: true }]);
    expect(answers.filter((answer) => !answer.go).map((answer) => !answer.go && answer.why)).toEqual(
      Array(7).fill('leased'),
    );
  });

  it('gives a task whose worker died to the next, as another attempt', async () => {
    await storeSession();
    await begin();
    await world.pool.query(`UPDATE task SET lease_until = now() - interval '1 second'`);
    expect(await begin()).toMatchObject({ go: true, attempt: 2 });
    // What the first one had taken stays used.
    const { rows } = await world.pool.query('SELECT attempt FROM permit WHERE used_at IS NOT NULL ORDER BY attempt');
    expect(rows).toEqual([{ attempt: 1 }, { attempt: 2 }]);
  });

  it('gives no permit before a login, and none from a quota without room for all requests', async () => {
    expect(await begin()).toMatchObject({ go: true, permits: [], session: null });
    await world.pool.query('UPDATE task SET lease_until = NULL');
    await storeSession();
    await spend(yahoo.quota.perMinute - 1, 'clock_timestamp()');
    expect(await begin(2)).toMatchObject({ go: false, why: 'quota_minute' });
    expect(await begin(1)).toMatchObject({ go: true, permits: [{}] });
  });

  it('keeps room for what an attempt was promised, and gives it that whatever others want', async () => {
    await storeSession();
    const { perMinute } = yahoo.quota;
    const requests = 10;
    expect(await begin(requests)).toMatchObject({ go: true, attempt: 1, permits: [{}] });
    const take = (count: number, task?: { runId: string; part: number; attempt: number }) =>
      state.call({ op: 'takePermits', sourceId: 'yahoo', count, purpose: 'task', ...(task && { task }) });
    expect(await take(perMinute - requests + 1)).toMatchObject({ why: 'minute_quota' });
    expect((await take(perMinute - requests)).permits).toHaveLength(perMinute - requests);
    expect(await take(1)).toMatchObject({ why: 'minute_quota' });
    const task = { runId, part: 0, attempt: 1 };
    expect(await take(requests, task)).toMatchObject({ why: 'minute_quota' });
    expect((await take(requests - 1, task)).permits).toHaveLength(requests - 1);
    expect(await take(1, task)).toMatchObject({ why: 'minute_quota' });
    expect((await world.pool.query('SELECT sum(promised)::int AS left FROM permit')).rows).toEqual([{ left: 0 }]);
  });

  it('leaves a finished task as it is', async () => {
    await world.pool.query(`UPDATE task SET status = 'succeeded', finished_at = now()`);
    expect(await begin()).toMatchObject({ go: false, why: 'finished' });
  });

  it('waits while a person stopped the scrapers', async () => {
    await world.pool.query(`INSERT INTO service_state (service_id, running) VALUES ('scrapers', false)`);
    expect(await begin()).toMatchObject({ go: false, why: 'stopped' });
  });

  it('goes on when the time for which the scrapers were stopped is over', async () => {
    const until = (when: string) =>
      world.pool.query(`UPDATE service_state SET stopped_until = ${when} WHERE service_id = 'scrapers'`);
    await world.pool.query(`INSERT INTO service_state (service_id, running) VALUES ('scrapers', false)`);
    await until(`now() + interval '1 hour'`);
    expect(await begin()).toMatchObject({ go: false, why: 'stopped' });
    await until(`now() - interval '1 second'`);
    await world.pool.query('UPDATE task SET waits_until = NULL');
    expect(await begin()).toMatchObject({ go: true });
  });

  it('says that a task is unknown', async () => {
    expect(await state.call({ op: 'beginAttempt', runId, part: 9, worker: 'test', requests: 1 })).toMatchObject({
      go: false,
      why: 'unknown_task',
    });
  });

  it('waits for the next minute when the minute is used up, and ends when the day is', async () => {
    await spend(yahoo.quota.perMinute, 'clock_timestamp()');
    expect(await begin()).toMatchObject({ go: false, why: 'quota_minute' });
    await spend(yahoo.quota.perDay - yahoo.quota.perMinute, `date_trunc('day', now(), 'UTC')`);
    expect(await begin()).toMatchObject({ go: false, why: 'quota_day', attempt: 1 });
  });

  it('waits behind the parts of its run that found the minute used up, and not behind those that are sent over hours', async () => {
    await world.pool.query(
      `INSERT INTO task (run_id, part, source_id, symbols, due_at, waits_until)
       SELECT $1, part, 'yahoo', '{AAPL}', now(), now() + interval '1 hour' FROM generate_series(1, 5000) part`,
      [runId],
    );
    await spend(yahoo.quota.perMinute, 'clock_timestamp()');
    const alone = await begin();
    expect(alone).toMatchObject({ go: false, why: 'quota_minute' });
    expect(alone.go ? null : alone.retryAfterSeconds).toBeLessThanOrEqual(minuteSeconds);
    await world.pool.query(`UPDATE task SET status = 'queued' WHERE part > 0`);
    expect(await begin()).toMatchObject({ go: false, why: 'quota_minute', retryAfterSeconds: 840 });
  });
});

describe('permits', () => {
  it('are never more than the minute allows, however many ask at once', async () => {
    const take = () => state.call({ op: 'takePermits', sourceId: 'yahoo', count: 7, purpose: 'task' });
    const answers = await Promise.all(Array.from({ length: 20 }, take));
    const granted = answers.flatMap((answer) => answer.permits).length;
    expect(granted).toBeLessThanOrEqual(yahoo.quota.perMinute);
    expect(granted).toBeGreaterThan(yahoo.quota.perMinute - 7);
    expect(answers.some((answer) => answer.why === 'minute_quota')).toBe(true);
  });

  it('begin one after the other where the source wants a gap, and only so many wait in line', async () => {
    const { gapMs = 0, perMinute } = alphaVantage.quota;
    const take = () => state.call({ op: 'takePermits', sourceId: 'alpha-vantage', count: 1, purpose: 'task' });
    const answers = await Promise.all(Array.from({ length: perMinute }, take));
    const begins = answers.flatMap(({ permits }) => permits.map(({ notBefore }) => Date.parse(notBefore))).sort();
    expect(begins).toHaveLength(perMinute);
    for (const [place, at] of begins.entries())
      if (place > 0) expect(at - (begins[place - 1] ?? 0)).toBeGreaterThanOrEqual(gapMs);
    await world.pool.query(
      `UPDATE permit SET used_at = used_at + interval '20 seconds', not_before = not_before + interval '20 seconds'
       WHERE id IN (SELECT id FROM permit ORDER BY used_at DESC LIMIT 1)`,
    );
    await world.pool.query(`DELETE FROM permit WHERE id IN (SELECT id FROM permit ORDER BY used_at LIMIT 1)`);
    expect(await take()).toMatchObject({ permits: [], why: 'not_yet' });
  });

  it('can be looked at without taking any', async () => {
    const look = (count: number) => permitsRefused(world.pool, { sourceId: 'yahoo', count, purpose: 'canary' });
    const { perMinute } = yahoo.quota;
    expect(await look(perMinute)).toBeNull();
    expect(await look(perMinute)).toBeNull();
    expect(await look(perMinute + 1)).toMatchObject({ why: 'minute_quota' });
    await state.call({ op: 'holdSource', sourceId: 'yahoo', seconds: 60 });
    expect(await look(1)).toMatchObject({ why: 'held' });
  });
});

/** While this release is deployed, scrapers and proxies of the former one reserve permits and mark them used. */
describe('the former release', () => {
  it('gets permits that are used already, and leave to call with them until they are over', async () => {
    const { permits } = await state.call({ op: 'reservePermits', sourceId: 'yahoo', count: 1, purpose: 'task' });
    const use = () => state.call({ op: 'usePermit', permitId: permits[0]?.id ?? '' });
    expect(await use()).toEqual({ ok: true, why: null, retryAfterSeconds: 0 });
    await state.call({ op: 'holdSource', sourceId: 'yahoo', seconds: 60 });
    expect(await use()).toMatchObject({ ok: false, why: 'held' });
    await world.pool.query('UPDATE source_state SET held_until = NULL');
    await world.pool.query(`UPDATE permit SET expires_at = now() - interval '1 second'`);
    expect(await use()).toMatchObject({ ok: false, why: 'expired' });
    expect(await state.call({ op: 'usePermit', permitId: runId })).toMatchObject({ ok: false, why: 'unknown' });
  });

  it('has reserved permits that count until they are used or over', async () => {
    const { perMinute } = yahoo.quota;
    const { rows } = await world.pool.query<{ id: string }>(
      `INSERT INTO permit (source_id, purpose, not_before, expires_at)
       SELECT 'yahoo', 'task', now(), now() + interval '2 minutes' FROM generate_series(1, $1::int) RETURNING id`,
      [perMinute],
    );
    const take = () => state.call({ op: 'takePermits', sourceId: 'yahoo', count: 1, purpose: 'task' });
    expect(await take()).toMatchObject({ permits: [], why: 'minute_quota' });
    expect(await state.call({ op: 'usePermit', permitId: rows[0]?.id ?? '' })).toMatchObject({ ok: true });
    expect((await world.pool.query('SELECT FROM permit WHERE used_at IS NOT NULL')).rowCount).toBe(1);
    await world.pool.query(`UPDATE permit SET expires_at = now() - interval '1 second' WHERE used_at IS NULL`);
    expect((await take()).permits).toHaveLength(1);
  });
});

describe('one session for all workers', () => {
  const sealer = createSealer('secret');
  const session = (crumb: string): Session => ({
    headers: { cookie: 'A1=cookie-value' },
    query: { crumb },
    storageState: null,
    expiresAt: new Date(Date.now() + 60_000).toISOString(),
  });
  const wait = () => new Promise<void>((resolve) => setTimeout(resolve, 20));

  it('is made once when ten ask at once, and is sealed in the database', async () => {
    let made = 0;
    const keeper = () =>
      sessionKeeper(
        'yahoo',
        state,
        sealer,
        async () => {
          made++;
          await wait();
          return session(`crumb-${made}-x`);
        },
        Date.now,
        wait,
      );
    const sessions = await Promise.all(Array.from({ length: 10 }, () => keeper().session()));
    expect(made).toBe(1);
    expect(new Set(sessions.map((each) => JSON.stringify(each))).size).toBe(1);
    const { rows } = await world.pool.query('SELECT sealed FROM auth_session');
    expect(JSON.stringify(rows)).not.toMatch(/crumb-1|cookie-value/);
  });

  it('is renewed once when all of them find it refused', async () => {
    let made = 0;
    const keeper = () =>
      sessionKeeper('yahoo', state, sealer, async () => session(`crumb-${++made}-x`), Date.now, wait);
    const old = await keeper().session();
    if ('reason' in old) throw new Error('no session');
    const renewed = await Promise.all(Array.from({ length: 10 }, () => keeper().renewed(old)));
    expect(made).toBe(2);
    expect(renewed.every((each) => 'query' in each && each.query['crumb'] === 'crumb-2-x')).toBe(true);
  });

  it("gives the source's own reason when it cannot be made, and lets the next worker try", async () => {
    const keeper = sessionKeeper(
      'yahoo',
      state,
      sealer,
      async () => ({ reason: 'rate_limited', detail: { code: 'rate_limit_notice' }, message: 'no' }),
      Date.now,
      wait,
    );
    expect(await keeper.session()).toMatchObject({ reason: 'rate_limited' });
    expect(await keeper.session()).toMatchObject({ reason: 'rate_limited' });
  });

  it('refuses to keep what a worker made after its right had passed to another', async () => {
    const { token } = await state.call({ op: 'acquireRenewal', sourceId: 'yahoo', ttlSeconds: 60 });
    await world.pool.query(`UPDATE lease SET expires_at = now() - interval '1 second'`);
    const next = await state.call({ op: 'acquireRenewal', sourceId: 'yahoo', ttlSeconds: 60 });
    expect(next.token).toBeGreaterThan(token ?? 0);
    const put = (by: number | null) =>
      state.call({
        op: 'putSession',
        sourceId: 'yahoo',
        token: by ?? 0,
        sealed: 'x',
        expiresAt: new Date(Date.now() + 60_000).toISOString(),
      });
    expect(await put(token)).toEqual({ kept: false });
    expect(await put(next.token)).toEqual({ kept: true });
  });
});

it('a feed token is checked as a key, and comes with what it is bound to', async () => {
  const { key, prefix, hash } = createApiKey('feed');
  await world.pool.query(
    `INSERT INTO api_key (name, prefix, hash, scope, use, expires_at, feed_routes, feed_symbols, feed_per_minute)
     VALUES ('sheet', $1, $2, 'read', 'display', now() + interval '1 day', '{quotes,yahoo/chart}', '{AAPL}', 30)`,
    [prefix, hash],
  );
  const check = (scope: 'read' | 'operate') => state.call({ op: 'checkKey', key, scope });
  const feed = { routes: ['quotes', 'yahoo/chart'], symbols: ['AAPL'], perMinute: 30 };
  expect(await check('read')).toMatchObject({ ok: true, use: 'display', scope: 'read', feed });
  expect(await check('operate')).toMatchObject({ ok: false });
  await world.pool.query('UPDATE api_key SET feed_symbols = NULL WHERE feed_routes IS NOT NULL');
  expect(await check('read')).toMatchObject({ feed: { ...feed, symbols: null } });
  await expect(
    world.pool.query("UPDATE api_key SET scope = 'operate' WHERE feed_routes IS NOT NULL"),
  ).rejects.toThrow();
});

it('a key is checked by its hash, scope, expiry and revocation', async () => {
  const { key, prefix, hash } = createApiKey();
  await world.pool.query(`INSERT INTO api_key (name, prefix, hash, scope) VALUES ('test', $1, $2, 'operate')`, [
    prefix,
    hash,
  ]);
  const check = (scope: 'read' | 'operate' | 'admin', text = key) => state.call({ op: 'checkKey', key: text, scope });
  expect(await check('read')).toMatchObject({ ok: true, use: 'internal' });
  await world.pool.query("UPDATE api_key SET use = 'display'");
  expect(await check('read')).toMatchObject({ ok: true, use: 'display' });
  expect(await check('admin')).toMatchObject({ ok: false });
  expect(await check('read', createApiKey().key)).toEqual({
    ok: false,
    keyId: null,
    use: 'redistribute',
    scope: 'read',
    feed: null,
  });
  await world.pool.query('UPDATE api_key SET revoked_at = now()');
  expect(await check('read')).toEqual({ ok: false, keyId: null, use: 'redistribute', scope: 'read', feed: null });
});
