/**
 * When jobs are due: pure rules on the catalogue's schedules, the market's calendars and the planner's clock.
 *
 *   1. the slots of a job are whole multiples of its interval since the epoch, or the times of its cron expression
 *   2. a job with `inSession` is due only for those of its symbols whose market trades at the slot
 *   3. `dueRuns` gives the slots that a tick makes due, `nextRun` the one after
 *
 * `stretches.ts` spaces them for a universe that is too large for the quota.
 *
 * Instants are milliseconds since the epoch.
 */
import { Cron } from 'croner';
import { type MarketCalendar, sessionOn, tradingFrom, tradingUntil } from '../market/calendar.ts';
import { calendarOfSymbol } from '../market/symbol-calendar.ts';
import type { SourceJob } from '../sources/definition.ts';

/** How many missed slots are planned late. Quotes of an hour ago cannot be fetched any more: more late runs give no more. */
export const catchUpLimit = 3;

/** A job with everything that decides when it is due. */
export interface JobTiming {
  readonly job: SourceJob;
  /** Canonical. */
  readonly symbols: readonly string[];
  /** The slots are so many intervals apart: see `stretches.ts`. */
  readonly stretch: number;
  /** Calendars are ignored: the simulated market never closes. */
  readonly alwaysOpen: boolean;
  /** How many requests of its runs are sent a minute; all at once unless given. */
  readonly pace?: number;
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

/** Each symbol of bars is a request of its own. */
export function isBars({ kind }: SourceJob): boolean {
  return kind === 'bars';
}

/** A run that is due, with the symbols that it is due for, in the job's order. */
export interface DueRun {
  readonly slot: number;
  readonly symbols: readonly string[];
}

/** Symbols that trade at the same times. */
export interface Market {
  readonly calendar: MarketCalendar | null;
  readonly symbols: ReadonlySet<string>;
}

const minuteMs = 60_000;
export const daySeconds = 86_400;

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
      for (const symbol of market.symbols) if (isInPart(timing, market, slot, symbol)) symbols.add(symbol);
      if (symbols.size > 0) due.set(slot, symbols);
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

/** How many intervals a day has, rounded up. */
export function intervalsOfDay(job: SourceJob): number {
  return job.cron === undefined ? Math.ceil(daySeconds / job.everySeconds) : 1;
}

/**
 * Into how many parts the symbols of bars are divided, one of which is due each day: 1, unless a day's quota has no room for
 * all of them.
 */
function partsOf({ job, stretch }: JobTiming): number {
  return isBars(job) ? Math.max(1, Math.floor(stretch / intervalsOfDay(job))) : 1;
}

/** Bars of more symbols than are asked for at each slot. */
function isDaily({ job, stretch }: JobTiming): boolean {
  return job.cron === undefined && isBars(job) && stretch > 1;
}

/** Whether a symbol is among those of the day: parts take turns by the days on which its market trades, or by all days. */
function isInPart(timing: JobTiming, { calendar }: Market, slot: number, symbol: string): boolean {
  const parts = partsOf(timing);
  if (parts === 1) return true;
  // A slot after midnight may be of the session of the day before.
  const of = calendar === null ? slot : slot - graceOf(timing).afterMs;
  const day = Math.floor(of / (daySeconds * 1000));
  // 1970 began on a Thursday.
  const turn = calendar === null ? day : Math.floor((day + 3) / 7) * 5 + Math.min(4, (day + 3) % 7);
  let sum = 0;
  for (const letter of symbol) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 1_000_003;
  return sum % parts === turn % parts;
}

/** The most requests that the slots of a job in (after, until] take, each of them with all symbols that it may have. */
export function requestsUntil(timing: JobTiming, after: number, until: number): number {
  let requests = 0;
  for (const market of marketsOf(timing)) {
    const of = Math.ceil(requestsFor(timing.job, market.symbols.size) / partsOf(timing));
    let slot = firstSlot(timing, market.calendar, after, until + 1);
    while (slot !== null && slot <= until) {
      requests += of;
      slot = firstSlot(timing, market.calendar, slot, until + 1);
    }
  }
  return requests;
}

/** Requests that a job takes for so many symbols. */
export function requestsFor(job: SourceJob, symbols: number): number {
  const whole = Math.floor(symbols / job.symbolsPerTask);
  const rest = symbols % job.symbolsPerTask;
  return whole * Math.ceil(job.symbolsPerTask / job.symbolsPerRequest) + Math.ceil(rest / job.symbolsPerRequest);
}

const marketsKnown = new WeakMap<JobTiming, Market[]>();

/** The markets of a job's symbols: those without sessions, or whose sessions do not count, are one. */
export function marketsOf(timing: JobTiming): Market[] {
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
  if (calendar !== null && isDaily(timing)) return lastOfSessions(timing, calendar, at, -1, (slot) => slot <= at);
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
  if (calendar !== null && isDaily(timing)) return lastOfSessions(timing, calendar, after, 1, (slot) => slot > after);
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

const searchDays = 30;
const searchMs = searchDays * daySeconds * 1000;

/** The last slots of sessions, day by day from an instant on or back: the first that is wanted. */
function lastOfSessions(
  timing: JobTiming,
  calendar: MarketCalendar,
  from: number,
  step: 1 | -1,
  isWanted: (slot: number) => boolean,
): number | null {
  const { beforeMs, afterMs } = graceOf(timing);
  const once = { ...timing, stretch: 1 };
  for (let days = -2; days <= searchDays; days += 1) {
    const date = new Date(from + step * days * daySeconds * 1000).toISOString().slice(0, 10);
    const session = sessionOn(calendar, date);
    const slot = session && slotUntil(once, session.closesAt + afterMs);
    if (session && slot !== null && slot >= session.opensAt - beforeMs && isWanted(slot)) return slot;
  }
  return null;
}

function graceOf({ job }: JobTiming): { beforeMs: number; afterMs: number } {
  const { beforeMinutes, afterMinutes } = job.inSession ?? { beforeMinutes: 0, afterMinutes: 0 };
  return { beforeMs: beforeMinutes * minuteMs, afterMs: afterMinutes * minuteMs };
}

function slotUntil(timing: JobTiming, at: number): number | null {
  const { job } = timing;
  if (job.cron === undefined) {
    const every = job.everySeconds * intervalsBetween(timing) * 1000;
    return Math.floor(at / every) * every;
  }
  // `previousRuns` gives times strictly before its argument.
  return (
    cronOf(job.cron, job.zone)
      .previousRuns(1, new Date(at + 1))[0]
      ?.getTime() ?? null
  );
}

/** How many intervals lie between two slots: those of bars with parts have one each day. */
function intervalsBetween(timing: JobTiming): number {
  return isDaily(timing) ? intervalsOfDay(timing.job) : timing.stretch;
}

function slotAfter(timing: JobTiming, at: number): number | null {
  const { job } = timing;
  if (job.cron === undefined) {
    const every = job.everySeconds * intervalsBetween(timing) * 1000;
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
