/** How complete a page of bars is, and which of them are final. */
import type { Meta } from '../../../core/contracts/http/envelope.ts';
import { isWithin } from '../../../core/coverage/day-ranges.ts';
import type { SeriesFacts, StoredDay } from '../../../core/coverage/facts.ts';
import { absentOf, countOf, type Entry, isAbsent, ledgerOf } from '../../../core/coverage/ledger.ts';
import { dueTimes, lifetimeOf } from '../../../core/coverage/ledgers.ts';
import type { SeriesHistory } from '../../../core/coverage/series.ts';
import {
  addDays,
  hoursOf,
  isIntraday,
  type Market,
  marketOf,
  type Slot,
  settledAt,
  slotAt,
  slotsOf,
} from '../../../core/coverage/slots.ts';
import { type BarInterval, intervalMs } from '../../../core/market/bar.ts';
import { opensBefore, sessionDate } from '../../../core/market/calendar.ts';
import type { StoredBar } from '../../../core/market/stored-bar.ts';
import { startOfDate } from '../../../core/market/zoned-date.ts';
import type { StoredFinding } from '../../../core/ports/finding-records.ts';
import { latenessMs, type SourceDefinition } from '../../../core/sources/definition.ts';

/** No session settles later than so long after its bar has ended. */
const longAgoMs = 12 * 86_400_000;

export type PageCoverage = NonNullable<Meta['coverage']>;

/** What is known of the series of a page; `series` is `null` where no answer was noted, or the page is of the past. */
export interface PageOf {
  readonly series: SeriesHistory | null;
  readonly listing: {
    readonly mic: string;
    readonly zone: string;
    readonly assetClass: string;
    readonly symbol: string;
  };
  readonly source: string;
  readonly interval: BarInterval;
  readonly catalogue: readonly SourceDefinition[];
  readonly alwaysOpen: boolean;
  readonly now: number;
}

/** The time that a page is about, in milliseconds since the epoch: bars that begin in [from, to). */
export interface PageTime {
  readonly from: number;
  readonly to: number;
}

/**
 * The time of a page: from where it begins to its last bar where others follow, else to the end that was asked for. `null`
 * for a page without bars and beginning.
 */
export function timeOfPage(
  rows: readonly StoredBar[],
  asked: { from?: string | undefined; to?: string | undefined; order: 'asc' | 'desc'; after?: string | undefined },
  hasNext: boolean,
  now: number,
): PageTime | null {
  const [first, last] = [rows[0]?.startsAt.getTime(), rows.at(-1)?.startsAt.getTime()];
  const at = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text));
  const isUp = asked.order === 'asc';
  const begin = isUp && asked.after !== undefined ? Date.parse(asked.after) + 1 : at(asked.from);
  const end = !isUp && asked.after !== undefined ? Date.parse(asked.after) : at(asked.to);
  const from = isUp ? (begin ?? first) : hasNext ? last : (begin ?? last);
  const to = isUp && hasNext && last !== undefined ? last + 1 : Math.min(end ?? now, now);
  return from === undefined || from > to ? null : { from, to };
}

/** Sessions with bars that are due in the time of a page, by those that are stored, and bars in doubt. */
export function coverageOfPage(
  rows: readonly StoredBar[],
  findings: readonly StoredFinding[],
  time: PageTime,
  of: PageOf,
): PageCoverage {
  const { series, interval, source, now, listing } = of;
  const market = marketOf(listing);
  const days = new Set(rows.map((row) => sessionDay(row, interval, market)));
  const begins = (slot: Slot) => startOf(slot, interval, market);
  // Between these days no session needs to be looked up: decades of them would take a second.
  const [innerFrom, innerTo] = [dayOf(time.from, 2), dayOf(time.to, -2)];
  const isAsked = (slot: Slot) =>
    (innerFrom <= slot.from && slot.to <= innerTo) || (begins(slot) >= time.from && ends(slot, of) <= time.to);
  const holds = (slot: Slot) =>
    slot.from === slot.to ? days.has(slot.to) : [...daysOf(slot)].some((day) => days.has(day));
  const slots = slotsOf(market, interval, dayOf(time.from, -1), dayOf(time.to, 1)).filter(
    (slot) => holds(slot) || isAsked(slot),
  );
  const doubtful = doubtfulBars(rows, findings, interval);
  // Nearly all pages have a bar in each session and none on a closed day: no ledger need say so.
  if (slots.every((slot) => slot.trades === holds(slot))) {
    const sessions = slots.reduce((sum, slot) => (slot.trades ? sum + 1 : sum), 0);
    return { expected: sessions, stored: sessions, missing: 0, doubtful, gaps: [] };
  }
  const facts: SeriesFacts = {
    interval,
    market,
    lifetime: series ? lifetimeOf(series, now) : { from: null, to: null },
    stored: [...days].map((day): StoredDay => ({ day })),
    answered: series?.answered ?? [],
    newest: newestOf(series),
    untraded: [],
    heldBack: new Set(),
    withdrawn: new Set(),
    attempts: [],
    settlingMs: settlingMs(of),
    dueAfter: dueOf(of)(source, listing.symbol),
  };
  const { entries } = ledgerOf(facts, slots, now);
  const { present } = countOf(entries);
  const absent = absentOf(entries);
  return { expected: present + absent, stored: present, missing: absent, doubtful, gaps: gapsOf(entries) };
}

/** How many bars of a page are in doubt or wrong by an open finding. */
function doubtfulBars(rows: readonly StoredBar[], findings: readonly StoredFinding[], interval: BarInterval): number {
  const doubted = findings.flatMap(({ kind, status, severity, interval: its, at }) =>
    kind === 'bar' && its === interval && status === 'open' && severity !== 'info' && at ? [at.getTime()] : [],
  );
  if (doubted.length === 0) return 0;
  const times = new Set(rows.map((row) => row.startsAt.getTime()));
  return new Set(doubted.filter((at) => times.has(at))).size;
}

/** By catalogue: the jobs of a source are worked out once, and not for each page. */
const dueTimesOf = new WeakMap<readonly SourceDefinition[], Map<string, ReturnType<typeof dueTimes>>>();

function dueOf({ catalogue, interval, alwaysOpen }: PageOf): ReturnType<typeof dueTimes> {
  const known = dueTimesOf.get(catalogue) ?? new Map<string, ReturnType<typeof dueTimes>>();
  dueTimesOf.set(catalogue, known);
  const key = `${interval} ${alwaysOpen}`;
  const due = known.get(key) ?? dueTimes({ catalogue, interval, alwaysOpen });
  known.set(key, due);
  return due;
}

/** So many gaps of a page are named. */
const mostGaps = 20;

/** Sessions next to each other whose bar is due and absent, whatever the reason; the longest, oldest first. */
function gapsOf(entries: readonly Entry[]): PageCoverage['gaps'] {
  const gaps: { from: string; to: string; sessions: number }[] = [];
  let open = false;
  for (const entry of entries) {
    const { slot } = entry;
    if (entry.state === 'no_session') continue;
    const absent = isAbsent(entry);
    const last = gaps.at(-1);
    if (absent && open && last) {
      last.to = slot.to;
      last.sessions += 1;
    } else if (absent) gaps.push({ from: slot.from, to: slot.to, sessions: 1 });
    open = absent;
  }
  const longest = gaps.toSorted((a, b) => b.sessions - a.sessions).slice(0, mostGaps);
  return longest.sort((a, b) => (a.from < b.from ? -1 : 1));
}

/**
 * Whether a bar should not change any more: it was fetched, or confirmed by an answer, after its session had settled; one
 * of less than a day, after its own time. One from before a split that is not in it will change.
 */
export function finality(of: PageOf): (bar: StoredBar) => boolean {
  const { series, interval, listing } = of;
  const market = marketOf(listing);
  const afterMs = settlingMs(of);
  const newest = newestOf(series);
  const settledOn = (slot: Slot) =>
    settledAt(market, slot, { afterMs }) ?? Date.parse(`${addDays(slot.to, 1)}T00:00:00Z`) + afterMs;
  /** Of the days of bars, what must be asked once for all bars of a day. */
  const ofDay = new Map<string, { readonly slot: Slot; readonly answered: boolean; readonly settled: number | null }>();
  const dayOfBar = (day: string) => {
    const known = ofDay.get(day);
    if (known) return known;
    const slot = slotAt(market, interval, day);
    const found = {
      slot,
      answered: isWithin(series?.answered ?? [], slot),
      settled: isIntraday(interval) ? null : settledOn(slot),
    };
    ofDay.set(day, found);
    return found;
  };
  return (bar) => {
    if (bar.stale) return false;
    const startsAt = bar.startsAt.getTime();
    const fetchedAt = bar.fetchedAt.getTime();
    const ownEnd = startsAt + intervalMs(interval) + afterMs;
    // Sessions of long ago need not be looked up, nor those of bars that are settled by their own time.
    if (fetchedAt >= startsAt + intervalMs(interval) + longAgoMs) return true;
    if (isIntraday(interval) && fetchedAt >= ownEnd) return true;
    const day = dayOfBar(sessionDay(bar, interval, market));
    if (day.answered) return true;
    const settled = day.settled ?? ownEnd;
    return fetchedAt >= settled || (newest !== null && newest.from <= day.slot.from && newest.at >= settled);
  };
}

function newestOf(series: SeriesHistory | null): SeriesFacts['newest'] {
  const { newestFrom = null, newestAt = null } = series ?? {};
  return newestFrom === null || newestAt === null ? null : { from: newestFrom, at: newestAt };
}

function settlingMs({ catalogue, source }: PageOf): number {
  return latenessMs(catalogue.find(({ id }) => id === source) ?? {});
}

/** The date of a bar's session: of an intraday bar of a market that opens on the evening before, the next one. */
function sessionDay(bar: StoredBar, interval: BarInterval, { calendar }: Market): string {
  if (!isIntraday(interval) || calendar === null) return bar.day;
  return sessionDate(calendar, bar.startsAt.getTime());
}

/** When the bar of a slot should begin: with its session, or with its first day. */
function startOf(slot: Slot, interval: BarInterval, market: Market): number {
  const session = slot.from === slot.to && market.calendar !== null ? hoursOf(market, slot.from) : null;
  const opensBeforeIt = market.calendar !== null && opensBefore(market.calendar) > 0;
  if (session !== null && (isIntraday(interval) || !opensBeforeIt)) return session.opensAt;
  return startOfDate(slot.from, market.zone) ?? Date.parse(`${slot.from}T00:00:00Z`);
}

/** What must lie within the time asked for, for a slot without bars to be part of it: its begin, or a whole session. */
function ends(slot: Slot, { interval, listing }: PageOf): number {
  const market = marketOf(listing);
  if (!isIntraday(interval)) return startOf(slot, interval, market) + 1;
  return hoursOf(market, slot.from)?.closesAt ?? Number.POSITIVE_INFINITY;
}

function* daysOf({ from, to }: Slot): Generator<string> {
  for (let day = from; day <= to; day = addDays(day, 1)) yield day;
}

function dayOf(at: number, days: number): string {
  return addDays(new Date(at).toISOString().slice(0, 10), days);
}
