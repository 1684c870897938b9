/**
 * When jobs are due: pure rules on the catalogue's schedules, the market's calendars and the planner's clock.
 *
 *   1. the slots of a job are whole multiples of its interval since the epoch, or the times of its cron expression
 *   2. a job with `inSession` is due only for those of its symbols whose market trades at the slot
 *   3. `dueRuns` gives the slots that a tick makes due, `nextRun` the one after
 *   4. `stretchesOf` spaces the slots of a universe that is too large for the quota
 *
 * Instants are milliseconds since the epoch.
 */
import { Cron } from 'croner';
import { type MarketCalendar, sessionOn, tradingFrom, tradingUntil } from '../market/calendar.ts';
import { calendarOfSymbol } from '../market/symbol-calendar.ts';
import type { SourceDefinition, SourceJob } from '../sources/definition.ts';
import { plannedShare } from './quota.ts';

/** How many missed slots are planned late. Quotes of an hour ago cannot be fetched any more: more late runs give no more. */
export const catchUpLimit = 3;

/** A job with everything that decides when it is due. */
export interface JobTiming {
  readonly job: SourceJob;
  /** Canonical. */
  readonly symbols: readonly string[];
  /** The slots are so many intervals apart: see `stretchesOf`. */
  readonly stretch: number;
  /** Calendars are ignored: the simulated market never closes. */
  readonly alwaysOpen: boolean;
}

/** Which symbols the jobs of a source fetch, and the source's names for them. */
export interface Wanted {
  /** Canonical; `null` for those that the catalogue names. */
  readonly symbols: readonly string[] | null;
  /** Of these, the ones that the source is not known to have: it is not asked for their bars, each of which is a request. */
  readonly unproven?: ReadonlySet<string>;
  /** Of these, the ones that the source has had. */
  readonly had?: ReadonlySet<string>;
  /** Calendars are ignored: the simulated market never closes. */
  readonly alwaysOpen: boolean;
  /** A source's name for a canonical symbol; `null` for one that it lacks. */
  readonly toSource: (canonical: string) => string | null;
}

/** The canonical symbols that a job fetches, as far as its source has them. */
export function symbolsOf(job: SourceJob, { symbols, unproven, toSource }: Wanted): string[] {
  return (symbols ?? job.symbols)
    .filter((symbol) => toSource(symbol) !== null && !(job.kind === 'bars' && unproven?.has(symbol)))
    .slice(0, job.mostSymbols);
}

/** The timings of a source's jobs, in their order, for the symbols that are wanted: the catalogue's own by default. */
export function timingsOf(
  source: Pick<SourceDefinition, 'jobs' | 'quota'>,
  wanted: Wanted = { symbols: null, alwaysOpen: false, toSource: (symbol) => symbol },
): JobTiming[] {
  const { alwaysOpen } = wanted;
  const wants = (job: SourceJob) => symbolsOf(job, wanted);
  const stretchOf = stretchesOf(source, wants, alwaysOpen);
  return source.jobs.map((job) => ({ job, symbols: wants(job), stretch: stretchOf(job), alwaysOpen }));
}

/** A run that is due, with the symbols that it is due for, in the job's order. */
export interface DueRun {
  readonly slot: number;
  readonly symbols: readonly string[];
}

/** Symbols that trade at the same times. */
interface Market {
  readonly calendar: MarketCalendar | null;
  readonly symbols: ReadonlySet<string>;
}

const minuteMs = 60_000;
const daySeconds = 86_400;

/**
 * The runs that are due in (planned to, tick], oldest first: of each market the newest `catchUpLimit` slots in its session. A job
 * that was never planned is due once for each market, at its newest slot, so that a service that is set up on a Sunday
 * has Friday's prices. `plannedTo` is `null` then.
 *
 * @example
 * const due = dueRuns(timing, plannedTo, Date.parse(tick.time)); // the tick's time, never the wall clock
 * // [{ slot: Date.parse('2026-11-20T15:30:00Z'), symbols: ['AAPL', 'MSFT'] }]
 */
export function dueRuns(timing: JobTiming, plannedTo: number | null, tick: number): DueRun[] {
  const due = new Map<number, Set<string>>();
  for (const market of marketsOf(timing)) {
    const most = plannedTo === null ? 1 : catchUpLimit;
    let before = tick;
    for (let found = 0; found < most; found += 1) {
      const slot = newestSlot(timing, market, before);
      if (slot === null || (plannedTo !== null && slot <= plannedTo)) break;
      const symbols = due.get(slot) ?? new Set<string>();
      for (const symbol of market.symbols) symbols.add(symbol);
      due.set(slot, symbols);
      before = slot - 1;
    }
  }
  return [...due]
    .sort(([a], [b]) => a - b)
    .map(([slot, symbols]) => ({ slot, symbols: timing.symbols.filter((symbol) => symbols.has(symbol)) }));
}

/**
 * The first slot after an instant that is in session for some symbol; `null` where there is none within weeks.
 *
 * @example
 * const next = nextRun(timing, now); // milliseconds, after `now`: a slot at `now` itself is due, not next
 */
export function nextRun(timing: JobTiming, after: number): number | null {
  let next: number | null = null;
  for (const { calendar } of marketsOf(timing)) {
    const slot = firstSlot(timing, calendar, after, next ?? Number.POSITIVE_INFINITY);
    if (slot !== null && (next === null || slot < next)) next = slot;
  }
  return next;
}

/** Seconds between the two slots around an instant: how long its prices are the newest by plan. */
export function secondsBetween(job: SourceJob, at: number, stretch = 1): number {
  if (job.cron === undefined) return job.everySeconds * stretch;
  const cron = cronOf(job.cron, job.zone);
  const next = cron.nextRun(new Date(at))?.getTime();
  const [last] = cron.previousRuns(1, new Date(at + 1));
  return next === undefined || !last ? daySeconds : (next - last.getTime()) / 1000;
}

/** Bars may have so much of what is planned before their slots are stretched: each symbol is a request of its own. */
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
 * Bars come first, up to half of it and in whole intervals, which keeps their slots where they are in the day. Prices have
 * what is left, in quarters of their interval.
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
  const isBars = ({ kind }: SourceJob) => kind === 'bars';
  const whole = {
    perDay: source.quota.perDay * plannedShare,
    perMinute: source.quota.perMinute * plannedShare,
  };
  const free = without(
    whole,
    ofAll((job) => job.cron !== undefined),
    1,
  );
  const bars = ofAll((job) => job.cron === undefined && isBars(job));
  const others = ofAll((job) => job.cron === undefined && !isBars(job));
  const share = others.perDay > 0 ? barsShare : 1;
  const ofBars = Math.max(1, Math.ceil(timesTooMuch(bars, free) / share));
  const rest = timesTooMuch(others, without(free, bars, ofBars));
  const ofOthers = Math.max(1, Math.ceil(rest * 4) / 4);
  return (job) => (job.cron !== undefined ? 1 : isBars(job) ? ofBars : ofOthers);
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

/** The most requests that the slots of a job in (after, until] take. */
export function requestsUntil(timing: JobTiming, after: number, until: number): number {
  let requests = 0;
  for (const market of marketsOf(timing)) {
    const of = requestsFor(timing.job, market.symbols.size);
    let slot = firstSlot(timing, market.calendar, after, until + 1);
    while (slot !== null && slot <= until) {
      requests += of;
      slot = firstSlot(timing, market.calendar, slot, until + 1);
    }
  }
  return requests;
}

/** A Wednesday on which every market of the data has its usual hours. */
const usualDay = Date.parse('2026-06-10T12:00:00Z');

/** Requests that a job takes for so many symbols. */
export function requestsFor(job: SourceJob, symbols: number): number {
  const whole = Math.floor(symbols / job.symbolsPerTask);
  const rest = symbols % job.symbolsPerTask;
  return whole * Math.ceil(job.symbolsPerTask / job.symbolsPerRequest) + Math.ceil(rest / job.symbolsPerRequest);
}

/** Seconds of a usual day in which a market's symbols are fetched. */
function openSeconds({ inSession }: SourceJob, calendar: MarketCalendar | null): number {
  const session = calendar && inSession ? sessionOn(calendar, '2026-06-10') : null;
  if (!session || !inSession) return daySeconds;
  const grace = (inSession.beforeMinutes + inSession.afterMinutes) * 60;
  return Math.min(daySeconds, (session.closesAt - session.opensAt) / 1000 + grace);
}

const marketsKnown = new WeakMap<JobTiming, Market[]>();

function marketsOf(timing: JobTiming): Market[] {
  let markets = marketsKnown.get(timing);
  if (!markets) {
    markets = findMarkets(timing);
    marketsKnown.set(timing, markets);
  }
  return markets;
}

function findMarkets({ job, symbols, alwaysOpen }: JobTiming): Market[] {
  if (symbols.length === 0) return [];
  if (!job.inSession || alwaysOpen) return [{ calendar: null, symbols: new Set(symbols) }];
  const markets = new Map<string | null, { calendar: MarketCalendar | null; symbols: Set<string> }>();
  for (const symbol of symbols) {
    const calendar = calendarOfSymbol(symbol);
    const market = markets.get(calendar?.id ?? null) ?? { calendar, symbols: new Set<string>() };
    market.symbols.add(symbol);
    markets.set(calendar?.id ?? null, market);
  }
  return [...markets.values()];
}

/** The newest slot at or before an instant at which a market is in session. */
function newestSlot(timing: JobTiming, { calendar }: Market, at: number): number | null {
  let slot = slotUntil(timing, at);
  while (slot !== null && calendar !== null) {
    const open = tradingUntil(calendar, slot, graceOf(timing));
    if (open === null) return null;
    if (open >= slot) return slot;
    slot = slotUntil(timing, open);
  }
  return slot;
}

/** The first slot after an instant, and before another, at which a market is in session. */
function firstSlot(timing: JobTiming, calendar: MarketCalendar | null, after: number, before: number): number | null {
  let slot = slotAfter(timing, after);
  while (slot !== null && slot < before && calendar !== null) {
    const open = tradingFrom(calendar, slot, graceOf(timing));
    // The search for a slot in session would not end for a job whose slots all lie outside it.
    if (open === null || open > after + searchMs) return null;
    if (open <= slot) return slot;
    slot = slotAfter(timing, open - 1);
  }
  return slot;
}

const searchMs = 30 * daySeconds * 1000;

function graceOf({ job }: JobTiming): { beforeMs: number; afterMs: number } {
  const { beforeMinutes, afterMinutes } = job.inSession ?? { beforeMinutes: 0, afterMinutes: 0 };
  return { beforeMs: beforeMinutes * minuteMs, afterMs: afterMinutes * minuteMs };
}

function slotUntil({ job, stretch }: JobTiming, at: number): number | null {
  if (job.cron === undefined) {
    const every = job.everySeconds * stretch * 1000;
    return Math.floor(at / every) * every;
  }
  // `previousRuns` gives times strictly before its argument.
  return (
    cronOf(job.cron, job.zone)
      .previousRuns(1, new Date(at + 1))[0]
      ?.getTime() ?? null
  );
}

function slotAfter({ job, stretch }: JobTiming, at: number): number | null {
  if (job.cron === undefined) {
    const every = job.everySeconds * stretch * 1000;
    return (Math.floor(at / every) + 1) * every;
  }
  return cronOf(job.cron, job.zone).nextRun(new Date(at))?.getTime() ?? null;
}

const crons = new Map<string, Cron>();

/**
 * A cron expression of five fields on a zone's clocks. A time that a change of clocks skips is due once, right after it; one
 * that comes twice is due the first time only, except for expressions with every hour, which are due both times.
 */
function cronOf(expression: string, zone: string): Cron {
  const key = `${zone} ${expression}`;
  let cron = crons.get(key);
  if (!cron) {
    cron = new Cron(expression, { timezone: zone, mode: '5-part' });
    crons.set(key, cron);
  }
  return cron;
}
