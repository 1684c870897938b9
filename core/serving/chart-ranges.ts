import { addDays, type Market } from '../coverage/slots.ts';
import { lastSession } from '../market/calendar.ts';
import { dateInZone, startOfDate } from '../market/zoned-date.ts';

const written = /^(?<count>\d{1,3})(?<unit>d|wk|mo|y)$/;

/**
 * When a range of a chart begins that ends at an instant, in milliseconds since the epoch; `null` for one without a begin.
 * Days are days of trading: `1d` is the last session on a closed day too.
 *
 * @example
 * startOfRange('ytd', { calendar: null, zone: 'UTC' }, Date.UTC(2026, 10, 30)) === Date.UTC(2026, 0, 1) // true
 */
export function startOfRange(range: string, market: Market, now: number): number | null | 'unknown_range' {
  const today = dateInZone(now, market.zone);
  const begin = (date: string) => startOfDate(date, market.zone) ?? Date.parse(`${date}T00:00:00Z`);
  if (range === 'max') return null;
  if (range === 'ytd') return begin(`${today.slice(0, 4)}-01-01`);
  const { count: text = '', unit } = written.exec(range)?.groups ?? {};
  const count = Number(text);
  if (unit === undefined || count === 0) return 'unknown_range';
  if (unit === 'd') return sessionsBack(count, market, now) ?? begin(addDays(today, 1 - count));
  if (unit === 'wk') return begin(addDays(today, -7 * count));
  return begin(monthsBefore(today, unit === 'mo' ? count : 12 * count));
}

/** When the session before so many began; `null` round the clock, and where no session is known. */
function sessionsBack(count: number, { calendar }: Market, now: number): number | null {
  let session = calendar === null ? null : lastSession(calendar, now);
  for (let back = 1; back < count && session !== null && calendar !== null; back++)
    session = lastSession(calendar, session.opensAt - 1);
  return session?.opensAt ?? null;
}

/** The same day some months before, or the last of its month. */
function monthsBefore(date: string, months: number): string {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  const first = new Date(Date.UTC(year, month - 1 - months, 1));
  const last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  first.setUTCDate(Math.min(day, last));
  return first.toISOString().slice(0, 10);
}
