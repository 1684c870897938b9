/**
 * The ledger of completeness: says of each session of a listing exactly one of present, missing for a reason, or no session.
 *
 *   1. a session is present where a bar of it is stored; one of less than a day where no long stretch of it is absent
 *   2. there is no session on closed days, before the listing's first day and after its last one. Where no calendar says
 *      whether a venue traded, a short absence from what the source answered is a holiday
 *   3. all else is missing, for the first reason that holds (`whyMissing`)
 *
 * Pure: facts and the time come in. A minute without a trade is no hole: bars of less than a day are missed only in long
 * stretches of a session, and only of a listing that has nearly all of its others.
 */
import type { CoverageState, MissingReason, NoSessionReason } from '../contracts/words/coverage.ts';
import { type BarInterval, intervalMs } from '../market/bar.ts';
import { hasDays, type TradingSession } from '../market/calendar.ts';
import { isWithin } from './day-ranges.ts';
import type { SeriesFacts, StoredDay } from './facts.ts';
import { addDays, type DayRange, hoursOf, isIntraday, type Slot, settledAt } from './slots.ts';
import { whyMissing } from './why-missing.ts';

/** The entry of one slot. */
export type Entry = { readonly slot: Slot } & (
  | { readonly state: 'present'; readonly reason: null }
  | { readonly state: 'missing'; readonly reason: MissingReason }
  | { readonly state: 'no_session'; readonly reason: NoSessionReason }
);

/** Slots next to each other of which the same holds. */
export interface LedgerRange extends DayRange {
  readonly state: CoverageState;
  readonly reason: MissingReason | NoSessionReason | null;
  /** How many slots it has, closed days between them not counted. */
  readonly slots: number;
}

export interface Ledger {
  /** One a slot, oldest first. */
  readonly entries: readonly Entry[];
  /** Days on which the market was closed, and of which there are bars all the same. */
  readonly unexpected: readonly string[];
}

/** The longest that a venue without a calendar closes, in days of its usual week (Chinese New Year, Bayram). */
const longestClosure = 8;
/** The same in weeks and months. */
const longestClosures: ReadonlyMap<BarInterval, number> = new Map([
  ['1wk', 1],
  ['1mo', 0],
]);
/** Share of a usual session's bars from which on a listing trades throughout. */
const liquidShare = 0.9;
/** The longest stretch of a session that may be without bars in a listing that trades throughout. */
const longestPauseMs = 60 * 60_000;

/** The ledger of a series for some slots of its market and interval (`slotsOf`), at an instant. */
export function ledgerOf(facts: SeriesFacts, slots: readonly Slot[], now: number): Ledger {
  const days = new Map(facts.stored.map((each) => [each.day, each]));
  const holds = (slot: Slot) => (slot.from === slot.to ? days.has(slot.to) : daysIn(slot).some((day) => days.has(day)));
  const first = facts.lifetime.from;
  const last = facts.lifetime.to;
  const whole = isIntraday(facts.interval) ? wholeSessions(facts, days) : () => true;

  const { calendar } = facts.market;
  // A bar on a closed day makes no session, unless nobody knows the days of its venue.
  const mustBeClosed = (slot: Slot) => slot.trades === false && calendar !== null && hasDays(calendar);

  const entries = slots.map((slot): Entry => {
    if (holds(slot)) {
      if (mustBeClosed(slot)) return { slot, state: 'no_session', reason: 'closed' };
      if (whole(slot)) return { slot, state: 'present', reason: null };
    } else {
      if (slot.trades === false) return { slot, state: 'no_session', reason: 'closed' };
      if (first !== null && slot.to < first) return { slot, state: 'no_session', reason: 'before_first' };
      if (last !== null && slot.from > last) return { slot, state: 'no_session', reason: 'after_last' };
    }
    return { slot, state: 'missing', reason: whyMissing(facts, slot, settled(facts, slot), now) };
  });
  return {
    entries: holidaysOfNoCalendar(entries, longestClosures.get(facts.interval) ?? longestClosure),
    unexpected: slots.filter((slot) => mustBeClosed(slot) && holds(slot)).map((slot) => slot.from),
  };
}

/** How many slots are in each state, and for which reason. */
export function countOf(entries: readonly Entry[]) {
  const missing = new Map<MissingReason, number>();
  const noSession = new Map<NoSessionReason, number>();
  let present = 0;
  for (const entry of entries) {
    if (entry.state === 'present') present += 1;
    else if (entry.state === 'missing') missing.set(entry.reason, (missing.get(entry.reason) ?? 0) + 1);
    else noSession.set(entry.reason, (noSession.get(entry.reason) ?? 0) + 1);
  }
  return { present, missing, noSession };
}

/** How many slots have no bar although it is due, whatever the reason. */
export function absentOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => (isAbsent(entry) ? sum + 1 : sum), 0);
}

/** Whether the bar of a slot is due and not there. */
export function isAbsent({ state, reason }: Entry): boolean {
  return state === 'missing' && reason !== 'not_yet_due';
}

/**
 * Entries as ranges. With `closedDays` each closed day is part of a range of its own kind; without, a weekend or holiday
 * between two sessions of the same kind does not part them, and is in no range.
 */
export function rangesOf(entries: readonly Entry[], closedDays: boolean): LedgerRange[] {
  const ranges: LedgerRange[] = [];
  for (const { slot, state, reason } of entries) {
    if (!closedDays && reason === 'closed') continue;
    const before = ranges.at(-1);
    if (before && before.state === state && before.reason === reason)
      ranges[ranges.length - 1] = { ...before, to: slot.to, slots: before.slots + 1 };
    else ranges.push({ from: slot.from, to: slot.to, state, reason, slots: 1 });
  }
  return ranges;
}

function settled({ market, settlingMs }: SeriesFacts, slot: Slot): () => number {
  return () => settledAt(market, slot, { afterMs: settlingMs }) ?? Date.parse(`${addDays(slot.to, 1)}T00:00:00Z`);
}

function daysIn({ from, to }: Slot): string[] {
  const days: string[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day);
  return days;
}

/** Short absences of which no calendar says whether the venue traded, and which the source passed over. */
function holidaysOfNoCalendar(entries: readonly Entry[], longest: number): readonly Entry[] {
  if (!entries.some(({ slot }) => slot.trades === null)) return entries;
  const result = [...entries];
  let run: number[] = [];
  const end = () => {
    if (run.length <= longest)
      for (const index of run) {
        const entry = entries[index];
        if (entry) result[index] = { slot: entry.slot, state: 'no_session', reason: 'calendar_unknown' };
      }
    run = [];
  };
  for (const [index, entry] of entries.entries()) {
    if (entry.reason === 'closed') continue;
    if (entry.slot.trades === null && entry.reason === 'unexplained') run.push(index);
    else end();
  }
  end();
  return result;
}

/** Tells sessions that are whole from those that lack a long stretch. */
function wholeSessions(facts: SeriesFacts, days: ReadonlyMap<string, StoredDay>): (slot: Slot) => boolean {
  const { market, interval } = facts;
  const length = intervalMs(interval);
  const shares: number[] = [];
  for (const { day, intraday } of days.values()) {
    const session = hoursOf(market, day);
    if (session && intraday) shares.push(intraday.bars / Math.ceil(tradingMs(session) / length));
  }
  shares.sort((a, b) => a - b);
  const isLiquid = (shares[shares.length >> 1] ?? 0) >= liquidShare;
  return (slot) => {
    const stored = days.get(slot.from)?.intraday;
    const session = hoursOf(market, slot.from);
    if (!stored || !session) return true;
    const { breakFrom = 0, breakUntil = 0 } = session;
    const most = Math.max(longestPauseMs, 2 * length, breakUntil - breakFrom);
    // Of a thin listing a long pause says nothing; of any, a session that nobody has read after its end is not whole.
    const unread = !isRead(facts, slot);
    if (!isLiquid && !unread) return true;
    const absent = (from: number, to: number) => to - from - overlap(from, to, breakFrom, breakUntil);
    const [left, right] = stored.widest ?? [stored.first, stored.first];
    const inside = absent(left + length, right);
    const after = absent(stored.last + length, session.closesAt);
    if (unread) return after <= most;
    return Math.max(inside, after, absent(session.opensAt, stored.first)) <= most;
  };
}

/** Whether an answer came after the session had settled. */
function isRead(facts: SeriesFacts, slot: Slot): boolean {
  if (isWithin(facts.answered, slot)) return true;
  const { newest } = facts;
  return newest !== null && newest.from <= slot.from && newest.at >= settled(facts, slot)();
}

function tradingMs({ opensAt, closesAt, breakFrom = 0, breakUntil = 0 }: TradingSession): number {
  return closesAt - opensAt - (breakUntil - breakFrom);
}

function overlap(from: number, to: number, otherFrom: number, otherTo: number): number {
  return Math.max(0, Math.min(to, otherTo) - Math.max(from, otherFrom));
}
