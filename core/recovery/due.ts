/** When the monitor recovers a source without being asked. */
import type { RecoveryStatus } from '../contracts/http/recovery.ts';
import type { HealthStatus } from '../contracts/words/health-status.ts';

/** Least time between the end of a recovery and the next automatic one, in milliseconds. It doubles with each failure. */
export const leastSpacingMs = 2 * 60_000;
export const mostSpacingMs = 3600_000;
/** Automatic recoveries of a source within 24 hours. */
export const mostADay = 12;
const dayMs = 86_400_000;

/** Failures in a row after which a degraded source is recovered: one alone may be a hiccup. */
const failuresInARow = 2;

/** A recovery of the past, for the spacing. */
export interface PastRecovery {
  readonly trigger: 'automatic' | 'manual';
  readonly status: RecoveryStatus;
  /** Milliseconds since the epoch. */
  readonly requestedAt: number;
  readonly finishedAt: number | null;
}

/** What decides whether an automatic recovery of a source is due. */
export interface RecoveryFacts {
  readonly status: HealthStatus;
  /** Failures of its open incidents since which nothing has succeeded. */
  readonly failuresInARow: number;
  readonly paused: boolean;
  /** Its credentials are not set: only a person can change that. */
  readonly locked: boolean;
  /** Its login is on hold: a person, or time, ends that, and another login would make it worse. */
  readonly loginHeld: boolean;
  readonly openIncidents: number;
  /** End of the pause that the source asked for (`Retry-After`), in milliseconds since the epoch. */
  readonly heldUntil: number | null;
  /** Newest first. */
  readonly past: readonly PastRecovery[];
}

export type NotDue =
  | 'paused'
  | 'no_credentials'
  | 'login_on_hold'
  | 'running'
  | 'no_incident'
  | 'not_failing'
  | 'held'
  | 'too_many'
  | 'too_soon';

/** Whether an automatic recovery is due. Where a source asked for a pause, it is due when the pause is over. */
export function recoveryDue(facts: RecoveryFacts, now: number): { due: true } | { due: false; why: NotDue } {
  const no = (why: NotDue) => ({ due: false, why }) as const;
  if (facts.paused || facts.status === 'paused') return no('paused');
  if (facts.locked) return no('no_credentials');
  if (facts.loginHeld) return no('login_on_hold');
  if (facts.past.some((each) => each.finishedAt === null)) return no('running');
  if (facts.openIncidents === 0) return no('no_incident');
  if (facts.heldUntil !== null && facts.heldUntil > now) return no('held');
  const failing =
    facts.status === 'failed' ||
    ((facts.status === 'degraded' || facts.status === 'limited') && facts.failuresInARow >= failuresInARow);
  if (!failing) return no('not_failing');
  const today = facts.past.filter((each) => each.trigger === 'automatic' && each.requestedAt > now - dayMs);
  if (today.length >= mostADay) return no('too_many');
  const last = facts.past.reduce((latest, each) => Math.max(latest, each.finishedAt ?? 0), 0);
  return now < last + spacingMs(facts.past) ? no('too_soon') : { due: true };
}

/** How long after the last recovery the next may follow, in milliseconds: longer with each in a row that was not verified. */
export function spacingMs(past: readonly PastRecovery[]): number {
  const healed = past.findIndex((each) => each.status === 'verified');
  const failed = healed === -1 ? past.length : healed;
  return Math.min(mostSpacingMs, leastSpacingMs * 2 ** failed);
}
