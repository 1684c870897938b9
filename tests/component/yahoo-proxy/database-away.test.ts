import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createPool, type Pool } from '../../../core/adapters/postgres/database/pool.ts';
import { postgresState } from '../../../core/adapters/postgres/work/state.ts';
import { problemSchema } from '../../../core/contracts/http/envelope.ts';
import { DatabaseUnavailableError, isDatabaseUnavailable } from '../../../core/ports/database-unavailable.ts';
import type { State } from '../../../core/ports/state.ts';
import { failFastState } from '../../../functions/yahoo-proxy/fail-fast-state.ts';
import { keyGate } from '../../../functions/yahoo-proxy/gate.ts';
import { stateSharedCache } from '../../../functions/yahoo-proxy/shared-cache.ts';
import { type RunningUpstreams, startUpstreams } from '../../../localstack/upstreams/server.ts';
import { shortLimits } from '../../support/short-limits.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { useWorld } from '../../support/use-world.ts';
import { testProxy } from '../../support/yahoo-proxy-fixture.ts';

const world = useWorld({ connections: 3 });
const { limits } = shortLimits('state');
let upstreams: RunningUpstreams;
let network: TcpProxy;
let ofKey: Record<string, string>;
const pools: Pool[] = [];
beforeAll(async () => {
  upstreams = await startUpstreams({ port: 0 });
  network = await startTcpProxy(world.databaseUrl);
});
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await network.close();
  await upstreams.stop();
});

const quote = '/yahoo/v7/finance/quote?symbols=AAPL';
const yahooErrorSchema = z.object({ finance: z.object({ result: z.null(), error: z.object({ code: z.string() }) }) });

/** How often a database that is away was felt, and the end of it. */
interface Away {
  readonly felt: () => number;
  readonly end: () => Promise<void>;
}

async function frozen(): Promise<Away> {
  const before = network.counts.swallowed;
  network.blackHole(true);
  return {
    felt: () => network.counts.swallowed - before,
    end: async () => {
      network.blackHole(false);
      network.reset();
    },
  };
}

async function locked(): Promise<Away> {
  const blocker = await world.pool.connect();
  await blocker.query('BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0');
  await blocker.query('LOCK TABLE api_key, proxy_cache, permit, source_state, service_state IN ACCESS EXCLUSIVE MODE');
  let most = 0;
  const watch = setInterval(async () => {
    const { rows } = await world.pool.query<{ waiting: number }>(
      'SELECT count(*)::int AS waiting FROM pg_locks WHERE NOT granted',
    );
    most = Math.max(most, rows[0]?.waiting ?? 0);
  }, 25);
  return {
    felt: () => most,
    end: async () => {
      clearInterval(watch);
      await blocker.query('ROLLBACK');
      blocker.release();
    },
  };
}

/** The proxy as it is deployed, with what the `state` function does on the database; counts what waits for that in vain. */
async function deployed() {
  ofKey = { 'x-api-key': (await world.keys()).read };
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const pool = createPool({ url: network.through(world.databaseUrl) }, 1, limits);
  pools.push(pool);
  const patient = postgresState(pool);
  const waited = { times: 0, longestMs: 0 };
  const invoked: State = {
    async call(request) {
      const began = performance.now();
      try {
        return await patient.call(request);
      } catch (error) {
        waited.times++;
        waited.longestMs = Math.max(waited.longestMs, performance.now() - began);
        throw isDatabaseUnavailable(error) ? new DatabaseUnavailableError({ cause: error }) : error;
      }
    },
  };
  const state = failFastState(invoked, now);
  const proxy = await testProxy(upstreams, {
    state,
    shared: stateSharedCache(state, 'yahoo'),
    gate: keyGate(state, { perSecond: 50, burst: 500 }, now),
    now,
  });
  const pass = (seconds: number) => {
    ahead += seconds * 1_000;
  };
  return { ...proxy, waited, pass };
}

/** Does something while the database is away, and requires that it was felt. */
async function during<T>(takeAway: () => Promise<Away>, work: () => Promise<T>): Promise<T> {
  const away = await takeAway();
  try {
    const result = await work();
    expect(away.felt()).toBeGreaterThan(0);
    return result;
  } finally {
    await away.end();
  }
}

describe.each([
  ['frozen', frozen],
  ['locked', locked],
])('while the database is %s [fault 10, 13]', { timeout: 60_000 }, (_how, takeAway) => {
  it('a quote that was answered before is served, marked stale, after one wait for the database', async () => {
    const { ask, waited, pass } = await deployed();
    expect((await ask(quote, ofKey)).status).toBe(200);
    // Neither the answer nor the key is fresh any more.
    pass(120);
    const answer = await during(takeAway, () => ask(quote, ofKey));
    expect([answer.status, answer.headers.get('x-cache')]).toEqual([200, 'STALE']);
    expect(waited.times).toBe(1);
    // It ended by a limit of the pool: for the lock, or for the answer.
    expect(waited.longestMs).toBeGreaterThan(limits.lock * 0.9);
  });

  it('another quote is a 503 in Yahoo’s form to try again, and on the proxy’s own route a problem', async () => {
    const { ask, waited, pass } = await deployed();
    expect((await ask(quote, ofKey)).status).toBe(200);
    pass(120);
    await during(takeAway, async () => {
      const answer = await ask('/yahoo/v8/finance/chart/MSFT', ofKey);
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
      expect(Object.keys(z.record(z.string(), z.unknown()).parse(await answer.json()))).toEqual(['chart']);
      const own = await ask('/yahoo/quote/MSFT', ofKey);
      expect([own.status, own.headers.get('retry-after')]).toEqual([503, '2']);
      expect(problemSchema.parse(await own.json())).toMatchObject({ code: 'unavailable', retryable: true });
      expect(waited.times).toBe(1);
    });
  });

  it('a key that this container has not seen is a 503 in the form of the route', async () => {
    const { ask } = await deployed();
    await during(takeAway, async () => {
      const answer = await ask(quote, ofKey);
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
      expect(yahooErrorSchema.parse(await answer.json()).finance.error.code).toBe('Service Unavailable');
      const own = await ask('/yahoo/quote/AAPL', ofKey);
      expect([own.status, own.headers.get('content-type')]).toEqual([503, 'application/problem+json']);
    });
  });

  it('a key that was valid is believed for five minutes more, and no longer; then the database is asked again', async () => {
    const { ask, pass } = await deployed();
    await ask(quote, ofKey);
    await during(takeAway, async () => {
      pass(200);
      expect((await ask(quote, ofKey)).status).toBe(200);
      pass(200);
      expect((await ask(quote, ofKey)).status).toBe(503);
    });
    pass(3);
    expect((await ask(quote, ofKey)).status).toBe(200);
  });
});
