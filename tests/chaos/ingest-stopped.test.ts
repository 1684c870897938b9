import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { folderRawStore } from '../support/folder-raw-store.ts';
import { makeLoad } from '../support/load.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { column } from '../support/quote-store-rows.ts';

type Child = ChildProcessByStdio<Writable, Readable, null>;
const load = makeLoad(8);
const children = new Set<Child>();
let folder: string;
let database: TestDatabase;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quotron-chaos-'));
  mkdirSync(join(folder, 'blobs'));
  database = await startTestDatabase(new Date(Date.UTC(2026, 10, 20)));
  const pool = database.pool(1);
  const blobs = folderRawStore(join(folder, 'blobs'));
  for (const { message, envelope } of load) {
    await blobs.put(message.blobKey, envelope);
    await pool.query(
      `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at) VALUES ($1::uuid, $2, 'quotes', 'quotes', 'schedule', $1::uuid::text, now())`,
      [message.runId, message.sourceId],
    );
    await pool.query(
      `INSERT INTO task (run_id, part, source_id, symbols, due_at, status, attempt) VALUES ($1, 0, $2, '{}', now(), 'fetched', 1)`,
      [message.runId, message.sourceId],
    );
  }
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await database?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A container of ingest with all messages. Gives the blobs that it says are done, and those that failed. */
function container() {
  const file = new URL('../support/ingest-worker.ts', import.meta.url).pathname;
  const child: Child = spawn(process.execPath, [file, database.url, join(folder, 'blobs')], {
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
  child.stdin.end(load.map((blob) => `${JSON.stringify(blob.message)}\n`).join(''));
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
