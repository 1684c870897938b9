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
    ['XPAR', '2026-12-24', ['2026-12-24T08:00', null, null, '2026-12-24T13:05'], 'on the half day before Christmas'],
    [
      'XPAR',
      '2026-05-25',
      ['2026-05-25T07:00', null, null, '2026-05-25T15:30'],
      'on a Whit Monday, on which it trades',
    ],
    ['XLIS', '2026-12-24', ['2026-12-24T08:00', null, null, '2026-12-24T13:05'], 'when Paris does'],
    ['XMIL', '2025-08-15', null, 'on Assumption Day'],
    ['XSTO', '2026-06-19', null, 'on the eve of midsummer'],
    ['XSTO', '2026-04-30', ['2026-04-30T07:00', null, null, '2026-04-30T11:00'], 'on the half day of Walpurgis'],
    ['XOSL', '2026-04-01', ['2026-04-01T07:00', null, null, '2026-04-01T11:00'], 'on the Wednesday before Easter'],
    ['XWAR', '2018-11-12', null, 'on a holiday of that year only'],
    ['XBOM', '2024-11-01', ['2024-11-01T12:30', null, null, '2024-11-01T13:30'], 'on the evening of Diwali'],
    ['XBOM', '2026-11-08', ['2026-11-08T08:15', null, null, '2026-11-08T09:15'], 'on the Sunday of Diwali'],
    ['XNSE', '2026-02-01', ['2026-02-01T03:45', null, null, '2026-02-01T10:00'], 'on a Sunday with a budget'],
    [
      'XBOM',
      '2024-03-02',
      ['2024-03-02T03:45', '2024-03-02T04:30', '2024-03-02T06:00', '2024-03-02T07:00'],
      'on a Saturday on which the second site was tried',
    ],
    [
      'XSHG',
      '2026-02-13',
      ['2026-02-13T01:30', '2026-02-13T03:30', '2026-02-13T05:00', '2026-02-13T07:00'],
      'on the last day before the week of the new year',
    ],
    ['XSHE', '2026-02-23', null, 'in the week of the new year'],
    ['XKRX', '2026-11-19', ['2026-11-19T01:00', null, null, '2026-11-19T07:30'], 'on the day of the examination'],
    ['XKRX', '2017-10-02', null, 'between two holidays'],
    ['XTAI', '2026-02-16', null, 'before the lunar new year'],
    ['XSES', '2026-02-16', ['2026-02-16T01:00', null, null, '2026-02-16T04:00'], 'on the eve of the lunar new year'],
    ['XIDX', '2026-03-23', null, 'on a day of leave after the fast'],
    [
      'XIDX',
      '2026-11-27',
      ['2026-11-27T02:00', '2026-11-27T04:30', '2026-11-27T07:00', '2026-11-27T08:50'],
      'on a Friday, with the longer break',
    ],
    ['XBKK', '2026-04-13', null, 'in the week of Songkran'],
    ['BVMF', '2026-02-18', ['2026-02-18T16:00', null, null, '2026-02-18T21:00'], 'on Ash Wednesday, from one o’clock'],
    ['BVMF', '2026-07-01', ['2026-07-01T13:00', null, null, '2026-07-01T20:00'], 'while New York has summer time'],
    ['XMEX', '2026-11-16', null, 'on the day of the revolution'],
    ['XJSE', '2024-05-29', null, 'on the day of an election'],
    ['XTAE', '2025-12-28', ['2025-12-28T07:59', null, null, '2025-12-28T13:40'], 'on a Sunday, up to 2025'],
    ['XTAE', '2025-12-26', null, 'on a Friday, up to 2025'],
    ['XTAE', '2026-01-09', ['2026-01-09T07:59', null, null, '2026-01-09T11:50'], 'on a Friday, since 2026'],
    ['XTAE', '2026-01-11', null, 'on a Sunday, since 2026'],
    ['XTAE', '2026-09-21', null, 'on Yom Kippur'],
    ['XSAU', '2026-11-29', ['2026-11-29T07:00', null, null, '2026-11-29T12:00'], 'on a Sunday'],
    ['XSAU', '2026-11-27', null, 'on a Friday'],
    ['XSAU', '2013-06-27', null, 'on a Thursday, while the weekend began with it'],
    ['XSAU', '2013-06-22', ['2013-06-22T07:00', null, null, '2013-06-22T12:00'], 'on a Saturday of that time'],
    ['XSAU', '2013-07-04', ['2013-07-04T07:00', null, null, '2013-07-04T12:00'], 'on a Thursday after the change'],
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

describe('the sessions of a year', () => {
  // Of 2025, as exchange_calendars 4.13.2 has them: Mumbai has the evening of Diwali more, Jakarta a day of leave less.
  const counts =
    'XNYS 250 XLON 253 XETR 253 XTKS 243 XHKG 246 XSWX 249 XTSE 251 XASX 253 CMES 257 XPAR 255 XAMS 255 XBRU 255 ' +
    'XLIS 255 XMIL 252 XMAD 255 XSTO 249 XCSE 249 XOSL 250 XHEL 250 XWBO 253 XWAR 249 XBOM 249 XSHG 243 XKRX 242 ' +
    'XTAI 243 XSES 252 XIDX 236 XBKK 242 BVMF 250 XMEX 251 XJSE 250 XTAE 246 XSAU 251 XSHE 243 XNSE 249 XKOS 242';

  it('are as many as the exchange held', () => {
    const held = calendarIds.map((id) => {
      const days = Array.from({ length: 365 }, (_, day) => new Date(Date.UTC(2025, 0, 1 + day)).toISOString());
      return `${id} ${days.filter((day) => sessionOn(required(id), day.slice(0, 10)) !== null).length}`;
    });
    expect(held.join(' ')).toBe(counts);
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
    [{ mic: 'QIDX', zone: 'Europe/Oslo' }, 'XOSL'],
    [{ mic: 'QIDX', zone: 'Asia/Kolkata' }, 'XBOM'],
    [{ mic: 'QIDX', zone: 'Asia/Tel_Aviv' }, 'XTAE'],
    [{ mic: 'QIDX', zone: 'Asia/Shanghai' }, 'XSHG'],
    [{ mic: 'QIDX', zone: 'America/Chicago' }, 'XNYS'],
    [{ mic: 'QIDX', zone: 'Europe/Prague' }, 'weekdays:Europe/Prague'],
    [{ mic: 'XPAR', zone: 'Europe/Paris' }, 'XPAR'],
    [{ mic: 'XAMS', zone: 'Europe/Amsterdam' }, 'XAMS'],
    [{ mic: 'XSHE', zone: 'Asia/Shanghai' }, 'XSHE'],
    [{ mic: 'XPRA', zone: 'Europe/Prague' }, 'weekdays:Europe/Prague'],
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
    ['MC.PA', 'XPAR'],
    ['ENEL.MI', 'XMIL'],
    ['TCS.NS', 'XNSE'],
    ['000001.SZ', 'XSHE'],
    ['6488.TWO', 'XTAI'],
    ['BBCA.JK', 'XIDX'],
    ['PTT.BK', 'XBKK'],
    ['2222.SR', 'XSAU'],
    ['VALE3.SA', 'BVMF'],
    ['^BVSP', 'BVMF'],
    ['^NSEI', 'XBOM'],
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
      calendarFor({ mic: 'XPRA', zone: 'Europe/Prague' }),
      '2026-11-24T16:00',
      '2026-11-22T22:45',
    ],
  ])('%s', (_what, calendar, time, expected) => {
    expect(oldest(calendar, time)).toBe(expected);
  });
});

describe('the end of the data', () => {
  const every = calendarIds.map((id) => ({ mic: id, zone: 'UTC' }));
  const nasdaq = [{ mic: 'XNAS', zone: 'America/New_York' }];

  it('is warned of two months ahead, of each calendar', () => {
    const ended = ['XBOM', 'XSHG', 'XSES', 'XIDX', 'XSHE', 'XNSE'];
    const warnedAt = (time: string) => calendarWarnings(at(time), every).map(({ id }) => id);
    expect(warnedAt('2027-11-01T00:00')).toEqual(ended);
    expect(warnedAt('2027-11-02T00:00').toSorted()).toEqual(calendarIds.toSorted());
    expect(calendarWarnings(at('2027-11-02T00:00'), every)[0]).toEqual({
      id: 'XNYS',
      validThrough: '2027-12-31',
      daysLeft: 59,
    });
    expect(calendarDaysLeft(at('2028-01-02T12:00'), every)).toBe(-367);
  });

  it('is warned of when it has come, where an exchange publishes a year at a time', () => {
    expect(calendarWarnings(at('2026-12-31T12:00'), every)).toEqual([]);
    expect(calendarDaysLeft(at('2026-12-31T12:00'), every)).toBe(365);
    expect(calendarWarnings(at('2027-01-01T00:00'), every)[0]).toEqual({
      id: 'XBOM',
      validThrough: '2026-12-31',
      daysLeft: -1,
    });
    expect(calendarDaysLeft(at('2027-01-01T00:00'), every)).toBe(-1);
  });

  it('is warned of where there are listings, and nowhere else', () => {
    expect(calendarWarnings(at('2027-01-01T00:00'), nasdaq)).toEqual([]);
    expect(calendarDaysLeft(at('2027-01-01T00:00'), nasdaq)).toBe(364);
    expect(calendarWarnings(at('2027-11-02T00:00'), nasdaq).map(({ id }) => id)).toEqual(['XNYS']);
    // An index has no exchange, and the days of its zone.
    const sensex = [{ mic: 'QIDX', zone: 'Asia/Kolkata' }];
    expect(calendarWarnings(at('2027-01-01T00:00'), sensex).map(({ id }) => id)).toEqual(['XBOM']);
    const coins = [{ mic: 'QCRY', zone: 'UTC' }];
    expect(calendarWarnings(at('2028-01-01T00:00'), coins)).toEqual([]);
    expect(calendarDaysLeft(at('2026-12-31T12:00'), coins)).toBe(365);
  });

  it('is far enough away, where an exchange publishes more than a year', () => {
    const wholeYears = calendarWarnings(Date.now(), every).filter(({ validThrough }) => validThrough > '2026-12-31');
    expect(wholeYears).toEqual([]);
  });
});
