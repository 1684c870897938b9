/** The live row of a chart and the bar that it belongs to are one bar. */
import type { Bar } from '../../market/bar.ts';
import { add, type DecimalText } from '../../market/decimal.ts';
import { dateInZone } from '../../market/zoned-date.ts';

/** A bar at its place, with the time that the answer gave it. */
export interface PlacedBar {
  readonly bar: Bar;
  readonly at: number;
  /** The time was that of a trade in the bar. */
  readonly live: boolean;
}

interface Fetch {
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number;
  readonly zone: string;
  /** The regular trading of the source's current session, in milliseconds since the epoch. */
  readonly regular: { readonly start: number; readonly end: number } | null;
}

/**
 * One bar for each start that has a live row. The live row of a day is the whole day so far, and is worth more than the row
 * beside it until the day is over; that of another length is what happened since the row beside it. Rows of one time that
 * differ are all left: nothing tells which is right.
 */
export function joinLiveRows(rows: readonly PlacedBar[], fetch: Fetch): Bar[] {
  if (!rows.some(({ live }) => live)) return rows.map(({ bar }) => bar);
  const byStart = new Map<number, PlacedBar[]>();
  for (const row of rows) {
    const known = byStart.get(row.bar.startsAt);
    if (known) known.push(row);
    else byStart.set(row.bar.startsAt, [row]);
  }
  return [...byStart.values()].flatMap((group) => joined(group, fetch));
}

function joined(group: readonly PlacedBar[], fetch: Fetch): Bar[] {
  const own = group.filter(({ live }) => !live).map(({ bar }) => bar);
  const live = group.filter((row) => row.live).sort((a, b) => a.at - b.at);
  const newest = live.at(-1);
  const [first, ...rivals] = own;
  if (!newest || rivals.length > 0) return own;
  // Several live rows of one time may differ as well.
  const last = live.filter(({ at }) => at === newest.at).map(({ bar }) => bar);
  if (!first) return last;
  if (first.interval === '1d') return isOver(first, fetch) ? [first] : last;
  return [live.reduce((bar, row) => extended(bar, row.bar), first)];
}

function isOver({ date, startsAt }: Bar, { fetchedAt, zone, regular }: Fetch): boolean {
  if (date === null || date < dateInZone(fetchedAt, zone)) return true;
  return regular !== null && startsAt >= regular.start && fetchedAt >= regular.end;
}

/** A bar with what happened since, unless it has that already. */
function extended(bar: Bar, since: Bar): Bar {
  const high = furthest(bar.high, since.high, (a, b) => a > b);
  const low = furthest(bar.low, since.low, (a, b) => a < b);
  if (bar.close === since.close && high === bar.high && low === bar.low) return bar;
  const volume = bar.volume === null || since.volume === null ? null : add(bar.volume, since.volume);
  return { ...bar, open: bar.open ?? since.open, high, low, close: since.close, volume };
}

function furthest(
  a: DecimalText | null,
  b: DecimalText | null,
  isFurther: (a: number, b: number) => boolean,
): DecimalText | null {
  // Zero stands for a price that is not known.
  if (b === null || Number(b) === 0) return a;
  return a === null || Number(a) === 0 || isFurther(Number(b), Number(a)) ? b : a;
}
