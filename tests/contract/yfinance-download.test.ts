import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { setQuotas } from '../../core/sources/catalogue.ts';
import { type RunningUpstreams, startUpstreams } from '../../localstack/upstreams/server.ts';
import { inventedSymbol } from '../../localstack/upstreams/yahoo/listings.ts';
import { installYfinanceDownload, namesWithData } from '../clients/yahoo-clients.ts';
import { type TestProxy, testProxy } from '../support/yahoo-proxy-fixture.ts';

/*
 * `download` of yfinance, unchanged but for where it connects, asks twice for each name: for its zone and for its bars. Here
 * the proxy's minutes pass when the test says so; `npm run clients` waits for them.
 */

const names = Array.from({ length: 100 }, (_, at) => inventedSymbol(at + 1));
let upstreams: RunningUpstreams;
let download: Awaited<ReturnType<typeof installYfinanceDownload>>;
let served: Server;
let proxy: TestProxy;
let base: string;
/** How long those who were refused are told to wait, by answer. */
let waits: number[] = [];

beforeAll(async () => {
  [download, upstreams] = await Promise.all([installYfinanceDownload(), startUpstreams({ port: 0, listings: 200 })]);
}, 180_000);
afterAll(() => upstreams?.stop());
afterEach(async () => {
  setQuotas(new Map());
  served.closeAllConnections();
  await new Promise((resolve) => served.close(resolve));
});

async function serve(): Promise<void> {
  proxy = await testProxy(upstreams, {}, 20_000);
  waits = [];
  served = createServer(
    getRequestListener(async (request) => {
      const answer = await proxy.proxy.app.fetch(request);
      if (answer.status === 429) waits.push(Number(answer.headers.get('retry-after')));
      return answer;
    }),
  );
  await new Promise<void>((resolve) => served.listen(0, '127.0.0.1', resolve));
  const address = served.address();
  base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/yahoo`;
}

describe('yfinance’s download with an empty cache', () => {
  it('of 100 names at a quota of 400 a minute has data of all', async () => {
    setQuotas(new Map([['yahoo', { perMinute: 400, perDay: 20_000 }]]));
    await serve();
    const got = await download(base, names);
    expect(got.failures).toEqual([]);
    expect(namesWithData(got).toSorted()).toEqual(names.toSorted());
    expect(waits).toEqual([]);
  }, 300_000);

  it('of 60 names at the usual quota ends with all when it is repeated after the times that it is told', async () => {
    await serve();
    const sixty = names.slice(0, 60);
    const seen = new Set<string>();
    let rounds = 0;
    for (; seen.size < 60 && rounds < 8; rounds++) {
      const got = await download(base, sixty);
      for (const name of namesWithData(got)) seen.add(name);
      if (seen.size === 60) break;
      // What has no data has it for want of quota, and says so.
      expect(got.failures.join()).toContain('YFRateLimitError');
      expect(waits.length).toBeGreaterThan(0);
      expect(Math.min(...waits)).toBeGreaterThan(0);
      expect(Math.max(...waits)).toBeLessThanOrEqual(67);
      // Nobody else is paused, and what is cached is given out meanwhile.
      expect(await (await proxy.ask('/yahoo/health')).json()).toMatchObject({
        checks: { 'yahoo:pause': [{ observedValue: null }], 'yahoo:breaker': [{ observedValue: 'closed' }] },
      });
      const [cached = ''] = seen;
      const kept = await proxy.ask(`/yahoo/v8/finance/chart/${cached}?range=1d&interval=1d`);
      expect(kept.status).toBe(200);
      const state = kept.headers.get('x-cache');
      expect(rounds === 0 ? ['HIT'] : ['HIT', 'STALE']).toContain(state);
      expect([state, kept.headers.has('warning')]).toEqual([state, state === 'STALE']);
      proxy.pass(Math.max(...waits));
      waits = [];
    }
    expect([...seen].toSorted()).toEqual(sixty.toSorted());
    // 120 calls, of which 45 fit into a minute: three minutes at the least.
    expect(rounds).toBeGreaterThanOrEqual(2);
  }, 300_000);
});
