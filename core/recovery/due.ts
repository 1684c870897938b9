/** When a source is to be recovered by itself, what a canary proves, and whether a recovery held. Pure rules. */
import type { RecoveryStatus } from '../contracts/http/recovery.ts';
import type { HealthStatus } from '../contracts/words/health-status.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';

/** Least time between the end of a recovery and the next automatic one, in milliseconds. Doubles with each that failed. */
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

/** What is known of a source when it is asked whether a recovery is due. */
export interface RecoveryFacts {
  readonly status: HealthStatus;
  /** Failures that were seen of its open incidents, of those that no success has come after. */
  readonly failuresInARow: number;
  readonly paused: boolean;
  /** Its credentials are not set: nothing heals that but a person. */
  readonly locked: boolean;
  readonly openIncidents: number;
  /** Until when the source wants to be left alone, milliseconds since the epoch. */
  readonly heldUntil: number | null;
  /** Newest first. */
  readonly past: readonly PastRecovery[];
}

export type NotDue =
  | 'paused'
  | 'no_credentials'
  | 'running'
  | 'no_incident'
  | 'not_failing'
  | 'held'
  | 'too_many'
  | 'too_soon';

/**
 * Whether an automatic recovery is due. A source that wants to be left alone is left alone: its recovery is due when the
 * time that it asked for is over.
 */
export function recoveryDue(facts: RecoveryFacts, now: number): { due: true } | { due: false; why: NotDue } {
  const no = (why: NotDue) => ({ due: false, why }) as const;
  if (facts.paused || facts.status === 'paused') return no('paused');
  if (facts.locked) return no('no_credentials');
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

/** How long after the last recovery the next may follow: longer with each in a row that did not heal the source itself. */
export function spacingMs(past: readonly PastRecovery[]): number {
  const healed = past.findIndex((each) => each.status === 'verified');
  const failed = healed === -1 ? past.length : healed;
  return Math.min(mostSpacingMs, leastSpacingMs * 2 ** failed);
}

/** What became of the canary's task, and the newest market time it brought. Milliseconds since the epoch. */
export interface CanaryResult {
  readonly status: 'succeeded' | 'failed';
  readonly reason: RunReason | null;
  readonly message: string | null;
  readonly accepted: number;
  readonly newestAsOf: number | null;
}

export type Proof = { readonly verified: true } | { readonly verified: false; reason: RunReason; message: string };

/**
 * Whether a canary proves that its source works: an accepted row whose market time is not older than `oldest`, stored
 * before or not.
 */
export function proofOf(canary: CanaryResult, oldest: number): Proof {
  const no = (reason: RunReason, message: string) => ({ verified: false, reason, message }) as const;
  if (canary.status === 'failed')
    return no(canary.reason ?? 'unexplained', canary.message ?? 'The canary failed without a message.');
  if (canary.accepted === 0 || canary.newestAsOf === null) return no('no_data', 'The canary brought no accepted row.');
  if (canary.newestAsOf < oldest)
    return no(
      'stale',
      `The canary's newest row is of ${instant(canary.newestAsOf)}; by the exchange's calendar it should be of ${instant(oldest)} or later.`,
    );
  return { verified: true };
}

function instant(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** How long a verified source must stay well for its recovery to have held. */
export const holdsAfterMs = 3600_000;

/**
 * Whether a verified recovery held: no incident of the source was opened within the hour after it. `null` while that is
 * not known. Milliseconds since the epoch.
 */
export function heldFor(verifiedAt: number, incidentsOpenedAt: readonly number[], now: number): boolean | null {
  if (incidentsOpenedAt.some((at) => at > verifiedAt && at <= verifiedAt + holdsAfterMs)) return false;
  return now >= verifiedAt + holdsAfterMs ? true : null;
}
