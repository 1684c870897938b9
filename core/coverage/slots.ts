/**
 * The places in which bars can be: days, weeks or months of a market, and the sessions in them. Bars shorter than a day
 * are counted by their session.
 */
import type { BarInterval } from '../market/bar.ts';
import {
  calendarFor,
  lastSession,
  type MarketCalendar,
  nextSession,
  pricedDaily,
  sessionOn,
  type TradingSession,
  tradesOn,
  weekBegins,
} from '../market/calendar.ts';
import { startOfDate } from '../market/zoned-date.ts';

const dayMs = 86_400_000;

/** Days (`yyyy-mm-dd`), both included. */
export interface DayRange {
  readonly from: string;
  readonly to: string;
}

/** A day, week or month. */
export interface Slot extends DayRange {
  /** Whether the market has a session in it; `null` where no calendar says. */
  readonly trades: boolean | null;
}

/** A market as its sessions are counted. `calendar` is `null` round the clock: each day of `zone` is a session then. */
export interface Market {
  readonly calendar: MarketCalendar | null;
  readonly zone: string;
}

/** The market of a listing. */
export function marketOf(listing: { mic: string; zone: string; assetClass?: string }): Market {
  return { calendar: calendarFor(listing), zone: listing.zone };
}

/** How long after a session its bars may still change, in milliseconds. */
export interface Settling {
  readonly afterMs: number;
}

/** Whether bars of an interval are shorter than a session. */
export function isIntraday(interval: BarInterval): boolean {
  return interval !== '1d' && interval !== '1wk' && interval !== '1mo';
}

/** The slots of an interval that have a day in [from, to], oldest first. The first and last may reach beyond. */
export function slotsOf(market: Market, interval: BarInterval, from: string, to: string): Slot[] {
  if (interval !== '1wk' && interval !== '1mo') return daysOf(market, from, to);
  const slots: Slot[] = [];
  let at = firstDay(market, interval, from);
  while (at <= to) {
    const next = nextStart(market, interval, at);
    slots.push({ from: at, to: addDays(next, -1), trades: tradesWithin(market, at, next) });
    at = next;
  }
  return slots;
}

/** By calendar and day since the epoch. */
const knownDays = new Map<string, Map<number, Slot>>();
/** Of all calendars; those of a century are 36,000. */
const mostKnownDays = 120_000;
let countOfKnownDays = 0;

/** Days as slots. Decades of them are asked for at once, again and again, so each is worked out once. */
function daysOf({ calendar }: Market, from: string, to: string): Slot[] {
  if (countOfKnownDays > mostKnownDays) {
    knownDays.clear();
    countOfKnownDays = 0;
  }
  const id = calendar?.id ?? '';
  const known = knownDays.get(id) ?? new Map<number, Slot>();
  knownDays.set(id, known);
  const before = known.size;
  const slots: Slot[] = [];
  const last = Date.parse(`${to}T00:00:00Z`) / dayMs;
  for (let day = Date.parse(`${from}T00:00:00Z`) / dayMs; day <= last; day += 1) {
    let slot = known.get(day);
    if (!slot) {
      const date = new Date(day * dayMs).toISOString().slice(0, 10);
      slot = { from: date, to: date, trades: calendar === null ? true : tradesOn(calendar, date) };
      known.set(day, slot);
    }
    slots.push(slot);
  }
  countOfKnownDays += known.size - before;
  return slots;
}

/**
 * When the bar of a slot is settled, in milliseconds since the epoch: its last session has closed, and the source had its
 * time to bring the closing price. A fund's price of a session comes before the next one. `null` for a slot without a
 * session.
 */
export function settledAt(market: Market, slot: DayRange, { afterMs }: Settling): number | null {
  const { calendar, zone } = market;
  if (calendar === null) return startsAt(addDays(slot.to, 1), zone) + afterMs;
  const session = lastSessionIn(calendar, slot);
  if (session === null) return null;
  if (!pricedDaily(calendar)) return session.closesAt + afterMs;
  return (nextSession(calendar, session.closesAt - 1)?.opensAt ?? session.closesAt + dayMs) + afterMs;
}

/** The slot of the bar of a date, or of an intraday bar of a session. */
export function slotAt(market: Market, interval: BarInterval, date: string): Slot {
  const from = firstDay(market, interval, date);
  const next = nextStart(market, interval, from);
  return { from, to: addDays(next, -1), trades: tradesWithin(market, from, next) };
}

/** A session's opening and close, the whole day of `zone` round the clock; `null` on a day without one. */
export function hoursOf({ calendar, zone }: Market, date: string): TradingSession | null {
  if (calendar !== null) return sessionOn(calendar, date);
  return { date, opensAt: startsAt(date, zone), closesAt: startsAt(addDays(date, 1), zone) };
}

/** A date some days later. */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10);
}

function startsAt(date: string, zone: string): number {
  return startOfDate(date, zone) ?? Date.parse(`${date}T00:00:00Z`);
}

function lastSessionIn(calendar: MarketCalendar, slot: DayRange): TradingSession | null {
  if (slot.from === slot.to) return sessionOn(calendar, slot.to);
  const last = sessionOn(calendar, slot.to) ?? lastSession(calendar, Date.parse(`${addDays(slot.to, 1)}T12:00:00Z`));
  if (last === null || last.date < slot.from) return null;
  return last.date <= slot.to ? last : sessionBefore(calendar, slot);
}

function sessionBefore(calendar: MarketCalendar, { from, to }: DayRange): TradingSession | null {
  for (let date = to; date >= from; date = addDays(date, -1)) {
    const session = sessionOn(calendar, date);
    if (session !== null) return session;
  }
  return null;
}

function firstDay({ calendar }: Market, interval: BarInterval, date: string): string {
  if (interval === '1mo') return `${date.slice(0, 7)}-01`;
  if (interval !== '1wk') return date;
  let day = date;
  while (!isWeekStart(calendar, day)) day = addDays(day, -1);
  return day;
}

function nextStart({ calendar }: Market, interval: BarInterval, start: string): string {
  if (interval === '1mo') return `${addDays(start, 31).slice(0, 7)}-01`;
  if (interval !== '1wk') return addDays(start, 1);
  // Where a venue moves its week from Sunday to Monday, the Sunday before is no week of its own.
  let day = addDays(start, 5);
  while (!isWeekStart(calendar, day)) day = addDays(day, 1);
  return day;
}

function isWeekStart(calendar: MarketCalendar | null, date: string): boolean {
  return new Date(`${date}T00:00:00Z`).getUTCDay() === (calendar === null ? 1 : weekBegins(calendar, date));
}

/** Whether some day of [from, next) has a session; `null` if one may have. */
function tradesWithin({ calendar }: Market, from: string, next: string): boolean | null {
  if (calendar === null) return true;
  let found: boolean | null = false;
  for (let date = from; date < next; date = addDays(date, 1)) {
    const trades = tradesOn(calendar, date);
    if (trades === true) return true;
    if (trades === null) found = null;
  }
  return found;
}
