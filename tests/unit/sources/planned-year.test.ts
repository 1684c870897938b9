import { expect, it } from 'vitest';
import { calendarFor, type MarketCalendar, sessionOn } from '../../../core/market/calendar.ts';
import { calendarOfSymbol } from '../../../core/market/symbol-calendar.ts';
import { dueRuns, type JobTiming, nextRun } from '../../../core/planning/job-schedule.ts';
import type { SourceJob } from '../../../core/sources/definition.ts';

/** One symbol of each calendar: eight exchanges, futures, currencies, a venue without data, and what never closes. */
const symbols = [
  'AAPL',
  'VOD.L',
  'SAP.DE',
  '7203.T',
  '0700.HK',
  'NESN.SW',
  'SHOP.TO',
  'BHP.AX',
  'GC=F',
  'EURUSD=X',
  'MC.PA',
  'BTC-USD',
];
const inSession = { beforeMinutes: 5, afterMinutes: 30 };
const year = { from: Date.parse('2026-01-01T00:00:00Z'), to: Date.parse('2027-01-01T00:00:00Z') };
const minute = 60_000;
const dayMs = 86_400_000;

const minuteOf = (slot: number) => (slot - year.from) / minute;
const minutes = minuteOf(year.to);

/** By minute of the year, 1 where a symbol is to be asked for: by the sessions themselves, one after the other. */
function wanted(calendar: MarketCalendar | null): Uint8Array {
  const slots = new Uint8Array(minutes + 1);
  const add = (from: number, until: number) =>
    slots.fill(1, Math.max(1, Math.ceil(minuteOf(from))), Math.max(1, Math.floor(minuteOf(until)) + 1));
  if (calendar === null) add(year.from, year.to);
  else
    for (let day = year.from - 2 * dayMs; day <= year.to + 2 * dayMs; day += dayMs) {
      const session = sessionOn(calendar, new Date(day).toISOString().slice(0, 10));
      if (!session) continue;
      const { opensAt, breakFrom, breakUntil, closesAt } = session;
      const before = inSession.beforeMinutes * minute;
      const after = inSession.afterMinutes * minute;
      if (breakFrom === undefined || breakUntil === undefined) add(opensAt - before, closesAt + after);
      else {
        add(opensAt - before, breakFrom + after);
        add(breakUntil - before, closesAt + after);
      }
    }
  return slots;
}

it('a year of ticks plans every run in session, none outside, and each once, for every calendar', () => {
  const job: SourceJob = {
    id: 'quotes',
    kind: 'quotes',
    everySeconds: 60,
    inSession,
    symbols,
    symbolsPerTask: 200,
    symbolsPerRequest: 50,
  };
  const timing: JobTiming = { job, symbols, stretch: 1, alwaysOpen: false };
  const open = new Map(symbols.map((symbol) => [symbol, wanted(calendarOfSymbol(symbol))]));
  let ticks = 0;
  let plannedTo = year.from;
  // Ticks are late by up to 50 seconds, each eleventh is dropped, each seventh comes twice.
  for (let at = year.from + minute; at <= year.to + minute; at += minute) {
    const number = at / minute;
    if (number % 11 === 3) continue;
    for (let again = number % 7 === 0 ? 2 : 1; again > 0; again -= 1) {
      ticks += 1;
      const tick = Math.min(at + ((number * 7_919) % 50_000), year.to);
      for (const { slot, symbols: due } of dueRuns(timing, plannedTo, tick))
        for (const symbol of due) {
          const left = open.get(symbol);
          if (left?.[minuteOf(slot)] !== 1)
            throw new Error(`${symbol} is planned out of session, or twice, at ${new Date(slot).toISOString()}`);
          left[minuteOf(slot)] = 0;
        }
      plannedTo = Math.max(plannedTo, tick);
    }
  }
  expect(ticks).toBeGreaterThan(500_000);
  for (const [symbol, left] of open) {
    const first = left.indexOf(1);
    expect(first === -1 ? null : new Date(year.from + first * minute).toISOString(), symbol).toBeNull();
  }
}, 60_000);

it('a cron job in session runs once on each day that New York trades, half days too, and on no other', () => {
  const job: SourceJob = {
    id: 'bars', kind: 'bars', cron: '30 18 * * 1-5', zone: 'America/New_York',
    inSession: { beforeMinutes: 0, afterMinutes: 480 }, symbols: ['AAPL'], symbolsPerTask: 1, symbolsPerRequest: 1,
  }; // biome-ignore format: a job to read
  const timing: JobTiming = { job, symbols: ['AAPL'], stretch: 1, alwaysOpen: false };
  const days: string[] = [];
  for (let slot = nextRun(timing, year.from); slot !== null && slot < year.to; slot = nextRun(timing, slot))
    days.push(new Date(slot - 5 * 3_600_000).toISOString().slice(0, 10));
  const newYork = calendarFor({ mic: 'XNYS', zone: 'America/New_York' });
  const trading: string[] = [];
  for (let day = year.from; day < year.to; day += dayMs) {
    const date = new Date(day).toISOString().slice(0, 10);
    if (newYork && sessionOn(newYork, date)) trading.push(date);
  }
  expect(trading).toHaveLength(251);
  expect(days).toEqual(trading);
});
