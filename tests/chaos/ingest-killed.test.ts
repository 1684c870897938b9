import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrate } from '../../core/adapters/postgres/database/migrate.ts';
import { createPool, type Pool } from '../../core/adapters/postgres/database/pool.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { type RunningDatabase, startDatabase } from '../../localstack/database.ts';
import { folderRawStore } from '../support/folder-raw-store.ts';
import { expectInvariant } from '../support/invariants/expect-invariant.ts';
import { blobsInFolder } from '../support/invariants/kept-blobs.ts';
import { type LoadedBlob, makeLoad, startsAt, symbols } from '../support/load.ts';
import { planBlob } from '../support/load-through-queue.ts';
import { migrationsDirectory } from '../support/postgres.ts';
import { column } from '../support/quote-store-rows.ts';

/** Several hundred blobs: 50 ticks of two sources, each fetched twice in two parts. */
const load = makeLoad(50);

let folder: string;
let database: RunningDatabase;
let pool: Pool;
let worker: ChildProcessByStdio<Writable, Readable, null> | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quotron-chaos-'));
  mkdirSync(join(folder, 'blobs'));
  database = await startDatabase({ dir: join(folder, 'postgres'), persistent: true });
  pool = createPool({ url: database.url }, 2);
  await migrate(pool, migrationsDirectory, new Date(startsAt));
  const blobs = folderRawStore(join(folder, 'blobs'));
  for (const blob of load) {
    await blobs.put(blob.message.blobKey, blob.envelope);
    await planBlob(pool, blob);
  }
  await pool.end();
});

afterAll(async () => {
  worker?.kill('SIGKILL');
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('kill -9 of ingest and of Postgres loses nothing, doubles nothing and leaves no task open [fault 6]', async () => {
  const kills = await deliverWithKills();
  expect(kills.ingest).toBeGreaterThanOrEqual(3);
  expect(kills.postgres).toBeGreaterThanOrEqual(2);

  pool = createPool({ url: database.url }, 2);
  await expectInvariant(pool, { blobs: await blobsInFolder(join(folder, 'blobs')), sourceOf });
  // The load says what must come of it, whatever the parsers read.
  const one = async (text: string) => Number((await column(pool, text))[0]);
  expect(await one("SELECT count(*) FROM task WHERE status = 'failed' AND reason = 'rate_limited'")).toBe(
    load.filter((blob) => blob.good.length === 0).length,
  );
  expect(await one('SELECT sum(accepted) FROM batch')).toBe(load.reduce((sum, blob) => sum + blob.good.length, 0));
  expect(await one('SELECT sum(rejected) FROM batch')).toBe(load.reduce((sum, blob) => sum + blob.bad, 0));
  expect(await column(pool, 'SELECT DISTINCT reason FROM quarantine')).toEqual(['unit_suspect']);
  expect(await column(pool, 'SELECT DISTINCT rule FROM finding')).toEqual(['unit']);
  expect(await one('SELECT count(*) FROM listing')).toBe(symbols);
  await pool.end();
});

/** The second source of the load is in no catalogue. */
const sourceOf = (id: string) => ({ ...yahoo, id });

/** Delivers all messages at least once, the way a queue does, and kills what works on them. */
async function deliverWithKills(): Promise<{ ingest: number; postgres: number }> {
  const pending = new Map(load.map((blob) => [blob.message.blobKey, blob]));
  const kills = { ingest: 0, postgres: 0 };
  // Counts of blobs that are done, at which something dies.
  const plan = [20, 60, 110, 160, 220, 280].map((after, index) => ({
    after,
    what: index % 2 === 0 ? 'ingest' : 'postgres',
  }));
  let next = plan.shift();
  while (pending.size > 0) {
    await runWorker(shuffled([...pending.values(), ...sample(load, 20)]), (key) => {
      pending.delete(key);
      if (!next || load.length - pending.size < next.after) return;
      if (next.what === 'postgres') {
        process.kill(-database.pid, 'SIGKILL');
        kills.postgres++;
      } else {
        worker?.kill('SIGKILL');
        kills.ingest++;
      }
      next = plan.shift();
    });
    if (await hasEnded(database)) database = await startDatabase({ dir: join(folder, 'postgres'), persistent: true });
  }
  // A last redelivery of everything: nothing may change.
  await runWorker(shuffled(load), () => undefined);
  return kills;
}

/** Runs a worker on messages until it ends or is killed. */
async function runWorker(blobs: readonly LoadedBlob[], onDone: (blobKey: string) => void): Promise<void> {
  const file = new URL('../support/ingest-worker.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [file, database.url, join(folder, 'blobs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  worker = child;
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [outcome, key = ''] = line.split(' ');
    if (outcome === 'done') onDone(key);
  });
  child.stdin.end(blobs.map((blob) => `${JSON.stringify(blob.message)}\n`).join(''));
  await new Promise((resolve) => child.once('close', resolve));
  worker = undefined;
}

async function hasEnded(running: RunningDatabase): Promise<boolean> {
  return Promise.race([
    running.ended.then(() => true),
    new Promise<boolean>((resolve) => setTimeout(resolve, 200, false)),
  ]);
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}

function sample<T>(list: readonly T[], count: number): T[] {
  return shuffled(list).slice(0, count);
}
