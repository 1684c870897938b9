import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { memoryState } from '../../core/adapters/memory/state.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import type { State } from '../../core/ports/state.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { emptyDatabase, startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.stop());

const adapters: readonly (readonly [string, () => Promise<State>])[] = [
  ['in memory', async () => memoryState(Date.now)],
  [
    'on Postgres',
    async () => {
      const pool = database.pool(4);
      await emptyDatabase(pool);
      return postgresState(pool);
    },
  ],
];

/** What a worker asks of `state` whether it shares a database or not: permits, holds, sessions. */
describe.each(adapters)('state %s', (_name, make) => {
  let state: State;
  beforeEach(async () => {
    state = await make();
  });
  const reserve = (count: number, purpose: 'task' | 'proxy' | 'backfill' = 'task', sourceId = 'yahoo') =>
    state.ask({ op: 'reservePermits', sourceId, count, purpose });
  const use = (permitId: string) => state.ask({ op: 'usePermit', permitId });
  const unknown = '7b2f6c8e-1111-5111-8111-111111111111';

  it('gives all the permits that were asked for or none, up to the minute’s quota', async () => {
    const { perMinute } = yahoo.quota;
    expect((await reserve(perMinute - 1)).permits).toHaveLength(perMinute - 1);
    expect(await reserve(2)).toMatchObject({ permits: [], why: 'minute_quota' });
    expect((await reserve(1)).permits).toHaveLength(1);
    expect(await reserve(1)).toMatchObject({ permits: [], why: 'minute_quota' });
  });

  it('leaves live runs their part of the quota', async () => {
    const share = Math.floor(yahoo.quota.perMinute * 0.75);
    expect((await reserve(share, 'proxy')).permits).toHaveLength(share);
    expect(await reserve(1, 'proxy')).toMatchObject({ permits: [], why: 'minute_quota' });
    expect((await reserve(1)).permits).toHaveLength(1);
  });

  it('lets a permit be used once', async () => {
    const [permit] = (await reserve(1)).permits;
    expect(await use(permit?.id ?? '')).toEqual({ ok: true, why: null, retryAfterSeconds: 0 });
    expect(await use(permit?.id ?? '')).toMatchObject({ ok: false, why: 'used' });
    expect(await use(unknown)).toMatchObject({ ok: false, why: 'unknown' });
  });

  it('has no permits for a source that it does not know', async () => {
    expect(await reserve(1, 'task', 'nowhere')).toMatchObject({ permits: [], why: 'day_quota' });
  });

  it('lets nothing be asked of a source that wants to be left alone, and a longer wish stands', async () => {
    const [permit] = (await reserve(1)).permits;
    await state.ask({ op: 'holdSource', sourceId: 'yahoo', seconds: 60 });
    await state.ask({ op: 'holdSource', sourceId: 'yahoo', seconds: 10 });
    const refused = await reserve(1);
    expect(refused).toMatchObject({ permits: [], why: 'held' });
    expect(refused.retryAfterSeconds).toBeGreaterThan(50);
    expect(await use(permit?.id ?? '')).toMatchObject({ ok: false, why: 'held' });
  });

  it('gives the right to renew a session to one at a time, and keeps only what the holder made', async () => {
    const renew = () => state.ask({ op: 'acquireRenewal', sourceId: 'yahoo', ttlSeconds: 60 });
    const put = (token: number, expiresIn = 60_000) =>
      state.ask({
        op: 'putSession',
        sourceId: 'yahoo',
        token,
        sealed: `sealed by ${token}`,
        expiresAt: new Date(Date.now() + expiresIn).toISOString(),
      });
    const get = async () => (await state.ask({ op: 'getSession', sourceId: 'yahoo' })).session?.sealed ?? null;
    const first = (await renew()).token ?? 0;
    expect((await renew()).token).toBeNull();
    expect(await state.ask({ op: 'releaseRenewal', sourceId: 'yahoo', token: first })).toEqual({ released: true });
    const second = (await renew()).token ?? 0;
    expect(second).toBeGreaterThan(first);
    expect(await put(first)).toEqual({ kept: false });
    expect(await get()).toBeNull();
    expect(await put(second)).toEqual({ kept: true });
    expect(await get()).toBe(`sealed by ${second}`);
    expect(await put((await renew()).token ?? 0, -1_000)).toEqual({ kept: true });
    expect(await get()).toBeNull();
  });
});

it('state in memory has no tasks and no shared cache, and says so', async () => {
  await expect(
    memoryState(Date.now).ask({ op: 'cacheTake', sourceId: 'yahoo', keys: ['a'], leaseSeconds: 1 }),
  ).rejects.toThrow('cacheTake is for functions that share a database');
});
