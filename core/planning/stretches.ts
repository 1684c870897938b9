/** How often the jobs of a source are due by its quota, and how fast runs of bars are sent: pure rules on the number of symbols. */
import { type MarketCalendar, sessionOn } from '../market/calendar.ts';
import type { SourceDefinition, SourceJob } from '../sources/definition.ts';
import {
  daySeconds,
  intervalsOfDay,
  isBars,
  type JobTiming,
  marketsOf,
  requestsFor,
  secondsBetween,
  symbolsOf,
  type Wanted,
} from './job-schedule.ts';
import { plannedShare } from './quota.ts';

/** The timings of a source's jobs, in their order, for the symbols that are wanted: the catalogue's own by default. */
export function timingsOf(
  source: Pick<SourceDefinition, 'jobs' | 'quota'>,
  wanted: Wanted = { symbols: null, alwaysOpen: false, toSource: (symbol) => symbol },
): JobTiming[] {
  const { alwaysOpen } = wanted;
  const wants = (job: SourceJob) => symbolsOf(job, wanted);
  const stretchOf = stretchesOf(source, wants, alwaysOpen);
  const timings = source.jobs.map((job) => ({ job, symbols: wants(job), stretch: stretchOf(job), alwaysOpen }));
  const pricesPerMinute = timings
    .filter(({ job }) => !isBars(job))
    .reduce((sum, { job, symbols, stretch }) => sum + demandOf(job, symbols, alwaysOpen).perMinute / stretch, 0);
  const planned = source.quota.perMinute * plannedShare;
  const pace = Math.max(planned / 10, planned - pricesPerMinute);
  return timings.map((timing) => (isBars(timing.job) ? { ...timing, pace } : timing));
}

/** A run takes no longer than this part of the time to the next one. */
const mostSpread = 0.75;

/**
 * Over how many seconds the tasks of a run of so many symbols are sent. Bars have of each minute what prices leave of it: of
 * thousands of symbols, each of which is a request, a run takes hours.
 */
export function spreadSecondsOf({ job, stretch, pace }: JobTiming, symbols: number): number {
  const seconds = pace === undefined ? 0 : (requestsFor(job, symbols) * 60) / pace;
  const most = mostSpread * Math.min(secondsBetween(job, usualDay, stretch), daySeconds);
  return seconds <= 60 ? 0 : Math.ceil(Math.min(seconds, most));
}

/** Bars may have so much of what is planned before they are due once a day: each symbol is a request of its own. */
const barsShare = 0.5;

interface Demand {
  readonly perDay: number;
  readonly perMinute: number;
}

/**
 * How far apart the slots of a source's interval jobs must be, in their intervals, so that planned requests stay within
 * `plannedShare` of its quota: 1, unless there are more symbols than that allows for. A job with `inSession` costs requests
 * in session only, by the calendars' usual hours.
 *
 * Bars come first, up to half of it. Where that is too little they are due once a day: at the last slot of a market's
 * session, so that none is left out and none falls on a night. Where a day's half is too little for all symbols, each day
 * has a part of them (see `partsOf`). Prices have what is left, in quarters of their interval.
 *
 * @example
 * const stretchOf = stretchesOf(yahoo, () => symbols, false);
 * stretchOf(quotes) // 1.25 of five hundred symbols round the clock: each 75 seconds in place of 60
 */
export function stretchesOf(
  source: Pick<SourceDefinition, 'jobs' | 'quota'>,
  symbolsOf: (job: SourceJob) => readonly string[],
  alwaysOpen: boolean,
): (job: SourceJob) => number {
  const ofAll = (those: (job: SourceJob) => boolean) =>
    sumOf(source.jobs.filter(those).map((job) => demandOf(job, symbolsOf(job), alwaysOpen)));
  const whole = {
    perDay: source.quota.perDay * plannedShare,
    perMinute: source.quota.perMinute * plannedShare,
  };
  const free = without(
    whole,
    ofAll((job) => job.cron !== undefined),
    1,
  );
  const others = ofAll((job) => job.cron === undefined && !isBars(job));
  const share = others.perDay > 0 ? barsShare : 1;
  const room = { perDay: free.perDay * share, perMinute: free.perMinute * share };
  const isIntervalBars = (job: SourceJob) => job.cron === undefined && isBars(job);
  const often = ofAll(isIntervalBars);
  const daily = sumOf(source.jobs.filter(isIntervalBars).map((job) => dailyDemandOf(symbolsOf(job), job)));
  const isOften = timesTooMuch(often, room) <= 1;
  const parts = isOften ? 1 : Math.ceil(timesTooMuch(daily, room));
  const rest = timesTooMuch(others, without(free, isOften ? often : daily, parts));
  const ofOthers = Math.max(1, Math.ceil(rest * 4) / 4);
  const ofBars = (job: SourceJob) => (isOften ? 1 : intervalsOfDay(job) * parts);
  return (job) => (job.cron !== undefined ? 1 : isBars(job) ? ofBars(job) : ofOthers);
}

/** Bars once a day, spread over the hours of it. */
function dailyDemandOf(symbols: readonly string[], job: SourceJob): Demand {
  const perDay = requestsFor(job, symbols.length);
  return { perDay, perMinute: perDay / 1_440 };
}

/** What a job asks of the quota on a usual day. */
function demandOf(job: SourceJob, symbols: readonly string[], alwaysOpen: boolean): Demand {
  const seconds = secondsBetween(job, usualDay);
  let perDay = 0;
  for (const { calendar, symbols: of } of marketsOf({ job, symbols, stretch: 1, alwaysOpen }))
    perDay += (requestsFor(job, of.size) * openSeconds(job, calendar)) / seconds;
  return { perDay, perMinute: (requestsFor(job, symbols.length) * 60) / seconds };
}

function sumOf(demands: readonly Demand[]): Demand {
  return {
    perDay: demands.reduce((sum, each) => sum + each.perDay, 0),
    perMinute: demands.reduce((sum, each) => sum + each.perMinute, 0),
  };
}

/** What is left when others have theirs: a tenth at least, so that a job that is stretched is still due. */
function without(whole: Demand, taken: Demand, stretch: number): Demand {
  const left = (all: number, part: number) => Math.max(all / 10, all - part / stretch);
  return { perDay: left(whole.perDay, taken.perDay), perMinute: left(whole.perMinute, taken.perMinute) };
}

function timesTooMuch(demand: Demand, room: Demand): number {
  return Math.max(demand.perDay / room.perDay, demand.perMinute / room.perMinute);
}

/** A Wednesday on which every market of the data has its usual hours. */
export const usualDay = Date.parse('2026-06-10T12:00:00Z');

/** Seconds of a usual day in which a market's symbols are fetched. */
function openSeconds({ inSession }: SourceJob, calendar: MarketCalendar | null): number {
  const session = calendar && inSession ? sessionOn(calendar, '2026-06-10') : null;
  if (!session || !inSession) return daySeconds;
  const grace = (inSession.beforeMinutes + inSession.afterMinutes) * 60;
  return Math.min(daySeconds, (session.closesAt - session.opensAt) / 1000 + grace);
}
