import { describe, expect, it } from 'vitest';
import {
  calendarDaysLeft,
  calendarFor,
  calendarIds,
  calendarOf,
  calendarWarnings,
  isOpen,
  lastSession,
  type MarketCalendar,
  nextSession,
  oldestExpected,
  sessionOn,
} from '../../../core/market/calendar.ts';
import { calendarOfSymbol } from '../../../core/market/symbol-calendar.ts';

const at = (time: string) => Date.parse(time.length > 17 ? time : `${time}:00Z`);
const iso = (instant: number | undefined) =>
  instant === undefined ? null : new Date(instant).toISOString().slice(0, 16);
const minutes = (count: number) => count * 60_000;

function required(id: string): MarketCalendar {
  const calendar = calendarOf(id);
  if (!calendar) throw new Error(`there is no calendar ${id}`);
  return calendar;
}
const newYork = required('XNYS');
const tokyo = required('XTKS');
const currencies = calendarFor({ mic: 'QFXS', zone: 'UTC' });

/** Opening, break and close of a date, as the minutes they fall on. */
const hours = (calendar: MarketCalendar, date: string) => {
  const session = sessionOn(calendar, date);
  return session && [session.opensAt, session.breakFrom, session.breakUntil, session.closesAt].map(iso);
};

describe('a session', () => {
  it.each<[string, string, (string | null)[] | null, string]>([
    [
      'XNYS',
      '2026-03-06',
      ['2026-03-06T14:30', null, null, '2026-03-06T21:00'],
      'before the clocks go forward in New York',
    ],
    ['XNYS', '2026-03-09', ['2026-03-09T13:30', null, null, '2026-03-09T20:00'], 'after they did'],
    ['XLON', '2026-03-27', ['2026-03-27T08:00', null, null, '2026-03-27T16:30'], 'before they do in London'],
    ['XLON', '2026-03-30', ['2026-03-30T07:00', null, null, '2026-03-30T15:30'], 'after they did'],
    ['XASX', '2026-04-07', ['2026-04-07T00:00', null, null, '2026-04-07T06:00'], 'after they went back in Sydney'],
    [
      'XASX',
      '2026-04-02',
      ['2026-04-01T23:00', null, null, '2026-04-02T05:00'],
      'while Sydney opens on the day before in UTC',
    ],
    ['XNYS', '2026-11-27', ['2026-11-27T14:30', null, null, '2026-11-27T18:00'], 'on the half day after Thanksgiving'],
    ['XNYS', '2026-11-26', null, 'on Thanksgiving'],
    ['XNYS', '2025-01-09', null, 'on a day of mourning'],
    ['XLON', '2022-09-19', null, 'on the day of a funeral'],
    [
      'XTKS',
      '2024-11-01',
      ['2024-11-01T00:00', '2024-11-01T02:30', '2024-11-01T03:30', '2024-11-01T06:00'],
      'before the longer day of Tokyo',
    ],
    [
      'XTKS',
      '2024-11-05',
      ['2024-11-05T00:00', '2024-11-05T02:30', '2024-11-05T03:30', '2024-11-05T06:30'],
      'since then',
    ],
    ['XHKG', '2025-12-24', ['2025-12-24T01:30', null, null, '2025-12-24T04:00'], 'on a half day without a lunch break'],
    ['XHKG', '2023-09-01', null, 'in a typhoon'],
    ['CMES', '2026-11-23', ['2026-11-22T23:00', null, null, '2026-11-23T22:00'], 'of futures, from the evening before'],
  ])('%s on %s is %j: %s', (id, date, expected, _when) => {
    expect(hours(required(id), date)).toEqual(expected);
  });

  it('is found from any instant', () => {
    const sunday = at('2026-11-22T12:00');
    expect(lastSession(newYork, sunday)?.date).toBe('2026-11-20');
    expect(nextSession(newYork, sunday)?.date).toBe('2026-11-23');
    expect(lastSession(newYork, at('2026-11-23T14:29'))?.date).toBe('2026-11-20');
    expect(lastSession(newYork, at('2026-11-23T14:30'))?.date).toBe('2026-11-23');
    expect(nextSession(newYork, at('2026-11-23T14:30'))?.date).toBe('2026-11-24');
    // Eleven days.
    expect(nextSession(tokyo, at('2019-04-27T00:00'))?.date).toBe('2019-05-07');
    expect(lastSession(tokyo, at('2019-05-06T12:00'))?.date).toBe('2019-04-26');
  });

  it('is open from its opening up to its close, but for its break', () => {
    const open = (calendar: MarketCalendar, time: string) => isOpen(calendar, at(time));
    expect([open(newYork, '2026-11-23T14:29'), open(newYork, '2026-11-23T14:30')]).toEqual([false, true]);
    expect([open(newYork, '2026-11-23T20:59'), open(newYork, '2026-11-23T21:00')]).toEqual([true, false]);
    expect([open(tokyo, '2026-11-24T02:29'), open(tokyo, '2026-11-24T02:30'), open(tokyo, '2026-11-24T03:30')]).toEqual(
      [true, false, true],
    );
  });

  it('of a date that is none, or of a weekend, is none', () => {
    for (const date of ['2026-11-22', '2026-02-30', 'yesterday']) expect(sessionOn(newYork, date), date).toBeNull();
  });

  it('outside of what the data know is each weekday at the usual hours', () => {
    expect(hours(newYork, '2031-12-25')).toEqual(['2031-12-25T14:30', null, null, '2031-12-25T21:00']);
    expect(hours(tokyo, '2010-06-01')).toEqual([
      '2010-06-01T00:00',
      '2010-06-01T02:30',
      '2010-06-01T03:30',
      '2010-06-01T06:00',
    ]);
  });
});

describe('the calendar of a listing', () => {
  it.each([
    [{ mic: 'XNAS', zone: 'America/New_York' }, 'XNYS'],
    [{ mic: 'ARCX', zone: 'America/New_York' }, 'XNYS'],
    [{ mic: 'XETR', zone: 'Europe/Berlin' }, 'XETR'],
    [{ mic: 'XFRA', zone: 'Europe/Berlin' }, 'XETR'],
    [{ mic: 'XTSX', zone: 'America/Toronto' }, 'XTSE'],
    [{ mic: 'XCEC', zone: 'America/New_York' }, 'CMES'],
    [{ mic: 'QIDX', zone: 'Europe/London' }, 'XLON'],
    [{ mic: 'SNP', zone: 'America/New_York', assetClass: 'index' }, 'XNYS'],
    [{ mic: 'QIDX', zone: 'Europe/Oslo' }, 'weekdays:Europe/Oslo'],
    [{ mic: 'XPAR', zone: 'Europe/Paris' }, 'weekdays:Europe/Paris'],
    [{ mic: 'QUNK', zone: 'not/a/zone' }, 'weekdays:UTC'],
    [{ mic: 'XNAS', zone: 'America/New_York', assetClass: 'fund' }, 'XNYS:daily'],
    [{ mic: 'QFXS', zone: 'UTC' }, 'FX'],
    [{ mic: 'QCRY', zone: 'UTC' }, null],
    [{ mic: 'QUNK', zone: 'UTC', assetClass: 'crypto' }, null],
  ])('%j is %s', (listing, id) => {
    expect(calendarFor(listing)?.id ?? null).toBe(id);
  });

  it.each([
    ['AAPL', 'XNYS'],
    ['BRK-B', 'XNYS'],
    ['VOD.L', 'XLON'],
    ['SAP.DE', 'XETR'],
    ['7203.T', 'XTKS'],
    ['0700.HK', 'XHKG'],
    ['NESN.SW', 'XSWX'],
    ['SHOP.TO', 'XTSE'],
    ['BHP.AX', 'XASX'],
    ['MC.PA', 'weekdays:Europe/Paris'],
    ['X.YZ', 'weekdays:UTC'],
    ['^GSPC', 'XNYS'],
    ['^N225', 'XTKS'],
    ['EURUSD=X', 'FX'],
    ['GC=F', 'CMES'],
    ['BTC-USD', null],
    ['DOGE-USDT', null],
  ])('%s is %s by how it is written', (symbol, id) => {
    // biome-ignore format: a table to read
    expect(calendarOfSymbol(symbol)?.id ?? null).toBe(id);
  });

  it('of currencies runs from Sunday to Friday evening in New York', () => {
    if (!currencies) throw new Error('currencies have a calendar');
    const open = (time: string) => isOpen(currencies, at(time));
    expect(['2026-11-20T21:59', '2026-11-20T22:00', '2026-11-22T21:59', '2026-11-22T22:00'].map(open)).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(open('2026-07-05T21:00')).toBe(true);
    expect(open('2026-12-25T12:00')).toBe(false);
  });
});

describe('the oldest time that a good price may carry', () => {
  const oldest = (calendar: MarketCalendar | null, time: string, tolerance = 15) =>
    iso(oldestExpected(calendar, at(time), minutes(tolerance)));

  it.each([
    ['on a Tuesday at eleven, is a quarter of an hour ago', newYork, '2026-11-24T16:00', '2026-11-24T15:45'],
    ['on a Sunday, is before Friday’s close', newYork, '2026-11-22T12:00', '2026-11-20T20:45'],
    ['just after the opening, is yesterday’s last', newYork, '2026-11-24T14:31', '2026-11-23T20:46'],
    ['on the evening of a half day, is before its close', newYork, '2026-11-27T23:00', '2026-11-27T17:45'],
    ['on the morning after a long weekend, is before it', newYork, '2026-09-08T12:00', '2026-09-04T19:45'],
    ['in the lunch break, is before the break', tokyo, '2026-11-24T03:00', '2026-11-24T02:15'],
    ['just after the break, counts both sides of it', tokyo, '2026-11-24T03:35', '2026-11-24T02:20'],
    ['round the clock, is a quarter of an hour ago', null, '2026-11-22T12:00', '2026-11-22T11:45'],
    ['of currencies on a Saturday, is before Friday’s end', currencies, '2026-11-21T12:00', '2026-11-20T21:45'],
    [
      'of a fund, is the day before the newest session’s',
      calendarFor({ mic: 'XNAS', zone: '', assetClass: 'fund' }),
      '2026-11-24T16:00',
      '2026-11-23T14:15',
    ],
    [
      'at a venue without data, is a whole weekday ago',
      calendarFor({ mic: 'XPAR', zone: 'Europe/Paris' }),
      '2026-11-24T16:00',
      '2026-11-22T22:45',
    ],
  ])('%s', (_what, calendar, time, expected) => {
    expect(oldest(calendar, time)).toBe(expected);
  });
});

describe('the end of the data', () => {
  it('is warned of two months ahead, of each calendar', () => {
    expect(calendarWarnings(at('2027-11-01T00:00'))).toEqual([]);
    const warned = calendarWarnings(at('2027-11-02T00:00'));
    expect(warned.map(({ id }) => id)).toEqual(calendarIds);
    expect(warned[0]).toEqual({ id: 'XNYS', validThrough: '2027-12-31', daysLeft: 59 });
    expect(calendarDaysLeft(at('2028-01-02T12:00'))).toBe(-2);
  });

  it('is far enough away', () => {
    expect(calendarWarnings(Date.now())).toEqual([]);
  });
});
