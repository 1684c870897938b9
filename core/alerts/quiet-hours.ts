import type { QuietHours } from '../contracts/http/alerts.ts';
import { dateInZone, instantsOf } from '../market/zoned-date.ts';

const dayMs = 86_400_000;

/**
 * When the quiet hours end in which an instant is, in milliseconds since the epoch; `null` for one outside of them. They go
 * over midnight where they end before they begin. A time that the clocks skip is the next one that they show.
 *
 * @example
 * const until = quietUntil({ from: '22:00', to: '07:00', zone: 'UTC' }, Date.parse('2026-11-20T23:30:00Z'));
 * new Date(until).toISOString() // '2026-11-21T07:00:00.000Z'
 */
export function quietUntil({ from, to, zone }: QuietHours, now: number): number | null {
  const today = Date.parse(`${dateInZone(now, zone)}T00:00:00Z`);
  for (const day of [today - dayMs, today]) {
    const begins = instantOf(day, from, zone);
    const ends = instantOf(from < to ? day : day + dayMs, to, zone);
    if (begins <= now && now < ends) return ends;
  }
  return null;
}

/** The instant of a clock time on a day, which is its midnight as UTC. */
function instantOf(day: number, time: string, zone: string): number {
  const local = day + Date.parse(`1970-01-01T${time}:00Z`);
  const [first] = instantsOf(local, zone);
  // Skipped by the clocks: no zone skips more than a few hours.
  return first ?? instantsOf(local + 3 * 3_600_000, zone)[0] ?? local;
}
