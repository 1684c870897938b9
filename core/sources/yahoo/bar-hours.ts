/** Where bars within a day belong: on the grid that begins when the market opens, and again after its lunch. */
import type { BarInterval } from '../../market/bar.ts';
import { lastSession } from '../../market/calendar.ts';
import type { Place, Placing } from './chart-times.ts';

const minute = 60_000;
const lengths: Partial<Record<BarInterval, number>> = { '1m': minute, '5m': 5 * minute, '15m': 15 * minute };

/** Places bars that are shorter than a day. */
export function hourPlacer(placing: Placing): (at: number) => Place {
  const { interval, others, last, local, marketTime } = placing;
  const length = lengths[interval] ?? 60 * minute;
  const starts = others.filter((at) => at % minute === 0);
  const grids = new Set(starts.map((at) => at % length));
  const known = new Set(starts);
  const isLive = (at: number) => {
    if (at % minute !== 0) return true;
    if (at !== last) return false;
    const stretch = stretchOf(at, placing);
    if (stretch && at >= stretch.until && (stretch.endsDay || at === stretch.until))
      return at === marketTime || !isAmongOthersOutside(at, length, placing);
    if (stretch && (at - stretch.from) % length === 0) return false;
    return !grids.has(at % length) || at === marketTime;
  };
  return (at) => {
    if (!isLive(at)) return { startsAt: at, date: null, live: false };
    const stretch = stretchOf(at, placing);
    // A trade at the close, or reported after it, is of the last bar of the day.
    const traded = stretch ? Math.min(at, stretch.until - 1) : at;
    const begun = begunBar(traded, length, known);
    if (begun !== null) return { startsAt: begun, date: null, live: begun !== at };
    const from = stretch?.from ?? gridOf(traded, length, grids, local);
    const startsAt = from + Math.floor((traded - from) / length) * length;
    return { startsAt, date: null, live: startsAt !== at };
  };
}

/** So far back a chart with rows of before and after the sessions has one of them. */
const longestWithout = 4 * 24 * 60 * minute;

/** Whether a chart has rows of before and after the sessions, and this one is on their grid. */
function isAmongOthersOutside(at: number, length: number, placing: Placing): boolean {
  return placing.others.some((other) => {
    if (other % minute !== 0 || (at - other) % length !== 0 || at - other > longestWithout) return false;
    const stretch = stretchOf(other, placing);
    return stretch === null ? placing.calendar !== null : stretch.endsDay && other >= stretch.until;
  });
}

/** The start of the row that a trade falls in. */
function begunBar(traded: number, length: number, starts: ReadonlySet<number>): number | null {
  const first = Math.floor(traded / minute) * minute;
  for (let at = first; at > traded - length; at -= minute) if (starts.has(at)) return at;
  return null;
}

/** Some instant at which a bar begins: by the rows beside it, else by the zone's clocks. */
function gridOf(traded: number, length: number, grids: ReadonlySet<number>, local: Placing['local']): number {
  const [grid] = grids;
  return grid ?? Math.floor(local(traded) / length) * length - (local(traded) - traded);
}

/** A time of trading. It ends for the lunch of the market, or for the day. */
interface Stretch {
  readonly from: number;
  readonly until: number;
  readonly endsDay: boolean;
}

/** Trading that goes on for longer has no close that a trade could come after. */
const longestDay = 20 * 60 * minute;
/** A trade is reported within this of the close. */
const longestReport = 12 * 60 * minute;

/** The trading that an instant is in or comes after: by the answer's own session, else by the calendar. */
function stretchOf(at: number, { regular, calendar, local }: Placing): Stretch | null {
  const session = calendar && lastSession(calendar, at);
  const own =
    regular !== null && regular.start <= at && dayOf(local(regular.start)) === dayOf(local(at)) ? regular : null;
  const from = own?.start ?? session?.opensAt;
  const until = own?.end ?? session?.closesAt;
  if (from === undefined || until === undefined || until - from >= longestDay || at > until + longestReport)
    return null;
  const { breakFrom, breakUntil } = session ?? {};
  if (breakFrom === undefined || breakUntil === undefined || breakFrom <= from || at < breakFrom)
    return { from, until, endsDay: true };
  return at < breakUntil ? { from, until: breakFrom, endsDay: false } : { from: breakUntil, until, endsDay: true };
}

function dayOf(local: number): number {
  return Math.floor(local / (24 * 60 * minute));
}
