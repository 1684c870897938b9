/** Why there is no bar of a session: the first reason that holds. */
import type { MissingReason } from '../contracts/words/coverage.ts';
import { isWithin } from './day-ranges.ts';
import type { SeriesFacts } from './facts.ts';
import type { DayRange, Slot } from './slots.ts';

/** What is due is asked for, answered and read within this. */
const roundTripMs = 60 * 60_000;

/**
 *   not_yet_due     the session is not over and settled, or it is and its next fetch is not
 *   withdrawn       the source had a bar, and has taken it back
 *   held_back       the source gave a row, which is in quarantine
 *   not_traded      the source says that there was no trade
 *   unexplained     the source has answered for the day since, without a bar of it
 *   quota           its fetch failed for want of quota, or waits for it
 *   source_failed   its fetch failed
 *   not_collected   nobody asked for it
 *
 * `settled` gives when the bar of the slot is settled, in milliseconds since the epoch.
 */
export function whyMissing(facts: SeriesFacts, slot: Slot, settled: () => number, now: number): MissingReason {
  const { withdrawn, heldBack, untraded, answered, newest, attempts } = facts;
  // All sessions that are older than this have settled, and the newest answer came after they did.
  const longAgo = Date.parse(`${slot.to}T00:00:00Z`) + longAgoMs;
  const isPast = (at: number) => longAgo < at;
  const isSettled = isPast(now) || now >= settled();
  if (!isSettled) return 'not_yet_due';
  if (hasDay(withdrawn, slot)) return 'withdrawn';
  if (hasDay(heldBack, slot)) return 'held_back';
  if (isWithin(untraded, slot)) return 'not_traded';
  if (isWithin(answered, slot)) return 'unexplained';
  if (newest && newest.from <= slot.from && (isPast(newest.at) || newest.at >= settled())) return 'unexplained';
  const last = newestFirst(attempts).find(({ at, days }) =>
    days === null ? isPast(at) || at >= settled() : covers(days, slot),
  );
  if (last) return last.outcome === 'quota' ? 'quota' : last.outcome === 'waiting' ? 'not_yet_due' : 'source_failed';
  const due = isPast(now - roundTripMs) ? null : facts.dueAfter(settled());
  return due !== null && now < due + roundTripMs ? 'not_yet_due' : 'not_collected';
}

const inOrder = new WeakMap<SeriesFacts['attempts'], SeriesFacts['attempts']>();

/** They are asked of each session, and the newest one mostly answers. */
function newestFirst(attempts: SeriesFacts['attempts']): SeriesFacts['attempts'] {
  const known = inOrder.get(attempts) ?? attempts.toSorted((a, b) => b.at - a.at);
  inOrder.set(attempts, known);
  return known;
}

/** No session settles later than so long after the beginning of its date in UTC. */
const longAgoMs = 12 * 86_400_000;

function hasDay(days: ReadonlySet<string>, { from, to }: Slot): boolean {
  if (days.size === 0) return false;
  if (from === to) return days.has(from);
  for (const day of days) if (from <= day && day <= to) return true;
  return false;
}

function covers(range: DayRange, { from, to }: Slot): boolean {
  return range.from <= from && to <= range.to;
}
