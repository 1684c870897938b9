/**
 * Where the rows of a chart belong in time.
 *
 * Yahoo writes the start of a bar beside it, but for the live row: what has not ended comes with the time of its last
 * trade, in every interval, sometimes beside the bar that it belongs to, and stays for hours after the close. Weeks and
 * months begin at midnight, which an answer may count in UTC or by the clocks of the other half of the year, so that a
 * week seems to begin on a Sunday. All are brought to the one start that any later answer gives the same bar.
 */
import type { BarInterval } from '../../market/bar.ts';
import { lastSession, type MarketCalendar, sessionOn } from '../../market/calendar.ts';
import { dateInZone, instantsOf, localClock, startOfDate } from '../../market/zoned-date.ts';
import { hourPlacer } from './bar-hours.ts';
import type { ChartTimes, Place, Placing } from './chart-times.ts';

const hour = 3_600_000;
const day = 24 * hour;
const daily: ReadonlySet<BarInterval> = new Set(['1d', '1wk', '1mo']);

/** Times outside of these are no matter of this: the checks hold them back. */
const earliest = Date.UTC(1800, 0, 2);
const furthestAhead = 2 * day;

/** A live row after a longer pause belongs to no range that goes on until today. */
const longestPause = { '1m': 20, '5m': 20, '15m': 20, '1h': 20, '1d': 20, '1wk': 28, '1mo': 93 };

/**
 * The place of each row: `no_time` for what is not a time, `not_asked` for a trade after the range that was asked for,
 * `not_begun` for one of a day that begins later by its own clock, such as Monday's currencies on Sunday evening.
 */
export function placeRows(chart: ChartTimes): (Place | 'no_time' | 'not_asked' | 'not_begun')[] {
  const { interval, fetchedAt, until, zone } = chart;
  const sound = (at: number) => at >= earliest && at <= fetchedAt + furthestAhead;
  const times = chart.times.filter(sound);
  const greatest = times.reduce((most, at) => Math.max(most, at), Number.NEGATIVE_INFINITY);
  const last = times.filter((at) => at === greatest).length === 1 ? greatest : null;
  const others = times.filter((at) => at !== last);
  const placing: Placing = { ...chart, local: localClock(zone), last, others };
  const place = placerOf(placing);
  const before = others.reduce((most, at) => Math.max(most, at), Number.NEGATIVE_INFINITY);
  const rangeIsPast = until !== null && until < fetchedAt - day;
  return chart.times.map((at) => {
    if (!(Math.abs(at) <= 8.64e15)) return 'no_time';
    if (!sound(at)) return { startsAt: at, date: daily.has(interval) ? dateInZone(at, zone) : null, live: false };
    if (rangeIsPast && at > until) return 'not_asked';
    const placed = place(at);
    if (placed.live && placed.startsAt > fetchedAt) return 'not_begun';
    const paused = at === last && placed.live && until === null && at - before > longestPause[interval] * day;
    return paused && Number.isFinite(before) ? 'not_asked' : placed;
  });
}

function placerOf(placing: Placing): (at: number) => Place {
  if (placing.interval === '1d') return dayPlacer(placing);
  return daily.has(placing.interval) ? spanPlacer(placing) : hourPlacer(placing);
}

/** Milliseconds since midnight on the zone's clocks. */
function timeOfDay(local: number): number {
  return ((local % day) + day) % day;
}

const dates = new Map<number, string>();
const mostDates = 50_000;

function dateOf(local: number): string {
  const days = Math.floor(local / day);
  let date = dates.get(days);
  if (date === undefined) {
    date = new Date(local).toISOString().slice(0, 10);
    if (dates.size >= mostDates) dates.clear();
    dates.set(days, date);
  }
  return date;
}

/**
 * Days begin with their session, or at midnight. A start that is an hour off either was counted by the clocks of the other
 * half of the year.
 */
function dayPlacer({ times, local, last, others, marketTime, zone, calendar, regular }: Placing) {
  const placed = new Map<number, Place>();
  const own = (at: number): Place => {
    const known = placed.get(at) ?? start(at);
    placed.set(at, known);
    return known;
  };
  const start = (at: number): Place => {
    const clock = local(at);
    const time = timeOfDay(clock);
    if (time === 23 * hour || time === hour) {
      const midnight = time === hour ? clock - hour : clock + hour;
      return { startsAt: instantOf(midnight, zone, at), date: dateOf(midnight), live: false };
    }
    const date = dateOf(clock);
    const opensAt = calendar && Math.abs(time - 12 * hour) < 11 * hour ? sessionOn(calendar, date)?.opensAt : undefined;
    const off = opensAt !== undefined && Math.abs(at - opensAt) === hour;
    return { startsAt: off ? opensAt : at, date, live: false };
  };
  const usual = mostCommon((others.length > 0 ? others : times).map((at) => timeOfDay(local(at))));
  const starts = new Map<string, number>();
  for (const at of others) {
    const { date, startsAt } = own(at);
    const known = date === null ? undefined : starts.get(date);
    if (date !== null && (known === undefined || startsAt < known)) starts.set(date, startsAt);
  }
  const isLive = (at: number) =>
    at === last && (at === marketTime || timeOfDay(local(at)) !== usual || (regular !== null && at > regular.start));
  return (at: number): Place => {
    const place = own(at);
    const first = starts.get(place.date ?? '');
    if (!isLive(at)) {
      // Two starts of one day: the later one is that of a trade.
      return first !== undefined && first < place.startsAt ? { ...place, startsAt: first, live: true } : place;
    }
    const date = sessionDay(at, dateOf(local(at)), calendar);
    const known = starts.get(date) ?? startOfRegular(date, regular, local) ?? startLike(usual, date, zone, at);
    // A session that begins on the evening before has its day's start ahead of the trade.
    return { startsAt: known ?? place.startsAt, date, live: known !== place.startsAt };
  };
}

function startOfRegular(date: string, regular: Placing['regular'], local: Placing['local']): number | undefined {
  return regular !== null && dateOf(local(regular.start)) === date ? regular.start : undefined;
}

/** When the clocks show a time of a date; nothing where that is after the trade on the same date, as it is of no bar. */
function startLike(time: number | undefined, date: string, zone: string, at: number): number | undefined {
  if (time === undefined) return undefined;
  const start = instantOf(Date.parse(`${date}T00:00:00Z`) + time, zone, at);
  return start <= at || dateInZone(at, zone) !== date ? start : undefined;
}

function instantOf(local: number, zone: string, otherwise: number): number {
  return instantsOf(local, zone)[0] ?? startOfDate(dateOf(local), zone) ?? otherwise;
}

/** The day of the session that a trade belongs to: on a day without one, that of the session that has begun for the next. */
function sessionDay(at: number, date: string, calendar: MarketCalendar | null): string {
  if (calendar === null || sessionOn(calendar, date) !== null) return date;
  const session = lastSession(calendar, at);
  return session !== null && at < session.closesAt + 12 * hour ? session.date : date;
}

/** Weeks begin on Mondays and months on their first, at midnight, whether anything trades then or not. */
function spanPlacer({ interval, times, local, last, others, marketTime, zone, calendar }: Placing) {
  const usual = mostCommon((others.length > 0 ? others : times).map((at) => timeOfDay(local(at))));
  const isStart = (at: number) => {
    const time = timeOfDay(local(at));
    return (
      at !== marketTime &&
      (time <= hour || time === 23 * hour || at % day === 0 || (others.length > 0 && time === usual))
    );
  };
  // Where Sunday is a day of trading an answer may count its weeks from it: the week is named by its Monday all the same.
  const fromSunday =
    calendar !== null &&
    mostCommon(others.map((at) => weekday(local(at)))) === 0 &&
    others.some((at) => sessionOn(calendar, dateOf(local(at))) !== null);
  const spans = new Map<number, number>();
  const place = (at: number): Place => {
    const live = at === last && !isStart(at);
    const clock = local(at);
    // A start may seem to be on the evening before; a trade is on its day.
    const named = live ? Date.parse(sessionDay(at, dateOf(clock), calendar)) : clock + 12 * hour;
    const first = interval === '1mo' ? firstOfMonth(named) : mondayOf(named, live && !fromSunday);
    return { startsAt: startOfDate(first, zone) ?? at, date: first, live };
  };
  for (const at of others) {
    const { startsAt } = place(at);
    spans.set(startsAt, Math.min(at, spans.get(startsAt) ?? at));
  }
  return (at: number): Place => {
    const placed = place(at);
    // Two starts of one week: the later one is that of a trade.
    return (spans.get(placed.startsAt) ?? at) < at ? { ...placed, live: true } : placed;
  };
}

function weekday(local: number): number {
  return new Date(local).getUTCDay();
}

function firstOfMonth(local: number): string {
  return `${dateOf(local).slice(0, 7)}-01`;
}

/** The Monday of a week. A Sunday is the end of its week for a trade, and the eve of the next one for a start. */
function mondayOf(local: number, sundayIsLast: boolean): string {
  const since = weekday(local);
  if (since === 0) return dateOf(sundayIsLast ? local - 6 * day : local + day);
  return dateOf(local - (since - 1) * day);
}

/** The value that is there most often, the first of several. */
function mostCommon(values: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let most: number | undefined;
  for (const [value, count] of counts) if (count > (most === undefined ? 0 : (counts.get(most) ?? 0))) most = value;
  return most;
}
