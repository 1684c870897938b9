import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { memoryState } from '../../../core/adapters/memory/state.ts';
import { createApiKey } from '../../../core/auth/api-keys.ts';
import { problemSchema } from '../../../core/contracts/http/envelope.ts';
import { DatabaseUnavailableError } from '../../../core/ports/database-unavailable.ts';
import type { State } from '../../../core/ports/state.ts';
import { failFastState } from '../../../functions/yahoo-proxy/fail-fast-state.ts';
import { keyGate } from '../../../functions/yahoo-proxy/gate.ts';
import { stateSharedCache } from '../../../functions/yahoo-proxy/shared-cache.ts';
import { type RunningUpstreams, startUpstreams } from '../../../localstack/upstreams/server.ts';
import { testProxy } from '../../support/yahoo-proxy-fixture.ts';

let upstreams: RunningUpstreams;
beforeAll(async () => {
  upstreams = await startUpstreams({ port: 0 });
});
afterAll(() => upstreams.stop());

const key = createApiKey().key;
const quote = '/yahoo/v7/finance/quote?symbols=AAPL';
const ofKey = { 'x-api-key': key };
const yahooErrorSchema = z.object({ finance: z.object({ result: z.null(), error: z.object({ code: z.string() }) }) });

/** The proxy as it is deployed, on a `state` whose database can be taken away; counts what waits for that. */
async function deployed() {
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const memory = memoryState(now, () => 'a caller');
  const world = { away: false, waited: 0 };
  const slow: State = {
    async call(request) {
      if (!world.away) return memory.call(request);
      world.waited++;
      throw new DatabaseUnavailableError();
    },
  };
  const state = failFastState(slow, now);
  const proxy = await testProxy(upstreams, {
    state,
    shared: stateSharedCache(state, 'yahoo'),
    gate: keyGate(state, { perSecond: 50, burst: 500 }, now),
    now,
  });
  const pass = (seconds: number) => {
    ahead += seconds * 1_000;
  };
  return { ...proxy, world, pass };
}

describe('while the database is away [fault 10, 13]', () => {
  it('a quote that was answered before is served, marked stale, after one wait for the database', async () => {
    const { ask, world, pass } = await deployed();
    expect((await ask(quote, ofKey)).status).toBe(200);
    world.away = true;
    // Neither the answer nor the key is fresh any more.
    pass(120);
    const answer = await ask(quote, ofKey);
    expect([answer.status, answer.headers.get('x-cache')]).toEqual([200, 'STALE']);
    expect(world.waited).toBe(1);
  });

  it('another quote is a 503 in Yahoo’s form to try again, and on the proxy’s own route a problem', async () => {
    const { ask, world, pass } = await deployed();
    expect((await ask(quote, ofKey)).status).toBe(200);
    world.away = true;
    pass(120);
    const answer = await ask('/yahoo/v8/finance/chart/MSFT', ofKey);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
    expect(Object.keys(z.record(z.string(), z.unknown()).parse(await answer.json()))).toEqual(['chart']);
    const own = await ask('/yahoo/quote/MSFT', ofKey);
    expect([own.status, own.headers.get('retry-after')]).toEqual([503, '2']);
    expect(problemSchema.parse(await own.json())).toMatchObject({ code: 'unavailable', retryable: true });
    expect(world.waited).toBe(1);
  });

  it('a key that this container has not seen is a 503 in the form of the route', async () => {
    const { ask, world } = await deployed();
    world.away = true;
    const answer = await ask(quote, ofKey);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
    expect(yahooErrorSchema.parse(await answer.json()).finance.error.code).toBe('Service Unavailable');
    const own = await ask('/yahoo/quote/AAPL', ofKey);
    expect([own.status, own.headers.get('content-type')]).toEqual([503, 'application/problem+json']);
  });

  it('a key that was valid is believed for five minutes more, and no longer; then the database is asked again', async () => {
    const { ask, world, pass } = await deployed();
    await ask(quote, ofKey);
    world.away = true;
    pass(200);
    expect((await ask(quote, ofKey)).status).toBe(200);
    pass(200);
    expect((await ask(quote, ofKey)).status).toBe(503);
    world.away = false;
    pass(3);
    expect((await ask(quote, ofKey)).status).toBe(200);
  });
});
