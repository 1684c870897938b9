/** Sessions between the first and the last bar of an answer that have none. */
import type { Bar } from '../market/bar.ts';
import type { BarSeries } from '../market/bar-series.ts';
import { calendarFor, tradesOn } from '../market/calendar.ts';

/** A listing with bars on fewer of its sessions does not trade each day: what is missing is no hole. */
const usualShare = 0.9;

const dayMs = 86_400_000;

/**
 * The first and last session without a bar, where the venue's calendar knows the sessions; `null` for none. A day of which
 * the source says that there was no trade has nothing to be read.
 */
export function holeIn(
  { listing, untraded = [] }: Pick<BarSeries, 'listing' | 'untraded'>,
  bars: readonly Bar[],
): { readonly from: string; readonly to: string } | null {
  const [first, last] = [bars[0]?.date, bars.at(-1)?.date];
  const calendar = calendarFor(listing);
  if (bars[0]?.interval !== '1d' || first == null || last == null || !calendar) return null;
  const present = new Set([...bars.flatMap((bar) => bar.date ?? []), ...untraded]);
  const missing: string[] = [];
  let sessions = 0;
  for (let at = Date.parse(`${first}T00:00:00Z`); at <= Date.parse(`${last}T00:00:00Z`); at += dayMs) {
    const date = new Date(at).toISOString().slice(0, 10);
    if (tradesOn(calendar, date) !== true) continue;
    sessions += 1;
    if (!present.has(date)) missing.push(date);
  }
  const [from, to] = [missing[0], missing.at(-1)];
  return from === undefined || to === undefined || missing.length > Math.max(1, (1 - usualShare) * sessions)
    ? null
    : { from, to };
}
