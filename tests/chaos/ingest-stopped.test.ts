import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { folderRawStore } from '../support/folder-raw-store.ts';
import { expectInvariant } from '../support/invariants/expect-invariant.ts';
import { blobsInFolder } from '../support/invariants/kept-blobs.ts';
import { makeLoad } from '../support/load.ts';
import { emptyDatabase, startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { column } from '../support/quote-store-rows.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

type Child = ChildProcessByStdio<Writable, Readable, null>;
const load = makeLoad(8);
const children = new Set<Child>();
let folder: string;
let database: TestDatabase;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quotron-chaos-'));
  mkdirSync(join(folder, 'blobs'));
  database = await startTestDatabase(new Date(Date.UTC(2026, 10, 20)));
  const blobs = folderRawStore(join(folder, 'blobs'));
  for (const { message, envelope } of load) await blobs.put(message.blobKey, envelope);
});
beforeEach(async () => {
  const pool = database.pool(1);
  await emptyDatabase(pool);
  for (const { message, slot, good } of load) {
    await pool.query(
      `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at) VALUES ($1, $2, 'quotes', 'quotes', 'schedule', $3, now())`,
      [message.runId, message.sourceId, slot],
    );
    await pool.query(
      `INSERT INTO task (run_id, part, source_id, symbols, due_at, status, attempt) VALUES ($1, 0, $2, '{}', now(), 'fetched', 1)`,
      [message.runId, message.sourceId],
    );
    await pool.query(
      `INSERT INTO task_attempt (run_id, part, attempt, worker, finished_at, ok, reason, blob_key)
       VALUES ($1, 0, 1, 'test', now(), $2, CASE WHEN NOT $2 THEN 'rate_limited' END, $3)`,
      [message.runId, good.length > 0, message.blobKey],
    );
  }
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await database?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A container of ingest with messages, all unless given. Gives the blobs that it says are done, and those that failed. */
function container(url = database.url, messages = load) {
  const file = new URL('../support/ingest-worker.ts', import.meta.url).pathname;
  const child: Child = spawn(process.execPath, [file, url, join(folder, 'blobs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.add(child);
  child.stdin.on('error', () => undefined);
  const done = new Set<string>();
  const failed = new Set<string>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [outcome, key = ''] = line.split(' ');
    (outcome === 'done' ? done : failed).add(key);
  });
  child.stdin.end(messages.map((blob) => `${JSON.stringify(blob.message)}\n`).join(''));
  return { child, done, failed, ended: new Promise((resolve) => child.once('close', resolve)) };
}

it('a loader that sleeps in the middle of its blobs and wakes up when others have stored them writes nothing twice [fault 5]', async () => {
  const sleeper = container();
  await expect.poll(() => sleeper.done.size, { timeout: 60_000, interval: 5 }).toBeGreaterThan(5);
  sleeper.child.kill('SIGSTOP');
  const before = sleeper.done.size;
  expect(before).toBeLessThan(load.length);

  // What the sleeper holds in its transactions is let go by the database: its host may be gone.
  for (let turn = 0; turn < 3; turn += 1) {
    const other = container();
    await other.ended;
    if (other.failed.size === 0) break;
  }
  const pool = database.pool(1);
  const rows = () =>
    column(
      pool,
      `SELECT concat_ws(' ', (SELECT count(*) FROM batch), (SELECT count(*) FROM quote), (SELECT sum(accepted) FROM batch),
                (SELECT count(*) FROM quote_revision), (SELECT count(*) FROM quarantine), (SELECT count(*) FROM outbox),
                (SELECT count(*) FROM task WHERE finished_at IS NULL), (SELECT max(finished_at) FROM task),
                (SELECT max(ingested_at) FROM quote))`,
    );
  const stored = await rows();
  expect(await column(pool, 'SELECT count(*) FROM batch')).toEqual([String(load.length)]);

  sleeper.child.kill('SIGCONT');
  await sleeper.ended;
  // It has woken up and worked on.
  expect(sleeper.done.size + sleeper.failed.size).toBeGreaterThan(before);
  expect(await rows()).toEqual(stored);
});

it.each([
  ['before its COMMIT reaches the database, stores nothing of that blob [fault 3]', 'before'],
  ['after its COMMIT, before it knows of it, stores that blob once [fault 4]', 'after'],
] as const)('a loader that is killed with -9 %s', async (_what, when) => {
  const proxy = await startTcpProxy(database.url);
  const pool = database.pool(1);
  const done = new Set<string>();
  const waiting = () => load.filter(({ message }) => !done.has(message.blobKey));
  let killed = 0;
  let committedUntold = 0;
  try {
    for (let turn = 0; turn < 4; turn++) {
      const at = 2 + turn;
      const victim = container(proxy.through(database.url), waiting());
      proxy.cutAt({
        statement: 'COMMIT',
        when,
        which: (count) => count === at,
        strike: () => {
          victim.child.kill('SIGKILL');
          killed++;
        },
      });
      await victim.ended;
      expect(victim.child.signalCode).toBe('SIGKILL');
      expect(victim.failed.size).toBe(0);
      for (const key of victim.done) done.add(key);
      const stored = await column(pool, 'SELECT blob_key FROM batch');
      committedUntold += stored.filter((key) => key !== null && !done.has(key)).length;
    }
  } finally {
    await proxy.close();
  }
  expect(killed).toBe(4);
  expect(proxy.counts.cut).toBeGreaterThanOrEqual(killed);
  if (when === 'after') expect(committedUntold).toBeGreaterThan(0);
  expect(waiting().length).toBeGreaterThan(0);
  // The messages of the dead show again, and at the end all come once more.
  for (const messages of [waiting(), load]) {
    const other = container(database.url, messages);
    await other.ended;
    expect(other.failed.size).toBe(0);
  }
  await expectInvariant(pool, {
    blobs: await blobsInFolder(join(folder, 'blobs')),
    // The second source of the load is in no catalogue.
    sourceOf: (id) => ({ ...yahoo, id }),
  });
  expect(await column(pool, 'SELECT sum(accepted) FROM batch')).toEqual([
    String(load.reduce((sum, { good }) => sum + good.length, 0)),
  ]);
});
