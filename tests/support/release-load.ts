/** A load for two releases on one database: its tasks, what their workers report, and what must be stored in the end. */
import { expect } from 'vitest';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { packBlob } from '../../core/adapters/s3/pack-blob.ts';
import type { ScrapeOutcome } from '../../core/contracts/messages.ts';
import { rawBlobKey } from '../../core/contracts/s3-keys.ts';
import type { CloudDouble } from './bundles/cloud-double.ts';
import { type LoadedBlob, makeLoad } from './load.ts';
import { column } from './quote-store-rows.ts';

/** Blobs of one source (the other one of the load is in no catalogue) under the keys that workers give them now. */
export function releaseLoad(ticks: number): LoadedBlob[] {
  const createdAt = new Date().toISOString();
  return makeLoad(ticks)
    .filter(({ message }) => message.sourceId === 'yahoo')
    .map((blob) => ({ ...blob, message: { ...blob.message, blobKey: rawBlobKey({ ...blob.message, createdAt }) } }));
}

/** Plans a run with one task for each blob and keeps the blob. Columns that a planner need not name have their defaults. */
export async function planBlobs(pool: Pool, cloud: CloudDouble, blobs: readonly LoadedBlob[]): Promise<void> {
  for (const { message, envelope } of blobs) {
    const { runId, sourceId, job, kind } = message;
    await pool.query(
      `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at)
       VALUES ($1::uuid, $2, $3, $4, 'schedule', $1::uuid::text, now())`,
      [runId, sourceId, job, kind],
    );
    await pool.query('INSERT INTO task (run_id, part, source_id, symbols, due_at) VALUES ($1, 0, $2, $3, now())', [
      runId,
      sourceId,
      envelope.exchanges.flatMap((exchange) => exchange.request.symbols),
    ]);
    cloud.objects.set(`raw/${message.blobKey}`, await packBlob(envelope));
  }
}

/** What the worker that fetched a blob reports to `monitor`. */
export function outcomeOf({ message, good }: LoadedBlob): ScrapeOutcome {
  const { runId, part, attempt, sourceId, blobKey } = message;
  const isRefused = good.length === 0;
  return {
    stage: 'scrape',
    ...{ runId, part, attempt, sourceId, blobKey },
    ok: !isRefused,
    reason: isRefused ? 'rate_limited' : null,
    detail: isRefused ? { code: 'http_status', status: 429 } : null,
    message: isRefused ? 'HTTP 429' : null,
    requests: 1,
    latencyMs: 5,
    retryAfterSeconds: null,
    finishedAt: new Date().toISOString(),
  };
}

/**
 * Each task has ended, each blob was read once, and each of its rows is served once or is not served: in quarantine, or
 * with a finding. The shared invariants want more than a former release writes: the codes of failures and findings.
 */
export async function expectStored(pool: Pool, blobs: readonly LoadedBlob[]): Promise<void> {
  const one = async (text: string) => Number((await column(pool, text))[0]);
  const withRows = blobs.filter((blob) => blob.good.length > 0);
  const good = blobs.flatMap((blob) => blob.good);
  expect(await one('SELECT count(*) FROM task WHERE finished_at IS NULL')).toBe(0);
  expect(await one('SELECT count(*) FROM task_attempt WHERE finished_at IS NULL')).toBe(0);
  expect(await one('SELECT count(*) FROM task_attempt')).toBe(blobs.length);
  expect(await one("SELECT count(*) FROM task WHERE status = 'failed' AND reason = 'rate_limited'")).toBe(
    blobs.length - withRows.length,
  );
  // The former release reads a blob again that another version of the parser has read, as long as it is at work.
  const versions = '(SELECT count(DISTINCT parser_version) FROM batch)';
  expect(
    await one(
      `SELECT count(*) FROM (SELECT 1 FROM batch WHERE replay IS NULL GROUP BY blob_key HAVING count(*) > ${versions}) AS b`,
    ),
  ).toBe(0);
  const first = '(SELECT min(id) FROM batch GROUP BY blob_key)';
  expect((await column(pool, `SELECT blob_key FROM batch WHERE id IN ${first}`)).sort()).toEqual(
    blobs.map(({ message }) => message.blobKey).sort(),
  );
  expect(await one(`SELECT sum(accepted) FROM batch WHERE id IN ${first}`)).toBe(good.length);
  expect(await one(`SELECT sum(count) FROM batch_statistics WHERE batch_id IN ${first}`)).toBe(good.length);
  const bad = blobs.reduce((sum, blob) => sum + blob.bad, 0);
  expect(await one(`SELECT sum(rejected) FROM batch WHERE id IN ${first}`)).toBe(bad);
  expect(
    await column(
      pool,
      `SELECT blob_key FROM batch WHERE id IN ${first} AND written > 0
       AND NOT EXISTS (SELECT FROM outbox WHERE type LIKE 'quotes.%' AND (data->>'batchId')::bigint = batch.id)`,
    ),
    'an event of each first batch that wrote rows',
  ).toEqual([]);

  // Each key has the content of its last fetch, and the latest row is the newest.
  const last = new Map<string, { price: number; fetchedAt: number }>();
  const newest = new Map<string, { price: number; asOf: number }>();
  for (const [symbol, asOf, price, fetchedAt] of good) {
    const key = `${symbol} ${asOf / 1000}`;
    if ((last.get(key)?.fetchedAt ?? 0) < fetchedAt) last.set(key, { price, fetchedAt });
  }
  for (const [key, { price }] of last) {
    const [symbol = '', seconds] = key.split(' ');
    const asOf = Number(seconds);
    if ((newest.get(symbol)?.asOf ?? 0) < asOf) newest.set(symbol, { price, asOf });
  }
  const rowsOf = (table: string) =>
    column(
      pool,
      `SELECT a.symbol || ' ' || extract(epoch FROM q.as_of)::bigint || ' ' || q.price::float8
       FROM ${table} q JOIN symbol_alias a ON a.listing_id = q.listing_id AND a.namespace = 'canonical'
       WHERE NOT EXISTS (SELECT FROM finding f WHERE f.listing_id = q.listing_id AND f.source = q.source AND f.kind = 'quote'
                         AND f.severity = 'wrong' AND f.at = q.as_of)`,
    );
  expect((await rowsOf('quote')).sort()).toEqual([...last].map(([key, { price }]) => `${key} ${price}`).sort());
  expect((await rowsOf('latest_quote')).sort()).toEqual(
    [...newest].map(([symbol, { price, asOf }]) => `${symbol} ${asOf} ${price}`).sort(),
  );
}
