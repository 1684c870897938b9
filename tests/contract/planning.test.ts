import { describe, expect, it } from 'vitest';
import { memoryMessageQueue } from '../../core/adapters/memory/message-queue.ts';
import { postgresPlanStore } from '../../core/adapters/postgres/work/plan-store.ts';
import { scrapeMessageSchema } from '../../core/contracts/messages.ts';
import { catchUpLimit } from '../../core/planning/job-schedule.ts';
import { firstList } from '../../core/planning/watch-list.ts';
import { alphaVantage } from '../../core/sources/alpha-vantage/source.ts';
import { coingecko } from '../../core/sources/coingecko/source.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { planRuns } from '../../functions/schedule/plan-runs.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ connections: 6 });

const tick = (time: string) => ({ time: time.length > 8 ? time : `2026-11-22T${time}Z` });
/** Ignores calendars unless told: 22 November is a Sunday. */
function planner(symbols: string[] | null = null, alwaysOpen = true) {
  const queue = memoryMessageQueue();
  const watched = async () => firstList([yahoo, alphaVantage, coingecko], symbols);
  const planning = { store: postgresPlanStore(world.pool), queue, sources: [yahoo], watched, alwaysOpen };
  return { queue, planning, plan: (time: string) => planRuns(tick(time), planning) };
}
const sentTo = (queue: { take(name: string): unknown[] }) =>
  queue.take('scrape-yahoo').map((message) => scrapeMessageSchema.parse(message));
const runs = async () =>
  (await world.pool.query<{ job: string; slot: string }>('SELECT job, slot FROM run ORDER BY job, slot')).rows.map(
    (row) => `${row.job} ${row.slot.slice(11, 16)}`,
  );

describe('planning', () => {
  it('plans each due run once, whether ticks come doubled, late or not at all [fault 26]', async () => {
    const { plan } = planner();
    await plan('10:00:05');
    await plan('10:00:05');
    await plan('10:03:10');
    await plan('10:02:00');
    expect(await runs()).toEqual(['daily-bars 06:00', 'quotes 10:00', 'quotes 10:01', 'quotes 10:02', 'quotes 10:03']);
  });

  it('plans the newest slots after ten minutes without a tick, each once when that tick comes twice [fault 26]', async () => {
    const { plan } = planner();
    await plan('10:00:00');
    await Promise.all([plan('10:14:00'), plan('10:14:00')]);
    const slots = (await runs()).filter((run) => run.startsWith('quotes')).map((run) => run.slice(-5));
    expect(slots).toEqual([
      '10:00',
      ...Array.from({ length: catchUpLimit }, (_, back) => `10:${15 - catchUpLimit + back}`),
    ]);
  });

  it('plans each due run once when two planners tick at once [fault 26]', async () => {
    await planner().plan('10:00:00');
    await Promise.all(Array.from({ length: 6 }, () => planner().plan('10:01:00')));
    expect(await runs()).toEqual(['daily-bars 06:00', 'quotes 10:00', 'quotes 10:01']);
    const { rows } = await world.pool.query(
      `SELECT count(*)::int AS tasks FROM task t JOIN run r ON r.id = t.run_id WHERE r.job = 'quotes'`,
    );
    expect(rows).toEqual([{ tasks: 2 }]);
  });

  it('splits a universe into tasks and sends keys of what to ask', async () => {
    const symbols = Array.from({ length: 25 }, (_, index) => `SYM${index}`);
    const { plan, queue } = planner(symbols);
    await plan('12:00:00');
    const sent = sentTo(queue);
    expect(sent.filter((task) => task.job === 'daily-bars').map((task) => task.symbols.length)).toEqual([10, 10, 5]);
    expect(sent.filter((task) => task.job === 'quotes').map((task) => task.symbols)).toEqual([symbols]);
  });

  it('sends with the next tick what a planner that died had planned and not sent', async () => {
    const { planning, queue, plan } = planner();
    const broken = { ...planning, queue: { send: () => Promise.reject(new Error('SQS is down')) } };
    await expect(planRuns(tick('10:00:00'), broken)).rejects.toThrow('SQS is down');
    await plan('10:00:30');
    expect(
      sentTo(queue)
        .map((task) => task.job)
        .sort(),
    ).toEqual(['daily-bars', 'daily-bars', 'daily-bars', 'quotes']);
    expect((await plan('10:00:40')).sent).toBe(0);
  });

  it('sends what it can where the queue of one source takes nothing, and says so', async () => {
    const queue = memoryMessageQueue();
    const planning = {
      ...planner(['AAPL', 'BTC-USD']).planning,
      sources: [yahoo, coingecko],
      queue: {
        send: (name: string, messages: readonly object[]) =>
          name === 'scrape-yahoo' ? Promise.reject(new Error('no such queue')) : queue.send(name, messages),
      },
    };
    await expect(planRuns(tick('10:00:00'), planning)).rejects.toThrow('no such queue');
    expect(queue.take('scrape-coingecko')).toHaveLength(1);
  });

  it('plans nothing for a paused source, and does not plan it afterwards', async () => {
    const { plan } = planner();
    await plan('10:00:00');
    await world.pool.query(`INSERT INTO source_state (source_id, paused) VALUES ('yahoo', true)`);
    await plan('10:05:00');
    await world.pool.query(`UPDATE source_state SET paused = false`);
    await plan('10:06:00');
    expect(await runs()).toEqual(['daily-bars 06:00', 'quotes 10:00', 'quotes 10:06']);
  });

  it('plans nothing while the scheduler is stopped', async () => {
    await world.pool.query(`INSERT INTO service_state (service_id, running) VALUES ('scheduler', false)`);
    await planner().plan('10:00:00');
    expect(await runs()).toEqual([]);
  });

  it('plans again by the tick’s own time when the scheduler was stopped until then', async () => {
    const { plan } = planner();
    await plan('10:00:00');
    await world.pool.query(
      `INSERT INTO service_state (service_id, running, stopped_until) VALUES ('scheduler', false, '2026-11-22T10:03:00Z')`,
    );
    await plan('10:02:00');
    expect(await runs()).toEqual(['daily-bars 06:00', 'quotes 10:00']);
    await plan('10:03:00');
    expect(await runs()).toContain('quotes 10:03');
  });

  it('runs a job now on request, once for one request id, and leaves the schedule as it is', async () => {
    const { planning, plan } = planner();
    const ask = () =>
      planRuns(
        { ...tick('10:00:30'), run: { sourceId: 'yahoo', job: 'quotes', trigger: 'manual', requestId: 'click-1' } },
        planning,
      );
    const first = await ask();
    expect(await ask()).toMatchObject({ runs: first.runs, sent: 0 });
    expect((await plan('10:00:40')).runs).toHaveLength(2);
  });

  it('does not run again at the next tick what the first cycle ran', async () => {
    const { planning, plan } = planner();
    await planRuns({ ...tick('10:00:30'), run: { trigger: 'first_cycle', requestId: 'start-1' } }, planning);
    expect((await plan('10:00:50')).runs).toEqual([]);
    expect((await plan('10:01:00')).runs).toHaveLength(1);
  });

  it('goes on by itself when a pause is over, with the first slot after it', async () => {
    const { plan } = planner();
    await plan('10:00:00');
    await world.pool.query(
      `INSERT INTO source_state (source_id, paused, paused_until) VALUES ('yahoo', true, '2026-11-22T10:03:30Z')`,
    );
    for (const time of ['10:01:00', '10:02:00', '10:03:00', '10:04:00']) await plan(time);
    expect(await runs()).toEqual(['daily-bars 06:00', 'quotes 10:00', 'quotes 10:04']);
  });
});

describe('planning by the calendar', () => {
  const symbolsOf = async () =>
    (
      await world.pool.query<{ slot: string; symbols: string[] }>(
        `SELECT r.slot, t.symbols FROM run r JOIN task t ON t.run_id = r.id WHERE r.job = 'quotes' ORDER BY r.slot`,
      )
    ).rows.map(({ slot, symbols }) => [slot.slice(5, 16), ...symbols]);

  it('asks on a Sunday for what trades on a Sunday, after the last prices of all that does not', async () => {
    const { plan } = planner(['AAPL', 'VOD.L', 'BTC-USD'], false);
    await plan('2026-11-22T10:00:20Z');
    await plan('2026-11-22T10:01:20Z');
    expect(await symbolsOf()).toEqual([
      ['11-20T17:00', 'VOD.L'],
      ['11-20T21:30', 'AAPL'],
      ['11-22T10:00', 'BTC-USD'],
      ['11-22T10:01', 'BTC-USD'],
    ]);
  });

  it('begins with the last prices as soon as a person has set the key of a source', async () => {
    const planning = { ...planner(['AAPL'], false).planning, sources: [alphaVantage] };
    const plan = (time: string) => planRuns({ time }, planning);
    expect((await plan('2026-11-22T10:00:20Z')).runs).toEqual([]);
    await world.pool.query(`INSERT INTO source_credentials (source_id, is_set) VALUES ('alpha-vantage', true)`);
    expect((await plan('2026-11-22T10:01:20Z')).runs).toHaveLength(2);
    expect((await plan('2026-11-22T10:02:20Z')).runs).toEqual([]);
    // Friday 18:00 and 18:30 in New York.
    const { rows } = await world.pool.query<{ slot: string }>('SELECT slot FROM run ORDER BY slot');
    expect(rows.map(({ slot }) => slot.slice(0, 16))).toEqual(['2026-11-20T23:00', '2026-11-20T23:30']);
  });

  it('plans no run where nothing trades, and the first one when a market opens', async () => {
    const { plan } = planner(['AAPL'], false);
    await plan('2026-11-22T10:00:20Z');
    expect((await plan('2026-11-22T10:01:20Z')).runs).toEqual([]);
    expect((await plan('2026-11-23T14:24:20Z')).runs).toEqual([]);
    expect((await plan('2026-11-23T14:25:20Z')).runs).toHaveLength(1);
  });

  it('ignores the calendar for what a person asks for and for the first cycle', async () => {
    const { planning } = planner(['AAPL'], false);
    const run = { sourceId: 'yahoo', job: 'quotes', requestId: 'click-2' } as const;
    for (const trigger of ['manual', 'first_cycle'] as const)
      expect(
        (await planRuns({ ...tick('2026-11-22T10:00:20Z'), run: { ...run, trigger } }, planning)).runs,
      ).toHaveLength(1);
  });

  it.each([
    ['forward', '2026-03-08T06:57:00Z', ['2026-03-08T07:00']],
    ['back', '2026-11-01T05:27:00Z', ['2026-11-01T05:30']],
  ])(
    'plans a cron slot once when the clocks go %s, by two planners at once on ticks that come doubled and late',
    async (_way, start, expected) => {
      const cron = { cron: start.startsWith('2026-03') ? '30 2 * * *' : '30 1 * * *', zone: 'America/New_York' };
      const job = {
        id: 'quotes',
        kind: 'quotes',
        symbols: ['AAPL'],
        symbolsPerTask: 10,
        symbolsPerRequest: 10,
        ...cron,
      } as const;
      const planners = [1, 2].map(() => ({
        ...planner(['AAPL'], false).planning,
        sources: [{ ...yahoo, jobs: [job] }],
      }));
      const from = Date.parse(start);
      await world.pool.query(`INSERT INTO planner_state (source_id, job, planned_to) VALUES ('yahoo', 'quotes', $1)`, [
        start,
      ]);
      // Three hours of ticks: some dropped, some of two minutes ago.
      for (let minute = 1; minute <= 180; minute += 1) {
        if (minute % 7 === 3) continue;
        const time = new Date(from + (minute % 11 === 5 ? minute - 2 : minute) * 60_000).toISOString();
        await Promise.all(planners.map((each) => planRuns({ time }, each)));
      }
      const { rows } = await world.pool.query<{ slot: string }>('SELECT slot FROM run ORDER BY slot');
      expect(rows.map(({ slot }) => slot.slice(0, 16))).toEqual(expected);
    },
  );
});
