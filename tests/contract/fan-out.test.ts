import { describe, expect, it } from 'vitest';
import { memoryMessageQueue } from '../../core/adapters/memory/message-queue.ts';
import { memoryRawStore } from '../../core/adapters/memory/raw-store.ts';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { postgresOutcomeStore } from '../../core/adapters/postgres/sources/outcome-store.ts';
import { postgresPlanStore } from '../../core/adapters/postgres/work/plan-store.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { outcomeMessageSchema, type ScrapeMessage, scrapeMessageSchema } from '../../core/contracts/messages.ts';
import { rawBlobKey } from '../../core/contracts/s3-keys.ts';
import { minuteSeconds } from '../../core/planning/permits.ts';
import { firstList } from '../../core/planning/watch-list.ts';
import { type ScrapeSource, scrapeTask } from '../../core/scraping/scrape-task.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { ingestBlobs } from '../../functions/ingest/ingest-blob.ts';
import { recordOutcome, watchSources } from '../../functions/monitor/watch-sources.ts';
import { planRuns } from '../../functions/schedule/plan-runs.ts';
import { expectInvariant } from '../support/invariants/expect-invariant.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ connections: 3 });

/**
 * Lets time go by in the database, where permits and leases live: everything there that time still changes becomes so much
 * older. A permit that has left the minute counts for the day alone.
 */
async function pass(seconds: number): Promise<void> {
  await world.pool.query(
    `UPDATE permit SET used_at = used_at - make_interval(secs => $1), not_before = not_before - make_interval(secs => $1),
                       expires_at = expires_at - make_interval(secs => $1)
     WHERE used_at IS NULL OR used_at > clock_timestamp() - make_interval(secs => $2)`,
    [seconds, minuteSeconds],
  );
  await world.pool.query(
    `UPDATE task SET due_at = due_at - make_interval(secs => $1), planned_at = planned_at - make_interval(secs => $1),
                     queued_at = queued_at - make_interval(secs => $1), waits_until = waits_until - make_interval(secs => $1),
                     lease_until = lease_until - make_interval(secs => $1)
     WHERE finished_at IS NULL`,
    [seconds],
  );
}

/** Answers that are no failure. What is in them does not matter here. */
const unreadableQuote = { quoteResponse: { result: [{}], error: null } };
const emptyChart = {
  chart: {
    result: [
      {
        meta: {
          symbol: 'AAPL',
          currency: 'USD',
          exchangeName: 'NMS',
          exchangeTimezoneName: 'America/New_York',
          dataGranularity: '1d',
        },
        indicators: { quote: [{}] },
      },
    ],
    error: null,
  },
};

describe('a universe of 3,000 symbols at 60 requests a minute', () => {
  it('is done in time and in turn: no request too many, no task lost, none overdue while it waits', async () => {
    const universe = Array.from({ length: 3_000 }, (_, index) => `SYM${index}`);
    const queue = memoryMessageQueue();
    const planning = {
      store: postgresPlanStore(world.pool),
      queue,
      sources: [yahoo],
      watched: async () => firstList([yahoo], universe),
      alwaysOpen: true,
    };
    await planRuns({ time: new Date().toISOString() }, planning);
    const planned = queue.take('scrape-yahoo').map((message) => scrapeMessageSchema.parse(message));
    // Prices at once; of the bars, which take of each minute what prices leave, the first.
    expect(planned).toHaveLength(15 + 1);
    const nothing = { sourceId: 'nobody', trigger: 'manual', requestId: 'x' } as const;

    /** Seconds that have gone by, and when each request was made. */
    let clock = 0;
    const requests: number[] = [];
    let hidden: { at: number; task: ScrapeMessage }[] = planned.map((task) => ({ at: 0, task }));
    const done = new Map<string, number>();
    let deliveries = 0;
    const outbox = {
      async send(to: string, messages: readonly unknown[], delaySeconds = 0) {
        if (to === 'scrape-yahoo')
          hidden.push(...messages.map((each) => ({ at: clock + delaySeconds, task: scrapeMessageSchema.parse(each) })));
        if (to !== 'outcomes') return;
        for (const message of messages) {
          const outcome = outcomeMessageSchema.parse(message);
          const key = `${outcome.runId}/${outcome.part}`;
          expect(outcome, key).toMatchObject({ stage: 'scrape', ok: true });
          done.set(key, (done.get(key) ?? 0) + 1);
          // What ingest would do of an answer with rows.
          await world.pool.query(
            `UPDATE task SET status = 'succeeded', finished_at = clock_timestamp(), lease_until = NULL WHERE run_id = $1 AND part = $2`,
            [outcome.runId, outcome.part],
          );
        }
      },
    };
    const source: ScrapeSource = {
      id: 'yahoo',
      address: { url: (path) => new URL(path, 'https://yahoo.invalid'), allowPrivate: false, origins: [] },
      upstream: async ({ url }) => {
        requests.push(clock);
        const body = url.pathname.includes('/chart/') ? emptyChart : unreadableQuote;
        const response = { status: 200, headers: {}, body: JSON.stringify(body), truncated: false };
        return { response, error: null, setCookies: [], url, latencyMs: 1 };
      },
      sessions: null,
      headers: {},
      quota: yahoo.quota,
    };
    const state = postgresState(world.pool);
    const watching = { store: postgresOutcomeStore(world.pool), sources: [] };
    // Half of what a permit counts for.
    const step = Math.ceil(minuteSeconds / 2);
    const left = async () =>
      (await world.pool.query(`SELECT FROM task WHERE finished_at IS NULL LIMIT 1`)).rowCount !== 0;
    while ((await left()) && clock < 3 * 3_600) {
      await planRuns({ time: new Date().toISOString(), run: nothing }, planning);
      for (const message of queue.take('scrape-yahoo'))
        hidden.push({ at: clock, task: scrapeMessageSchema.parse(message) });
      const due = hidden.filter(({ at }) => at <= clock);
      hidden = hidden.filter(({ at }) => at > clock);
      deliveries += due.length;
      for (const { task } of due)
        await scrapeTask(task, { source, state, blobs: memoryRawStore(), queue: outbox, now: Date.now, worker: 'w' });
      expect((await watchSources(watching, new Date())).overdue, `after ${clock} s`).toEqual([]);
      clock += step;
      await pass(step);
    }
    // Every task ended once, and well.
    expect([...done.values()]).toEqual(Array(15 + 300).fill(1));
    expect((await world.pool.query(`SELECT count(*)::int AS left FROM task WHERE status <> 'succeeded'`)).rows).toEqual(
      [{ left: 0 }],
    );
    expect(requests).toHaveLength(60 + 3_000);
    // Within any sliding minute no more than the quota.
    for (const from of new Set(requests))
      expect(requests.filter((at) => at >= from && at < from + minuteSeconds).length).toBeLessThanOrEqual(
        yahoo.quota.perMinute,
      );
    // In the 82 minutes that prices leave of the quota, and without asking for permits all the time.
    expect(clock).toBeGreaterThan(75 * 60);
    expect(clock).toBeLessThan(90 * 60);
    expect(deliveries).toBeLessThan(2 * done.size);
  }, 120_000);
});

describe('a source that tolerates one worker', () => {
  it('has one at a time, however many ask at once, and the next when the task is over', async () => {
    const state = postgresState(world.pool);
    const { rows } = await world.pool.query<{ id: string }>(
      `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at)
       VALUES (gen_random_uuid(), 'demo-broker', 'positions', 'quotes', 'manual', 'x', now()) RETURNING id`,
    );
    const runId = rows[0]?.id ?? '';
    await world.pool.query(
      `INSERT INTO task (run_id, part, source_id, symbols, due_at, status)
       SELECT $1, part, 'demo-broker', '{AAPL}', now(), 'queued' FROM generate_series(0, 3) AS part`,
      [runId],
    );
    const begin = (part: number) => state.call({ op: 'beginAttempt', runId, part, worker: `w${part}`, requests: 1 });
    const answers = await Promise.all([0, 1, 2, 3].map(begin));
    const going = answers.findIndex((answer) => answer.go);
    expect(answers.filter((answer) => answer.go)).toHaveLength(1);
    expect(answers.filter((answer) => !answer.go)).toEqual(
      Array(3).fill({ go: false, why: 'leased', attempt: 0, retryAfterSeconds: 10 }),
    );
    const others = [0, 1, 2, 3].filter((part) => part !== going);
    await world.pool.query(
      `UPDATE task SET status = 'failed', finished_at = now(), lease_until = NULL WHERE run_id = $1 AND part = $2`,
      [runId, going],
    );
    expect((await begin(others[0] ?? 0)).go).toBe(true);
    // A worker that dies holds it no longer than its lease.
    expect((await begin(others[1] ?? 0)).go).toBe(false);
    await world.pool.query(
      `UPDATE task SET lease_until = clock_timestamp() WHERE run_id = $1 AND lease_until IS NOT NULL`,
      [runId],
    );
    expect((await begin(others[1] ?? 0)).go).toBe(true);
  });
});

describe('a worker that comes late', () => {
  /** A task whose first worker lost it to a second. */
  async function takenOver() {
    const queue = memoryMessageQueue();
    await planRuns(
      {
        time: new Date().toISOString(),
        run: { sourceId: 'yahoo', job: 'quotes', trigger: 'manual', requestId: 'late' },
      },
      {
        store: postgresPlanStore(world.pool),
        queue,
        sources: [yahoo],
        watched: async () => firstList([yahoo], ['AAPL']),
      },
    );
    const task = scrapeMessageSchema.parse(queue.take('scrape-yahoo')[0]);
    const begin = () =>
      postgresState(world.pool).call({ op: 'beginAttempt', runId: task.runId, part: 0, worker: 'w', requests: 1 });
    expect(await begin()).toMatchObject({ go: true, attempt: 1 });
    await world.pool.query('UPDATE task SET lease_until = clock_timestamp()');
    expect(await begin()).toMatchObject({ go: true, attempt: 2 });
    return task;
  }
  const now = () =>
    (async () => (await world.pool.query('SELECT status, reason, attempt, finished_at FROM task')).rows)();
  const running = [{ status: 'running', reason: null, attempt: 2, finished_at: null }];

  it('and reports a failure does not end the task of another', async () => {
    const { runId } = await takenOver();
    const outcome = {
      stage: 'scrape', runId, part: 0, attempt: 1, sourceId: 'yahoo', ok: false, reason: 'timeout', detail: { code: 'timeout' }, message: 'No answer.',
      blobKey: null, requests: 1, latencyMs: 12_000, retryAfterSeconds: null, finishedAt: new Date().toISOString(),
    } as const; // biome-ignore format: a message to read
    await recordOutcome(outcome, { store: postgresOutcomeStore(world.pool) });
    expect(await now()).toEqual(running);
  });

  it('with an answer that cannot be used does not end it either, and the answer is kept and read', async () => {
    const { runId } = await takenOver();
    const blobs = memoryRawStore();
    const createdAt = new Date().toISOString();
    const of = { runId, part: 0, attempt: 1, sourceId: 'yahoo', job: 'quotes', kind: 'quotes' as const };
    const blobKey = rawBlobKey({ ...of, createdAt });
    const request = { method: 'GET', url: 'https://yahoo.invalid/', headers: {}, symbols: ['AAPL'] };
    const response = { status: 500, headers: {}, body: 'Internal Server Error', truncated: false };
    await blobs.put(blobKey, {
      version: 1, ...of, createdAt, exchanges: [{ request, response, error: null, fetchedAt: createdAt, latencyMs: 5 }],
    }); // biome-ignore format: a blob to read
    const ingest = ingestBlobs({
      rawStore: blobs,
      store: postgresIngestStore(world.pool),
      queue: memoryMessageQueue(),
    });
    await ingest({ ...of, blobKey });
    expect(await now()).toEqual(running);
    expect((await world.pool.query('SELECT reason, attempt FROM batch')).rows).toEqual([
      { reason: 'down', attempt: 1 },
    ]);
    await expectInvariant(world.pool, { blobs: blobs.blobs, underWay: new Set() });
  });
});
