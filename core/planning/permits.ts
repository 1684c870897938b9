/**
 * How many upstream requests may be made, and when. An adapter counts what its ledger holds, under its own lock, and writes
 * what is decided here. All times are milliseconds since the epoch, by the ledger's clock.
 */

import type { PermitPurpose } from '../contracts/words/permit-purposes.ts';
import type { SourceDefinition } from '../sources/definition.ts';
import { allowanceFor } from './quota.ts';

type Quota = SourceDefinition['quota'];

/** How long after `notBefore` a permit is good. Long enough for the requests of a task that go one after the other. */
export const permitSeconds = 5;

/**
 * How long a permit counts against the minute, from when it could first be used: as long as it is good, the minute itself,
 * and two seconds in which the last request reaches the source. So no 60 seconds as the source sees them hold more requests
 * than the allowance, whether it counts by the clock's minute or by the last sixty seconds.
 */
export const minuteSeconds = permitSeconds + 60 + 2;

/** Where no permit in use will leave the minute: what fills it was promised, or reserved by the former release. */
const unknownRetrySeconds = 10;

/** A source's gap is waited for with a permit in hand no longer than this; for a longer line, one asks again. */
const furthestBeginSeconds = 10;

/** Beyond the furthest begin, with the gaps of several permits that are taken at once. */
const furthestUseSeconds = 60;

/** A day's quota below this is too small to risk more than one permit on an attempt that may die. */
const smallDay = 1_000;

const dayMs = 86_400_000;

/** What a ledger holds of one source. */
export interface LedgerFacts {
  readonly now: number;
  /** When each permit that counts against the minute was used (`countedFrom`), oldest first. */
  readonly minuteUses: readonly number[];
  /** Permits that count against the day. */
  readonly usedToday: number;
  /** Permits of the former release that are reserved, still good and not used yet. */
  readonly reserved: number;
  /** Requests that running attempts were admitted for and have taken no permit for yet. */
  readonly promised: number;
  /** Of these, the requests of the attempt that wants permits now. */
  readonly promisedToAttempt: number;
  /** When the last permit begins, or was used. */
  readonly lastBegin: number | null;
  /** The source's own wish for a pause. */
  readonly heldUntil: number | null;
  /** A share of the minute that a recovery has set for a while. */
  readonly budget: { readonly factor: number; readonly until: number } | null;
}

export type PermitRefusal = 'held' | 'day_quota' | 'minute_quota' | 'not_yet';

/** From when to when a permit is good. */
export interface PermitTimes {
  readonly notBefore: number;
  readonly expiresAt: number;
}

export type PermitDecision =
  | { readonly granted: true; readonly permits: readonly PermitTimes[] }
  | { readonly granted: false; readonly why: PermitRefusal; readonly retryAfterSeconds: number };

/**
 * From when on a permit that was used counts against the minute, and against the day of UTC, and until when it can have been
 * used at all: one that was taken while the clock was ahead blocks nobody until that time comes.
 */
export function countedFrom(now: number): { minute: number; day: number; midnight: number; latest: number } {
  const midnight = midnightBefore(now);
  return {
    minute: now - minuteSeconds * 1000,
    // One that was good across midnight may have been used on either side of it.
    day: midnight - permitSeconds * 1000,
    midnight,
    latest: now + furthestUseSeconds * 1000,
  };
}

/**
 * Decides on `count` permits, all or none.
 *
 *   1. none while the source wants a pause
 *   2. none beyond the day's and the minute's allowance of the purpose. What running attempts were promised counts as used;
 *      an attempt gets what it was promised though the allowance has been lowered since
 *   3. where the source wants a gap between requests, permits begin one after the other
 */
export function decidePermits(
  facts: LedgerFacts,
  quota: Quota,
  { purpose, count }: { purpose: PermitPurpose; count: number },
): PermitDecision {
  const { now, heldUntil, minuteUses, reserved, lastBegin } = facts;
  if (heldUntil !== null && heldUntil > now) return refused('held', secondsFrom(now, heldUntil));
  const isPromised = count <= facts.promisedToAttempt;
  const allowance = isPromised ? quota : allowanceFor(quota, purpose);
  const wanted = reserved + facts.promised - facts.promisedToAttempt + count;
  if (facts.usedToday + wanted > allowance.perDay) return refused('day_quota', secondsFrom(now, midnightAfter(now)));
  const perMinute = isPromised ? allowance.perMinute : lowered(allowance.perMinute, facts, count);
  const over = minuteUses.length + wanted - perMinute;
  if (over > 0) {
    const leaving = minuteUses[over - 1];
    if (leaving === undefined) return refused('minute_quota', unknownRetrySeconds);
    return refused('minute_quota', Math.max(1, secondsFrom(now, leaving + minuteSeconds * 1000)));
  }
  const gapMs = quota.gapMs ?? 0;
  const first = lastBegin === null ? now : Math.max(now, Math.ceil(lastBegin) + gapMs);
  if (first - now > furthestBeginSeconds * 1000) return refused('not_yet', (first - now) / 1000);
  const permits = Array.from({ length: count }, (_, place) => {
    const notBefore = gapMs > 0 ? first + place * gapMs : now;
    return { notBefore, expiresAt: notBefore + permitSeconds * 1000 };
  });
  return { granted: true, permits };
}

/** How many permits a scraper takes at once that has `requests` left to make. */
export function permitsAtOnce(quota: Quota, requests: number): number {
  return quota.gapMs === undefined && quota.perDay >= smallDay ? requests : 1;
}

/**
 * A minute's allowance under a budget that a recovery lowered. A task that is larger than what is left of it still begins
 * when nothing else of the minute has been used: it could never be done otherwise.
 */
function lowered(perMinute: number, { budget, now }: LedgerFacts, count: number): number {
  if (budget === null || budget.until <= now) return perMinute;
  return Math.min(perMinute, Math.max(1, Math.floor(perMinute * budget.factor), count));
}

function refused(why: PermitRefusal, retryAfterSeconds: number): PermitDecision {
  return { granted: false, why, retryAfterSeconds };
}

function secondsFrom(now: number, until: number): number {
  return Math.ceil((until - now) / 1000);
}

function midnightBefore(at: number): number {
  return Math.floor(at / dayMs) * dayMs;
}

function midnightAfter(at: number): number {
  return midnightBefore(at) + dayMs;
}
