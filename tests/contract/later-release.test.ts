import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { replayStore } from '../../core/adapters/postgres/prices/replay-store.ts';
import { postgresRecoveryStore } from '../../core/adapters/postgres/recovery/recovery-store.ts';
import { mostSought } from '../../core/adapters/postgres/sources/lost-attempts.ts';
import { postgresOutcomeStore } from '../../core/adapters/postgres/sources/outcome-store.ts';
import { everySource } from '../../core/auth/visible-sources.ts';
import { quoteRow } from '../support/price-rows.ts';
import { at, column, registered, stored } from '../support/quote-store-rows.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld();

/** A failed run with an attempt, a blob and a row in quarantine, of a kind that a source collects. */
async function runOf(kind: string, { ended }: { ended: boolean }): Promise<string> {
  const runId = randomUUID();
  const blobKey = `raw/yahoo/${runId}`;
  await world.pool.query(
    `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at) VALUES ($1::uuid, 'yahoo', $2, $2, 'schedule', $1::text, now())`,
    [runId, kind],
  );
  await world.pool.query(
    `INSERT INTO task (run_id, part, source_id, symbols, due_at, status, reason, attempt, finished_at)
     VALUES ($1, 0, 'yahoo', '{AAPL}', now(), 'failed', 'down', 1, now())`,
    [runId],
  );
  await world.pool.query(
    `INSERT INTO task_attempt (run_id, part, attempt, worker, started_at, finished_at, ok, blob_key)
     VALUES ($1, 0, 1, 'test', now() - interval '1 hour', CASE WHEN $2 THEN now() - interval '1 hour' END,
             CASE WHEN $2 THEN true END, $3)`,
    [runId, ended, blobKey],
  );
  const [batchId] = await column(
    world.pool,
    `INSERT INTO batch (blob_key, parser_version, run_id, part, attempt, source_id, kind)
     VALUES ($1, '1', $2, 0, 1, 'yahoo', $3) RETURNING id`,
    [`${blobKey} read`, runId, kind],
  );
  await world.pool.query(
    `INSERT INTO quarantine (source_id, reason, detail, path, run_id, part, blob_key, batch_id)
     VALUES ('yahoo', 'schema', 'x', 'x', $1, 0, $2, $3)`,
    [runId, `${blobKey} read`, batchId],
  );
  return runId;
}

const now = () => new Date();

it('what a later release collects stops no reader of this one, and is left to it', async () => {
  const later = await runOf('news', { ended: false });
  await runOf('news', { ended: true });
  const lost = await runOf('quotes', { ended: false });
  const unread = await runOf('quotes', { ended: true });

  const outcomes = postgresOutcomeStore(world.pool);
  expect((await outcomes.lostAttempts(now(), 10)).map(({ runId }) => runId)).toEqual([lost]);
  expect((await outcomes.unreadAttempts(now(), 10)).map(({ runId }) => runId)).toEqual([unread]);

  const replays = replayStore(world.pool)(everySource);
  const held = await replays.ofQuarantine({ ids: null, sourceId: null, reason: null, limit: 10 });
  expect(held.map(({ kind }) => kind)).toEqual(['quotes', 'quotes']);
  expect(await replays.ofRun(later, 10)).toEqual([]);
  expect(await replays.ofRun(lost, 10)).toHaveLength(1);

  await world.pool.query(
    `INSERT INTO incident (source_id, reason, opened_at, last_seen_at, count, jobs) VALUES ('yahoo', 'down', now(), now(), 1, '{news}')`,
  );
  expect(await postgresRecoveryStore(world.pool).conditionOf('yahoo')).toEqual({ reason: 'down', failing: null });
});

it('however much of it there is, it keeps no answer of this release from being looked for', async () => {
  const later = await runOf('news', { ended: true });
  await world.pool.query(
    `INSERT INTO task (run_id, part, source_id, symbols, due_at, status, attempt)
     SELECT $1, n, 'yahoo', '{AAPL}', now(), 'fetched', 1 FROM generate_series(1, $2::int) n`,
    [later, mostSought],
  );
  await world.pool.query(
    `INSERT INTO task_attempt (run_id, part, attempt, worker, started_at, finished_at, ok, blob_key)
     SELECT $1, n, 1, 'test', now() - interval '3 hours', now() - interval '2 hours', true, 'raw/yahoo/news/' || n
     FROM generate_series(1, $2::int) n`,
    [later, mostSought],
  );
  const own = await runOf('quotes', { ended: true });
  const outcomes = postgresOutcomeStore(world.pool);
  const seen: string[] = [];
  for (let minute = 0; minute < 3; minute++)
    seen.push(...(await outcomes.unreadAttempts(now(), 10)).map(({ runId }) => runId));
  expect(new Set(seen)).toEqual(new Set([own]));
});

it('a price whose time is based on something later is decided on as one without a time of its own', async () => {
  const listing = await registered(world.pool, 'other', 'AAPL');
  const store = postgresIngestStore(world.pool);
  await stored(store, 'other', { quotes: [quoteRow({ listing })] });
  await world.pool.query("UPDATE latest_quote SET as_of_basis = 'atomic'");
  await stored(store, 'yahoo', { quotes: [quoteRow({ listing, asOf: at(60), fetchedAt: at(65) })] });
  expect(await column(world.pool, 'SELECT source FROM consolidated_quote')).toEqual(['yahoo']);
});
