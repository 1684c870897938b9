import { calendarFor, lastSession, type MarketCalendar, oldestExpected } from '../market/calendar.ts';
import type { SourceJob } from '../sources/definition.ts';
import type { BarredGroup, EndedTask, ListingGroup, QuotedGroup } from './source-facts.ts';

/** The same as the source's lateness where only one or two listings speak for a market: they may hardly trade. */
const fewToleranceMs = 60 * 60_000;
const few = 3;
/** How far a single listing may be behind, in trading time: many trade a few times an hour. */
const listingToleranceMs = 2 * 60 * 60_000;
/** How long after its session a daily bar may be missing. */
const barGraceMs = 12 * 60 * 60_000;
/** Periods without a success after which what a job brought last is judged by the clock, and not by its fetch. */
const latePeriods = 3;
const leastLateMs = 15 * 60_000;
const dayMs = 24 * 60 * 60_000;

/** A job as freshness needs it: how far apart its runs are, in milliseconds. */
export interface FreshJob {
  readonly id: string;
  readonly kind: SourceJob['kind'];
  readonly periodMs: number;
  /** How far the newest quote of a market may be behind while it trades, besides the delay that the source states. */
  readonly latenessMs: number;
}

export interface FreshJobFinding {
  readonly job: string;
  /** Of its listings (of a job without market times: 1 or 0), the share that is as new as the calendar expects. */
  readonly share: number;
  readonly judged: number;
}

/**
 * How fresh the data of a job are: `null` where there is nothing to judge by.
 *
 * They are judged at the time of the job's last fetch: what it brought had to be as new as the exchange's calendar
 * expects then. So a quiet Sunday is no fault, nor is a laptop that slept, nor a scheduler that someone stopped. Where
 * the job has failed for three periods since, they are judged by the clock: the market may have moved on.
 *
 *   - quotes: a listing is fresh when its newest market time is no older than two hours of trading, and the newest of
 *     its market no older than the source's lateness (half an hour). A quote without a market time, of the session before or newer
 *   - daily bars: the newest bar is of the last session that had closed twelve hours before, or newer
 *   - others (constituents): the last success is no more than three periods old
 */
export function freshnessOf(
  job: FreshJob,
  tasks: readonly EndedTask[],
  rows: { quoted: readonly QuotedGroup[]; barred: readonly BarredGroup[] },
  now: number,
): FreshJobFinding | null {
  const success = tasks.find((task) => task.ok);
  const newest = tasks[0];
  if (!success || !newest) return null;
  const lateMs = Math.max(latePeriods * job.periodMs, leastLateMs);
  const late = newest.endedAt - success.endedAt > lateMs;
  if (job.kind === 'constituents') return { job: job.id, share: late ? 0 : 1, judged: 1 };
  const quoted = rows.quoted.filter((group) => group.job === job.id);
  const fetchedAt = job.kind === 'quotes' ? Math.max(...quoted.map((group) => group.confirmedAt)) : success.endedAt;
  const at = late ? now - job.periodMs : Math.min(now, fetchedAt);
  const share =
    job.kind === 'quotes'
      ? quotesShare(quoted, at, job.latenessMs)
      : barsShare(
          rows.barred.filter((group) => group.job === job.id),
          at,
        );
  return share && { job: job.id, ...share };
}

function quotesShare(
  groups: readonly QuotedGroup[],
  at: number,
  latenessMs: number,
): { share: number; judged: number } | null {
  let judged = 0;
  let fresh = 0;
  for (const market of Map.groupBy(groups, (group) => calendarOf(group)?.id ?? 'round the clock').values()) {
    const [first] = market;
    if (!first) continue;
    const calendar = calendarOf(first);
    const timed = market.filter((group) => group.basis === 'exchange');
    const listings = sum(timed);
    const tolerance = listings < few ? Math.max(fewToleranceMs, latenessMs) : latenessMs;
    const alone = Math.max(listingToleranceMs, latenessMs);
    const stands = timed.every(
      (group) => group.asOf < oldestExpected(calendar, at, tolerance + group.delaySeconds * 1000),
    );
    for (const group of market) {
      judged += group.count;
      const good =
        group.basis === 'exchange'
          ? !stands && group.asOf >= oldestExpected(calendar, at, alone + group.delaySeconds * 1000)
          : group.asOf >= sessionBefore(calendar, at);
      if (good) fresh += group.count;
    }
  }
  return judged === 0 ? null : { share: fresh / judged, judged };
}

function barsShare(groups: readonly BarredGroup[], at: number): { share: number; judged: number } | null {
  const judged = sum(groups);
  if (judged === 0) return null;
  return {
    share: sum(groups.filter((group) => group.date !== null && group.date >= barDate(group, at))) / judged,
    judged,
  };
}

/** The opening of the session before the newest one: a price that says its day only may be of that one. */
function sessionBefore(calendar: MarketCalendar | null, at: number): number {
  if (calendar === null) return at - 2 * dayMs;
  const newest = lastSession(calendar, at);
  return (newest && lastSession(calendar, newest.opensAt - 1))?.opensAt ?? 0;
}

/** The date of the oldest daily bar that may be a listing's newest. */
function barDate(group: ListingGroup, at: number): string {
  const calendar = calendarOf(group);
  const until = at - barGraceMs;
  // Days of coins and currencies end at midnight somewhere: in London for most sources.
  if (calendar === null || group.assetClass === 'fx') {
    const day = new Date(until - dayMs);
    const weekend = calendar === null ? 0 : (({ 0: 2, 6: 1 } as Record<number, number>)[day.getUTCDay()] ?? 0);
    return new Date(day.getTime() - weekend * dayMs).toISOString().slice(0, 10);
  }
  let session = lastSession(calendar, until);
  if (session && session.closesAt > until) session = lastSession(calendar, session.opensAt - 1);
  return session?.date ?? '';
}

function calendarOf({ mic, zone, assetClass }: ListingGroup): MarketCalendar | null {
  return calendarFor({ mic, zone, assetClass });
}

function sum(groups: readonly ListingGroup[]): number {
  return groups.reduce((total, group) => total + group.count, 0);
}
