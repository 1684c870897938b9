import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { catchUpLimit, dueRuns, type JobTiming, nextRun } from '../../../core/planning/job-schedule.ts';
import { spreadSecondsOf, stretchesOf, timingsOf } from '../../../core/planning/stretches.ts';
import type { JobSchedule, SourceJob } from '../../../core/sources/definition.ts';
import { yahoo } from '../../../core/sources/yahoo/source.ts';

const at = (time: string) => Date.parse(`2026-11-22T${time}Z`);
const iso = (instants: readonly number[]) => instants.map((each) => new Date(each).toISOString().slice(0, 16));

/** A job of one symbol that is due whatever trades, unless `of` says otherwise. */
function timing(schedule: JobSchedule, of: Partial<SourceJob> & { symbols?: readonly string[] } = {}): JobTiming {
  const symbols = of.symbols ?? ['AAPL'];
  const job: SourceJob = {
    id: 'quotes',
    kind: 'quotes',
    symbolsPerTask: 200,
    symbolsPerRequest: 50,
    ...(of.inSession ? { inSession: of.inSession } : {}),
    symbols,
    ...schedule,
  };
  return { job, symbols, stretch: 1, alwaysOpen: false };
}
const minutely = timing({ everySeconds: 60 });
const slots = (of: JobTiming, plannedTo: number | null, tick: number) =>
  dueRuns(of, plannedTo, tick).map(({ slot }) => slot);

describe('slots of an interval', () => {
  it('a job that was never planned is due once, at its last slot', () => {
    expect(slots(timing({ everySeconds: 3600 }), null, at('10:20:00'))).toEqual([at('10:00:00')]);
  });

  it('a tick that comes again plans nothing', () => {
    expect(slots(minutely, at('10:00:00'), at('10:00:00'))).toEqual([]);
    expect(slots(minutely, at('10:00:00'), at('09:59:00'))).toEqual([]);
  });

  it('a dropped tick is planned by the next', () => {
    expect(slots(minutely, at('10:00:00'), at('10:02:30'))).toEqual([at('10:01:00'), at('10:02:00')]);
  });

  it('after a long silence only the newest slots are planned', () => {
    const made = slots(minutely, at('00:00:00'), at('12:00:00'));
    expect(made).toHaveLength(catchUpLimit);
    expect(made.at(-1)).toBe(at('12:00:00'));
  });

  it('the next slot is after now', () => {
    expect(nextRun(minutely, at('10:00:00'))).toBe(at('10:01:00'));
    expect(nextRun(minutely, at('10:00:59'))).toBe(at('10:01:00'));
  });
});

describe('slots of a cron expression', () => {
  const zone = 'America/New_York';

  it('a local time that the clocks leave out is due once, right after the gap', () => {
    const job = timing({ cron: '30 2 * * *', zone });
    const from = Date.parse('2026-03-07T12:00:00Z');
    // 02:30 is left out on 8 March; 03:00 is 07:00 in UTC. The days after it keep 02:30, an hour earlier in UTC.
    expect(iso(slots(job, from, Date.parse('2026-03-09T12:00:00Z')))).toEqual(['2026-03-08T07:00', '2026-03-09T06:30']);
    expect(iso([nextRun(job, from) ?? 0])).toEqual(['2026-03-08T07:00']);
  });

  it('a local time that comes twice is due the first time', () => {
    const job = timing({ cron: '30 1 * * *', zone });
    const from = Date.parse('2026-10-31T12:00:00Z');
    expect(iso(slots(job, from, Date.parse('2026-11-02T12:00:00Z')))).toEqual(['2026-11-01T05:30', '2026-11-02T06:30']);
  });

  it('an expression with every hour goes on through the doubled hour', () => {
    const job = timing({ cron: '30 * * * *', zone });
    expect(iso(slots(job, Date.parse('2026-11-01T05:00:00Z'), Date.parse('2026-11-01T07:45:00Z')))).toEqual([
      '2026-11-01T05:30',
      '2026-11-01T06:30',
      '2026-11-01T07:30',
    ]);
  });

  it('an interval has as many slots on a day of 23 or 25 hours as time has gone by', () => {
    expect(
      slots(timing({ everySeconds: 3600 }), Date.parse('2026-11-01T04:00:00Z'), Date.parse('2026-11-01T06:10:00Z')),
    ).toHaveLength(2);
  });
});

describe.each<[string, JobSchedule, number]>([
  ['an interval', { everySeconds: 60 }, at('00:00:00')],
  [
    'a cron expression in the night the clocks go forward',
    { cron: '*/2 * * * *', zone: 'Europe/Berlin' },
    Date.parse('2026-03-29T00:40:00Z'),
  ],
  [
    'a cron expression in the night the clocks go back',
    { cron: '*/2 * * * *', zone: 'Europe/Berlin' },
    Date.parse('2026-10-25T00:40:00Z'),
  ],
])('%s', (_name, schedule, start) => {
  it('plans each slot at most once however ticks come, and misses none between close ticks', () => {
    const job = timing(schedule);
    const gaps = fc.array(fc.integer({ min: -30_000, max: 150_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(gaps, (steps) => {
        let tick = start;
        let plannedTo: number = tick;
        const planned: number[] = [];
        for (const step of steps) {
          tick += step;
          planned.push(...slots(job, plannedTo, tick));
          plannedTo = Math.max(plannedTo, tick);
        }
        const expected: number[] = [];
        const every = schedule.everySeconds === undefined ? 120_000 : 60_000;
        for (let slot = start + every; slot <= plannedTo; slot += every) expected.push(slot);
        expect(planned).toEqual(expected);
      }),
    );
  });
});

describe('a job in session', () => {
  const inSession = { beforeMinutes: 5, afterMinutes: 30 };
  const symbols = ['AAPL', 'VOD.L', '7203.T', 'BTC-USD', 'EURUSD=X'];
  const job = timing({ everySeconds: 60 }, { inSession, symbols });
  const dueAt = (time: string) => {
    const tick = Date.parse(time);
    return dueRuns(job, tick - 60_000, tick).flatMap((run) => run.symbols);
  };

  it.each([
    ['on a Sunday morning', '2026-11-22T10:00:00Z', ['BTC-USD']],
    ['when currencies begin on Sunday evening', '2026-11-22T22:00:00Z', ['BTC-USD', 'EURUSD=X']],
    ['in the morning of Tokyo', '2026-11-24T01:00:00Z', ['7203.T', 'BTC-USD', 'EURUSD=X']],
    ['in the lunch break of Tokyo', '2026-11-24T03:10:00Z', ['BTC-USD', 'EURUSD=X']],
    ['five minutes before London opens', '2026-11-24T07:55:00Z', ['VOD.L', 'BTC-USD', 'EURUSD=X']],
    ['while London and New York trade', '2026-11-24T16:00:00Z', ['AAPL', 'VOD.L', 'BTC-USD', 'EURUSD=X']],
    ['half an hour after London closed', '2026-11-24T17:00:00Z', ['AAPL', 'VOD.L', 'BTC-USD', 'EURUSD=X']],
    ['a minute later', '2026-11-24T17:01:00Z', ['AAPL', 'BTC-USD', 'EURUSD=X']],
    ['on Thanksgiving', '2026-11-26T16:00:00Z', ['VOD.L', 'BTC-USD', 'EURUSD=X']],
    ['after the half day that follows it', '2026-11-27T18:31:00Z', ['BTC-USD', 'EURUSD=X']],
  ])('%s is due for what trades', (_when, time, expected) => {
    expect(dueAt(time)).toEqual(expected);
  });

  it('that was never planned has the last prices of each market, whatever the day', () => {
    const tick = Date.parse('2026-11-22T10:00:30Z');
    expect(dueRuns(job, null, tick).map(({ slot, symbols: of }) => [iso([slot])[0], ...of])).toEqual([
      ['2026-11-20T07:00', '7203.T'],
      ['2026-11-20T17:00', 'VOD.L'],
      ['2026-11-20T21:30', 'AAPL'],
      ['2026-11-20T22:30', 'EURUSD=X'],
      ['2026-11-22T10:00', 'BTC-USD'],
    ]);
  });

  it('plans the close when the planner was away from before it', () => {
    const runs = dueRuns(job, Date.parse('2026-11-20T20:00:00Z'), Date.parse('2026-11-21T12:00:00Z'));
    expect(runs.filter((run) => run.symbols.includes('AAPL')).map(({ slot }) => iso([slot])[0])).toEqual([
      '2026-11-20T21:28',
      '2026-11-20T21:29',
      '2026-11-20T21:30',
    ]);
    expect(runs.filter((run) => run.symbols.includes('BTC-USD'))).toHaveLength(catchUpLimit);
    expect(new Set(runs.map(({ slot }) => slot)).size).toBe(runs.length);
  });

  it('comes next when the first of its markets opens', () => {
    const equities = timing({ everySeconds: 60 }, { inSession, symbols: ['AAPL', '7203.T'] });
    // Monday 23 November is a holiday in Tokyo.
    expect(iso([nextRun(equities, Date.parse('2026-11-22T10:00:00Z')) ?? 0])).toEqual(['2026-11-23T14:25']);
    expect(iso([nextRun(equities, Date.parse('2026-11-23T21:30:00Z')) ?? 0])).toEqual(['2026-11-23T23:55']);
  });

  it('whose slots all lie outside of the session is never due', () => {
    const night = timing({ cron: '0 3 * * *', zone: 'America/New_York' }, { inSession });
    expect(nextRun(night, Date.parse('2026-11-22T10:00:00Z'))).toBeNull();
  });

  it('is due at all times for all symbols where calendars are ignored', () => {
    const open = { ...job, alwaysOpen: true };
    expect(dueRuns(open, null, Date.parse('2026-11-22T10:00:30Z'))).toEqual([{ slot: at('10:00:00'), symbols }]);
  });
});

describe('a universe that is too large for the quota', () => {
  const universe = Array.from({ length: 3_000 }, (_, index) => `SYM${index}`);
  const perDay = (of: JobTiming, requests: number) => (86_400 / ((of.job.everySeconds ?? 0) * of.stretch)) * requests;

  const stretches = (symbols: readonly string[], alwaysOpen = true) => {
    const stretchOf = stretchesOf(yahoo, () => symbols, alwaysOpen);
    const [quotes, bars] = yahoo.jobs.map((job) => ({ job, symbols, stretch: stretchOf(job), alwaysOpen }));
    if (!quotes || !bars) throw new Error('Yahoo has quotes and bars');
    return { quotes, bars };
  };

  it('is asked for less often, so that no more is planned than the quota has', () => {
    const { quotes, bars } = stretches(universe);
    const planned = perDay(quotes, 60) + perDay(bars, 3_000);
    expect(planned).toBeLessThanOrEqual(0.75 * yahoo.quota.perDay);
    expect(perDay({ ...quotes, stretch: quotes.stretch - 0.25 }, 60) + perDay(bars, 3_000)).toBeGreaterThan(
      0.75 * yahoo.quota.perDay,
    );
    const every = quotes.stretch * 60_000;
    expect(slots(quotes, at('10:00:00'), at('11:00:00')).every((slot) => slot % every === 0)).toBe(true);
  });

  it('has its bars as often as before until they would take half of what is planned, then daily, and then a part each day', () => {
    for (const [count, stretch] of [
      [1_000, 1],
      [1_875, 1],
      [1_876, 4],
      [7_500, 4],
      [7_501, 8],
      [50_000, 28],
    ] as const)
      expect(stretches(Array.from({ length: count }, (_, index) => `SYM${index}`)).bars.stretch, String(count)).toBe(
        stretch,
      );
  });

  describe('in session only', () => {
    const suffixes = ['', '.L', '.DE', '.T', '.HK', '.AX', '.TO', '.SW'];
    const world = (count: number) =>
      Array.from({ length: count }, (_, n) => `${n % 2 ? 'AB' : 'X'}${n}${suffixes[n % suffixes.length]}`);
    const wanted = (symbols: readonly string[]) => ({
      symbols,
      alwaysOpen: false,
      toSource: (symbol: string) => symbol,
    });
    const barsOf = (symbols: readonly string[]) => {
      const [, bars] = timingsOf(yahoo, wanted(symbols));
      if (!bars) throw new Error('Yahoo has bars.');
      return bars;
    };
    const from = Date.parse('2026-09-01T00:00:00Z');
    const until = Date.parse('2027-03-01T00:00:00Z');
    /** When each symbol is due, by a tick each hour of half a year, clock changes included. */
    const dueTimes = (timing: JobTiming) => {
      const due = new Map<string, number[]>();
      for (let tick = from; tick < until; tick += 3_600_000)
        for (const { slot, symbols } of dueRuns(timing, tick - 3_600_000, tick))
          for (const symbol of symbols) due.set(symbol, [...(due.get(symbol) ?? []), slot]);
      return due;
    };
    const dayMs = 86_400_000;

    it('has daily bars that stay daily, for every exchange: after each session once', () => {
      const symbols = world(5_000);
      const timing = barsOf(symbols);
      expect(timing.stretch).toBe(4);
      const due = dueTimes({ ...timing, symbols: symbols.slice(0, 40) });
      expect(due.size).toBe(40);
      for (const [symbol, times] of due) {
        const gaps = times.slice(1).map((time, at) => (time - (times[at] ?? 0)) / dayMs);
        expect(Math.min(...gaps), symbol).toBeGreaterThanOrEqual(0.7);
        // Tokyo is closed for six days at New Year.
        expect(Math.max(...gaps), symbol).toBeLessThanOrEqual(6.3);
        expect(times.length, symbol).toBeGreaterThan(115);
      }
    });

    it('of more symbols than a day has room for has a part each day, each symbol in its turn', () => {
      const symbols = universe.concat(Array.from({ length: 27_000 }, (_, n) => `MORE${n}`));
      const timing = barsOf(symbols);
      const parts = timing.stretch / 4;
      expect(parts).toBe(4);
      const some = { ...timing, symbols: symbols.filter((_, at) => at % 100 === 0) };
      const due = dueTimes(some);
      expect(due.size).toBe(some.symbols.length);
      const gaps = [...due.values()].flatMap((times) =>
        times.slice(1).map((time, at) => (time - (times[at] ?? 0)) / dayMs),
      );
      // Four sessions on, or eight where a holiday was its day.
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(3.9);
      expect(Math.max(...gaps)).toBeLessThanOrEqual(13);
      const perSlot = Map.groupBy([...due.values()].flat(), (slot) => slot);
      const most = Math.max(...[...perSlot.values()].map((those) => those.length));
      expect(most).toBeLessThan((some.symbols.length / parts) * 1.5);
    });

    it('spreads a run of bars over hours, in what prices leave of each minute, and no longer than to the next', () => {
      const seconds = (count: number) => {
        const symbols = Array.from({ length: count }, (_, n) => `SYM${n}`);
        return spreadSecondsOf(barsOf(symbols), count);
      };
      expect(seconds(24)).toBe(0);
      expect(seconds(500) / 60).toBeCloseTo(14.3, 0);
      expect(seconds(5_000) / 3_600).toBeGreaterThan(2);
      expect(seconds(5_000) / 3_600).toBeLessThan(6);
      expect(seconds(50_000) / 3_600).toBeLessThanOrEqual(18);
    });
  });

  it('is asked for its prices in steps of a quarter, from 457 symbols round the clock on', () => {
    const of = (count: number) => stretches(universe.slice(0, count)).quotes.stretch;
    expect([24, 450, 451, 500, 1_000].map(of)).toEqual([1, 1, 1.25, 1.25, 2.75]);
  });

  it('is asked for more often where it is asked for in session only', () => {
    expect(stretches(universe, false).quotes.stretch).toBeLessThan(stretches(universe).quotes.stretch);
  });

  it('of the catalogue keeps its intervals', () => {
    const stretchOf = stretchesOf(yahoo, (job) => job.symbols, true);
    expect(yahoo.jobs.map(stretchOf)).toEqual([1, 1]);
  });
});
