import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { memoryState } from '../../core/adapters/memory/state.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { permitSeconds } from '../../core/planning/permits.ts';
import type { State } from '../../core/ports/state.ts';
import { coingecko } from '../../core/sources/coingecko/source.ts';
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

/** What a worker needs of `state` whether it shares a database or not: permits, holds, sessions. */
describe.each(adapters)('state %s', (_name, make) => {
  let state: State;
  beforeEach(async () => {
    state = await make();
  });
  const take = (count: number, purpose: 'task' | 'proxy' | 'backfill' = 'task', sourceId = 'yahoo') =>
    state.call({ op: 'takePermits', sourceId, count, purpose });

  it('gives all the permits that were asked for or none, up to the minute’s quota', async () => {
    const { perMinute } = yahoo.quota;
    expect((await take(perMinute - 1)).permits).toHaveLength(perMinute - 1);
    expect(await take(2)).toMatchObject({ permits: [], why: 'minute_quota' });
    expect((await take(1)).permits).toHaveLength(1);
    expect(await take(1)).toMatchObject({ permits: [], why: 'minute_quota' });
  });

  it('leaves live runs their part of the quota', async () => {
    const share = Math.floor(yahoo.quota.perMinute * 0.75);
    expect((await take(share, 'proxy')).permits).toHaveLength(share);
    expect(await take(1, 'proxy')).toMatchObject({ permits: [], why: 'minute_quota' });
    expect((await take(1)).permits).toHaveLength(1);
  });

  it('takes a permit that is good at once, for a moment, and used with that', async () => {
    const [permit] = (await take(1)).permits;
    const { takenAt = '', notBefore = '', expiresAt = '' } = permit ?? {};
    expect(notBefore).toBe(takenAt);
    expect(Date.parse(expiresAt) - Date.parse(notBefore)).toBe(permitSeconds * 1000);
    expect((await take(yahoo.quota.perMinute)).why).toBe('minute_quota');
  });

  it('lets permits begin one after the other where the source wants a gap', async () => {
    const { perMinute, gapMs = 0 } = coingecko.quota;
    const { permits } = await take(2, 'task', 'coingecko');
    const [third] = (await take(1, 'task', 'coingecko')).permits;
    const begins = [...permits, third].map((permit) => Date.parse(permit?.notBefore ?? ''));
    expect(begins.map((at, place) => (place === 0 ? 0 : at - (begins[place - 1] ?? 0)))).toEqual([0, gapMs, gapMs]);
    expect((await take(perMinute - 2, 'task', 'coingecko')).why).toBe('minute_quota');
  });

  it('has no permits for a source that it does not know', async () => {
    expect(await take(1, 'task', 'nowhere')).toMatchObject({ permits: [], why: 'day_quota' });
  });

  it('gives no permit while the source wants a pause, and a longer pause stands', async () => {
    await state.call({ op: 'holdSource', sourceId: 'yahoo', seconds: 60 });
    await state.call({ op: 'holdSource', sourceId: 'yahoo', seconds: 10 });
    const refused = await take(1);
    expect(refused).toMatchObject({ permits: [], why: 'held' });
    expect(refused.retryAfterSeconds).toBeGreaterThan(50);
  });

  it('gives the right to renew a session to one at a time, and keeps only what the holder made', async () => {
    const renew = () => state.call({ op: 'acquireRenewal', sourceId: 'yahoo', ttlSeconds: 60 });
    const put = (token: number, expiresIn = 60_000) =>
      state.call({
        op: 'putSession',
        sourceId: 'yahoo',
        token,
        sealed: `sealed by ${token}`,
        expiresAt: new Date(Date.now() + expiresIn).toISOString(),
      });
    const get = async () => (await state.call({ op: 'getSession', sourceId: 'yahoo' })).session?.sealed ?? null;
    const first = (await renew()).token ?? 0;
    expect((await renew()).token).toBeNull();
    expect(await state.call({ op: 'releaseRenewal', sourceId: 'yahoo', token: first })).toEqual({ released: true });
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
    memoryState(Date.now).call({ op: 'cacheTake', sourceId: 'yahoo', keys: ['a'], leaseSeconds: 1 }),
  ).rejects.toThrow('cacheTake is for functions that share a database');
});
