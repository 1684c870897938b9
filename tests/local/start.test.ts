import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { createPool, type Pool } from '../../core/adapters/postgres/database/pool.ts';
import { standingTtlMs } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { localInstallation, physicalName } from '../../core/contracts/installation.ts';
import { emulatorOf, localFileSchema } from '../../localstack/cloud.ts';
import { functionOutput } from '../../localstack/deploy.ts';
import { emulatorClient } from '../../localstack/emulator.ts';
import { functionsOf } from '../../localstack/functions.ts';
import { ageTasks } from '../support/age-tasks.ts';
import { stateFolder } from '../support/cli-process.ts';
import { expectNothingLost, post, rawBucket } from '../support/invariants/expect-nothing-lost.ts';
import { eventually } from '../support/shared-cloud.ts';

// One cloud of the user's own, started, stopped and started again, beside the one that the other tests share.
const place = stateFolder();
afterAll(() => place.remove());
// What a test that failed leaves running would fail those after it.
afterEach(({ task }) => (task.result?.state === 'fail' ? place.endAll() : undefined));

const readySchema = localFileSchema.extend({ signInUrl: z.string() });
type Ready = z.infer<typeof readySchema>;
const onceSchema = z.object({
  ok: z.boolean(),
  accepted: z.int(),
  failures: z.array(z.object({ job: z.string(), reason: z.string() })),
  indices: z.array(z.record(z.string(), z.unknown())),
});

/** How many blobs of first cycles there are; every one that the database names must be. */
async function blobsOf(ready: Ready): Promise<number> {
  const s3 = new S3Client({ ...emulatorClient(emulatorOf(ready)), forcePathStyle: true });
  const pool = createPool({ url: ready.databaseUrl });
  try {
    const { rows } = await pool.query<{ blob_key: string }>(
      "SELECT blob_key FROM batch JOIN run ON run.id = run_id WHERE trigger = 'first_cycle'",
    );
    const bucket = await rawBucket(s3);
    for (const { blob_key: key } of rows) await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return rows.length;
  } finally {
    await pool.end();
    s3.destroy();
  }
}

function localFile() {
  return localFileSchema.parse(JSON.parse(readFileSync(join(place.folder, 'local.json'), 'utf8')));
}

/** What the first start puts on the watch list. No page has them, so no browser is started each time. */
const symbols = 'GOOGL,OCDO.L';

async function startAndWait(): Promise<{ running: ReturnType<typeof place.run>; ready: Ready }> {
  const running = place.run('start.ts', ['--json'], { QUOTRON_SYMBOLS: symbols });
  await running.untilSaid('signInUrl', 120_000);
  return { running, ready: readySchema.parse(JSON.parse(running.stdout())) };
}

const taskRow = z.object({ run: z.string(), job: z.string(), status: z.string(), finished: z.boolean() });

async function tasksOf(pool: Pool, runs: readonly string[]) {
  const { rows } = await pool.query(
    `SELECT run_id AS run, job, status, finished_at IS NOT NULL AS finished FROM task JOIN run ON run.id = run_id
     WHERE run_id = ANY($1)`,
    [runs],
  );
  return z.array(taskRow).parse(rows);
}

async function tickMonitor(ready: Ready): Promise<void> {
  const outputs = { [functionOutput('monitor')]: physicalName(localInstallation, 'monitor') };
  const functions = functionsOf(emulatorOf(ready), { outputs, fresh: false });
  await functions.invoke('monitor', { time: new Date().toISOString() });
  functions.close();
}

/**
 * Kills the emulator while one answer is kept and waits in the queue of `ingest`, and one request is under way. Gives the
 * runs by their job, and how their tasks stood.
 */
async function killEmulatorAtWork(ready: Ready, pool: Pool) {
  // Attempts of the start before it that were killed keep their share of the quota until their lease is over (150 s).
  const patienceMs = 240_000;
  const taskOf = (job: string, status: string) =>
    eventually(
      `a task of ${job} to be ${status}`,
      async () => {
        const { rows } = await pool.query(
          `SELECT run_id AS run FROM task JOIN run ON run.id = run_id
           WHERE task.source_id = 'yahoo' AND trigger = 'manual' AND job = $1 AND task.status = $2`,
          [job, status],
        );
        return z.array(z.object({ run: z.string() })).parse(rows)[0]?.run;
      },
      patienceMs,
    );
  // Meanwhile what waits for `ingest` goes back to its queue.
  const until = new Date(Date.now() + patienceMs).toISOString();
  await post(ready, `${ready.apiUrl}/services/ingest/stop`, { until });
  // A container that has just read a blob may take the next one without asking again whether it is stopped.
  await setTimeout(standingTtlMs);
  await post(ready, `${ready.apiUrl}/sources/yahoo/run`, { job: 'quotes' });
  const quotes = await taskOf('quotes', 'fetched');
  await post(ready, `${ready.upstreamsUrl}/_control/faults`, { source: 'yahoo', fault: 'hang' });
  await post(ready, `${ready.apiUrl}/sources/yahoo/run`, { job: 'daily-bars' });
  const killed = { quotes, 'daily-bars': await taskOf('daily-bars', 'running') };
  const open = Object.fromEntries((await tasksOf(pool, Object.values(killed))).map(({ job, status }) => [job, status]));
  const record: unknown = JSON.parse(readFileSync(join(place.folder, 'emulator', 'emulator.json'), 'utf8'));
  process.kill(z.object({ pid: z.int() }).parse(record).pid, 'SIGKILL');
  return { killed, open };
}

describe('npm start', () => {
  let first: Ready;
  let blobs = 0;

  /** The keys of the first start read what it stored, and another first cycle has been added to it. */
  async function goneOn(ready: Ready): Promise<void> {
    const answer = await fetch(`${ready.apiUrl}/quotes/GOOGL`, { headers: { 'x-api-key': first.apiKeys.read } });
    expect(answer.status).toBe(200);
    const before = blobs;
    blobs = await blobsOf(ready);
    expect(blobs).toBeGreaterThan(before);
  }

  it('prints its addresses, writes local.json for its owner only, and serves the symbols that were asked for', async () => {
    const { running, ready } = await startAndWait();
    first = ready;
    const shared = inject('cloud');
    // Two side by side, with nothing in common.
    expect(
      new Set([
        ready.dashboardUrl,
        ready.emulatorUrl,
        ready.upstreamsUrl,
        shared.dashboardUrl,
        shared.emulatorUrl,
        shared.upstreamsUrl,
      ]).size,
    ).toBe(6);
    expect(ready.apiUrl).toMatch(/\/api\/v1$/);
    expect(statSync(join(place.folder, 'local.json')).mode & 0o777).toBe(0o600);
    const { signInUrl, ...addresses } = ready;
    expect(localFile()).toEqual(addresses);
    expect(signInUrl).toMatch(/#sign-in=.{20,}/);

    const ask = (symbol: string) =>
      fetch(`${ready.apiUrl}/quotes/${symbol}`, { headers: { 'x-api-key': ready.apiKeys.read } });
    expect((await ask('OCDO.L')).status).toBe(200);
    expect((await ask('BTC-USD')).status).toBe(404);

    const second = await place.run('start.ts').finished;
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/already runs/);
    const reset = await place.run('reset.ts').finished;
    expect(reset.code).toBe(1);
    expect(reset.stderr).toMatch(/Stop it first/);

    blobs = await blobsOf(ready);
    expect(blobs).toBeGreaterThan(0);
    running.signal('SIGINT');
    expect((await running.finished).code).toBe(0);
    expect(await place.nothingLeft()).toEqual([]);
  });

  it('continues with what was there and deploys nothing: prices, blobs, keys and addresses', {
    timeout: 240_000,
  }, async () => {
    const { running, ready } = await startAndWait();
    expect(running.stderr()).toContain('nothing has changed');
    expect(ready.apiKeys).toEqual(first.apiKeys);
    expect(ready.dashboardUrl).toBe(first.dashboardUrl);
    await goneOn(ready);
    running.signal('SIGKILL');
    await running.finished;
    // Its parts notice that it is gone: the emulator saves its state first.
    expect(await place.nothingLeft(60_000)).toEqual([]);
  });

  it('ends when the process that npm started is killed with -9', { timeout: 300_000 }, async () => {
    const running = place.run('run.mjs', ['localstack/start.ts', '--live']);
    await running.untilSaid('Database', 120_000);
    running.signal('SIGKILL');
    expect(await place.nothingLeft(120_000)).toEqual([]);
  });

  it('was killed with -9, and the next start puts all in order', async () => {
    const { running, ready } = await startAndWait();
    expect(ready.apiKeys).toEqual(first.apiKeys);
    await goneOn(ready);
    running.signal('SIGTERM');
    expect((await running.finished).code).toBe(0);
    expect(await place.nothingLeft()).toEqual([]);
  });

  it('ends when its emulator is killed in the middle of work, and the next start loses nothing of it [fault 17]', {
    timeout: 700_000,
  }, async () => {
    const { running, ready } = await startAndWait();
    const pool = createPool({ url: ready.databaseUrl });
    const { killed, open } = await killEmulatorAtWork(ready, pool).finally(() => pool.end());
    expect(open).toMatchObject({ quotes: 'fetched', 'daily-bars': 'running' });
    const ended = await running.finished;
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('The emulator has ended unexpectedly');
    expect(ended.stderr).not.toMatch(/\n\s+at /);
    expect(await place.nothingLeft()).toEqual([]);

    const again = await startAndWait();
    await goneOn(again.ready);
    await post(again.ready, `${again.ready.apiUrl}/services/ingest/start`);
    const later = createPool({ url: again.ready.databaseUrl });
    try {
      // The messages in its queues went with the emulator. A quarter of an hour later the monitor looks for what is open.
      await ageTasks(later);
      await tickMonitor(again.ready);
      // What was kept is read, and what was not is a failure: each task has one end.
      const ends = await eventually('the tasks to end', async () => {
        const found = await tasksOf(later, Object.values(killed));
        return found.every(({ finished }) => finished) ? found : undefined;
      });
      expect(ends).toHaveLength(2);
      const kept = await eventually('the kept answer to be read', async () => {
        const { rows } = await later.query('SELECT accepted FROM batch WHERE run_id = $1', [killed.quotes]);
        return rows.length > 0 ? rows : undefined;
      });
      expect(kept).toEqual([{ accepted: 2 }]);
      await blobsOf(again.ready);
      await expectNothingLost(again.ready, later);
    } finally {
      await later.end();
    }
    again.running.signal('SIGTERM');
    expect((await again.running.finished).code).toBe(0);
    expect(await place.nothingLeft()).toEqual([]);
  });

  it('deploys again when the state of the emulator is gone, and continues with what the database has [fault 18]', async () => {
    rmSync(join(place.folder, 'emulator'), { recursive: true });
    const { running, ready } = await startAndWait();
    expect(running.stderr()).not.toContain('Deploy: nothing has changed');
    expect(ready.apiKeys).toEqual(first.apiKeys);
    const pool = createPool({ url: ready.databaseUrl });
    try {
      // The raw answers of before are gone with it; its first cycle has stored new ones.
      const { rows } = await pool.query(
        "SELECT count(*)::int AS batches FROM batch JOIN run ON run.id = run_id WHERE trigger = 'first_cycle'",
      );
      const [found] = z.array(z.object({ batches: z.int() })).parse(rows);
      expect(found?.batches).toBeGreaterThan(blobs);
    } finally {
      await pool.end();
    }
    const answer = await fetch(`${ready.apiUrl}/quotes/GOOGL`, { headers: { 'x-api-key': first.apiKeys.read } });
    expect(answer.status).toBe(200);
    running.signal('SIGTERM');
    expect((await running.finished).code).toBe(0);
    expect(await place.nothingLeft()).toEqual([]);
  });

  it('stops everything when it is interrupted half-way', async () => {
    const running = place.run('start.ts', ['--live']);
    await running.untilSaid('Database', 60_000);
    running.signal('SIGINT');
    const { code } = await running.finished;
    expect(code).toBe(130);
    expect(await place.nothingLeft()).toEqual([]);
  });

  const once = (of: string, ...more: string[]) =>
    place.run('start.ts', ['--once', ...more], { QUOTRON_SYMBOLS: of }).finished;
  /** A first start deploys: on a busy machine that takes minutes. */
  const firstStartMs = 300_000;
  /** The same as a first start: the symbols are those that the watch list begins with. */
  const firstOnce = async (of: string, ...more: string[]) => {
    expect((await place.run('reset.ts').finished).code).toBe(0);
    return once(of, ...more);
  };

  it(
    'with --once prints tables of what a cycle stored, and ends',
    async () => {
      const { code, stdout } = await firstOnce('aapl,VOD.L,^DJI');
      expect(code).toBe(0);
      expect(stdout).toMatch(/symbol\s+price\s+as of\s+source\s+rows stored\s+rejected/);
      expect(stdout).toMatch(/AAPL\s+[\d.]+ USD\s+\d{4}-\d\d-\d\dT[\d:.]+Z\s+yahoo\s+\d+\s+0/);
      expect(stdout).toMatch(/index\s+members\s+heaviest member\s+source\s+fetched at/);
      expect(stdout).toContain('Simulated data: all sources are simulated');
      expect(stdout).toMatch(/\^DJI\s+30\s+\S+ \d+\.\d\d %\s+slickcharts\s+\d{4}-\d\d-\d\dT[\d:.]+Z/);
      expect(await place.nothingLeft()).toEqual([]);
    },
    firstStartMs,
  );

  it(
    'takes symbols at the first start only, and says so later with the commands that change the list',
    async () => {
      const { code, stdout, stderr } = await once('AAPL,SHOP,^GSPC');
      expect(code).toBe(0);
      expect(stdout + stderr).toContain('QUOTRON_SYMBOLS fills the watch list at the first start only');
      expect(stdout + stderr).toContain("npx quotron watch add SHOP '^GSPC'");
      expect(stdout + stderr).toContain("npx quotron watch remove VOD.L '^DJI'");
      expect(stdout).toMatch(/VOD\.L\s+[\d.]+ GBP/);
      expect(await place.nothingLeft()).toEqual([]);
    },
    firstStartMs,
  );

  it(
    'calls an unknown symbol unknown, in its last line too, and ends with 1',
    async () => {
      const { code, stdout, stderr } = await firstOnce('SHOP,ZZZZZZ');
      expect(code).toBe(1);
      expect(stdout).toMatch(/SHOP\s+[\d.]+ USD\s+\S+\s+yahoo/);
      expect(stdout).toMatch(/ZZZZZZ\s+unknown\s+–\s+yahoo/);
      const told = stderr.split('\n').findLast((line) => line.includes('Unknown'));
      expect(told).toMatch(/Unknown: ZZZZZZ\..*npx quotron watch remove ZZZZZZ/);
      expect(await place.nothingLeft()).toEqual([]);
    },
    firstStartMs,
  );

  it(
    'with --once --json prints JSON, and ends with 1 when nothing was stored',
    async () => {
      const { code, stdout, stderr } = await firstOnce('NOSUCH', '--json');
      // Of each source that has a job for shares. What indices are made of was not asked for.
      expect([code, stderr]).toEqual([1, expect.stringContaining('Nothing was stored')]);
      const told = onceSchema.parse(JSON.parse(stdout));
      expect(told).toMatchObject({ ok: false, accepted: 0, indices: [] });
      expect(told.failures.length).toBeGreaterThan(1);
      for (const { reason } of told.failures) expect(['not_found', 'no_data', 'bad_request']).toContain(reason);
      expect(await place.nothingLeft()).toEqual([]);
    },
    firstStartMs,
  );

  it('npm run reset drops it all', async () => {
    const { code, stdout } = await place.run('reset.ts').finished;
    expect(code).toBe(0);
    expect(stdout).toContain('Deleted the state');
    expect((await place.run('reset.ts').finished).stdout).toContain('no state');
  });
});
