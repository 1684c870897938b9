/**
 * When markets trade.
 *
 *   1. `calendarFor` finds the calendar of a listing
 *   2. `sessionOn`, `lastSession`, `nextSession`, `isOpen` read it; `tradesOn` and `weekBegins` without its hours
 *   3. `oldestExpected` says how old a fresh price may be
 *   4. `calendarWarnings` says which calendars are about to end
 *
 * The data are generated (`calendars/make-calendars.py`). Pure: nothing here reads the clock.
 */
import {
  calendarIds,
  calendarOutline,
  type DayTable,
  dayTableOf,
  type Hours,
  readDayTable,
  usualWeek,
} from './calendar-data.ts';
import { validFrom, validThrough } from './calendars/data.ts';
import { pseudoMics } from './exchange.ts';
import { dateInZone, instantsOf, isZone } from './zoned-date.ts';

/** The sessions of a market. Outside its data (before `validFrom`, after `validThrough`) each day of its usual week is one. */
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
interface KnownCalendar extends MarketCalendar, DayTable {
  /** When prices appear: throughout trading, once a session (funds), or at unknown times (venues without data). */
  readonly prices: 'continuous' | 'daily';
  /** Sessions by day since the epoch, computed on demand. */
  readonly sessions: Map<number, TradingSession | null>;
}

const dayMs = 86_400_000;
const minuteMs = 60_000;
/** The longest time without a session in the data is eleven days (Tokyo, spring of 2019). */
const longestHoliday = 20;
const mostSessions = 20_000;

/** Currencies trade from Sunday 17:00 to Friday 17:00 in New York, in five sessions; hardly at Christmas and New Year. */
const currencies = {
  zone: 'America/New_York',
  hours: [[validFrom, '<17:00-17:00']],
  days: { closed: 'every:0101 1225' },
} as const;

/** The venues that trade by another's calendar. Others have the calendar of their own MIC, or none. */
const venues: Readonly<Record<string, readonly string[]>> = {
  // The American over-the-counter markets follow the exchanges' days.
  XNYS: [
    'XNAS',
    'ARCX',
    'XASE',
    'BATS',
    'BATY',
    'EDGA',
    'EDGX',
    'IEXG',
    'MEMX',
    'OTCM',
    'PINX',
    'OTCB',
    'OTCQ',
    'EXPM',
  ],
  XETR: ['XFRA'],
  XTSE: ['XTSX'],
  XTAI: ['ROCO'],
  CMES: ['XCME', 'XCBT', 'XNYM', 'XCEC'],
};
const calendarOfMic: ReadonlyMap<string, string> = new Map([
  ...calendarIds.map((id) => [id, id] as const),
  ...Object.entries(venues).flatMap(([id, mics]) => mics.map((mic) => [mic, id] as const)),
]);

/** An index has no venue: it moves with the exchange of its zone, the first one where a zone has several. */
const calendarOfIndexZone: ReadonlyMap<string, string> = new Map([
  ...calendarIds.map((id) => [calendarOutline(id)?.zone ?? '', id] as const).reverse(),
  ['America/Chicago', 'XNYS'],
  ['Asia/Calcutta', 'XBOM'],
  ['Asia/Tel_Aviv', 'XTAE'],
]);

const calendars = new Map<string, KnownCalendar>();

/**
 * The calendar of a listing; `null` for round-the-clock trading (crypto). A venue without data counts as trading on
 * each whole weekday of its zone, and its prices are not stale before such a day has passed. A fund has the sessions of
 * its venue and one price for each.
 */
export function calendarFor(listing: { mic: string; zone: string; assetClass?: string }): MarketCalendar | null {
  const { mic, zone, assetClass } = listing;
  if (mic === pseudoMics.crypto || assetClass === 'crypto') return null;
  if (mic === pseudoMics.fx || assetClass === 'fx') return kept('FX', 'continuous', () => dayTableOf(currencies));
  const isIndex = mic === pseudoMics.index || assetClass === 'index';
  const id = calendarOfMic.get(mic) ?? (isIndex ? calendarOfIndexZone.get(zone) : undefined);
  if (id === undefined) {
    const known = isZone(zone) ? zone : 'UTC';
    const allDay = { zone: known, hours: [[validFrom, '00:00-24:00']], days: {} } as const;
    return kept(`weekdays:${known}`, 'daily', () => dayTableOf(allDay));
  }
  return assetClass === 'fund'
    ? kept(`${id}:daily`, 'daily', () => readDayTable(id))
    : kept(id, 'continuous', () => readDayTable(id));
}

/** The calendar of an id of the data (`XNYS`, `CMES`), or `undefined`. */
export function calendarOf(id: string): MarketCalendar | undefined {
  return calendarOutline(id) && kept(id, 'continuous', () => readDayTable(id));
}

export { calendarIds, calendarOutline } from './calendar-data.ts';

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
 * Whether a date (`yyyy-mm-dd`) has a session, without its hours: a tenth of the work of `sessionOn` on days that nobody
 * has looked up. `null` outside the calendar's data and where a venue has none: then nothing but its usual week is known.
 */
export function tradesOn(calendar: MarketCalendar, date: string): boolean | null {
  const known = knownOf(calendar);
  const trades = hoursOn(known, date, new Date(`${date}T00:00:00Z`).getUTCDay()) !== null;
  const isKnown = hasDays(known) && date >= known.validFrom && date <= known.validThrough;
  return isKnown || !trades ? trades : null;
}

/** Whether anything is known of the venue's days. Of others it is assumed that they trade on weekdays; some do on Sundays. */
export function hasDays({ id }: MarketCalendar): boolean {
  return !id.startsWith('weekdays:');
}

/** The day that a venue's week begins with at a date: 0 is Sunday, where it trades on Sundays and not on Fridays. */
export function weekBegins(calendar: MarketCalendar, date: string): 0 | 1 {
  const week = usualWeek(knownOf(calendar).weeks, date);
  return week[0] && !week[5] ? 0 : 1;
}

/** Minutes before midnight of its date at which a venue's usual session opens, 0 where it opens on its own date. */
export function opensBefore(calendar: MarketCalendar): number {
  const week = knownOf(calendar).weeks.at(-1)?.[1] ?? [];
  return Math.max(0, ...week.map((hours) => -(hours?.opens ?? 0)));
}

/** The date of the session that an instant belongs to, or would: after the usual opening of the evening it is the next day. */
export function sessionDate(calendar: MarketCalendar, at: number): string {
  return dateInZone(at + opensBefore(calendar) * minuteMs, calendar.zone);
}

/** Whether prices appear once a session and not throughout it: of funds, and at unknown times of venues without data. */
export function pricedDaily(calendar: MarketCalendar): boolean {
  return knownOf(calendar).prices === 'daily';
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

/** Where listings trade: an index has no exchange, and the days of its zone's. */
export interface Venue {
  readonly mic: string;
  /** IANA zone. */
  readonly zone: string;
}

export interface CalendarWarning {
  readonly id: string;
  readonly validThrough: string;
  /** Negative once it has ended. */
  readonly daysLeft: number;
}

/**
 * The calendars of some venues that end within the notice time of `at`, or have ended. One that ends before the others is
 * of an exchange that publishes a year at a time, shortly before it begins: it is in the list once it has ended.
 */
export function calendarWarnings(at: number, venues: readonly Venue[]): CalendarWarning[] {
  return endings(at, venues).filter(({ daysLeft }) => daysLeft < calendarNoticeDays);
}

/**
 * Whole days from `at` to the end of the first calendar of some venues that there is something to do about; negative
 * afterwards. Where none of them has a calendar, it is the day on which most end.
 */
export function calendarDaysLeft(at: number, venues: readonly Venue[]): number {
  const left = endings(at, venues).map(({ daysLeft }) => daysLeft);
  return left.length === 0 ? daysUntil(validThrough, at) : Math.min(...left);
}

function endings(at: number, venues: readonly Venue[]): CalendarWarning[] {
  const used = new Set(venues.map((venue) => calendarFor(venue)?.id));
  return calendarIds
    .filter((id) => used.has(id))
    .map((id) => {
      const last = calendarOutline(id)?.validThrough ?? validThrough;
      return { id, validThrough: last, daysLeft: daysUntil(last, at) };
    })
    .filter((ending) => ending.validThrough === validThrough || ending.daysLeft < 0);
}

function daysUntil(date: string, at: number): number {
  return Math.floor(Date.parse(`${date}T00:00:00Z`) / dayMs) - Math.floor(at / dayMs);
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
  const hours = hoursOn(calendar, date, new Date(midnight).getUTCDay());
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

function hoursOn(calendar: KnownCalendar, date: string, weekday: number): Hours | null {
  const special = calendar.days.get(date);
  return (special === undefined ? usualWeek(calendar.weeks, date)[weekday] : special) ?? null;
}

function kept(id: string, prices: KnownCalendar['prices'], read: () => DayTable | undefined): KnownCalendar {
  let calendar = calendars.get(id);
  if (!calendar) {
    const table = read();
    if (!table) throw new Error(`There are no data of the calendar ${id}.`);
    calendar = { id, prices, sessions: new Map(), ...table };
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
