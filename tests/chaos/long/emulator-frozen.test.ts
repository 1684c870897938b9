import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { openTasks } from '../../../core/adapters/postgres/work/run-results.ts';
import { catalogue } from '../../../core/sources/catalogue.ts';
import { emulatorOf } from '../../../localstack/cloud.ts';
import { planCycle } from '../../../localstack/cycle.ts';
import { emulatorClient } from '../../../localstack/emulator.ts';
import { ageTasks } from '../../support/age-tasks.ts';
import { blobsInBucket } from '../../support/invariants/blobs-in-bucket.ts';
import { breachesOf } from '../../support/invariants/expect-invariant.ts';
import { startTestCloud, type TestCloud } from '../../support/test-cloud.ts';

/*
 * The emulator stands still for a minute in the middle of work, its queues, buckets and API with it; the functions are
 * processes of their own and go on. The short forms kill it (tests/local/start.test.ts).
 */

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await startTestCloud({ QUOTRON_SYMBOLS: 'AAPL,VOD.L,BTC-USD,^DJI' });
});
afterAll(() => cloud.stop());

const recordSchema = z.object({ pid: z.int() });

it('an emulator that stands still for a minute loses nothing, and two minutes later all is as before [fault 17]', {
  timeout: 900_000,
}, async () => {
  const { addresses } = cloud;
  const { functions, pool } = cloud.cloud;
  const s3 = new S3Client({ ...emulatorClient(emulatorOf(addresses)), forcePathStyle: true });
  const bucket = addresses.outputs['RawBucket'] ?? '';
  const breaches = async () => breachesOf(pool, { blobs: await blobsInBucket(s3, bucket), underWay: new Set() });
  const { pid } = recordSchema.parse(
    JSON.parse(readFileSync(join(addresses.folder, 'emulator', 'emulator.json'), 'utf8')),
  );
  const post = (path: string) =>
    fetch(`${addresses.apiUrl}${path}`, { method: 'POST', headers: { 'x-api-key': addresses.apiKeys.operate } });
  const ask = () => fetch(`${addresses.apiUrl}/quotes/AAPL`, { headers: { 'x-api-key': addresses.apiKeys.read } });
  const started = async () => {
    const runs = await planCycle(functions);
    expect(runs.length).toBeGreaterThan(catalogue.length);
    return runs;
  };
  /** All but what waits for its source's quota has ended. */
  const ended = (of: readonly string[], timeout: number) =>
    expect.poll(async () => (await openTasks(pool, of)).soon, { timeout, interval: 500 }).toBe(0);
  await ended(await started(), 180_000);

  const runs = await started();
  const stood = async () => {
    const { rows } = await pool.query(
      'SELECT status, count(*)::int AS tasks FROM task WHERE run_id = ANY ($1) GROUP BY 1',
      [runs],
    );
    const found = z.array(z.object({ status: z.string(), tasks: z.int() })).parse(rows);
    return Object.fromEntries(found.map(({ status, tasks }) => [status, tasks]));
  };
  // Some requests are under way, and some tasks still wait.
  await expect.poll(async () => (await stood())['running'] ?? 0, { timeout: 60_000, interval: 10 }).toBeGreaterThan(0);
  process.kill(pid, 'SIGSTOP');
  const frozen = performance.now();
  const atStop = await stood();
  try {
    // The fault fires: nothing of it answers, and the page says so in its time.
    expect((await ask()).status).toBe(504);
    await setTimeout(60_000 - (performance.now() - frozen));
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  const thawed = performance.now();
  console.log(`Frozen with ${JSON.stringify(atStop)}, a minute later ${JSON.stringify(await stood())}`);
  await expect.poll(async () => (await ask()).status, { timeout: 120_000, interval: 500 }).toBe(200);
  console.log(`The API answers ${((performance.now() - thawed) / 1000).toFixed(1)} s after it goes on`);
  // What begins now is as before.
  await ended(await started(), 120_000);
  console.log(`A cycle is through ${((performance.now() - thawed) / 1000).toFixed(1)} s after it goes on`);
  expect(performance.now() - thawed).toBeLessThan(120_000);

  // What it interrupted comes again when its message does, and ends once.
  await ended(runs, 600_000);
  console.log(`What was interrupted has ended after ${((performance.now() - thawed) / 1000).toFixed(1)} s`);
  expect((await post('/services/scheduler/stop')).status).toBe(200);
  // A worker that was interrupted after it had kept its answer told nobody: the monitor finds it a quarter of an hour later.
  await ageTasks(pool);
  await functions.invoke('monitor', { time: new Date().toISOString() });
  await expect.poll(breaches, { timeout: 180_000, interval: 1_000 }).toEqual([]);
  s3.destroy();
});
