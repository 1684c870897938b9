/**
 * When markets trade.
 *
 *   1. `calendarFor` finds the calendar of a listing
 *   2. `sessionOn`, `lastSession`, `nextSession`, `isOpen` read it
 *   3. `oldestExpected` says how old a fresh price may be
 *   4. `calendarWarnings` says which calendars are about to end
 *
 * The data are generated (`calendars/make-calendars.py`). Pure: nothing here reads the clock.
 */
import { type CalendarData, calendarData, validFrom, validThrough } from './calendars/data.ts';
import { pseudoMics } from './exchange.ts';
import { instantsOf, isZone } from './zoned-date.ts';

/** The sessions of a market. Outside its data (before `validFrom`, after `validThrough`) each weekday is one. */
export interface MarketCalendar {
  readonly id: string;
  /** IANA zone. */
  readonly zone: string;
  /** First and last date (`yyyy-mm-dd`) of the data. */
  readonly validFrom: string;
  readonly validThrough: string;
}

/**
 * One day's trading, in milliseconds since the epoch. It trades in [opensAt, closesAt) except [breakFrom, breakUntil).
 */
export interface TradingSession {
  /** The date (`yyyy-mm-dd`) that the venue gives the session; it may open on the evening before. */
  readonly date: string;
  readonly opensAt: number;
  readonly closesAt: number;
  readonly breakFrom?: number;
  readonly breakUntil?: number;
}

/** A calendar as it is cached here. */
interface KnownCalendar extends MarketCalendar {
  /** When prices appear: throughout trading, once a session (funds), or at unknown times (venues without data). */
  readonly prices: 'continuous' | 'daily';
  /** The usual hours and since when, oldest first. */
  readonly hours: readonly (readonly [since: string, hours: Hours | null])[];
  readonly days: ReadonlyMap<string, Hours | null>;
  /** Sessions by day since the epoch, computed on demand. */
  readonly sessions: Map<number, TradingSession | null>;
}

/** Minutes of the session's date in the venue's zone; negative on the day before. */
interface Hours {
  readonly opens: number;
  readonly closes: number;
  readonly pause: readonly [from: number, until: number] | null;
}

const dayMs = 86_400_000;
const minuteMs = 60_000;
/** The longest time without a session in the data is eleven days (Tokyo, spring of 2019). */
const longestHoliday = 20;
const mostSessions = 20_000;

/** Currencies trade from Sunday 17:00 to Friday 17:00 in New York, in five sessions; hardly at Christmas and New Year. */
const currencies: CalendarData = { zone: 'America/New_York', hours: [[validFrom, '<17:00-17:00']], days: {} };
const currencyHolidays = ['01-01', '12-25'];

const venues: Readonly<Record<string, readonly string[]>> = {
  // Includes the American over-the-counter markets, by Yahoo's codes: they follow the exchanges' days.
  XNYS: ['XNYS', 'XNAS', 'ARCX', 'XASE', 'BATS', 'BATY', 'EDGA', 'EDGX', 'IEXG', 'MEMX', 'PNK', 'OQB', 'OQX', 'OEM'],
  XLON: ['XLON'],
  XETR: ['XETR', 'XFRA'],
  XTKS: ['XTKS'],
  XHKG: ['XHKG'],
  XSWX: ['XSWX'],
  XTSE: ['XTSE', 'XTSX'],
  XASX: ['XASX'],
  CMES: ['XCME', 'XCBT', 'XNYM', 'XCEC'],
};
const calendarOfMic = new Map(Object.entries(venues).flatMap(([id, mics]) => mics.map((mic) => [mic, id] as const)));

const dataOfCalendar = new Map(Object.entries(calendarData));

/** An index has no venue: it moves with the exchange of its zone. */
const calendarOfIndexZone: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    'America/New_York': 'XNYS',
    'America/Chicago': 'XNYS',
    'Europe/London': 'XLON',
    'Europe/Berlin': 'XETR',
    'Asia/Tokyo': 'XTKS',
    'Asia/Hong_Kong': 'XHKG',
    'Europe/Zurich': 'XSWX',
    'America/Toronto': 'XTSE',
    'Australia/Sydney': 'XASX',
  }),
);

const calendars = new Map<string, KnownCalendar>();

/**
 * The calendar of a listing; `null` for round-the-clock trading (crypto). A venue without data counts as trading on
 * each whole weekday of its zone, and its prices are not stale before such a day has passed. A fund has the sessions of
 * its venue and one price for each.
 */
export function calendarFor(listing: { mic: string; zone: string; assetClass?: string }): MarketCalendar | null {
  const { mic, zone, assetClass } = listing;
  if (mic === pseudoMics.crypto || assetClass === 'crypto') return null;
  if (mic === pseudoMics.fx || assetClass === 'fx') return kept('FX', currencies, 'continuous', currencyDays);
  const isIndex = mic === pseudoMics.index || assetClass === 'index';
  const id = calendarOfMic.get(mic) ?? (isIndex ? calendarOfIndexZone.get(zone) : undefined);
  const data = id === undefined ? undefined : dataOfCalendar.get(id);
  if (id === undefined || !data) {
    const known = isZone(zone) ? zone : 'UTC';
    return kept(`weekdays:${known}`, { zone: known, hours: [[validFrom, '00:00-24:00']], days: {} }, 'daily', () => []);
  }
  return assetClass === 'fund' ? kept(`${id}:daily`, data, 'daily', daysOf) : kept(id, data, 'continuous', daysOf);
}

/** The calendar of an id of the data (`XNYS`, `CMES`), or `undefined`. */
export function calendarOf(id: string): MarketCalendar | undefined {
  const data = dataOfCalendar.get(id);
  return data && kept(id, data, 'continuous', daysOf);
}

/** Every calendar that has data. */
export const calendarIds: readonly string[] = [...dataOfCalendar.keys()];

/** Whether the market trades at an instant; not in its lunch break. */
export function isOpen(calendar: MarketCalendar, at: number): boolean {
  const session = lastSession(calendar, at);
  if (session === null || at >= session.closesAt) return false;
  const { breakFrom, breakUntil } = session;
  return breakFrom === undefined || breakUntil === undefined || at < breakFrom || at >= breakUntil;
}

/**
 * The session of a date (`yyyy-mm-dd`), or `null` on a day without one.
 *
 * @example
 * sessionOn(calendarOf('XNYS'), '2026-11-26') // null
 */
export function sessionOn(calendar: MarketCalendar, date: string): TradingSession | null {
  const day = Date.parse(`${date}T00:00:00Z`) / dayMs;
  const session = Number.isInteger(day) ? sessionOfDay(knownOf(calendar), day) : null;
  // `Date` reads 30 February as 2 March.
  return session?.date === date ? session : null;
}

/**
 * The newest session that has opened by an instant.
 *
 * @example
 * lastSession(calendarOf('XNYS'), Date.parse('2026-11-22T12:00:00Z')).date // '2026-11-20'
 */
export function lastSession(calendar: MarketCalendar, at: number): TradingSession | null {
  const known = knownOf(calendar);
  // A session's date is at most a day ahead of UTC's (Sydney's morning, an evening before).
  const today = Math.floor(at / dayMs) + 1;
  for (let day = today; day > today - longestHoliday; day -= 1) {
    const session = sessionOfDay(known, day);
    if (session !== null && session.opensAt <= at) return session;
  }
  return null;
}

/** The first session that opens after an instant. */
export function nextSession(calendar: MarketCalendar, at: number): TradingSession | null {
  const known = knownOf(calendar);
  const today = Math.floor(at / dayMs) - 1;
  for (let day = today; day < today + longestHoliday; day += 1) {
    const session = sessionOfDay(known, day);
    if (session !== null && session.opensAt > at) return session;
  }
  return null;
}

/**
 * The oldest market time of a fresh answer at `at`: anything older is stale.
 *
 * The tolerance is counted in trading time. At eleven on a Tuesday with 15 minutes it is 10:45; on Sunday 15 minutes
 * before Friday's close; a minute after Monday's opening 14 minutes before Friday's close; in the lunch break 15
 * minutes before it began. Round the clock (`null`) it is `at` less the tolerance. Where prices appear once a session
 * (funds), or at unknown times (venues without data), it is the opening of the session before the newest one, less the
 * tolerance.
 *
 * A listing that hardly trades may be older and correct: judge the newest row of an answer, or allow it more tolerance.
 *
 * @example
 * // A Sunday, with 15 minutes of tolerance: 15 minutes before Friday's close.
 * new Date(oldestExpected(calendarOf('XNYS'), Date.parse('2026-11-22T12:00:00Z'), 900_000)).toISOString() // '2026-11-20T20:45:00.000Z'
 */
export function oldestExpected(calendar: MarketCalendar | null, at: number, toleranceMs: number): number {
  if (calendar === null) return at - toleranceMs;
  const known = knownOf(calendar);
  let left = toleranceMs;
  let session = lastSession(known, at);
  if (known.prices === 'daily') {
    const before = session && lastSession(known, session.opensAt - 1);
    return (before?.opensAt ?? at - longestHoliday * dayMs) - toleranceMs;
  }
  while (session !== null) {
    for (const [from, until] of stretchesOf(session)) {
      const length = Math.min(until, at) - from;
      if (length < 0) continue;
      if (left <= length) return from + length - left;
      left -= length;
    }
    session = lastSession(known, session.opensAt - 1);
  }
  return at - longestHoliday * dayMs;
}

/** Time around each stretch of trading, in milliseconds: before it begins, and after it ends. */
export interface Grace {
  readonly beforeMs: number;
  readonly afterMs: number;
}

/** The newest instant at or before `at` that lies in a stretch of trading with its grace. */
export function tradingUntil(calendar: MarketCalendar, at: number, { beforeMs, afterMs }: Grace): number | null {
  const known = knownOf(calendar);
  let newest: number | null = null;
  // Sessions do not overlap, but their grace periods may, so the one that opened last need not end last.
  for (let session = lastSession(known, at + beforeMs); session; session = lastSession(known, session.opensAt - 1)) {
    for (const [from, until] of stretchesOf(session)) {
      if (from - beforeMs <= at) newest = Math.max(newest ?? from - beforeMs, Math.min(at, until + afterMs));
    }
    if (newest === at || (newest !== null && session.opensAt <= at)) return newest;
  }
  return newest;
}

/** The first instant at or after `at` that lies in a stretch of trading with its grace. */
export function tradingFrom(calendar: MarketCalendar, at: number, { beforeMs, afterMs }: Grace): number | null {
  if (tradingUntil(calendar, at, { beforeMs, afterMs }) === at) return at;
  const session = lastSession(calendar, at);
  if (session?.breakUntil !== undefined && at < session.breakUntil) return session.breakUntil - beforeMs;
  const next = nextSession(calendar, at);
  return next && next.opensAt - beforeMs;
}

/** How long before its last date there is a warning about a calendar: time for a release and a deployment. */
export const calendarNoticeDays = 60;

export interface CalendarWarning {
  readonly id: string;
  readonly validThrough: string;
  /** Negative once it has ended. */
  readonly daysLeft: number;
}

/** The calendars that end within the notice time of `at`, or have ended. */
export function calendarWarnings(at: number): CalendarWarning[] {
  return calendarIds
    .map((id) => ({ id, validThrough, daysLeft: calendarDaysLeft(at) }))
    .filter(({ daysLeft }) => daysLeft < calendarNoticeDays);
}

/** Whole days from `at` to the end of the first calendar that ends; negative afterwards. */
export function calendarDaysLeft(at: number): number {
  return Math.floor(Date.parse(`${validThrough}T00:00:00Z`) / dayMs) - Math.floor(at / dayMs);
}

/** The times in which a session trades, the last first. */
function stretchesOf(session: TradingSession): (readonly [from: number, until: number])[] {
  const { opensAt, closesAt, breakFrom, breakUntil } = session;
  if (breakFrom === undefined || breakUntil === undefined) return [[opensAt, closesAt]];
  return [
    [breakUntil, closesAt],
    [opensAt, breakFrom],
  ];
}

function sessionOfDay(calendar: KnownCalendar, day: number): TradingSession | null {
  const found = calendar.sessions.get(day);
  if (found !== undefined) return found;
  const session = makeSession(calendar, day);
  if (calendar.sessions.size >= mostSessions) calendar.sessions.clear();
  calendar.sessions.set(day, session);
  return session;
}

function makeSession(calendar: KnownCalendar, day: number): TradingSession | null {
  const midnight = day * dayMs;
  if (!Number.isFinite(new Date(midnight).getTime())) return null;
  const date = new Date(midnight).toISOString().slice(0, 10);
  let hours = calendar.days.get(date);
  if (hours === undefined) {
    const weekday = new Date(midnight).getUTCDay();
    if (weekday === 0 || weekday === 6) return null;
    hours = calendar.hours.findLast(([since]) => since <= date)?.[1] ?? calendar.hours[0]?.[1];
  }
  if (!hours) return null;
  const at = (minutes: number) => {
    const local = midnight + minutes * minuteMs;
    // No venue opens or closes in the hour that a change of clocks skips, but a whole day may begin in it.
    return instantsOf(local, calendar.zone)[0] ?? instantsOf(local + 60 * minuteMs, calendar.zone)[0] ?? local;
  };
  return {
    date,
    opensAt: at(hours.opens),
    closesAt: at(hours.closes),
    ...(hours.pause ? { breakFrom: at(hours.pause[0]), breakUntil: at(hours.pause[1]) } : {}),
  };
}

function kept(
  id: string,
  data: CalendarData,
  prices: KnownCalendar['prices'],
  readDays: (data: CalendarData) => Iterable<readonly [string, Hours | null]>,
): KnownCalendar {
  let calendar = calendars.get(id);
  if (!calendar) {
    calendar = {
      id,
      zone: data.zone,
      validFrom,
      validThrough,
      prices,
      hours: data.hours.map(([since, hours]) => [since, readHours(hours)] as const),
      days: new Map(readDays(data)),
      sessions: new Map(),
    };
    calendars.set(id, calendar);
  }
  return calendar;
}

/** The cached form of a calendar; a copied one is found by its id. */
function knownOf(calendar: MarketCalendar): KnownCalendar {
  const known = calendars.get(calendar.id);
  if (!known) throw new Error(`There is no calendar ${calendar.id}: get one from calendarFor.`);
  return known;
}

function* daysOf(data: CalendarData): Generator<readonly [string, Hours | null]> {
  for (const [what, dates] of Object.entries(data.days)) {
    const hours = what === 'closed' ? null : readHours(what);
    let year = '';
    for (const word of dates.split(' ')) {
      const [first = '', second] = word.split(':');
      if (second !== undefined) year = first;
      const day = second ?? first;
      yield [`${year}-${day.slice(0, 2)}-${day.slice(2)}`, hours];
    }
  }
}

function* currencyDays(): Generator<readonly [string, null]> {
  for (let year = Number(validFrom.slice(0, 4)); year <= Number(validThrough.slice(0, 4)); year += 1)
    for (const day of currencyHolidays) yield [`${year}-${day}`, null];
}

/** `09:00-11:30,12:30-15:30`; `<17:00` is on the day before. */
function readHours(text: string): Hours {
  const stretches = text.split(',').map((stretch) => stretch.split('-').map(readMinutes));
  const first = stretches[0] ?? [];
  const second = stretches[1];
  const opens = first[0] ?? 0;
  const closes = (second ?? first)[1] ?? 0;
  return { opens, closes, pause: second ? [first[1] ?? opens, second[0] ?? closes] : null };
}

function readMinutes(text: string): number {
  const [hours = 0, minutes = 0] = text.replace('<', '').split(':').map(Number);
  return hours * 60 + minutes - (text.startsWith('<') ? 1440 : 0);
}
