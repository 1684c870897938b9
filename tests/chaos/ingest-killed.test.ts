import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { migrate } from '../../core/adapters/postgres/database/migrate.ts';
import { createPool, type Pool } from '../../core/adapters/postgres/database/pool.ts';
import { consolidate } from '../../core/prices/consolidate.ts';
import { type RunningDatabase, startDatabase } from '../../localstack/database.ts';
import { folderRawStore } from '../support/folder-raw-store.ts';
import { type LoadedBlob, makeLoad, startsAt, symbols } from '../support/load.ts';
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
  await pool.end();
});

afterAll(async () => {
  worker?.kill('SIGKILL');
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('kill -9 of ingest and of Postgres loses nothing, doubles nothing and leaves no task open', async () => {
  const kills = await deliverWithKills();
  expect(kills.ingest).toBeGreaterThanOrEqual(3);
  expect(kills.postgres).toBeGreaterThanOrEqual(2);

  pool = createPool({ url: database.url }, 2);
  const one = async (text: string) => Number((await column(pool, text))[0]);

  // Each due task has exactly one end, and each blob was read exactly once.
  expect(await one('SELECT count(*) FROM task WHERE finished_at IS NULL')).toBe(0);
  expect(await one('SELECT count(*) FROM batch')).toBe(load.length);
  expect(await one("SELECT count(*) FROM task WHERE status = 'failed' AND reason = 'rate_limited'")).toBe(
    load.filter((blob) => blob.good.length === 0).length,
  );
  // Each row was accepted or is in quarantine, once.
  const good = load.flatMap((blob) => blob.good.map((row) => [blob.message.sourceId, ...row] as const));
  expect(await one('SELECT sum(accepted) FROM batch')).toBe(good.length);
  expect(await one('SELECT count(*) FROM quarantine')).toBe(load.reduce((sum, blob) => sum + blob.bad, 0));
  expect(await one("SELECT count(*) FROM quarantine WHERE reason <> 'unit_suspect'")).toBe(0);
  // One event of a batch with rows.
  expect(await one("SELECT count(*) FROM outbox WHERE type = 'quotes.stored'")).toBe(
    load.filter((blob) => blob.good.length > 0).length,
  );
  expect(await one('SELECT count(DISTINCT data->>$$batchId$$) FROM outbox')).toBe(
    load.filter((blob) => blob.good.length > 0).length,
  );
  expect(await one('SELECT count(*) FROM listing')).toBe(symbols);

  // Stored rows are the distinct accepted keys, each with the content of its last fetch.
  const expected = new Map<string, { price: number; fetchedAt: number }>();
  for (const [source, symbol, asOf, price, fetchedAt] of good) {
    const key = `${source} ${symbol} ${new Date(asOf).toISOString()}`;
    if ((expected.get(key)?.fetchedAt ?? 0) < fetchedAt) expected.set(key, { price, fetchedAt });
  }
  const stored = await column(
    pool,
    `SELECT q.source || ' ' || a.symbol || ' ' || to_char(q.as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || ' ' || q.price::float8
     FROM quote q JOIN symbol_alias a ON a.listing_id = q.listing_id AND a.namespace = 'canonical'`,
  );
  expect(stored.sort()).toEqual([...expected].map(([key, { price }]) => `${key} ${price}`).sort());

  // The latest rows are the newest, and the decisions are those that the rule makes of them.
  expect(
    await one(`SELECT count(*) FROM latest_quote l WHERE (price, as_of) IS DISTINCT FROM (
                 SELECT (price, as_of) FROM quote q WHERE q.listing_id = l.listing_id AND q.source = l.source
                 ORDER BY as_of DESC LIMIT 1)`),
  ).toBe(0);
  await requireDecisions(pool);
  await pool.end();
});

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

const decisionRow = z.object({
  listing: z.int(),
  source: z.string(),
  price: z.number(),
  asOf: z.number(),
  decided: z.string().nullable(),
  confidence: z.string().nullable(),
  rule: z.string().nullable(),
});

async function requireDecisions(db: Pool): Promise<void> {
  const rows = await column(
    db,
    `SELECT json_build_object('listing', l.listing_id, 'source', l.source, 'price', l.price::float8, 'asOf',
              extract(epoch FROM l.as_of) * 1000, 'decided', c.source, 'confidence', c.confidence, 'rule', c.rule)::text
     FROM latest_quote l LEFT JOIN consolidated_quote c USING (listing_id)`,
  );
  const byListing = Map.groupBy(
    rows.map((row) => decisionRow.parse(JSON.parse(row ?? 'null'))),
    (row) => row.listing,
  );
  expect(byListing.size).toBe(symbols);
  for (const candidates of byListing.values()) {
    const decision = consolidate(
      candidates.map(({ source, price, asOf }) => ({
        source,
        price,
        asOf,
        basis: 'exchange',
        rank: source === 'yahoo' ? 50 : 0,
      })),
    );
    expect(candidates[0]).toMatchObject({
      decided: decision?.source,
      confidence: decision?.confidence,
      rule: decision?.rule,
    });
  }
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
