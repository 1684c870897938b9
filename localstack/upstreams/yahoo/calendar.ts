/** Sessions of the simulated exchanges: the days and hours that the real ones have, half days and holidays included. */
import { calendarFor, type MarketCalendar, sessionOn } from '../../../core/market/calendar.ts';
import { pseudoMics } from '../../../core/market/exchange.ts';
import { micOf } from '../../../core/sources/yahoo/exchanges.ts';
import type { SimExchange } from './universe.ts';

const minute = 60_000;

/** Formats are expensive to create, so each is created once. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** Names of zones by the quarter of an hour: clocks are changed at the start of one. */
const names = new Map<string, string | undefined>();
const mostNames = 20_000;

function nameOfZone(zone: string, atMs: number, style: 'short' | 'longOffset'): string | undefined {
  const when = `${style} ${zone} ${Math.floor(atMs / (15 * minute))}`;
  if (names.has(when)) return names.get(when);
  const name = formattedZone(zone, atMs, style);
  if (names.size >= mostNames) names.clear();
  names.set(when, name);
  return name;
}

function formattedZone(zone: string, atMs: number, style: 'short' | 'longOffset'): string | undefined {
  const key = `${style} ${zone}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: style });
    formats.set(key, format);
  }
  return format.formatToParts(atMs).find((part) => part.type === 'timeZoneName')?.value;
}

/** How far a zone's clock is ahead of UTC at an instant, in milliseconds. */
export function offsetOf(zone: string, atMs: number): number {
  const found = /^GMT([+-])(\d\d):(\d\d)$/.exec(nameOfZone(zone, atMs, 'longOffset') ?? 'GMT');
  if (found === null) return 0;
  return (found[1] === '-' ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3])) * minute;
}

/** A zone's short name at an instant, as Yahoo gives it: `EST`, `GMT`. */
export function zoneName(zone: string, atMs: number): string {
  return nameOfZone(zone, atMs, 'short') ?? 'UTC';
}

/** The instants of one day's session. `date` is `yyyy-mm-dd` in the exchange's zone. */
export interface Session {
  readonly date: string;
  readonly opensAt: number;
  readonly closesAt: number;
  readonly preAt: number;
  readonly postUntil: number;
}

/** The day, in the exchange's zone, on which an instant falls: days since the epoch. */
export function dayOf(exchange: SimExchange, atMs: number): number {
  return Math.floor((atMs + offsetOf(exchange.zone, atMs)) / 86_400_000);
}

/** Whether the exchange trades on a day. */
export function trades(exchange: SimExchange, dayNumber: number): boolean {
  const calendar = calendarOf(exchange);
  return calendar === null || sessionOn(calendar, dateOf(dayNumber)) !== null;
}

/** The real exchange's calendar; `null` for one that never closes. */
function calendarOf({ code, market, weekends, zone }: SimExchange): MarketCalendar | null {
  if (weekends) return null;
  if (market === 'ccy_market') return calendarFor({ mic: pseudoMics.fx, zone });
  const mic = micOf(code);
  // The codes that are left are of indices, which move with the exchange of their zone.
  return calendarFor({ mic: mic === pseudoMics.unknown ? pseudoMics.index : mic, zone });
}

function dateOf(dayNumber: number): string {
  return new Date(dayNumber * 86_400_000).toISOString().slice(0, 10);
}

/** Charts of years need the same days repeatedly. */
const sessions = new WeakMap<SimExchange, Map<number, Session>>();

/** The session of a day that `trades`; the usual hours of another day. */
export function sessionOf(exchange: SimExchange, dayNumber: number): Session {
  const known = sessions.get(exchange) ?? new Map<number, Session>();
  sessions.set(exchange, known);
  const session = known.get(dayNumber) ?? makeSession(exchange, dayNumber);
  known.set(dayNumber, session);
  return session;
}

function makeSession(exchange: SimExchange, dayNumber: number): Session {
  const midnightUtc = dayNumber * 86_400_000;
  const at = (minutes: number) => {
    const guess = midnightUtc + minutes * minute;
    // The offset at the local time, taken at the first guess, which is right except in the hour of a change.
    return guess - offsetOf(exchange.zone, guess - offsetOf(exchange.zone, guess));
  };
  const date = dateOf(dayNumber);
  const calendar = calendarOf(exchange);
  const real = calendar && sessionOn(calendar, date);
  // What trades round the clock has a day from midnight to midnight here, and may end early.
  const roundTheClock = exchange.opens === 0;
  const opensAt = real && !roundTheClock ? real.opensAt : at(exchange.opens);
  const closesAt = real && (!roundTheClock || real.closesAt < at(16 * 60)) ? real.closesAt : at(exchange.closes);
  return {
    date,
    opensAt,
    closesAt,
    preAt: exchange.pre === undefined ? opensAt : at(exchange.pre),
    postUntil: exchange.post === undefined ? closesAt : closesAt + (exchange.post - exchange.closes) * minute,
  };
}

/** The last session that has opened at an instant. */
export function lastSession(exchange: SimExchange, atMs: number): Session {
  for (let day = dayOf(exchange, atMs); ; day--) {
    if (!trades(exchange, day)) continue;
    const session = sessionOf(exchange, day);
    if (session.opensAt <= atMs) return session;
  }
}

/** The session before one that began at `opensAt`. */
export function sessionBefore(exchange: SimExchange, opensAt: number): Session {
  return lastSession(exchange, opensAt - 1);
}

export type MarketState = 'PRE' | 'REGULAR' | 'POST' | 'CLOSED';

/** The state of the exchange at an instant. */
export function stateAt(exchange: SimExchange, atMs: number): MarketState {
  const day = dayOf(exchange, atMs);
  if (!trades(exchange, day)) return 'CLOSED';
  const session = sessionOf(exchange, day);
  if (atMs < session.preAt || atMs >= session.postUntil) return 'CLOSED';
  if (atMs < session.opensAt) return 'PRE';
  return atMs < session.closesAt ? 'REGULAR' : 'POST';
}
