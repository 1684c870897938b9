import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { httpUpstream } from '../../../core/adapters/http/upstream.ts';
import type { Pool } from '../../../core/adapters/postgres/database/pool.ts';
import { timeLimits } from '../../../core/adapters/postgres/database/time-limits.ts';
import { notRunHere } from '../../support/fault-table/not-run-here.ts';
import { type Site, startSite } from '../../support/hostile-site.ts';
import { queueLoad } from '../../support/load-through-queue.ts';
import { emptyDatabase, startTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { findToxiproxy, startToxiproxy, type Toxic, type ToxicProxy, type Toxiproxy } from '../../support/toxiproxy.ts';

/* Connections broken by another program than ours, with the limits that functions have. The short forms have a proxy of our own. */

let toxiproxy: Toxiproxy | null = null;
let database: TestDatabase;
let pool: Pool;
let site: Site;
beforeAll(async () => {
  const program = await findToxiproxy();
  if (program === null) return;
  toxiproxy = await startToxiproxy(program);
  database = await startTestDatabase();
  pool = database.pool(4);
  site = await startSite({ '/': 'x'.repeat(20_000) });
});
afterAll(async () => {
  await toxiproxy?.stop();
  if (toxiproxy === null) return;
  await site.close();
  await database.stop();
});

let proxy: ToxicProxy;
async function proxyTo(url: string): Promise<ToxicProxy> {
  if (toxiproxy === null) throw new Error('toxiproxy was not started.');
  return toxiproxy.to(url);
}
beforeEach((context) => {
  if (toxiproxy === null) notRunHere(context, 'no toxiproxy (go install github.com/Shopify/toxiproxy/v2/cmd/server)');
});

describe('the database behind toxiproxy', () => {
  beforeEach(async () => {
    await emptyDatabase(pool);
    proxy = await proxyTo(database.url);
  });
  afterEach(() => proxy.cure());

  const faults: [string, number, Toxic][] = [
    ['resets its connections [fault 9]', 4, { type: 'reset_peer', stream: 'downstream', attributes: { timeout: 0 } }],
    ['goes silent [fault 10]', 4, { type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } }],
    ['takes nothing any more [fault 10]', 4, { type: 'timeout', stream: 'upstream', attributes: { timeout: 0 } }],
    [
      'answers 2 s ± 1 s late [fault 11]',
      0,
      { type: 'latency', stream: 'downstream', attributes: { latency: 2_000, jitter: 1_000 } },
    ],
  ];

  it.each(faults)(
    'messages wait, none loses a try, and all is read a minute after the database %s',
    {
      timeout: 300_000,
    },
    async (_name, leastHeld, toxic) => {
      const containers = 3;
      const load = await queueLoad(pool, { ticks: 20, containers, limits: timeLimits('ingest') });
      const reading = load.read(proxy.through(database.url), 240_000);
      await expect.poll(() => load.counts.done, { interval: 5 }).toBeGreaterThan(4);
      await proxy.poison(toxic);
      const before = load.counts;
      await setTimeout(60_000);
      const during = load.counts;
      // The fault fired: what it breaks was held, and what is only slow went on at its pace.
      expect(during.held - before.held).toBeGreaterThanOrEqual(leastHeld);
      expect(load.queue.size).toBeGreaterThan(0);
      console.log(
        `${toxic.type}: ${during.done - before.done} read and ${during.held - before.held} held while it lasted`,
      );
      expect(await proxy.cure()).toEqual([toxic.type]);
      const cured = performance.now();
      await reading;
      expect(performance.now() - cured).toBeLessThan(60_000);
      expect(load.counts.failed).toBe(0);
      await load.expectStored();
    },
  );
});

describe('a source behind toxiproxy', () => {
  const call = async (toxic: Toxic, timeoutMs: number) => {
    const through = await proxyTo(site.origin);
    await through.poison(toxic);
    const url = new URL(through.through(site.origin));
    const upstream = httpUpstream({ origins: [url.origin], allowPrivate: true, timeoutMs, maxBytes: 1_000_000 });
    return upstream({ method: 'GET', url, headers: {} });
  };

  it('that sends a byte a second is given up when its time is over [fault 28]', async () => {
    const drip = { average_size: 1, size_variation: 0, delay: 1_000_000 };
    const began = performance.now();
    const answer = await call({ type: 'slicer', stream: 'downstream', attributes: drip }, 10_000);
    expect(answer).toMatchObject({ response: null, error: { code: 'timeout' } });
    expect(performance.now() - began).toBeGreaterThan(9_000);
  });

  it('of which a kilobyte comes each second is read in its time, and else given up [fault 28]', async () => {
    const slow: Toxic = { type: 'bandwidth', stream: 'downstream', attributes: { rate: 1 } };
    expect(await call(slow, 60_000)).toMatchObject({ response: { status: 200, truncated: false }, error: null });
    expect(await call(slow, 5_000)).toMatchObject({ error: { code: 'timeout' } });
  });

  it('that ends its connection in the answer is cut off, and what came is kept [fault 29]', async () => {
    const answer = await call({ type: 'limit_data', stream: 'downstream', attributes: { bytes: 5_000 } }, 20_000);
    expect(answer).toMatchObject({ response: { status: 200, truncated: true }, error: { code: 'truncated' } });
    expect(answer.response?.body.length).toBeGreaterThan(1_000);
  });

  it('that leaves its connection open is read [fault 29]', async () => {
    const answer = await call({ type: 'slow_close', stream: 'downstream', attributes: { delay: 30_000 } }, 20_000);
    expect(answer).toMatchObject({ response: { status: 200, truncated: false }, error: null });
    expect(answer.response?.body.length).toBe(20_000);
  });
});
