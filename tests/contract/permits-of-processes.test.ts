import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScrapeMessage } from '../../core/contracts/messages.ts';
import { sourceOf } from '../../core/sources/catalogue.ts';
import { simulatedKey } from '../../localstack/upstreams/alpha-vantage/alpha-vantage.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ connections: 2, sources: ['yahoo', 'alpha-vantage'] });
let workers: ChildProcess[];

beforeAll(async () => {
  const entry = new URL('../support/scrape-worker.ts', import.meta.url).pathname;
  workers = Array.from({ length: 10 }, (_, index) =>
    fork(entry, [world.databaseUrl, `worker ${index}`], { execArgv: [] }),
  );
});
afterAll(async () => {
  await Promise.all(
    workers.map((worker) => {
      worker.disconnect();
      return once(worker, 'exit');
    }),
  );
});
const quotaOf = (sourceId: string) => {
  const source = sourceOf(sourceId);
  if (!source) throw new Error(`there is no source ${sourceId}`);
  return source.quota;
};

/** Plans tasks of one symbol each, in the database. */
async function planned(sourceId: string, count: number, symbols: readonly string[]): Promise<ScrapeMessage[]> {
  const { rows } = await world.pool.query<{ id: string }>(
    `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at)
     VALUES (gen_random_uuid(), $1, 'quotes', 'quotes', 'manual', gen_random_uuid()::text, now()) RETURNING id`,
    [sourceId],
  );
  const runId = rows[0]?.id ?? '';
  const tasks = Array.from({ length: count }, (_, part) => symbols[part % symbols.length] ?? '');
  await world.pool.query(
    `INSERT INTO task (run_id, part, source_id, symbols, due_at, status, queued_at)
     SELECT $1, part - 1, $2, ARRAY[symbol], now(), 'queued', now() FROM unnest($3::text[]) WITH ORDINALITY AS t (symbol, part)`,
    [runId, sourceId, tasks],
  );
  return tasks.map((symbol, part) => ({ runId, part, sourceId, job: 'quotes', kind: 'quotes', symbols: [symbol] }));
}

/** Has ten processes at once do the same tasks. Each message goes to three of them: delivery is at least once. */
async function work(
  sourceId: string,
  tasks: readonly ScrapeMessage[],
  of: { forMs: number; others: number },
): Promise<number> {
  const outcomes = await Promise.all(
    workers.map(async (worker, index) => {
      const answer = Promise.race([
        once(worker, 'message'),
        once(worker, 'exit').then(([code]) => {
          throw new Error(`worker ${index} ended with ${code}`);
        }),
      ]);
      worker.send({
        sourceUrls: { [sourceId]: world.upstreams.urlOf(sourceId) },
        credentials: { 'alpha-vantage': JSON.stringify({ apiKey: simulatedKey }) },
        tasks: tasks.filter((_task, at) => [0, 1, 2].some((copy) => (at + copy) % workers.length === index)),
        sourceId,
        ...of,
      });
      return Number((await answer)[0]);
    }),
  );
  return outcomes.reduce((sum, each) => sum + each, 0);
}

/** The most requests that came in within any sixty seconds. */
function mostInAMinute(arrivals: readonly number[]): number {
  return Math.max(0, ...arrivals.map((from) => arrivals.filter((at) => at >= from && at < from + 60_000).length));
}

describe('ten processes, with redelivery, renewals and canaries', () => {
  it('never ask more than the minute allows, counted at the source, and make each session once', async () => {
    const tasks = await planned('yahoo', 150, ['AAPL', 'MSFT', 'NVDA']);
    // Sessions that expire in the middle of it.
    world.upstreams.control.switch({ source: 'yahoo', fault: 'expired', on: true, kinds: ['quote'], times: 2 });
    const outcomes = await work('yahoo', tasks, { forMs: 9_000, others: 60 });
    const arrivals = world.upstreams.control.arrivals('yahoo');
    const { perMinute } = quotaOf('yahoo');
    expect(mostInAMinute(arrivals)).toBeLessThanOrEqual(perMinute);
    // They were held back by the quota and not by anything else.
    const { rows } = await world.pool.query<{ reserved: number }>('SELECT count(*)::int AS reserved FROM permit');
    expect(rows[0]?.reserved).toBe(perMinute);
    expect(arrivals.length).toBeGreaterThan(perMinute / 2);
    expect(outcomes).toBeGreaterThan(3);
    // One at the start, and at most one for each time that a session was refused, though ten workers waited for it; none
    // when the quota had nothing left for a login by then.
    const { crumb = 0 } = world.upstreams.control.requests(false)['yahoo'] ?? {};
    expect(crumb).toBeGreaterThanOrEqual(1);
    expect(crumb).toBeLessThanOrEqual(3);
    const twice = await world.pool.query(
      'SELECT run_id, part FROM task_attempt WHERE ok GROUP BY 1, 2 HAVING count(*) > 1',
    );
    expect(twice.rows).toEqual([]);
  }, 60_000);

  it('never ask more than the day allows, and keep the gap that a small quota wants', async () => {
    const { perDay, gapMs = 0 } = quotaOf('alpha-vantage');
    const left = 3;
    await world.pool.query(
      `INSERT INTO permit (source_id, purpose, not_before, expires_at, used_at)
       SELECT 'alpha-vantage', 'task', t, t, t
       FROM (SELECT greatest(date_trunc('day', now(), 'UTC'), now() - interval '3 minutes') AS t) at, generate_series(1, $1::int)`,
      [perDay - left],
    );
    const tasks = await planned('alpha-vantage', 20, ['AAPL', 'MSFT']);
    const begun = new Date();
    await work('alpha-vantage', tasks, { forMs: 7_000, others: 0 });
    const arrivals = world.upstreams.control.arrivals('alpha-vantage');
    expect(arrivals).toHaveLength(left);
    // By the ledger: how long a request then travels is the machine's affair, and a busy one brings two closer.
    const { rows: permits } = await world.pool.query<{ at: Date }>(
      'SELECT used_at AS at FROM permit WHERE used_at > $1 ORDER BY used_at',
      [begun],
    );
    expect(permits).toHaveLength(left);
    for (const [index, { at }] of permits.entries()) {
      const before = permits[index - 1];
      if (before !== undefined) expect(at.getTime() - before.at.getTime()).toBeGreaterThanOrEqual(gapMs);
      expect(arrivals[index]).toBeGreaterThanOrEqual(at.getTime());
    }
    const { rows } = await world.pool.query(`SELECT count(*)::int AS used FROM permit WHERE used_at IS NOT NULL`);
    expect(rows).toEqual([{ used: perDay }]);
  }, 60_000);
});
