import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPool, inTransaction, type Pool } from '../../../core/adapters/postgres/database/pool.ts';
import { timeLimits } from '../../../core/adapters/postgres/database/time-limits.ts';
import { timeoutSeconds } from '../../../core/contracts/functions.ts';
import { makeKeys, testApi } from '../../support/api-fixture.ts';
import { queueLoad } from '../../support/load-through-queue.ts';
import { emptyDatabase, startTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';

/* With the limits that the functions have. The short forms have the same in proportion. */

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await startTestDatabase();
  pool = database.pool(4);
});
afterAll(() => database.stop());

it('a table that is locked for 30 s gives 503 within the API’s limits, and ingest is through a minute later [fault 13]', {
  timeout: 180_000,
}, async () => {
  await emptyDatabase(pool);
  const keys = await makeKeys(pool);
  const load = await queueLoad(pool, { ticks: 10, containers: 3, limits: timeLimits('ingest') });
  const ofApi = createPool({ url: database.url }, 1, timeLimits('api'));
  const blocker = await pool.connect();
  await blocker.query(
    'BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; LOCK TABLE latest_quote IN ACCESS EXCLUSIVE MODE',
  );
  const locked = performance.now();
  const reading = load.read(database.url, 120_000);
  const times: number[] = [];
  while (performance.now() - locked < 30_000) {
    const asked = performance.now();
    expect((await testApi(ofApi).ask('/quotes', { key: keys.read })).status).toBe(503);
    times.push(performance.now() - asked);
  }
  await blocker.query('COMMIT');
  blocker.release();
  const free = performance.now();
  await reading;
  expect(performance.now() - free).toBeLessThan(60_000);
  expect(load.counts.held).toBeGreaterThan(0);
  expect(Math.max(...times)).toBeLessThan(timeoutSeconds.api * 500);
  expect((await testApi(ofApi).ask('/quotes', { key: keys.read })).status).toBe(200);
  await ofApi.end();
  await load.expectStored();
});

it('a container that vanishes in its transaction holds the others for no longer than 15 s [fault 10]', {
  timeout: 180_000,
}, async () => {
  await emptyDatabase(pool);
  const load = await queueLoad(pool, { ticks: 5, containers: 3, limits: timeLimits('ingest') });
  const proxy = await startTcpProxy(database.url);
  const vanished = createPool({ url: proxy.through(database.url) }, 1, timeLimits('ingest'));
  const lost = inTransaction(vanished, async (connection) => {
    await connection.query('LOCK TABLE latest_quote IN ACCESS EXCLUSIVE MODE');
    expect(proxy.vanish()).toBe(1);
    await connection.query('SELECT 1');
  }).catch(() => undefined);
  await lost;
  const started = performance.now();
  // Waits for the lock as another container does.
  await pool.query('SELECT FROM latest_quote LIMIT 1');
  const waited = performance.now() - started;
  console.log(`The lock of a container that vanished was free after ${(waited / 1000).toFixed(1)} s`);
  expect(waited).toBeGreaterThan(5_000);
  expect(waited).toBeLessThan(15_000);
  await load.read(database.url, 60_000);
  await load.expectStored();
  await vanished.end();
  await proxy.close();
});
