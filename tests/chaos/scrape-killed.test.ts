import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { memoryMessageQueue } from '../../core/adapters/memory/message-queue.ts';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { postgresOutcomeStore } from '../../core/adapters/postgres/sources/outcome-store.ts';
import { postgresPlanStore } from '../../core/adapters/postgres/work/plan-store.ts';
import {
  ingestMessageSchema,
  outcomeMessageSchema,
  type ScrapeMessage,
  scrapeMessageSchema,
} from '../../core/contracts/messages.ts';
import type { PlannedRun } from '../../core/planning/plan.ts';
import { firstList } from '../../core/planning/watch-list.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { ingestBlobs } from '../../functions/ingest/ingest-blob.ts';
import { findLostBlobs } from '../../functions/monitor/find-lost-blobs.ts';
import { recordOutcome } from '../../functions/monitor/watch-sources.ts';
import { planRuns } from '../../functions/schedule/plan-runs.ts';
import { type RunningUpstreams, startUpstreams } from '../../localstack/upstreams/server.ts';
import { folderRawStore } from '../support/folder-raw-store.ts';
import { expectInvariant } from '../support/invariants/expect-invariant.ts';
import { blobsInFolder } from '../support/invariants/kept-blobs.ts';
import { notingDue } from '../support/pipeline.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

const symbols = ['AAPL', 'MSFT', 'NVDA', 'AMZN', 'GOOGL', 'META', 'TSLA', 'JPM', 'V', 'SPY', 'QQQ', 'VOD.L', 'BRK-B'];
/** One symbol a task: thirteen tasks that each take a moment. */
const source = {
  ...yahoo,
  jobs: yahoo.jobs.filter(({ id }) => id === 'quotes').map((job) => ({ ...job, symbolsPerTask: 1 })),
};
const slowMs = 400;

let folder: string;
let database: TestDatabase;
let pool: Pool;
let upstreams: RunningUpstreams;
const workers = new Set<Worker>();

type Child = ChildProcessByStdio<Writable, Readable, null>;
interface Worker {
  readonly child: Child;
  readonly name: string;
  /** What the queue waits to hear of: ends with the message, or with the worker. */
  busy: { resolve: () => void } | null;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quotron-chaos-'));
  mkdirSync(join(folder, 'blobs'));
  [database, upstreams] = await Promise.all([startTestDatabase(), startUpstreams({ port: 0 })]);
  pool = database.pool(4);
});
afterAll(async () => {
  for (const { child } of workers) child.kill('SIGKILL');
  await upstreams?.stop();
  await database?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const lineSchema = z.union([
  z.object({ queue: z.string(), messages: z.array(z.unknown()) }),
  z.object({ done: z.literal(true) }),
]);

/** What the workers sent, by queue. */
const sent: Record<string, unknown[]> = { ingest: [], outcomes: [] };
let waiting: ScrapeMessage[] = [];

function startWorker(name: string, dies = ''): Worker {
  const file = new URL('../support/scrape-task-worker.ts', import.meta.url).pathname;
  const args = [file, database.url, join(folder, 'blobs'), upstreams.urlOf('yahoo'), name, dies];
  const child: Child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const worker: Worker = { child, name, busy: null };
  workers.add(worker);
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = lineSchema.parse(JSON.parse(line));
    if ('done' in said) worker.busy?.resolve();
    // A task that must wait comes back at once: a queue would bring it some seconds later.
    else if (said.queue.startsWith('scrape-'))
      waiting.push(...said.messages.map((each) => scrapeMessageSchema.parse(each)));
    else sent[said.queue]?.push(...said.messages);
  });
  child.once('close', () => worker.busy?.resolve());
  return worker;
}

/** Gives a worker a message, and waits until it is done, or for so long. */
async function deliver(worker: Worker, task: ScrapeMessage, forMs = 30_000): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, forMs);
    worker.busy = {
      resolve: () => {
        clearTimeout(timer);
        resolve();
      },
    };
    worker.child.stdin.write(`${JSON.stringify(task)}\n`);
  });
}

/** As if the lease of a task had run out: two and a half minutes are long for a test. */
const expireLease = ({ runId, part }: ScrapeMessage) =>
  pool.query(
    'UPDATE task SET lease_until = clock_timestamp() WHERE run_id = $1 AND part = $2 AND lease_until IS NOT NULL',
    [runId, part],
  );

it('workers that are killed or sleep in the middle of a task lose nothing and double nothing [fault 1, 2, 5]', async () => {
  const queue = memoryMessageQueue();
  const due: PlannedRun[] = [];
  const planning = {
    store: notingDue(postgresPlanStore(pool), due),
    queue,
    sources: [source],
    watched: async () => firstList([source], symbols),
    alwaysOpen: true,
  };
  await planRuns({ time: new Date().toISOString() }, planning);
  waiting = queue.take('scrape-yahoo').map((message) => scrapeMessageSchema.parse(message));
  const planned = waiting.length;
  expect(planned).toBe(symbols.length);

  // One task, so that the session is there and each later death lies in the request for data.
  let number = 0;
  let worker = startWorker('first');
  const first = waiting.shift();
  if (first) await deliver(worker, first);
  // One that has kept an answer and dies before it can report it; another does its task again.
  const untold = waiting.shift();
  if (untold) {
    await deliver(startWorker('untold', 'after keeping a blob'), untold);
    await expireLease(untold);
    await deliver(worker, untold);
    expect(await attemptsOf(untold)).toBe(2);
  }
  upstreams.control.switch({ source: 'yahoo', kinds: ['quote'], fault: 'slow', delayMs: slowMs, on: true });
  const asleep: Worker[] = [];
  const counts = { killed: 0, slept: 0 };
  while (waiting.length > 0) {
    const task = waiting.shift();
    if (!task) break;
    number += 1;
    if (number % 2 === 0) {
      await deliver(worker, task);
      continue;
    }
    // It is given the task, takes it, and dies or falls asleep while the source is about to answer.
    const signal = number % 4 === 1 ? 'SIGKILL' : 'SIGSTOP';
    const delivered = deliver(worker, task, 5_000);
    await taken(task, worker.name);
    worker.child.kill(signal);
    if (signal === 'SIGKILL') {
      await delivered;
      counts.killed += 1;
    } else {
      asleep.push(worker);
      counts.slept += 1;
    }
    worker = startWorker(`worker ${number}`);
    // Its message comes back before the lease is over: the task is not taken from one that may live.
    await deliver(worker, task);
    expect(await attemptsOf(task)).toBe(1);
    waiting = waiting.filter((each) => each.part !== task.part);
    await expireLease(task);
    await deliver(worker, task);
    expect(await attemptsOf(task)).toBe(2);
  }
  expect(counts.killed).toBeGreaterThanOrEqual(3);
  expect(counts.slept).toBeGreaterThanOrEqual(3);
  // Those that slept wake up, and send what they had got, for a task that another has done meanwhile.
  const before = sent['outcomes']?.length ?? 0;
  for (const { child } of asleep) child.kill('SIGCONT');
  await expect.poll(() => sent['outcomes']?.length, { timeout: 20_000 }).toBe(before + asleep.length);

  await readAll();
  // Nobody has reported that blob, nor how the dead went: the monitor finds both when they are overdue, and that once.
  const finding = {
    store: postgresOutcomeStore(pool),
    blobs: folderRawStore(join(folder, 'blobs')),
    queue: { send: async (to: string, messages: readonly unknown[]) => void sent[to]?.push(...messages) },
  };
  const overdue = new Date(Date.now() + 16 * 60_000);
  expect(await findLostBlobs(new Date(), finding)).toEqual([]);
  expect(await findLostBlobs(overdue, finding)).toEqual([expect.stringMatching(`${untold?.runId}/${untold?.part}-1`)]);
  expect(await findLostBlobs(overdue, finding)).toEqual([]);
  expect((await pool.query('SELECT FROM task_attempt WHERE finished_at IS NULL')).rowCount).toBe(0);

  await readAll();
  const { rows: tasks } = await pool.query<{ status: string; attempt: number; ends: string }>(
    `SELECT t.status, t.attempt, (SELECT count(*) FROM batch b WHERE b.run_id = t.run_id AND b.part = t.part) AS ends
     FROM task t ORDER BY t.part`,
  );
  expect(tasks.map(({ status }) => status)).toEqual(Array(planned).fill('succeeded'));
  expect(tasks.filter(({ attempt }) => attempt === 2)).toHaveLength(counts.killed + counts.slept + 1);
  // Each blob was read once: those of the late workers too, which are answers like any other.
  const { rows: batches } = await pool.query<{ blobs: number; batches: number }>(
    'SELECT count(DISTINCT blob_key)::int AS blobs, count(*)::int AS batches FROM batch',
  );
  const files = readdirSync(join(folder, 'blobs')).length;
  expect(batches).toEqual([{ blobs: files, batches: files }]);
  expect(files).toBe(planned + counts.slept + 1);
  // Stored rows are the distinct accepted keys.
  const { rows: stored } = await pool.query<{ rows: number; symbols: number }>(
    `SELECT count(*)::int AS rows, count(DISTINCT q.listing_id)::int AS symbols FROM latest_quote q`,
  );
  expect(stored).toEqual([{ rows: planned, symbols: planned }]);
  // And a last redelivery of everything changes nothing.
  const kept = { blobs: await blobsInFolder(join(folder, 'blobs')), due };
  await expectInvariant(pool, kept);
  const end = await pool.query('SELECT run_id, part, status, finished_at, attempt FROM task ORDER BY part');
  await readAll();
  expect((await pool.query('SELECT run_id, part, status, finished_at, attempt FROM task ORDER BY part')).rows).toEqual(
    end.rows,
  );
  await expectInvariant(pool, kept);
});

/** Waits until a worker has begun a task. */
async function taken({ runId, part }: ScrapeMessage, worker: string): Promise<void> {
  await expect
    .poll(
      async () =>
        (
          await pool.query('SELECT FROM task_attempt WHERE run_id = $1 AND part = $2 AND worker = $3', [
            runId,
            part,
            worker,
          ])
        ).rowCount,
      { timeout: 10_000, interval: 20 },
    )
    .toBe(1);
}

async function attemptsOf({ runId, part }: ScrapeMessage): Promise<number> {
  const { rows } = await pool.query<{ attempt: number }>('SELECT attempt FROM task WHERE run_id = $1 AND part = $2', [
    runId,
    part,
  ]);
  return rows[0]?.attempt ?? 0;
}

/** Reads every blob and every outcome, the newest first: queues keep no order. */
async function readAll(): Promise<void> {
  const ingest = ingestBlobs({
    rawStore: folderRawStore(join(folder, 'blobs')),
    store: postgresIngestStore(pool),
    queue: memoryMessageQueue(),
  });
  const watching = { store: postgresOutcomeStore(pool), sources: [source] };
  for (const message of sent['outcomes']?.toReversed() ?? [])
    await recordOutcome(outcomeMessageSchema.parse(message), watching);
  for (const message of sent['ingest']?.toReversed() ?? []) await ingest(ingestMessageSchema.parse(message));
}
