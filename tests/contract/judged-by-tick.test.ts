/** A run of many tasks is judged once, however many there are: only failures and trials are judged at once. */
import { expect, it } from 'vitest';
import { postgresOutcomeStore } from '../../core/adapters/postgres/sources/outcome-store.ts';
import type { OutcomeMessage, ScrapeOutcome } from '../../core/contracts/messages.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { judgeSources, recordOutcome, watchSources } from '../../functions/monitor/watch-sources.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld();
const runId = '7b2f6c8e-2222-5222-8222-222222222222';
const now = new Date();

/** A run of so many tasks that have brought their answers. */
async function run(tasks: number): Promise<void> {
  await world.pool.query(
    `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at) VALUES ($1, 'yahoo', 'quotes', 'quotes', 'schedule', 'a', $2)`,
    [runId, now],
  );
  await world.pool.query(
    `INSERT INTO task (run_id, part, source_id, symbols, due_at, status, attempt)
     SELECT $1, part, 'yahoo', '{AAPL}', $2, 'running', 1 FROM generate_series(0, $3 - 1) part`,
    [runId, now, tasks],
  );
  await world.pool.query(
    `INSERT INTO task_attempt (run_id, part, attempt, worker) SELECT run_id, part, 1, 'w' FROM task`,
  );
}

const outcome = (part: number, more: Partial<ScrapeOutcome> = {}): OutcomeMessage => ({
  ...{
    stage: 'scrape',
    runId,
    part,
    attempt: 1,
    sourceId: 'yahoo',
    ok: true,
    reason: null,
    detail: null,
    message: null,
  },
  ...{ blobKey: `raw/${part}`, requests: 1, latencyMs: 12, retryAfterSeconds: null, finishedAt: now.toISOString() },
  ...more,
});

/** A monitor that counts how often it judges and reads the watch list. */
function counting() {
  const counts = { judged: 0, lists: 0 };
  const real = postgresOutcomeStore(world.pool);
  const watching = {
    store: {
      ...real,
      judge: (...asked: Parameters<typeof real.judge>) => {
        counts.judged += 1;
        return real.judge(...asked);
      },
    },
    sources: catalogue,
    planned: {
      alwaysOpen: true,
      watched: async () => {
        counts.lists += 1;
        return new Map();
      },
    },
  };
  return { counts, watching };
}

it.each([5, 50])('%i successes are recorded one by one and judged by one tick', async (tasks) => {
  await run(tasks);
  const { counts, watching } = counting();
  for (let part = 0; part < tasks; part++) expect(await recordOutcome(outcome(part), watching)).toBeNull();
  expect(counts).toEqual({ judged: 0, lists: 0 });
  await world.pool.query(`UPDATE task SET status = 'succeeded', finished_at = now(), accepted = 1`);
  await watchSources(watching, now);
  expect(counts).toEqual({ judged: catalogue.length, lists: 1 });
  expect(await world.all(`SELECT count(*)::int AS n FROM task WHERE NOT judged`)).toEqual([{ n: 0 }]);
  expect(await world.all(`SELECT succeeded FROM health_sample WHERE source_id = 'yahoo'`)).toEqual([
    { succeeded: tasks },
  ]);
});

it('failures of one delivery are judged at once, each source once, in the order in which they ended', async () => {
  await run(10);
  const { counts, watching } = counting();
  const urgent = new Set<string>();
  for (let part = 0; part < 10; part++) {
    const failed = { ok: false, reason: 'down', blobKey: null, message: 'The source answered 500.' } as const;
    const sourceId = await recordOutcome(outcome(part, failed), watching);
    if (sourceId !== null) urgent.add(sourceId);
  }
  await judgeSources(urgent, watching, now);
  expect(counts).toEqual({ judged: 1, lists: 1 });
  expect(await world.all(`SELECT breaker, breaker_reason FROM source_state WHERE source_id = 'yahoo'`)).toEqual([
    { breaker: 'open', breaker_reason: 'down' },
  ]);
  expect(await world.all(`SELECT failed FROM health_sample WHERE source_id = 'yahoo'`)).toEqual([{ failed: 10 }]);
});

it('what ingest reports is judged at once: failures, trials and first successes', async () => {
  const { watching } = counting();
  const told: OutcomeMessage = { stage: 'ingest', runId, part: 0, sourceId: 'yahoo', batchId: '1' };
  expect(await recordOutcome(told, watching)).toBe('yahoo');
});
