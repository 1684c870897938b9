import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { apiKeyStore } from '../../core/adapters/postgres/access/api-key-store.ts';
import { exportStore } from '../../core/adapters/postgres/history/export-store.ts';
import { postgresRecoveryStore } from '../../core/adapters/postgres/recovery/recovery-store.ts';
import { secretHash } from '../../core/auth/api-keys.ts';
import { VisibleSources } from '../../core/auth/visible-sources.ts';
import type { Tick } from '../../core/contracts/messages.ts';
import { longestThrottleSeconds } from '../../core/contracts/queues.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { addRule } from '../support/alerts.ts';
import { makeKey } from '../support/api-fixture.ts';
import { type SmallAccount, startSmallAccount } from '../support/few-executions.ts';

/* An account of 10 executions at once, with `dev`, which would use 22: ADR 38 says that throttling loses nothing. */

const executions = 10;
const symbols = ['AAPL', 'MSFT', 'NVDA', 'BTC-USD', 'ETH-USD'];
const wishes = [
  ...[1, 2, 3, 4].map(() => ({ sourceId: 'yahoo', job: 'quotes' })),
  ...[1, 2].map(() => ({ sourceId: 'coingecko', job: 'quotes' })),
  { sourceId: 'yahoo', job: 'daily-bars' },
  { sourceId: 'alpha-vantage', job: 'quotes' },
  { sourceId: 'slickcharts', job: 'constituents' },
];

let world: SmallAccount;
let keyId: string;
beforeAll(async () => {
  world = await startSmallAccount(executions, symbols);
  const key = await makeKey(world.pool, 'operate');
  keyId = (await apiKeyStore(world.pool).findKey(secretHash(key), new Date()))?.keyId ?? '';
}, 300_000);
afterAll(() => world.stop());

/** Everything at once. Gives the ids of exports. */
async function burst(): Promise<string[]> {
  for (const wish of wishes) {
    const run = { ...wish, trigger: 'manual', requestId: randomUUID() } as const;
    world.send('ticks', { time: new Date().toISOString(), run } satisfies Tick);
  }
  const recovery = { id: randomUUID(), sourceId: 'coingecko', trigger: 'manual' } as const;
  const { created } = await postgresRecoveryStore(world.pool).create({
    ...{ ...recovery, requestedAt: new Date(), requestedBy: null },
  });
  if (created) world.send('recoveries', { recoveryId: recovery.id });
  const { rows } = await world.pool.query<{ id: number }>('SELECT id FROM listing ORDER BY id');
  const exports = [randomUUID(), randomUUID(), randomUUID()];
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  for (const id of exports) {
    await exportStore(world.pool)(VisibleSources.of('internal', catalogue)).create({
      ...{ id, use: 'internal', symbols: null, exchange: null, intervals: ['tick', '1d'], leftOut: [] },
      ...{ from: day(Date.now() - 30 * 86_400_000), to: day(Date.now() + 86_400_000), createdAt: new Date(), keyId },
      listings: rows.map((row) => row.id),
    });
    world.send('exports', { exportId: id });
  }
  for (const bell of ['events', 'alerts']) world.send(bell, {});
  return exports;
}

/** What is still open. */
async function open(): Promise<string[]> {
  const counts = {
    'tasks of runs': await world.count(
      "FROM task WHERE finished_at IS NULL AND source_id IN ('yahoo', 'coingecko', 'alpha-vantage')",
    ),
    recoveries: await world.count("FROM recovery WHERE status IN ('pending', 'running')"),
    exports: await world.count("FROM export WHERE status IN ('waiting', 'running')"),
    events: await world.count('FROM outbox WHERE published_at IS NULL'),
  };
  return [...world.waiting, ...Object.entries(counts).flatMap(([what, n]) => (n > 0 ? [`${n} ${what}`] : []))];
}

it('a quarter of an hour without a free execution, and then ten for everything at once, lose nothing', async () => {
  const channelIds = [await world.addWebhook()];
  const when = { kind: 'price_above', symbol: 'AAPL', price: 0.01 } as const;
  await addRule(world.pool, { when, channelIds, keyId, at: new Date() });

  const giveBack = world.account.takeAll();
  await burst();
  // Nothing works meanwhile, so that the clock need not be the functions' own.
  world.clock.run(100);
  await world.clock.sleep(longestThrottleSeconds);
  world.clock.run(2);
  expect(world.dead).toEqual([]);
  expect(world.receives('recoveries')).toBeGreaterThan(5);
  giveBack();

  await expect.poll(() => world.count('FROM quote'), { timeout: 180_000 }).toBeGreaterThan(0);
  const exports = await burst();
  await expect.poll(open, { timeout: 300_000, interval: 500 }).toEqual([]);

  expect(world.dead).toEqual([]);
  expect(world.account.peak).toBeLessThanOrEqual(executions);
  const quoted = await world.pool.query<{ symbol: string }>(
    "SELECT DISTINCT a.symbol FROM latest_quote q JOIN symbol_alias a USING (listing_id) WHERE a.namespace = 'canonical'",
  );
  expect(quoted.rows.map(({ symbol }) => symbol).sort()).toEqual([...symbols].sort());
  for (const id of exports) expect([...world.objects.keys()]).toContain(`raw/exports/${id}/_manifest.json`);
  expect(world.published.count).toBeGreaterThan(0);
  expect(world.receiver.received).toBeGreaterThan(0);
}, 600_000);
