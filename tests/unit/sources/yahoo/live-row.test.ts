import { describe, expect, it } from 'vitest';
import type { Bar } from '../../../../core/market/bar.ts';
import type { Parsed } from '../../../../core/sources/parser.ts';
import { yahooParser } from '../../../../core/sources/yahoo/parse.ts';

interface Row {
  /** ISO 8601. */
  readonly at: string;
  readonly close?: number;
  readonly volume?: number;
}

interface Venue {
  readonly type: string;
  readonly exchange: string;
  readonly zone: string;
}

const newYork: Venue = { type: 'EQUITY', exchange: 'NMS', zone: 'America/New_York' };
const venues = {
  newYork,
  london: { type: 'EQUITY', exchange: 'LSE', zone: 'Europe/London' },
  tokyo: { type: 'EQUITY', exchange: 'JPX', zone: 'Asia/Tokyo' },
  sydney: { type: 'EQUITY', exchange: 'ASX', zone: 'Australia/Sydney' },
  mumbai: { type: 'EQUITY', exchange: 'NSI', zone: 'Asia/Kolkata' },
  coin: { type: 'CRYPTOCURRENCY', exchange: 'CCC', zone: 'UTC' },
  currency: { type: 'CURRENCY', exchange: 'CCY', zone: 'Europe/London' },
  unknown: { type: 'EQUITY', exchange: 'ZZZ', zone: 'America/Lima' },
} as const satisfies Record<string, Venue>;

interface Asked {
  readonly venue?: Venue;
  readonly interval: string;
  readonly rows: readonly Row[];
  readonly fetchedAt: string;
  readonly regular?: readonly [start: string, end: string];
  readonly marketTime?: string;
  readonly url?: string;
}

const seconds = (instant: string) => Date.parse(instant) / 1000;

function read({ venue = newYork, interval, rows, fetchedAt, regular, marketTime, url }: Asked): Parsed {
  const column = (of: (row: Row) => number) => rows.map(of);
  const body = {
    chart: {
      result: [
        {
          meta: {
            symbol: 'ABC',
            currency: 'USD',
            exchangeName: venue.exchange,
            instrumentType: venue.type,
            exchangeTimezoneName: venue.zone,
            dataGranularity: interval,
            ...(marketTime ? { regularMarketTime: seconds(marketTime) } : {}),
            ...(regular
              ? { currentTradingPeriod: { regular: { start: seconds(regular[0]), end: seconds(regular[1]) } } }
              : {}),
          },
          timestamp: rows.map(({ at }) => seconds(at)),
          indicators: {
            quote: [
              {
                open: column(({ close = 10 }) => close),
                high: column(({ close = 10 }) => close),
                low: column(({ close = 10 }) => close),
                close: column(({ close = 10 }) => close),
                volume: column(({ volume = 100 }) => volume),
              },
            ],
          },
        },
      ],
      error: null,
    },
  };
  const parsed = yahooParser.parse('bars', {
    request: { symbols: ['ABC'], ...(url ? { url } : {}) },
    response: { status: 200, headers: {}, truncated: false, body: JSON.stringify(body) },
    error: null,
    fetchedAt,
  });
  expect(parsed.failure).toBeNull();
  return parsed;
}

function barsOf(asked: Asked): readonly Bar[] {
  return (read(asked).bars[0]?.bars ?? []).flatMap((bar) => (bar.currency === null ? [] : [bar]));
}

const startsOf = (asked: Asked) => barsOf(asked).map((bar) => new Date(bar.startsAt).toISOString());
const datesOf = (asked: Asked) => barsOf(asked).map((bar) => bar.date);
const iso = (at: number) => new Date(at).toISOString();

/** Minutes from each start of a bar, some of them odd seconds. */
const within = [0.2, 1, 7.53, 31.02, 59.98];

describe('the live row of a day', () => {
  it.each([
    ['newYork', ['2026-11-24T14:30:00Z', '2026-11-25T14:30:00Z'], 390],
    ['london', ['2026-11-24T08:00:00Z', '2026-11-25T08:00:00Z'], 510],
    ['tokyo', ['2026-11-24T00:00:00Z', '2026-11-25T00:00:00Z'], 330],
    ['sydney', ['2026-11-23T23:00:00Z', '2026-11-24T23:00:00Z'], 360],
    ['mumbai', ['2026-11-24T03:45:00Z', '2026-11-25T03:45:00Z'], 375],
    ['coin', ['2026-11-24T00:00:00Z', '2026-11-25T00:00:00Z'], 1_439],
    ['currency', ['2026-11-24T00:00:00Z', '2026-11-25T00:00:00Z'], 1_430],
    ['unknown', ['2026-11-24T13:30:00Z', '2026-11-25T13:30:00Z'], 390],
  ] as const)('%s: at any time of the day it is the day’s one bar', (name, days, minutes) => {
    const [first, second] = days;
    for (let passed = 0.2; passed < minutes + 40; passed += 13.37) {
      const at = iso(Date.parse(second) + passed * 60_000);
      if (name !== 'coin' && name !== 'currency' && passed > minutes + 30) continue;
      if ((name === 'coin' || name === 'currency') && passed >= minutes) continue;
      const asked = { venue: venues[name], interval: '1d', fetchedAt: at, marketTime: at };
      expect(startsOf({ ...asked, rows: [{ at: first }, { at, close: 11 }] })).toEqual(
        days.map((day) => iso(Date.parse(day))),
      );
      const both = barsOf({ ...asked, rows: [{ at: first }, { at: second, close: 9 }, { at, close: 11 }] });
      expect(both.map((bar) => iso(bar.startsAt))).toEqual(days.map((day) => iso(Date.parse(day))));
    }
  });

  it('is worth more than the row beside it until the session is over, and less from then on', () => {
    const rows = [
      { at: '2026-11-24T14:30:00Z' },
      { at: '2026-11-25T14:30:00Z', close: 9 },
      { at: '2026-11-25T20:59:00Z', close: 11 },
    ];
    const regular = ['2026-11-25T14:30:00Z', '2026-11-25T21:00:00Z'] as const;
    const closeAt = (fetchedAt: string) => barsOf({ interval: '1d', rows, regular, fetchedAt }).at(-1)?.close;
    expect(closeAt('2026-11-25T20:59:30Z')).toBe('11');
    expect(closeAt('2026-11-25T21:10:00Z')).toBe('9');
    expect(closeAt('2026-11-26T03:00:00Z')).toBe('9');
  });

  it('on a day without a session is of the session that it ends or begins, and no bar before that day has begun', () => {
    const days = ['2026-11-19', '2026-11-20'];
    const rows = days.map((day) => ({ at: `${day}T00:00:00Z` }));
    const asked = { venue: venues.currency, interval: '1d' };
    for (const [trade, expected] of [
      ['2026-11-20T21:59:50Z', days],
      // Sunday evening is Monday’s session, and Monday’s bar begins at midnight.
      ['2026-11-22T22:41:07Z', days],
      ['2026-11-23T00:10:07Z', [...days, '2026-11-23']],
    ] as const)
      expect(datesOf({ ...asked, rows: [...rows, { at: trade }], fetchedAt: trade, marketTime: trade })).toEqual(
        expected,
      );
  });

  it('that stayed from yesterday goes with yesterday when today has begun', () => {
    const rows = ['2026-11-23T14:30:00Z', '2026-11-24T14:30:00Z', '2026-11-24T21:00:01Z', '2026-11-25T15:12:44Z'].map(
      (at) => ({ at }),
    );
    expect(datesOf({ interval: '1d', rows, fetchedAt: '2026-11-25T15:13:00Z' })).toEqual([
      '2026-11-23',
      '2026-11-24',
      '2026-11-25',
    ]);
  });
});

describe('the live row within a day', () => {
  it.each([
    ['1m', 1],
    ['5m', 5],
    ['15m', 15],
    ['60m', 60],
    ['1h', 60],
  ] as const)('%s: makes no bar of its own, with or without the one that it belongs to', (interval, minutes) => {
    for (const [name, open] of [
      ['newYork', '2026-11-25T14:30:00Z'],
      ['london', '2026-11-25T08:00:00Z'],
      ['mumbai', '2026-11-25T03:45:00Z'],
      ['coin', '2026-11-25T06:00:00Z'],
      ['currency', '2026-11-25T09:00:00Z'],
    ] as const) {
      const grid = [0, 1, 2].map((n) => Date.parse(open) + n * minutes * 60_000);
      const expected = grid.map(iso);
      for (const share of [0.01, 0.2, 0.5, 0.77, 0.99]) {
        const trade = Math.round(((grid[2] ?? 0) + share * minutes * 60_000) / 1000) * 1000;
        const asked = { venue: venues[name], interval, fetchedAt: iso(trade + 2_000), marketTime: iso(trade) };
        const rows = grid.map((at) => ({ at: iso(at) }));
        expect(startsOf({ ...asked, rows: [...rows.slice(0, 2), { at: iso(trade) }] })).toEqual(expected);
        expect(startsOf({ ...asked, rows: [...rows, { at: iso(trade) }] })).toEqual(expected);
      }
    }
  });

  it('is the first bar of the day when no other has begun', () => {
    for (const minutes of within) {
      const at = iso(Date.parse('2026-11-25T14:30:00Z') + minutes * 60_000);
      const rows = [{ at: '2026-11-24T20:30:00Z' }, { at }];
      expect(startsOf({ interval: '1h', rows, fetchedAt: at }).at(-1)).toBe('2026-11-25T14:30:00.000Z');
      expect(startsOf({ interval: '1h', rows: [{ at }], fetchedAt: at })).toEqual(['2026-11-25T14:30:00.000Z']);
    }
  });

  it('at the close and after it is of the last bar of the day', () => {
    const hours = ['2026-11-25T19:30:00Z', '2026-11-25T20:30:00Z'].map((at) => ({ at }));
    for (const at of ['2026-11-25T21:00:00Z', '2026-11-25T21:00:02Z', '2026-11-25T21:14:59Z'])
      expect(startsOf({ interval: '1h', rows: [...hours, { at }], fetchedAt: '2026-11-25T21:30:00Z' })).toHaveLength(2);
  });

  it('after the lunch of the market begins with the afternoon', () => {
    const rows = ['2026-11-25T01:30:00Z', '2026-11-25T02:30:00Z', '2026-11-25T03:30:00Z', '2026-11-25T05:17:21Z'];
    const hongKong = { type: 'EQUITY', exchange: 'HKG', zone: 'Asia/Hong_Kong' };
    const starts = startsOf({
      venue: hongKong,
      interval: '1h',
      rows: rows.map((at) => ({ at })),
      fetchedAt: '2026-11-25T05:18:00Z',
    });
    expect(starts.at(-1)).toBe('2026-11-25T05:00:00.000Z');
  });

  it('brings its price to the bar that it is in', () => {
    const rows = [
      { at: '2026-11-25T15:30:00Z', close: 10 },
      { at: '2026-11-25T16:30:00Z', close: 11, volume: 500 },
      { at: '2026-11-25T16:47:12Z', close: 12, volume: 20 },
    ];
    const bar = barsOf({ interval: '1h', rows, fetchedAt: '2026-11-25T16:48:00Z' }).at(-1);
    expect(bar).toMatchObject({ open: '11', high: '12', low: '11', close: '12', volume: '520' });
  });
});

describe('weeks and months', () => {
  const mondays = ['2026-11-09T05:00:00Z', '2026-11-16T05:00:00Z', '2026-11-23T05:00:00Z'];
  const dates = ['2026-11-09', '2026-11-16', '2026-11-23'];

  it.each(['2026-11-23T15:02:11Z', '2026-11-25T14:30:00Z', '2026-11-27T21:00:01Z', '2026-11-28T02:00:00Z'])(
    'a trade at %s is of its week',
    (at) => {
      const asked = { interval: '1wk', fetchedAt: '2026-11-28T12:00:00Z', marketTime: at };
      const weeks = mondays.map((monday) => ({ at: monday }));
      expect(datesOf({ ...asked, rows: [...weeks, { at }] })).toEqual(dates);
      expect(datesOf({ ...asked, rows: [...weeks.slice(0, 2), { at }] })).toEqual(dates);
    },
  );

  it('the week of a coin ends on Sunday evening', () => {
    const rows = ['2026-11-09T00:00:00Z', '2026-11-16T00:00:00Z', '2026-11-22T23:00:00Z'].map((at) => ({ at }));
    expect(
      datesOf({
        venue: venues.coin,
        interval: '1wk',
        rows,
        fetchedAt: '2026-11-22T23:00:20Z',
        marketTime: '2026-11-22T23:00:00Z',
      }),
    ).toEqual(['2026-11-09', '2026-11-16']);
  });

  it.each([
    ['midnight of UTC', newYork, ['2026-10-26T00:00:00Z', '2026-11-02T00:00:00Z', '2026-11-09T00:00:00Z']],
    ['the clocks of summer', newYork, ['2026-10-26T04:00:00Z', '2026-11-02T04:00:00Z', '2026-11-09T04:00:00Z']],
    ['the clocks of winter', newYork, ['2026-10-26T05:00:00Z', '2026-11-02T05:00:00Z', '2026-11-09T05:00:00Z']],
    ['Sundays', newYork, ['2026-10-25T04:00:00Z', '2026-11-01T04:00:00Z', '2026-11-08T05:00:00Z']],
    ['an hour before Monday', venues.london, ['2026-10-25T23:00:00Z', '2026-11-01T23:00:00Z', '2026-11-08T23:00:00Z']],
  ])('counted by %s begin on their Mondays, at midnight there', (_, venue, times) => {
    const bars = barsOf({
      venue,
      interval: '1wk',
      rows: times.map((at) => ({ at })),
      fetchedAt: '2026-11-14T12:00:00Z',
    });
    expect(bars.map((bar) => bar.date)).toEqual(['2026-10-26', '2026-11-02', '2026-11-09']);
    const offset = venue === newYork ? ['04', '05', '05'] : ['00', '00', '00'];
    expect(bars.map((bar) => iso(bar.startsAt))).toEqual(
      ['2026-10-26', '2026-11-02', '2026-11-09'].map((date, n) => `${date}T${offset[n]}:00:00.000Z`),
    );
  });

  it('months begin on their first, also on a weekend, by any midnight, and keep the live row', () => {
    for (const times of [
      ['2026-07-01T04:00:00Z', '2026-08-01T04:00:00Z', '2026-09-01T04:00:00Z'],
      ['2026-07-01T00:00:00Z', '2026-08-01T00:00:00Z', '2026-09-01T00:00:00Z'],
      ['2026-07-01T13:30:00Z', '2026-08-03T13:30:00Z', '2026-09-01T13:30:00Z'],
    ])
      expect(
        datesOf({
          interval: '1mo',
          rows: [...times, '2026-09-30T18:44:10Z'].map((at) => ({ at })),
          fetchedAt: '2026-09-30T18:45:00Z',
        }),
      ).toEqual(['2026-07-01', '2026-08-01', '2026-09-01']);
  });

  it('what the live row adds is added once', () => {
    const weeks = [{ at: '2026-11-16T05:00:00Z' }, { at: '2026-11-23T05:00:00Z', close: 11, volume: 181 }];
    const withTrade = (close: number) =>
      barsOf({
        interval: '1wk',
        rows: [...weeks, { at: '2026-11-27T21:00:01Z', close, volume: 39 }],
        fetchedAt: '2026-11-27T21:40:00Z',
      }).at(-1);
    expect(withTrade(12)).toMatchObject({ high: '12', low: '11', close: '12', volume: '220' });
    // The week has the day already.
    expect(withTrade(11)).toMatchObject({ close: '11', volume: '181' });
  });
});

describe('days of another clock', () => {
  it('a session an hour off is at its opening, and an eve is its day', () => {
    const equity = ['2026-10-30T13:30:00Z', '2026-11-02T13:30:00Z', '2026-11-03T14:30:00Z'];
    expect(startsOf({ interval: '1d', rows: equity.map((at) => ({ at })), fetchedAt: '2026-11-05T12:00:00Z' })).toEqual(
      ['2026-10-30T13:30:00.000Z', '2026-11-02T14:30:00.000Z', '2026-11-03T14:30:00.000Z'],
    );
    const pair = ['2026-10-25T23:00:00Z', '2026-10-26T23:00:00Z', '2026-10-28T00:00:00Z'];
    expect(
      datesOf({
        venue: venues.currency,
        interval: '1d',
        rows: pair.map((at) => ({ at })),
        fetchedAt: '2026-11-05T12:00:00Z',
      }),
    ).toEqual(['2026-10-26', '2026-10-27', '2026-10-28']);
  });
});

it('the places of an answer are the starts of its bars, of the empty ones and of the live row too', () => {
  const rows = [{ at: '2026-11-02T05:00:00Z' }, { at: '2026-11-09T00:00:00Z' }, { at: '2026-11-13T17:00:03Z' }];
  const places = read({ interval: '1wk', rows, fetchedAt: '2026-11-13T17:01:00Z' }).bars[0]?.places ?? [];
  expect(places.map(iso)).toEqual(['2026-11-02T05:00:00.000Z', '2026-11-09T05:00:00.000Z', '2026-11-09T05:00:00.000Z']);
});

describe('a range that ended in the past', () => {
  const rows = ['2024-03-04T14:30:00Z', '2024-03-05T14:30:00Z', '2026-11-25T17:43:10Z'].map((at) => ({ at }));
  const asked = { interval: '1d', rows, fetchedAt: '2026-11-25T17:43:20Z' };

  it('ends without the trade of today', () => {
    expect(datesOf(asked)).toEqual(['2024-03-04', '2024-03-05']);
    const url = `https://query2.finance.yahoo.com/v8/finance/chart/ABC?period1=1709510400&period2=${seconds('2024-03-07T00:00:00Z')}`;
    expect(datesOf({ ...asked, url })).toEqual(['2024-03-04', '2024-03-05']);
    for (const interval of ['1m', '1h', '1wk', '1mo'])
      expect(barsOf({ ...asked, interval, url }).every((bar) => bar.startsAt < Date.parse('2024-03-07'))).toBe(true);
  });

  it('and one that goes on until now keeps the first trade after a long halt', () => {
    const url = `https://query2.finance.yahoo.com/v8/finance/chart/ABC?period1=1709510400&period2=${seconds('2026-11-25T17:43:15Z')}`;
    expect(datesOf({ ...asked, url })).toEqual(['2024-03-04', '2024-03-05', '2026-11-25']);
  });
});
