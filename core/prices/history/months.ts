import type { Microseconds } from './archived-quote.ts';

/** Months are `yyyy-mm`, in UTC. */
const monthText = (year: number, month: number) => new Date(Date.UTC(year, month)).toISOString().slice(0, 7);

/** The month of an instant, in milliseconds since the epoch. */
export function monthOf(at: number): string {
  return new Date(at).toISOString().slice(0, 7);
}

/** The month so many months after another, or before it. */
export function monthsAfter(month: string, count: number): string {
  return monthText(Number(month.slice(0, 4)), Number(month.slice(5, 7)) - 1 + count);
}

/** The first instant of a month. */
export function startOfMonth(month: string): Microseconds {
  return Date.parse(`${month}-01T00:00:00Z`) * 1_000;
}

/** The first instant after it. */
export function endOfMonth(month: string): Microseconds {
  return startOfMonth(monthsAfter(month, 1));
}

/**
 * The first month that stays in the database: with two hot months, the one before the running month. What is older may go to
 * the archive.
 */
export function firstHotMonth(now: number, hotMonths: number): string {
  return monthsAfter(monthOf(now), 1 - hotMonths);
}
