const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * The calendar date of an instant (milliseconds since the epoch) in an IANA zone, `yyyy-mm-dd`. Throws on an unknown zone.
 *
 * @example
 * dateInZone(Date.parse('2026-11-20T02:00:00Z'), 'America/New_York') // '2026-11-19'
 */
export function dateInZone(epochMs: number, zone: string): string {
  if (epochMs >= steadySince && epochMs < steadyUntil) {
    // Not by the runtime, which takes ten times as long.
    return new Date(epochMs + offsetAt(epochMs, zone)).toISOString().slice(0, 10);
  }
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' });
    formats.set(zone, format);
  }
  return format.format(epochMs);
}

/** Zones seen to exist: asking the runtime takes 30 µs, which was two thirds of reading a quote. */
const zones = new Set<string>();
const mostZones = 1_000;

/** Whether the runtime knows an IANA zone. Upstreams' zone names are checked with this before they are used. */
export function isZone(zone: string): boolean {
  if (zones.has(zone)) return true;
  try {
    new Intl.DateTimeFormat('en-CA', { timeZone: zone });
    if (zones.size < mostZones) zones.add(zone);
    return true;
  } catch {
    return false;
  }
}

/**
 * The first instant of a date (`yyyy-mm-dd`) in an IANA zone, in milliseconds since the epoch; `null` for an invalid
 * date. Where the clock springs forward at midnight, the first instant there is. Throws on an unknown zone.
 *
 * @example
 * new Date(startOfDate('2026-11-20', 'Asia/Tokyo')).toISOString() // '2026-11-19T15:00:00.000Z'
 * startOfDate('2026-02-30', 'UTC') // null
 */
export function startOfDate(date: string, zone: string): number | null {
  const utc = Date.parse(`${date}T00:00:00Z`);
  if (!Number.isFinite(utc) || new Date(utc).toISOString().slice(0, 10) !== date) return null;
  if (utc >= steadySince && utc < steadyUntil) {
    const offset = offsetAt(utc - farthestAheadMs, zone);
    if (offset === offsetAt(utc + farthestBehindMs, zone)) return utc - offset;
  }
  // The day's start is found by halves. Since 1972 it is a whole minute everywhere.
  let before = (utc - farthestAheadMs) / 60_000;
  let after = (utc + farthestBehindMs) / 60_000;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (dateInZone(middle * 60_000, zone) < date) before = middle;
    else after = middle;
  }
  return after * 60_000;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Minutes by which a zone's clocks are ahead of UTC at an instant. Throws on an unknown zone. */
export function offsetMinutes(epochMs: number, zone: string): number {
  let clock = clocks.get(zone);
  if (!clock) {
    clock = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
    clocks.set(zone, clock);
  }
  const part: Partial<Record<string, number>> = {};
  for (const { type, value } of clock.formatToParts(epochMs)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = part;
  return Math.round((Date.UTC(year, month - 1, day, hour, minute) - epochMs) / 60_000);
}

/**
 * The instants (milliseconds since the epoch) at which a zone's clocks show a local time, given as milliseconds of the
 * same reading in UTC: one; two where the clocks are put back over it; none where they are put forward over it.
 *
 * @example
 * instantsOf(Date.parse('2026-11-01T01:30:00Z'), 'America/New_York').length // 2
 * instantsOf(Date.parse('2026-03-08T02:30:00Z'), 'America/New_York') // []
 */
export function instantsOf(localMs: number, zone: string): number[] {
  // The offsets in force a day before and after are the only ones that can hold: no zone changes twice in two days.
  const offsets = new Set([offsetMinutes(localMs - 86_400_000, zone), offsetMinutes(localMs + 86_400_000, zone)]);
  return [...offsets]
    .map((offset) => localMs - offset * 60_000)
    .filter((instant) => instant + offsetMinutes(instant, zone) * 60_000 === localMs)
    .sort((a, b) => a - b);
}

/** Stretches of time by whose ends clocks are asked: no zone changes its clocks twice in one. */
const stretchMs = 14 * 86_400_000;
const mostStretches = 5_000;

/** How far clocks are ahead in a stretch, in milliseconds: until an instant, and from it on. */
interface Offsets {
  readonly earlier: number;
  readonly changesAt: number;
  readonly later: number;
}

/** By zone and stretch. */
const knownOffsets = new Map<string, Map<number, Offsets>>();

/** From then on clocks are ahead by whole minutes everywhere; dates have years of four digits. */
const [steadySince, steadyUntil] = [Date.UTC(1972, 0, 15), Date.UTC(9999, 11, 1)];
/** Zones are between UTC-12 and UTC+14: a day begins within these hours around its midnight of UTC. */
const [farthestAheadMs, farthestBehindMs] = [15 * 3_600_000, 13 * 3_600_000];

/** How far a zone's clocks are ahead of UTC at an instant, in milliseconds. The runtime is asked once in two weeks of them. */
function offsetAt(epochMs: number, zone: string): number {
  let known = knownOffsets.get(zone);
  if (!known || known.size > mostStretches) {
    known = new Map();
    if (knownOffsets.size >= mostZones) knownOffsets.clear();
    knownOffsets.set(zone, known);
  }
  const stretch = Math.floor(epochMs / stretchMs);
  let offsets = known.get(stretch);
  if (!offsets) {
    offsets = offsetsBetween(stretch * stretchMs, (stretch + 1) * stretchMs, zone);
    known.set(stretch, offsets);
  }
  return epochMs < offsets.changesAt ? offsets.earlier : offsets.later;
}

/** The offsets of a stretch. A change is found by halves, to the minute. */
function offsetsBetween(from: number, to: number, zone: string): Offsets {
  const [earlier, later] = [offsetMinutes(from, zone), offsetMinutes(to, zone)];
  let before = from / 60_000;
  let changesAt = to / 60_000;
  while (earlier !== later && changesAt - before > 1) {
    const middle = Math.floor((before + changesAt) / 2);
    if (offsetMinutes(middle * 60_000, zone) === earlier) before = middle;
    else changesAt = middle;
  }
  return { earlier: earlier * 60_000, changesAt: changesAt * 60_000, later: later * 60_000 };
}

/**
 * What the clocks of a zone show at instants, in milliseconds of the same reading in UTC: for many instants. Throws on an
 * unknown zone.
 */
export function localClock(zone: string): (epochMs: number) => number {
  return (at) => at + offsetAt(at, zone);
}
