import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { createApiKey } from '../../core/auth/api-keys.ts';
import { createSealer } from '../../core/auth/seal.ts';
import type { Session } from '../../core/auth/session.ts';
import { sessionKeeper } from '../../core/auth/session-keeper.ts';
import type { State } from '../../core/ports/state.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { emptyDatabase, startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
let pool: Pool;
let state: State;
const runId = '7b2f6c8e-1111-5111-8111-111111111111';

beforeAll(async () => {
  database = await startTestDatabase();
  pool = database.pool(10);
  state = postgresState(pool);
});
afterAll(() => database.stop());

beforeEach(async () => {
  await emptyDatabase(pool);
  await pool.query(
    `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at) VALUES ($1, 'yahoo', 'quotes', 'quotes', 'manual', 'a', now())`,
    [runId],
  );
  await pool.query(
    `INSERT INTO task (run_id, part, source_id, symbols, due_at) VALUES ($1, 0, 'yahoo', '{AAPL}', now())`,
    [runId],
  );
});

const begin = (requests = 1) => state.ask({ op: 'beginAttempt', runId, part: 0, worker: 'test', requests });

describe('taking a task', () => {
  it('gives the first worker an attempt with permits, and all others a wait', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => begin(2)));
    const going = answers.filter((answer) => answer.go);
    expect(going).toHaveLength(1);
    expect(going[0]).toMatchObject({ attempt: 1, permits: [{}, {}] });
    expect(answers.filter((answer) => !answer.go).map((answer) => !answer.go && answer.why)).toEqual(
      Array(7).fill('leased'),
    );
  });

  it('gives a task whose worker died to the next, as another attempt', async () => {
    await begin();
    await pool.query(`UPDATE task SET lease_until = now() - interval '1 second'`);
    expect(await begin()).toMatchObject({ go: true, attempt: 2 });
  });

  it('leaves a finished task alone', async () => {
    await pool.query(`UPDATE task SET status = 'succeeded', finished_at = now()`);
    expect(await begin()).toMatchObject({ go: false, why: 'finished' });
  });

  it('waits while a person stopped the scrapers', async () => {
    await pool.query(`INSERT INTO service_state (service_id, running) VALUES ('scrapers', false)`);
    expect(await begin()).toMatchObject({ go: false, why: 'stopped' });
  });

  it('goes on when the time for which the scrapers were stopped is over', async () => {
    const until = (when: string) =>
      pool.query(`UPDATE service_state SET stopped_until = ${when} WHERE service_id = 'scrapers'`);
    await pool.query(`INSERT INTO service_state (service_id, running) VALUES ('scrapers', false)`);
    await until(`now() + interval '1 hour'`);
    expect(await begin()).toMatchObject({ go: false, why: 'stopped' });
    await until(`now() - interval '1 second'`);
    await pool.query('UPDATE task SET waits_until = NULL');
    expect(await begin()).toMatchObject({ go: true });
  });

  it('says that a task is unknown', async () => {
    expect(await state.ask({ op: 'beginAttempt', runId, part: 9, worker: 'test', requests: 1 })).toMatchObject({
      go: false,
      why: 'unknown_task',
    });
  });

  it('waits for the next minute when the minute is used up, and ends when the day is', async () => {
    const spend = (count: number, when: string) =>
      pool.query(
        `INSERT INTO permit (source_id, purpose, not_before, expires_at, used_at)
         SELECT 'yahoo', 'task', now(), now(), ${when} FROM generate_series(1, $1::int)`,
        [count],
      );
    await spend(yahoo.quota.perMinute, 'clock_timestamp()');
    expect(await begin()).toMatchObject({ go: false, why: 'quota_minute' });
    await spend(yahoo.quota.perDay - yahoo.quota.perMinute, `date_trunc('day', now(), 'UTC')`);
    expect(await begin()).toMatchObject({ go: false, why: 'quota_day', attempt: 1 });
  });
});

describe('permits', () => {
  it('are never more than the minute allows, whoever asks at once', async () => {
    const reserve = () => state.ask({ op: 'reservePermits', sourceId: 'yahoo', count: 7, purpose: 'task' });
    const answers = await Promise.all(Array.from({ length: 20 }, reserve));
    const granted = answers.flatMap((answer) => answer.permits).length;
    expect(granted).toBeLessThanOrEqual(yahoo.quota.perMinute);
    expect(granted).toBeGreaterThan(yahoo.quota.perMinute - 7);
    expect(answers.some((answer) => answer.why === 'minute_quota')).toBe(true);
  });

  it('are good once', async () => {
    const { permits } = await state.ask({ op: 'reservePermits', sourceId: 'yahoo', count: 1, purpose: 'task' });
    const permitId = permits[0]?.id ?? '';
    const uses = await Promise.all(Array.from({ length: 5 }, () => state.ask({ op: 'usePermit', permitId })));
    expect(uses.filter((use) => use.ok)).toHaveLength(1);
    expect(uses.filter((use) => use.why === 'used')).toHaveLength(4);
  });

  it('are worth nothing when they are over or unknown', async () => {
    const { permits } = await state.ask({ op: 'reservePermits', sourceId: 'yahoo', count: 1, purpose: 'task' });
    await pool.query(`UPDATE permit SET expires_at = now() - interval '1 second'`);
    expect(await state.ask({ op: 'usePermit', permitId: permits[0]?.id ?? '' })).toMatchObject({
      ok: false,
      why: 'expired',
    });
    expect(await state.ask({ op: 'usePermit', permitId: runId })).toMatchObject({ ok: false, why: 'unknown' });
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
    const { rows } = await pool.query('SELECT sealed FROM auth_session');
    expect(JSON.stringify(rows)).not.toMatch(/crumb-1|cookie-value/);
  });

  it('is renewed once when all of them find it refused', async () => {
    let made = 0;
    const keeper = () =>
      sessionKeeper('yahoo', state, sealer, async () => session(`crumb-${++made}-x`), Date.now, wait);
    const old = await keeper().session();
    if ('reason' in old) throw new Error('no session');
    const renewed = await Promise.all(Array.from({ length: 10 }, () => keeper().session(old)));
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
    const { token } = await state.ask({ op: 'acquireRenewal', sourceId: 'yahoo', ttlSeconds: 60 });
    await pool.query(`UPDATE lease SET expires_at = now() - interval '1 second'`);
    const next = await state.ask({ op: 'acquireRenewal', sourceId: 'yahoo', ttlSeconds: 60 });
    expect(next.token).toBeGreaterThan(token ?? 0);
    const put = (by: number | null) =>
      state.ask({
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

it('a key is checked by its hash, scope, expiry and revocation', async () => {
  const { key, prefix, hash } = createApiKey();
  await pool.query(`INSERT INTO api_key (name, prefix, hash, scope) VALUES ('test', $1, $2, 'operate')`, [
    prefix,
    hash,
  ]);
  const check = (scope: 'read' | 'operate' | 'admin', text = key) => state.ask({ op: 'checkKey', key: text, scope });
  expect(await check('read')).toMatchObject({ ok: true });
  expect(await check('admin')).toMatchObject({ ok: false });
  expect(await check('read', createApiKey().key)).toEqual({ ok: false, keyId: null });
  await pool.query('UPDATE api_key SET revoked_at = now()');
  expect(await check('read')).toEqual({ ok: false, keyId: null });
});
